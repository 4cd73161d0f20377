/*
 * Is this credential good, and do the static rules let its user in? Source: RFC 4252 5.2, 7, 8
 */
#ifndef MONITOR_AUTH_CHECK_H
#define MONITOR_AUTH_CHECK_H

#include "monitor/monitor.h"

/* All give OK where the credential is good and the rules allow it. Errors: ERR_DENIED */
MUST_CHECK enum err auth_check_none(struct conn *c);

/*
 * Verifies the proof, or only looks whether the key would do. Keeps the key's options in c->work->tried_key.
 * Errors: ERR_AGAIN a helper runs a command that lists keys; ERR_UNKNOWN the key is not the user's; ERR_DENIED; what the signature's check gave
 */
MUST_CHECK enum err auth_check_publickey(struct conn *c);

/* Has a helper verify a password. Errors: ERR_AGAIN it will answer; ERR_DENIED; ERR_SYSTEM */
MUST_CHECK enum err auth_check_password(struct conn *c);

/* Asks the rules that do not depend on the credential: users, groups, root. Errors: ERR_DENIED */
MUST_CHECK enum err auth_check_rules(struct conn *c, enum auth_method method);

#endif
