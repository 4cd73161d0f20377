/*
 * What a script attached to the logins that it accepted: each accepting decision of a connection holds,
 * and can only take away from what the settings allow; but for command and env, which it gives.
 */
#ifndef MONITOR_GRANTS_H
#define MONITOR_GRANTS_H

#include "common/policy.h"
#include "monitor/monitor.h"

/* One decision's fields; the newest first. NULL: no restriction. */
struct grants {
	struct grants *next;
	size_t n;
	uint8_t fields[]; /* facts, checked */
};

/*
 * Tells whether each field can be enforced, and the connection is one that they permit.
 * why:    receives a few words for the log, where it is not OK
 * Errors: ERR_DENIED
 */
MUST_CHECK enum err grants_check(const struct conn *c, struct span fields,
				 const char **why);

/* Keeps fields that grants_check let pass. Errors: ERR_MEMORY */
MUST_CHECK enum err grants_keep(struct conn *c, struct span fields);

/* Tells whether any decision has the flag as false: pty, agent, x11, forwarding. */
bool grants_deny(const struct conn_work *w, const char *flag);

/* Gives the least number of that name, or what is given where there is none below it. */
uint64_t grants_least(const struct conn_work *w, const char *name, uint64_t otherwise);

bool grants_permit_open(const struct conn_work *w, const char *host, uint32_t port);
bool grants_permit_listen(const struct conn_work *w, const char *host, uint32_t port);

/* Gives the command of the newest decision that has one; false where none has. */
bool grants_command(const struct conn_work *w, struct span *out);

/* Writes the variables as pairs of strings; those of later decisions come last. */
void grants_env(const struct conn_work *w, struct wr *out);

void grants_wipe(struct conn_work *w);

#endif
