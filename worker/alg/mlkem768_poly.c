/*
 * Arithmetic of ML-KEM. Nothing branches on or indexes by a coefficient, and nothing
 * divides: products are reduced by Montgomery's method, sums by Barrett's, and
 * compression multiplies by a reciprocal. Loops run over fixed blocks so that compilers
 * make vectors of them. Source: FIPS 203 4
 */
#include "worker/alg/mlkem768_poly.h"

#define Q         MLKEM768_Q
#define Q_INVERSE (-3327)   /* of Q modulo 2^16 */
#define BARRETT   20159     /* 2^26 / Q, rounded */
#define SCALE     1353      /* 2^32 mod Q: a product with it multiplies by 2^16 */
#define SCALE_128 1441      /* 2^32 / 128 mod Q */
#define HALF_Q    1665      /* Decompress_1(1) */
#define PER_Q     20642679U /* 2^36 / Q, rounded up */
#define PER_SHIFT 36
#define LANES     8

/* 17^BitRev7(i) * 2^16 mod Q. Source: FIPS 203 appendix A */
static const int16_t zetas[MLKEM768_N / 2] = {
    -1044, -758,  -359,  -1517, 1493,  1422,  287,   202,   -171,  622,   1577,  182,
    962,   -1202, -1474, 1468,  573,   -1325, 264,   383,   -829,  1458,  -1602, -130,
    -681,  1017,  732,   608,   -1542, 411,   -205,  -1571, 1223,  652,   -552,  1015,
    -1293, 1491,  -282,  -1544, 516,   -8,    -320,  -666,  -1618, -1162, 126,   1469,
    -853,  -90,   -271,  830,   107,   -1421, -247,  -951,  -398,  961,   -1508, -725,
    448,   -1065, 677,   -1275, -1103, 430,   555,   843,   -1251, 871,   1550,  105,
    422,   587,   177,   -235,  -291,  -460,  1574,  1653,  -246,  778,   1159,  -147,
    -777,  1483,  -602,  1119,  -1590, 644,   -872,  349,   418,   329,   -156,  -75,
    817,   1097,  603,   610,   1322,  -1285, -1465, 384,   -1215, -136,  1218,  -1335,
    -874,  220,   -1187, -1659, -1185, -1530, -1278, 794,   -1510, -854,  -870,  478,
    -108,  -308,  996,   991,   958,   -1460, 1522,  1628,
};

/* a * b / 2^16 mod Q, |result| < Q if |a * b| < Q * 2^15; halves apart suit 16-bit
 * lanes */
static inline int16_t multiply(int16_t a, int16_t b)
{
	int16_t high = (int16_t)((a * b) >> 16);
	int16_t low = (int16_t)(a * b);
	int16_t fold = (int16_t)(low * Q_INVERSE);

	return (int16_t)(high - (int16_t)((fold * Q) >> 16));
}

/* a mod Q, |result| <= Q / 2 + 1 */
static inline int16_t reduce(int16_t a)
{
	int16_t times = (int16_t)(((int16_t)((a * BARRETT) >> 16) + 512) >> 10);

	return (int16_t)(a - times * Q);
}

/* Brings a reduced coefficient into 0 .. Q - 1. */
static inline uint32_t canonical(int16_t a)
{
	int16_t r = reduce(a);

	return (uint32_t)(r + ((r >> 15) & Q));
}

static inline void forward_block(int16_t *restrict low, int16_t *restrict high,
				 int16_t zeta, size_t lanes)
{
#pragma GCC ivdep
	for (size_t k = 0; k < lanes; k++) {
		int16_t t = multiply(high[k], zeta);

		high[k] = (int16_t)(low[k] - t);
		low[k] = (int16_t)(low[k] + t);
	}
}

static inline void inverse_block(int16_t *restrict low, int16_t *restrict high,
				 int16_t zeta, size_t lanes)
{
#pragma GCC ivdep
	for (size_t k = 0; k < lanes; k++) {
		int16_t t = low[k];

		low[k] = reduce((int16_t)(t + high[k]));
		high[k] = multiply((int16_t)(high[k] - t), zeta);
	}
}

