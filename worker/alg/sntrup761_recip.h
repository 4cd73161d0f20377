/*
 * Reciprocals of sntrup761, for key generation.
 */
#ifndef WORKER_ALG_SNTRUP761_RECIP_H
#define WORKER_ALG_SNTRUP761_RECIP_H

#include "common/bytes.h"
#include "worker/alg/sntrup761_poly.h"

/* Computes 1 / (3 * a) modulo q; a is small and not zero; the result is centered. */
void sntrup761_recip_q(const struct sntrup761_poly *a, struct sntrup761_poly *out);

/*
 * Computes 1 / a modulo 3; a is small, and so is the result.
 * Gives: false where there is none, which it is no secret to tell; out is then untouched
 */
MUST_CHECK bool sntrup761_recip_3(const struct sntrup761_poly *a,
				  struct sntrup761_poly *out);

#endif
