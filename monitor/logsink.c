/*
 * syslog(3) writes to a datagram socket that journald or syslogd drains; a full one drops the line
 * rather than hold up the loop, because the C library opens it non-blocking only where told so:
 * LOG_NDELAY opens it before rights are dropped.
 */
#include <fcntl.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/logsink.h"

static const int priorities[] = {
    [LOG_QUIET_ALL] = LOG_DEBUG, [LOG_FATAL] = LOG_CRIT,   [LOG_ERROR] = LOG_ERR,
    [LOG_INFO_LEVEL] = LOG_INFO, [LOG_VERBOSE] = LOG_INFO, [LOG_DEBUG1] = LOG_DEBUG,
    [LOG_DEBUG2] = LOG_DEBUG,    [LOG_DEBUG3] = LOG_DEBUG};

static void to_syslog(void *ctx, enum log_level level, const char *line)
{
	const struct detached *d = ctx;

	syslog(priorities[level], "%s", line);
	if (d->echo >= 0 && level <= LOG_ERROR)
		(void)dprintf(d->echo, "sallyportd: %s\n", line);
}

void logsink_open(const struct options *o, const struct settings *set,
		  struct detached *d)
{
	int fd;

	if (o->log_file != NULL) {
		fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			(void)fprintf(stderr, "sallyportd: -E %s cannot be written\n",
				      o->log_file);
		if (fd >= 0)
			close(fd);
	}
	if (o->log_file != NULL || o->log_stderr) {
		log_open(NULL, NULL, set->log_level);
		return;
	}
	openlog("sallyportd", LOG_PID | LOG_NDELAY, (int)set->syslog_facility);
	log_open(to_syslog, d, set->log_level);
}
