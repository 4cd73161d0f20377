/*
 * Does any list of the user's, or an authority, let the offered key in?
 */
#ifndef MONITOR_AUTH_KEY_H
#define MONITOR_AUTH_KEY_H

#include "monitor/monitor.h"

/*
 * Looks for the attempt's key in what attempt.key_source says, a certificate also by its authority. What it
 * may do is then in c->work->tried_key.
 * Errors: ERR_UNKNOWN nobody names it; ERR_DENIED who does does not let it in, or it is revoked; the log
 *         says why. ERR_MEMORY; ERR_SYSTEM; ERR_CRYPTO
 */
MUST_CHECK enum err auth_key_find(struct conn *c);

/*
 * May a script take the attempt's key by itself? A plain one that no list has, without restrictions; not one that
 * is revoked, nor a certificate that the rules do not take: what that restricts would not be kept.
 * Errors: ERR_DENIED; ERR_SIGNATURE not proved; ERR_MEMORY
 */
MUST_CHECK enum err auth_key_alone(struct conn *c);

/* Frees a key's options; *key may be NULL and is NULL after. */
void key_forget(struct key_options **key);

/*
 * The attempt's key was proved: its options hold for the login.
 * Errors: ERR_DENIED this key has opened a door already, or too many have; ERR_CRYPTO
 */
MUST_CHECK enum err key_keep(struct conn *c);

#endif
