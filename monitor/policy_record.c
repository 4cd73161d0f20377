/*
 * PolicyRecord: the file is opened here, to append only, and handed to the policy process, which
 * writes to it: nobody waits for a disk here. Read and opened when the configuration is.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/policy_private.h"

/* -1, and a line in the log, where it cannot be had. */
static int record_open(const char *path)
{
	int fd = open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	struct stat st;

	if (fd < 0) {
		log_error("PolicyRecord: %s: %s: its folder must be there, and it must "
			  "be no symbolic link",
			  path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	log_error("PolicyRecord: %s: is no ordinary file", path);
	close(fd);
	return -1;
}

enum err policy_record_check(const struct settings *set)
{
	int fd;

	if (set->policy_record == NULL)
		return OK;
	fd = record_open(set->policy_record);
	if (fd < 0)
		return ERR_FILE;
	close(fd);
	return OK;
}

void policy_record_begin(struct monitor *m)
{
	struct policy *p = m->policy;

	if (p == NULL)
		return;
	policy_record_close(p);
	if (m->set->policy_record != NULL)
		p->record = record_open(m->set->policy_record);
	p->record_sent = p->record < 0 && !p->records;
	policy_pump(p);
}

enum err policy_record_send(struct policy *p)
{
	enum err e;

	if (p->record_sent)
		return OK;
	e = link_send(&p->link, &MSG_OF(policy_record, .on = p->record >= 0),
		      &p->record, p->record >= 0 ? 1 : 0);
	if (e == OK) {
		p->record_sent = true;
		p->records = p->record >= 0;
	}
	return e;
}

void policy_record_close(struct policy *p)
{
	if (p->record >= 0)
		close(p->record);
	p->record = -1;
}
