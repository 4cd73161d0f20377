/*
 * Hashes of ML-KEM, and the polynomials that are drawn from them. Source: FIPS
 * 203 4.1, 4.2.2
 */
#ifndef WORKER_ALG_MLKEM768_SAMPLE_H
#define WORKER_ALG_MLKEM768_SAMPLE_H

#include <openssl/evp.h>

#include "worker/alg/mlkem768_poly.h"

enum mlkem768_hash {
	MLKEM768_H,   /* SHA3-256, 32 bytes */
	MLKEM768_G,   /* SHA3-512, 64 bytes */
	MLKEM768_XOF, /* SHAKE128, any length */
	MLKEM768_PRF, /* SHAKE256, any length; also J */
	MLKEM768_HASH_COUNT
};

/* Where a digest goes. */
struct mlkem768_digest {
	uint8_t *p;
	size_t n;
};

/*
 * Fetches a hash once a process and keeps it.
 * Gives: NULL where libcrypto does not have it
 */
const EVP_MD *mlkem768_sample_md(enum mlkem768_hash h);

/*
 * Hashes a, then b, with the context that the caller lends.
 * Errors: ERR_CRYPTO; out may then hold anything
 */
MUST_CHECK enum err mlkem768_sample_hash(EVP_MD_CTX *ctx, enum mlkem768_hash h,
					 struct span a, struct span b,
					 struct mlkem768_digest out);

/*
 * Draws an element of the public matrix from rho and two indices, as they stand in the
 * XOF's input. Its time depends on rho, which is public. Errors: ERR_CRYPTO Source:
 * FIPS 203 algorithm 7
 */
MUST_CHECK enum err mlkem768_sample_uniform(EVP_MD_CTX *ctx,
					    const uint8_t rho[MLKEM768_SYMBOL],
					    const uint8_t index[2],
					    struct mlkem768_poly *out);

/*
 * Draws small coefficients, -2 .. 2, from a secret seed and a counter.
 * Errors: ERR_CRYPTO
 * Source: FIPS 203 algorithm 8 with eta = 2
 */
MUST_CHECK enum err mlkem768_sample_small(EVP_MD_CTX *ctx,
					  const uint8_t seed[MLKEM768_SYMBOL],
					  uint8_t counter, struct mlkem768_poly *out);

#endif
