/*
 * Requests that wait until one before them is decided, so that answers keep their order.
 */
#ifndef WORKER_CHAN_HOLD_H
#define WORKER_CHAN_HOLD_H

#include "common/bytes.h"

/* Zero state: nothing waits. */
struct hold {
	uint8_t *p; /* strings */
	size_t n, cap;
};

/*
 * Keeps a request.
 * total:  bytes of all holds of the connection, kept up to date
 * Errors: ERR_BUDGET more than LIMIT_CHAN_HELD_BYTES, or LIMIT_CHANS_HELD_BYTES of all;
 *         ERR_MEMORY
 */
MUST_CHECK enum err hold_put(struct hold *h, size_t *total, struct span request);

/*
 * Moves what waits to out, from which the caller reads strings; h is empty afterwards.
 * Owns:   the caller wipes out
 */
void hold_move(struct hold *h, size_t *total, struct hold *out);

/* Forgets what waits. */
void hold_wipe(struct hold *h, size_t *total);

#endif
