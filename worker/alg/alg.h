/*
 * All algorithms at once.
 */
#ifndef WORKER_ALG_ALG_H
#define WORKER_ALG_ALG_H

#include "common/err.h"

/*
 * Fetches and computes all that algorithms keep, and lets each run once, so that a worker forked
 * after it fetches nothing and shares these pages. Called by the nursery before it forks.
 * Errors: ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err alg_warm(void);

#endif
