/*
 * Polynomials of ML-KEM: 256 coefficients modulo 3329, in the order or NTT domain.
 * "Reduced" means |c| <= 3329; functions ask for it where they need it. Source: FIPS
 * 203 4
 */
#ifndef WORKER_ALG_MLKEM768_POLY_H
#define WORKER_ALG_MLKEM768_POLY_H

#include "common/bytes.h"

#define MLKEM768_N      256
#define MLKEM768_Q      3329
#define MLKEM768_D_EK   12 /* bits a coefficient of t-hat and s-hat takes */
#define MLKEM768_D_U    10
#define MLKEM768_D_V    4
#define MLKEM768_SYMBOL 32 /* bytes of a message, a seed, a shared secret */

/* Bytes that a polynomial of d-bit coefficients takes. */
#define MLKEM768_POLY_BYTES(d) (MLKEM768_N * (d) / 8)

struct mlkem768_poly {
	int16_t c[MLKEM768_N];
};

/* A reduced polynomial in the NTT domain, arranged for mlkem768_poly_dot. */
struct mlkem768_factor {
	int16_t same[MLKEM768_N];  /* b0, b1 * gamma of each pair */
	int16_t cross[MLKEM768_N]; /* b1, b0 of each pair */
};

/* Sums of products, not yet reduced; zero to begin with. At most three products. */
struct mlkem768_sum {
	int32_t c[MLKEM768_N];
};

/* Transforms a, |c| <= 3329, in place; the result is reduced. Source: FIPS 203
 * algorithm 9 */
void mlkem768_poly_ntt(struct mlkem768_poly *a);

/*
 * Transforms a, reduced, back in place, times 2^16; the result is reduced.
 * Source: FIPS 203 algorithm 10
 */
void mlkem768_poly_inverse_ntt(struct mlkem768_poly *a);

/* Arranges b, reduced and in the NTT domain. */
void mlkem768_poly_factor(const struct mlkem768_poly *b, struct mlkem768_factor *out);

/* Adds a times b, both in the NTT domain, to sum. Source: FIPS 203 algorithms 11, 12 */
void mlkem768_poly_dot(const struct mlkem768_poly *a, const struct mlkem768_factor *b,
		       struct mlkem768_sum *sum);

/* Reduces sum, divided by 2^16. */
void mlkem768_poly_sum(const struct mlkem768_sum *sum, struct mlkem768_poly *out);

/* Multiplies a by 2^16; the result is reduced. */
void mlkem768_poly_scale(struct mlkem768_poly *a);

/* Adds b to a; the result is reduced if |a| + |b| < 2^15. */
void mlkem768_poly_add(struct mlkem768_poly *a, const struct mlkem768_poly *b);

/* Subtracts b from a; the result is reduced if |a| + |b| < 2^15. */
void mlkem768_poly_sub(struct mlkem768_poly *a, const struct mlkem768_poly *b);

/* Writes a, reduced, as 256 coefficients of 12 bits. Source: FIPS 203 algorithm 5 */
void mlkem768_poly_encode(const struct mlkem768_poly *a,
			  uint8_t out[MLKEM768_POLY_BYTES(MLKEM768_D_EK)]);

/*
 * Reads 256 coefficients of 12 bits. Source: FIPS 203 algorithm 6
 * Gives: all ones if each is below 3329, else 0; then out holds them as they are
 */
MUST_CHECK uint32_t mlkem768_poly_decode(
    const uint8_t in[MLKEM768_POLY_BYTES(MLKEM768_D_EK)], struct mlkem768_poly *out);

/* Compresses a, reduced, to d = 10 or 4 bits a coefficient. Source: FIPS 203 (4.7) */
void mlkem768_poly_compress(const struct mlkem768_poly *a, unsigned d, uint8_t *out);

/* Decompresses coefficients of d = 10 or 4 bits. Source: FIPS 203 (4.8) */
void mlkem768_poly_decompress(const uint8_t *in, unsigned d, struct mlkem768_poly *out);

/* Decompresses a message: each bit becomes 0 or 1665. */
void mlkem768_poly_from_message(const uint8_t m[MLKEM768_SYMBOL],
				struct mlkem768_poly *out);

/* Compresses a, reduced, to a message. */
void mlkem768_poly_to_message(const struct mlkem768_poly *a,
			      uint8_t m[MLKEM768_SYMBOL]);

#endif
