/*
 * Products of sntrup761, in 16-bit lanes. One factor is small, so that twelve rows of the
 * schoolbook product fit beside a reduced coefficient; 761 rows in 64 passes of twelve beat
 * cleverer methods in plain C. Nothing branches on or indexes by a coefficient, nothing divides.
 */
#include <string.h>

#include "common/bytes.h"
#include "worker/alg/sntrup761_poly.h"
#include "worker/alg/sntrup761_wide.h"

#define P      SNTRUP761_P
#define Q      SNTRUP761_Q
#define HALF_Q SNTRUP761_HALF_Q
#define WIDTH  SNTRUP761_WIDTH

#define PER_Q 14    /* 2^16 / Q, rounded down */
#define PER_3 21846 /* 2^16 / 3, rounded up */
#define TO_3                                                                           \
	2296 /* makes a centered value positive, and the quotient's rounding right */
#define AT_ZERO 765 /* (0 + TO_3) / 3 */
#define ROWS    12
#define MARGIN  16 /* zeros before and after a factor: a pass overlaps them */
#define PASS                                                                           \
	(WIDTH + MARGIN) /* coefficients that one pass of ROWS touches, rounded up */
#define PRODUCT (WIDTH - ROWS + PASS)

/*
 * Brings a into -2838 .. 2927 without changing it modulo Q; |a| <= 30472. Those bounds are
 * what makes ROWS twelve: 2927 + 12 * HALF_Q = 30467.
 */
WIDE_BODY int16_t reduce(int16_t a)
{
	int16_t times = (int16_t)(((int16_t)(a + HALF_Q) * PER_Q) >> 16);

	return (int16_t)(a - times * Q);
}

/* Centers a, |a| <= 30472. */
WIDE_BODY int16_t center(int16_t a)
{
	int16_t r = reduce(a);
	int16_t above = (int16_t)((int16_t)(HALF_Q - r) >> 15);
	int16_t below = (int16_t)((int16_t)(r + HALF_Q) >> 15);

	return (int16_t)(r - (above & Q) + (below & Q));
}

/* (a + TO_3) / 3 of a centered a: 0 .. 1530 */
WIDE_BODY int16_t third(int16_t a)
{
	return (int16_t)(((int16_t)(a + TO_3) * PER_3) >> 16);
}

/* a mod 3 of a centered a */
WIDE_BODY int16_t mod3(int16_t a)
{
	return (int16_t)(a - 3 * (third(a) - AT_ZERO));
}

/* Adds a times b[0] + b[1] x + .. + b[ROWS - 1] x^(ROWS - 1) to sum. */
WIDE_BODY void add_rows(int16_t *restrict sum, const int16_t *restrict a,
			const int16_t *restrict b)
{
	for (ptrdiff_t k = 0; k < PASS; k++) {
		int16_t t = sum[k];

		t = (int16_t)(t + a[k] * b[0] + a[k - 1] * b[1] + a[k - 2] * b[2]);
		t = (int16_t)(t + a[k - 3] * b[3] + a[k - 4] * b[4] + a[k - 5] * b[5]);
		t = (int16_t)(t + a[k - 6] * b[6] + a[k - 7] * b[7] + a[k - 8] * b[8]);
		t = (int16_t)(t + a[k - 9] * b[9] + a[k - 10] * b[10] +
			      a[k - 11] * b[11]);
		sum[k] = reduce(t);
	}
}

WIDE_BODY void add_all_rows(int16_t *restrict sum, const int16_t *restrict a,
			    const int16_t *restrict b)
{
	for (size_t i = 0; i < WIDTH; i += ROWS)
		add_rows(sum + i, a, b + i);
}

WIDE_TARGET static void add_wide(int16_t *restrict sum, const int16_t *restrict a,
				 const int16_t *restrict b)
{
	add_all_rows(sum, a, b);
}

static void add_plain(int16_t *restrict sum, const int16_t *restrict a,
		      const int16_t *restrict b)
{
	add_all_rows(sum, a, b);
}

/* Multiplies and folds by x^761 = x + 1; what comes out is below three times what reduce gives. */
static void multiply(const struct sntrup761_poly *a, const struct sntrup761_poly *b,
		     struct sntrup761_poly *out)
{
	int16_t sum[PRODUCT] = {0}, padded[MARGIN + WIDTH + MARGIN] = {0};

	memcpy(padded + MARGIN, a->c, sizeof a->c);
	if (wide_there())
		add_wide(sum, padded + MARGIN, b->c);
	else
		add_plain(sum, padded + MARGIN, b->c);
	for (size_t i = 0; i < P; i++)
		out->c[i] = (int16_t)(sum[i] + sum[i + P]);
	for (size_t i = 1; i < P; i++)
		out->c[i] = (int16_t)(out->c[i] + sum[i + P - 1]);
	for (size_t i = P; i < WIDTH; i++)
		out->c[i] = 0;
	wipe(sum, sizeof sum);
	wipe(padded, sizeof padded);
}

void sntrup761_poly_multiply(const struct sntrup761_poly *a,
			     const struct sntrup761_poly *b, struct sntrup761_poly *out)
{
	multiply(a, b, out);
	for (size_t i = 0; i < WIDTH; i++)
		out->c[i] = center(out->c[i]);
}

void sntrup761_poly_multiply3(const struct sntrup761_poly *a,
			      const struct sntrup761_poly *b,
			      struct sntrup761_poly *out)
{
	/* no product exceeds 761, so nothing was reduced modulo Q, and three make 2283 */
	multiply(a, b, out);
	for (size_t i = 0; i < WIDTH; i++)
		out->c[i] = mod3(out->c[i]);
}

void sntrup761_poly_triple3(struct sntrup761_poly *a)
{
	for (size_t i = 0; i < WIDTH; i++)
		a->c[i] = mod3(center((int16_t)(3 * a->c[i])));
}

void sntrup761_poly_round(const struct sntrup761_poly *a, uint16_t out[SNTRUP761_P])
{
	for (size_t i = 0; i < P; i++)
		out[i] = (uint16_t)third(a->c[i]);
}

void sntrup761_poly_unround(const uint16_t in[SNTRUP761_P], struct sntrup761_poly *out)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++)
		out->c[i] = (int16_t)(3 * in[i] - HALF_Q);
}

void sntrup761_poly_unsign(const struct sntrup761_poly *a, uint16_t out[SNTRUP761_P])
{
	for (size_t i = 0; i < P; i++)
		out[i] = (uint16_t)(a->c[i] + HALF_Q);
}

void sntrup761_poly_sign(const uint16_t in[SNTRUP761_P], struct sntrup761_poly *out)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++)
		out->c[i] = (int16_t)(in[i] - HALF_Q);
}

int sntrup761_poly_weight(const struct sntrup761_poly *a)
{
	int weight = 0;

	for (size_t i = 0; i < WIDTH; i++)
		weight += a->c[i] & 1;
	return weight;
}
