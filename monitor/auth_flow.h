/*
 * How a login is decided. Source: DESIGN 3; RFC 4252
 */
#ifndef MONITOR_AUTH_FLOW_H
#define MONITOR_AUTH_FLOW_H

#include "monitor/account.h"

/* The account of the attempt under way was looked up. */
void auth_account_ready(struct conn *c, struct account *a);

/* Judges the attempt under way, for which all that was asked is there now. */
void auth_decide(struct conn *c);

/* The helper of the attempt under way died: the attempt fails. */
void auth_helper_lost(struct conn *c);

/* Keeps a secret of the attempt under way, in place of what it kept. Errors: ERR_MEMORY */
MUST_CHECK enum err attempt_secret(struct conn *c, struct span secret);

/* Frees what authentication keeps. */
void conn_auth_wipe(struct conn *c);

/* Makes of a user name, however it was claimed, what fits one field of a log line. */
void user_show(struct span user, char out[LIMIT_SHOWN_BYTES]);

#endif
