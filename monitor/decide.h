/*
 * Where decisions are made: the static rules now stand here; a policy is asked here too.
 * Everything privileged passes one of these. Source: DESIGN 3, 4
 */
#ifndef MONITOR_DECIDE_H
#define MONITOR_DECIDE_H

#include "monitor/monitor.h"

/* Credential and static rules said yes: does policy? Errors: ERR_DENIED */
MUST_CHECK enum err decide_login(struct conn *c);

/* What this login may do: settings and the key's options, the stricter wins. */
uint32_t decide_permits(const struct conn *c);

/* Is ~/.ssh/rc run at the start of a session? */
bool decide_user_rc(const struct conn *c);

/* May this login reach host and port? Errors: ERR_DENIED */
MUST_CHECK enum err decide_open_tcp(const struct conn *c, struct span host,
				    uint32_t port);

/* May this login have host and port listened on? Errors: ERR_DENIED */
MUST_CHECK enum err decide_listen_tcp(const struct conn *c, struct span host,
				      uint32_t port);

/*
 * What a session runs: the forced command where there is one.
 * policy:   what the script wants instead, where nothing is forced; empty: nothing
 * out:      command, empty is the shell; original, what the client asked for where it was
 *           replaced
 * Errors:   ERR_UNKNOWN no such subsystem
 */
MUST_CHECK enum err decide_command(const struct conn *c,
				   const struct msg_session_start *m,
				   struct span policy, struct msg_login_session *out);

#endif
