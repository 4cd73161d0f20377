/*
 * What the server offers in its KEXINIT: made once, in the nursery.
 */
#ifndef WORKER_KEX_OFFER_H
#define WORKER_KEX_OFFER_H

#include "common/limits.h"
#include "common/msg.h"
#include "worker/kex/negotiate.h"

/* The lists of the first KEXINIT, with its markers, and of those after. Zero state: {0}. */
struct offer {
	struct proposal first, again;
	uint8_t *store; /* what the spans point into */
};

/*
 * Makes the lists from the settings: names that no table has are left out, and so are host key
 * algorithms without a key.
 * Owns:   the caller frees with offer_wipe
 * Errors: ERR_KEX_NONE a list without a name; ERR_NO_SPACE; ERR_MEMORY
 */
MUST_CHECK enum err offer_make(const struct msg_fork_settings *m,
			       const struct span *hostkeys, size_t n_hostkeys,
			       struct offer *out);

/*
 * Finds the host key for an algorithm: the first whose type fits.
 * Errors: ERR_UNKNOWN
 */
MUST_CHECK enum err offer_hostkey(struct span algorithm, const struct span *hostkeys,
				  size_t n_hostkeys, uint8_t *index);

void offer_wipe(struct offer *o);

#endif
