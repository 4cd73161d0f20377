/*
 * Signatures by host keys that a connection waits for: at once where the key is here, later
 * where it is in a token. A connection gets them in the order in which it asked.
 */
#ifndef MONITOR_SIGN_H
#define MONITOR_SIGN_H

#include "monitor/monitor.h"

/* Takes a finished signature blob; empty where there is none. */
typedef void sign_done_fn(struct conn *c, const struct sign_what *what,
			  struct span signature);

/*
 * Signs data with a key of c's ring, and calls done, perhaps before it returns.
 * what:   is copied for done
 * Errors: ERR_KEY alg is not for this key; ERR_BUDGET too many wait; ERR_CRYPTO;
 *         ERR_MEMORY; then done is not called
 */
MUST_CHECK enum err sign_begin(struct conn *c, const struct sign_what *what,
			       struct span data, sign_done_fn *done);

/* The connection is over. */
void signs_drop(struct conn *c);

#endif
