/*
 * Login helpers, as the monitor sees them: one request each. Source: DESIGN 1
 */
#ifndef MONITOR_LOGIN_LINK_H
#define MONITOR_LOGIN_LINK_H

#include "monitor/monitor.h"

struct login {
	struct link link;
	struct monitor *m;
	uint32_t child;
	struct conn *c;         /* for whom; NULL once that is over */
	struct mchan *chan;     /* of a session or a connecting unix socket */
	struct mlisten *listen; /* of a unix listener */
	struct helper *helper;  /* whose relay it is */
	bool answered;          /* the first answer came; nothing holds it up now */
	bool exited;            /* login_exited came */
	char user[LIMIT_USER_BYTES + 1];
	/* items of AuthorizedKeysFile and AuthorizedPrincipalsFile; compared only */
	const char **files, **principals_files;
	bool is_virtual;
};

/*
 * Has a helper forked and gives it its request.
 * state:  IN_ACCOUNT, IN_COMMAND, IN_PASSWORD, IN_KBDINT, IN_SESSION, IN_UNIX or IN_HELPER
 * Owns:   *out, until its link ends or login_drop
 * Errors: ERR_MEMORY; ERR_SYSTEM; ERR_CLOSED no login master; ERR_RANGE a field too long
 */
MUST_CHECK enum err login_open(struct monitor *m, enum msg_state state,
			       const struct msg *request, struct login **out);

/* Lets a helper go: it hangs up on what it runs. NULL is nothing. */
void login_drop(struct login *l);

/* A helper's socket ended. */
void login_lost(struct login *l, enum err e, const char *what);

#endif