void mlkem768_poly_ntt(struct mlkem768_poly *a)
{
	size_t z = 1, length = MLKEM768_N / 2;

	for (; length >= LANES; length >>= 1)
		for (size_t start = 0; start < MLKEM768_N; start += 2 * length, z++)
			for (size_t j = start; j < start + length; j += LANES)
				forward_block(a->c + j, a->c + j + length, zetas[z],
					      LANES);
	for (size_t start = 0; start < MLKEM768_N; start += 8, z++)
		forward_block(a->c + start, a->c + start + 4, zetas[z], 4);
	for (size_t start = 0; start < MLKEM768_N; start += 4, z++)
		forward_block(a->c + start, a->c + start + 2, zetas[z], 2);
	for (size_t i = 0; i < MLKEM768_N; i++)
		a->c[i] = reduce(a->c[i]);
}

void mlkem768_poly_inverse_ntt(struct mlkem768_poly *a)
{
	size_t z = MLKEM768_N / 2 - 1;

	for (size_t start = 0; start < MLKEM768_N; start += 4, z--)
		inverse_block(a->c + start, a->c + start + 2, zetas[z], 2);
	for (size_t start = 0; start < MLKEM768_N; start += 8, z--)
		inverse_block(a->c + start, a->c + start + 4, zetas[z], 4);
	for (size_t length = LANES; length < MLKEM768_N; length <<= 1)
		for (size_t start = 0; start < MLKEM768_N; start += 2 * length, z--)
			for (size_t j = start; j < start + length; j += LANES)
				inverse_block(a->c + j, a->c + j + length, zetas[z],
					      LANES);
	for (size_t i = 0; i < MLKEM768_N; i++)
		a->c[i] = multiply(a->c[i], SCALE_128);
}

void mlkem768_poly_factor(const struct mlkem768_poly *b, struct mlkem768_factor *out)
{
	const int16_t *gamma = zetas + MLKEM768_N / 4;

	/* FIPS 203 appendix A: the 128 values of gamma are 64 and their negatives, in
	 * turn */
	for (size_t i = 0; i < MLKEM768_N; i += 4, gamma++) {
		out->same[i] = b->c[i];
		out->same[i + 1] = multiply(b->c[i + 1], *gamma);
		out->same[i + 2] = b->c[i + 2];
		out->same[i + 3] = (int16_t)-multiply(b->c[i + 3], *gamma);
	}
	for (size_t i = 0; i < MLKEM768_N; i += 2) {
		out->cross[i] = b->c[i + 1];
		out->cross[i + 1] = b->c[i];
	}
}

void mlkem768_poly_dot(const struct mlkem768_poly *a, const struct mlkem768_factor *b,
		       struct mlkem768_sum *sum)
{
	/* six products of at most Q * Q stay below the Q * 2^15 that mlkem768_poly_sum
	 * takes */
	for (size_t i = 0; i < MLKEM768_N; i += 2) {
		sum->c[i] += a->c[i] * b->same[i] + a->c[i + 1] * b->same[i + 1];
		sum->c[i + 1] += a->c[i] * b->cross[i] + a->c[i + 1] * b->cross[i + 1];
	}
}

void mlkem768_poly_sum(const struct mlkem768_sum *sum, struct mlkem768_poly *out)
{
	for (size_t i = 0; i < MLKEM768_N; i++) {
		int16_t fold = (int16_t)((int16_t)sum->c[i] * Q_INVERSE);

		out->c[i] = (int16_t)((sum->c[i] - fold * Q) >> 16);
	}
}

void mlkem768_poly_scale(struct mlkem768_poly *a)
{
	for (size_t i = 0; i < MLKEM768_N; i++)
		a->c[i] = multiply(a->c[i], SCALE);
}

void mlkem768_poly_add(struct mlkem768_poly *a, const struct mlkem768_poly *b)
{
	for (size_t i = 0; i < MLKEM768_N; i++)
		a->c[i] = reduce((int16_t)(a->c[i] + b->c[i]));
}

void mlkem768_poly_sub(struct mlkem768_poly *a, const struct mlkem768_poly *b)
{
	for (size_t i = 0; i < MLKEM768_N; i++)
		a->c[i] = reduce((int16_t)(a->c[i] - b->c[i]));
}

/* Writes four values of d bits, d even, little endian as FIPS 203 4.2.1 packs bits. */
static inline void put_four(const uint32_t v[4], unsigned d, uint8_t *out)
{
	uint64_t bits = v[0] | (uint64_t)v[1] << d | (uint64_t)v[2] << (2 * d) |
			(uint64_t)v[3] << (3 * d);

	for (unsigned i = 0; i < d / 2; i++)
		out[i] = (uint8_t)(bits >> (8 * i));
}

