/*
 * Random polynomials of sntrup761, and the sorting that makes them.
 */
#ifndef WORKER_ALG_SNTRUP761_SAMPLE_H
#define WORKER_ALG_SNTRUP761_SAMPLE_H

#include "common/bytes.h"
#include "worker/alg/sntrup761_poly.h"

/* Sorts 768 numbers, least first, in time that does not depend on them. */
void sntrup761_sample_sort(int32_t x[SNTRUP761_WIDTH]);

/*
 * Draws a short polynomial: small, of weight 286.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sntrup761_sample_short(struct sntrup761_poly *out);

/*
 * Draws a small polynomial.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sntrup761_sample_small(struct sntrup761_poly *out);

#endif
