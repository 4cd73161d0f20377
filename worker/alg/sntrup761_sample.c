/*
 * A short polynomial is a row of 286 signs and 475 zeros, put in order by random keys. The order
 * is a secret, so the sort is a network: Batcher's merge exchange (Knuth 5.2.2, algorithm M),
 * eight comparisons at a time. Strides from 8 on compare neighbours in memory with neighbours; for
 * the strides below, the numbers are transposed, so that these do too. Vectors are of 128 bits,
 * which every processor has: gcc splits wider ones badly, and they gain little here.
 */
#include <string.h>

#include <openssl/rand.h>

#include "worker/alg/sntrup761_sample.h"

#define P      SNTRUP761_P
#define WIDTH  SNTRUP761_WIDTH
#define LANES  8 /* pairs ordered at once */
#define COLUMN (WIDTH / LANES)
#define TOP    512 /* the largest power of 2 below WIDTH */

typedef int32_t lanes __attribute__((vector_size(LANES / 2 * sizeof(int32_t))));

static inline void order_half(int32_t *low, int32_t *high)
{
	lanes a, b, change;

	/* vectors compare to masks: there is no branch to leak */
	memcpy(&a, low, sizeof a);
	memcpy(&b, high, sizeof b);
	change = (a ^ b) & (lanes)(a > b);
	a ^= change;
	b ^= change;
	memcpy(low, &a, sizeof a);
	memcpy(high, &b, sizeof b);
}

/* Orders eight pairs. */
static inline void order(int32_t *low, int32_t *high)
{
	order_half(low, high);
	order_half(low + LANES / 2, high + LANES / 2);
}

/* Orders n pairs; n >= 8. The last eight may overlap those before, which are in order. */
static void order_rows(int32_t *low, int32_t *high, size_t n)
{
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		order(low + i, high + i);
	if (i < n)
		order(low + n - LANES, high + n - LANES);
}

/* Strides of 8 and more, on numbers as they stand. */
static void order_far(int32_t x[WIDTH])
{
	for (size_t p = TOP; p >= LANES; p /= 2) {
		for (size_t i = 0; i + p < WIDTH; i += LANES)
			if ((i & p) == 0)
				order(x + i, x + i + p);
		for (size_t q = TOP; q > p; q /= 2)
			for (size_t i = 0; i + q < WIDTH; i += LANES)
				if ((i & p) == 0)
					order(x + i + p, x + i + q);
	}
}

/* Strides of 4, 2, 1: number 8 * k + i is row[i][k]. */
static void order_near(int32_t row[LANES][COLUMN])
{
	for (size_t p = LANES / 2; p > 0; p /= 2) {
		for (size_t i = 0; i < LANES; i++)
			if ((i & p) == 0)
				order_rows(row[i], row[i + p], COLUMN);
		for (size_t q = TOP; q > p; q /= 2)
			for (size_t i = 0; i < LANES; i++) {
				size_t to = (i + q) % LANES, skip = (i + q) / LANES;

				if ((i & p) == 0)
					order_rows(row[i + p], row[to] + skip,
						   COLUMN - skip);
			}
	}
}

void sntrup761_sample_sort(int32_t x[SNTRUP761_WIDTH])
{
	int32_t row[LANES][COLUMN];

	order_far(x);
	for (size_t k = 0; k < COLUMN; k++)
		for (size_t i = 0; i < LANES; i++)
			row[i][k] = x[LANES * k + i];
	order_near(row);
	for (size_t k = 0; k < COLUMN; k++)
		for (size_t i = 0; i < LANES; i++)
			x[LANES * k + i] = row[i][k];
	wipe(row, sizeof row);
}

enum err sntrup761_sample_short(struct sntrup761_poly *out)
{
	int32_t x[WIDTH];
	enum err e = ERR_CRYPTO;

	if (RAND_priv_bytes((unsigned char *)x, P * sizeof x[0]) != 1)
		goto out;
	/* two low bits ride on 30 random ones: 0 or 2 becomes a sign, 1 a zero */
	for (size_t i = 0; i < SNTRUP761_W; i++)
		x[i] &= ~1;
	for (size_t i = SNTRUP761_W; i < P; i++)
		x[i] = (x[i] & ~2) | 1;
	for (size_t i = P; i < WIDTH; i++)
		x[i] =
		    INT32_MAX; /* above all others, whose low bits are never both set */
	sntrup761_sample_sort(x);
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++)
		out->c[i] = (int16_t)((x[i] & 3) - 1);
	e = OK;
out:
	wipe(x, sizeof x);
	return e;
}

enum err sntrup761_sample_small(struct sntrup761_poly *out)
{
	const uint32_t mask = 0x3fffffff; /* 30 bits: 3 * 2^30 still fits */
	uint32_t x[P];
	enum err e = ERR_CRYPTO;

	if (RAND_priv_bytes((unsigned char *)x, sizeof x) != 1)
		goto out;
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++)
		out->c[i] = (int16_t)((int)(((x[i] & mask) * 3) >> 30) - 1);
	e = OK;
out:
	wipe(x, sizeof x);
	return e;
}
