/*
 * All algorithms at once.
 */
#ifndef WORKER_ALG_ALG_H
#define WORKER_ALG_ALG_H

#include "common/crypto.h"

/*
 * Fetches and computes all that the default algorithms keep, and lets each run once, so that a worker
 * forked after it fetches nothing and shares these pages. Called by the nursery before it forks.
 * provider: the one with a certificate has some of them only, and what it has is left to
 *           alg_warm_lists; with our own, no other is looked for
 * Errors: ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err alg_warm(enum crypto_provider provider);

/*
 * Does the same with what else stands in our name-lists.
 * Errors: as alg_warm
 */
MUST_CHECK enum err alg_warm_lists(struct span kex, struct span cipher,
				   struct span mac);

#endif
