/*
 * Who is here and who was: utmp(5), wtmp(5), lastlog(8), written as sshd writes them so that
 * who(1), last(1) and lastlog(8) read them. Only root can; elsewhere nothing is written.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <lastlog.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <utmpx.h>

#include "monitor/login/session.h"

static const char wtmp_path[] = "/var/log/wtmp";
static const char lastlog_path[] = "/var/log/lastlog";
static const char dev[] = "/dev/";

/* Fields of utmp are full width without a NUL where the text is as long. */
static void put_field(char *field, size_t cap, const char *text, size_t n)
{
	memset(field, 0, cap);
	memcpy(field, text, n < cap ? n : cap);
}

static off_t lastlog_at(uid_t uid)
{
	return (off_t)uid * (off_t)sizeof(struct lastlog);
}

void record_last(uid_t uid, struct last_login *out)
{
	struct lastlog entry = {0};
	int fd = open(lastlog_path, O_RDONLY | O_CLOEXEC);

	*out = (struct last_login){0};
	if (fd < 0)
		return;
	if (pread(fd, &entry, sizeof entry, lastlog_at(uid)) == (ssize_t)sizeof entry) {
		out->when = entry.ll_time;
		_Static_assert(sizeof out->host >= sizeof entry.ll_host,
			       "host must fit");
		memcpy(out->host, entry.ll_host, sizeof entry.ll_host);
		out->host[sizeof out->host - 1] = '\0';
	}
	close(fd);
}

static void write_lastlog(uid_t uid, const char *line, struct span host)
{
	struct lastlog entry = {.ll_time = (int32_t)time(NULL)};
	int fd = open(lastlog_path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	put_field(entry.ll_line, sizeof entry.ll_line, line, strlen(line));
	put_field(entry.ll_host, sizeof entry.ll_host, (const char *)host.p, host.n);
	(void)!pwrite(fd, &entry, sizeof entry, lastlog_at(uid));
	close(fd);
}

static void put_address(int32_t out[4], struct span host)
{
	char text[INET6_ADDRSTRLEN];

	memset(out, 0, 4 * sizeof *out);
	if (bytes_to_str(text, sizeof text, host) == OK &&
	    inet_pton(AF_INET, text, out) != 1)
		(void)inet_pton(AF_INET6, text, out);
}

/* pts/3, as utmp names /dev/pts/3 */
static const char *line_of(const char *tty)
{
	return strncmp(tty, dev, sizeof dev - 1) == 0 ? tty + sizeof dev - 1 : tty;
}

static struct utmpx entry_of(short type, const char *tty)
{
	struct utmpx entry = {.ut_type = type, .ut_pid = getpid()};
	const char *line = line_of(tty);
	size_t n = strlen(line);
	size_t id = n > sizeof entry.ut_id ? n - sizeof entry.ut_id : 0;
	struct timespec now;

	put_field(entry.ut_line, sizeof entry.ut_line, line, n);
	put_field(entry.ut_id, sizeof entry.ut_id, line + id, n - id);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	entry.ut_tv.tv_sec = (__typeof__(entry.ut_tv.tv_sec))now.tv_sec;
	entry.ut_tv.tv_usec = (__typeof__(entry.ut_tv.tv_usec))(now.tv_nsec / 1000);
	return entry;
}

static void write_entry(const struct utmpx *entry)
{
	setutxent();
	(void)pututxline(entry); /* a system without utmp keeps none */
	endutxent();
	updwtmpx(wtmp_path, entry);
}

void record_login(const struct account *a, const char *tty, struct span host)
{
	struct utmpx entry = entry_of(USER_PROCESS, tty);

	put_field(entry.ut_user, sizeof entry.ut_user, a->pw.pw_name,
		  strlen(a->pw.pw_name));
	put_field(entry.ut_host, sizeof entry.ut_host, (const char *)host.p, host.n);
	put_address(entry.ut_addr_v6, host);
	entry.ut_session = getsid(0);
	write_entry(&entry);
	write_lastlog(a->pw.pw_uid, line_of(tty), host);
}

void record_logout(const char *tty)
{
	struct utmpx entry = entry_of(DEAD_PROCESS, tty);

	entry.ut_pid = 0; /* the terminal's last entry, whoever made it */
	write_entry(&entry);
}
