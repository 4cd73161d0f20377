/*
 * Key revocation lists, the binary form of RevokedKeys. Source: PROTOCOL.krl
 */
#ifndef MONITOR_AUTH_KRL_H
#define MONITOR_AUTH_KRL_H

#include "monitor/auth/revoked.h"

/* Tells whether the bytes begin as a key revocation list does. */
bool krl_is(struct span bytes);

/*
 * Reads a list into out, which borrows from bytes. What is critical and not understood
 * refuses all of it.
 * why:    receives a few words
 * Errors: ERR_CONFIG with why set; ERR_MEMORY; ERR_CRYPTO
 */
MUST_CHECK enum err krl_parse(struct span bytes, struct revoked *out, const char **why);

#endif