static inline void get_four(const uint8_t *in, unsigned d, uint32_t v[4])
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < d / 2; i++)
		bits |= (uint64_t)in[i] << (8 * i);
	for (unsigned i = 0; i < 4; i++)
		v[i] = (uint32_t)(bits >> (i * d)) & ((1U << d) - 1);
}

void mlkem768_poly_encode(const struct mlkem768_poly *a,
			  uint8_t out[MLKEM768_POLY_BYTES(MLKEM768_D_EK)])
{
	for (size_t i = 0; i < MLKEM768_N; i += 4, out += MLKEM768_D_EK / 2) {
		uint32_t v[4];

		for (size_t k = 0; k < 4; k++)
			v[k] = canonical(a->c[i + k]);
		put_four(v, MLKEM768_D_EK, out);
	}
}

uint32_t mlkem768_poly_decode(const uint8_t in[MLKEM768_POLY_BYTES(MLKEM768_D_EK)],
			      struct mlkem768_poly *out)
{
	uint32_t below = UINT32_MAX;

	for (size_t i = 0; i < MLKEM768_N; i += 4, in += MLKEM768_D_EK / 2) {
		uint32_t v[4];

		get_four(in, MLKEM768_D_EK, v);
		for (size_t k = 0; k < 4; k++) {
			below &= v[k] - Q; /* the top bit stays while all borrow */
			out->c[i + k] = (int16_t)v[k];
		}
	}
	return 0U - (below >> 31);
}

/* round(v * 2^d / Q) mod 2^d; exact, as the test of all v shows */
static inline uint32_t compress(uint32_t v, unsigned d)
{
	uint64_t scaled = ((uint64_t)v << d) + Q / 2;

	return (uint32_t)((scaled * PER_Q) >> PER_SHIFT) & ((1U << d) - 1);
}

static inline void compress_all(const struct mlkem768_poly *a, unsigned d, uint8_t *out)
{
	for (size_t i = 0; i < MLKEM768_N; i += 4, out += d / 2) {
		uint32_t v[4];

		for (size_t k = 0; k < 4; k++)
			v[k] = compress(canonical(a->c[i + k]), d);
		put_four(v, d, out);
	}
}

static inline void decompress_all(const uint8_t *in, unsigned d,
				  struct mlkem768_poly *out)
{
	for (size_t i = 0; i < MLKEM768_N; i += 4, in += d / 2) {
		uint32_t v[4];

		get_four(in, d, v);
		for (size_t k = 0; k < 4; k++)
			out->c[i + k] = (int16_t)((v[k] * Q + (1U << (d - 1))) >> d);
	}
}

void mlkem768_poly_compress(const struct mlkem768_poly *a, unsigned d, uint8_t *out)
{
	if (d == MLKEM768_D_U)
		compress_all(a, MLKEM768_D_U, out);
	else
		compress_all(a, MLKEM768_D_V, out);
}

void mlkem768_poly_decompress(const uint8_t *in, unsigned d, struct mlkem768_poly *out)
{
	if (d == MLKEM768_D_U)
		decompress_all(in, MLKEM768_D_U, out);
	else
		decompress_all(in, MLKEM768_D_V, out);
}

/* Hides from the compiler that a mask has two values only, lest it branch on which. */
static inline int32_t opaque(int32_t mask)
{
	__asm__("" : "+r"(mask));
	return mask;
}

void mlkem768_poly_from_message(const uint8_t m[MLKEM768_SYMBOL],
				struct mlkem768_poly *out)
{
	for (size_t i = 0; i < MLKEM768_N; i++)
		out->c[i] = (int16_t)(opaque(-((m[i / 8] >> (i % 8)) & 1)) & HALF_Q);
}

void mlkem768_poly_to_message(const struct mlkem768_poly *a, uint8_t m[MLKEM768_SYMBOL])
{
	for (size_t i = 0; i < MLKEM768_SYMBOL; i++) {
		uint32_t byte = 0;

		for (unsigned k = 0; k < 8; k++)
			byte |= compress(canonical(a->c[8 * i + k]), 1) << k;
		m[i] = (uint8_t)byte;
	}
}
