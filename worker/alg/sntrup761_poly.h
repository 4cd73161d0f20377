/*
 * Polynomials of sntrup761: modulo x^761 - x - 1 and modulo q = 4591 or 3.
 * "Centered" means -2295 .. 2295; "small" means -1, 0, 1. Coefficients from 761 on are zero.
 */
#ifndef WORKER_ALG_SNTRUP761_POLY_H
#define WORKER_ALG_SNTRUP761_POLY_H

#include <stddef.h>
#include <stdint.h>

#define SNTRUP761_P      761
#define SNTRUP761_Q      4591
#define SNTRUP761_HALF_Q 2295
#define SNTRUP761_W      286  /* weight of a short polynomial */
#define SNTRUP761_WIDTH  768  /* P, rounded up to whole vectors */
#define SNTRUP761_STEPS  1531 /* values that a rounded coefficient takes */

struct sntrup761_poly {
	int16_t c[SNTRUP761_WIDTH];
};

/* Multiplies a, centered, by b, small; the result is centered. out may be a or b. */
void sntrup761_poly_multiply(const struct sntrup761_poly *a,
			     const struct sntrup761_poly *b,
			     struct sntrup761_poly *out);

/* Multiplies a by b, both small, modulo 3; the result is small. out may be a or b. */
void sntrup761_poly_multiply3(const struct sntrup761_poly *a,
			      const struct sntrup761_poly *b,
			      struct sntrup761_poly *out);

/* Makes 3 * a mod q, centered, mod 3 of a, centered: the middle of decryption. */
void sntrup761_poly_triple3(struct sntrup761_poly *a);

/* Gives the nearest multiples of 3 of a, centered: n stands for 3 * n - 2295. */
void sntrup761_poly_round(const struct sntrup761_poly *a, uint16_t out[SNTRUP761_P]);

/* Undoes sntrup761_poly_round as far as that goes. */
void sntrup761_poly_unround(const uint16_t in[SNTRUP761_P], struct sntrup761_poly *out);

/* Gives a, centered, as 0 .. q - 1: n stands for n - 2295. */
void sntrup761_poly_unsign(const struct sntrup761_poly *a, uint16_t out[SNTRUP761_P]);

/* Undoes sntrup761_poly_unsign. */
void sntrup761_poly_sign(const uint16_t in[SNTRUP761_P], struct sntrup761_poly *out);

/* Counts the coefficients of a, small, that are not zero. */
int sntrup761_poly_weight(const struct sntrup761_poly *a);

#endif
