/* Arithmetic of ML-KEM against the plain definitions. */
#include "tests/unit.h"
#include "worker/alg/mlkem768_poly.h"

#define SCALE_MOD_Q 2285 /* 2^16 mod 3329 */

static int modulo(int64_t v)
{
	return (int)((v % MLKEM768_Q + MLKEM768_Q) % MLKEM768_Q);
}

/* Fills a with coefficients of a simple generator, 0 .. bound - 1. */
static void fill(struct mlkem768_poly *a, uint32_t seed, uint32_t bound)
{
	for (size_t i = 0; i < MLKEM768_N; i++) {
		seed = seed * 1664525 + 1013904223;
		a->c[i] = (int16_t)((seed >> 8) % bound);
	}
}

/* Multiplies modulo x^256 + 1, by the book. */
static void multiply_plainly(const struct mlkem768_poly *a,
			     const struct mlkem768_poly *b, int out[MLKEM768_N])
{
	int64_t sum[MLKEM768_N] = {0};

	for (size_t i = 0; i < MLKEM768_N; i++)
		for (size_t j = 0; j < MLKEM768_N; j++) {
			int64_t t = (int64_t)a->c[i] * b->c[j];

			sum[(i + j) % MLKEM768_N] += i + j < MLKEM768_N ? t : -t;
		}
	for (size_t i = 0; i < MLKEM768_N; i++)
		out[i] = modulo(sum[i]);
}

START_TEST(mlkem768_poly_ntt_and_back_multiplies_by_the_scale)
{
	struct mlkem768_poly a, b;

	fill(&a, 1, MLKEM768_Q);
	b = a;
	mlkem768_poly_ntt(&b);
	mlkem768_poly_inverse_ntt(&b);
	for (size_t i = 0; i < MLKEM768_N; i++)
		ck_assert_int_eq(modulo(b.c[i]), modulo((int64_t)a.c[i] * SCALE_MOD_Q));
}
END_TEST

START_TEST(mlkem768_poly_ntt_keeps_the_largest_coefficients_in_range)
{
	struct mlkem768_poly a;

	for (int sign = -1; sign <= 1; sign += 2) {
		for (size_t i = 0; i < MLKEM768_N; i++)
			a.c[i] = (int16_t)(sign * MLKEM768_Q);
		mlkem768_poly_ntt(&a);
		for (size_t i = 0; i < MLKEM768_N; i++)
			ck_assert_int_eq(modulo(a.c[i]), 0);
		mlkem768_poly_inverse_ntt(&a);
		for (size_t i = 0; i < MLKEM768_N; i++)
			ck_assert_int_eq(modulo(a.c[i]), 0);
	}
}
END_TEST

START_TEST(mlkem768_poly_dot_multiplies)
{
	struct mlkem768_poly a, b, product;
	struct mlkem768_factor factor;
	struct mlkem768_sum sum = {0};
	int plain[MLKEM768_N];

	fill(&a, 2, MLKEM768_Q);
	fill(&b, 3, MLKEM768_Q);
	multiply_plainly(&a, &b, plain);
	mlkem768_poly_ntt(&a);
	mlkem768_poly_ntt(&b);
	mlkem768_poly_factor(&b, &factor);
	for (int i = 0; i < 3; i++)
		mlkem768_poly_dot(&a, &factor, &sum);
	mlkem768_poly_sum(&sum, &product);
	mlkem768_poly_inverse_ntt(&product);
	for (size_t i = 0; i < MLKEM768_N; i++)
		ck_assert_int_eq(modulo(product.c[i]), modulo(3 * (int64_t)plain[i]));
}
END_TEST

START_TEST(mlkem768_poly_scale_add_sub_stay_in_range)
{
	struct mlkem768_poly a, b, c;

	fill(&a, 4, MLKEM768_Q);
	fill(&b, 5, MLKEM768_Q);
	c = a;
	mlkem768_poly_scale(&c);
	for (size_t i = 0; i < MLKEM768_N; i++)
		ck_assert_int_eq(modulo(c.c[i]), modulo((int64_t)a.c[i] * SCALE_MOD_Q));
	c = a;
	mlkem768_poly_add(&c, &b);
	for (size_t i = 0; i < MLKEM768_N; i++)
		ck_assert_int_eq(modulo(c.c[i]), modulo(a.c[i] + b.c[i]));
	c = a;
	mlkem768_poly_sub(&c, &b);
	for (size_t i = 0; i < MLKEM768_N; i++) {
		ck_assert_int_eq(modulo(c.c[i]), modulo(a.c[i] - b.c[i]));
		ck_assert_int_le(c.c[i], MLKEM768_Q);
		ck_assert_int_ge(c.c[i], -MLKEM768_Q);
	}
}
END_TEST

START_TEST(mlkem768_poly_encode_and_decode_are_inverse)
{
	struct mlkem768_poly a, b;
	uint8_t bytes[MLKEM768_POLY_BYTES(MLKEM768_D_EK)];

	fill(&a, 6, MLKEM768_Q);
	mlkem768_poly_encode(&a, bytes);
	ck_assert_uint_eq(mlkem768_poly_decode(bytes, &b), UINT32_MAX);
	ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(mlkem768_poly_decode_tells_values_beyond_the_modulus)
{
	struct mlkem768_poly a;

	for (unsigned v = 0; v < 4096; v++)
		for (size_t at = 0; at < 6; at += 3) {
			uint8_t bytes[MLKEM768_POLY_BYTES(MLKEM768_D_EK)] = {0};
			uint32_t below = v < MLKEM768_Q ? UINT32_MAX : 0;

			bytes[at] = (uint8_t)v;
			bytes[at + 1] = (uint8_t)(v >> 8);
			ck_assert_uint_eq(mlkem768_poly_decode(bytes, &a), below);
		}
}
END_TEST

START_TEST(mlkem768_poly_compress_rounds_every_value_as_defined)
{
	static const unsigned widths[] = {MLKEM768_D_U, MLKEM768_D_V};

	for (size_t w = 0; w < 2; w++)
		for (int v = 0; v < MLKEM768_Q; v++) {
			unsigned d = widths[w];
			uint8_t bytes[MLKEM768_POLY_BYTES(MLKEM768_D_U)] = {0};
			struct mlkem768_poly a = {{(int16_t)v}}, b;
			int y =
			    ((2 * v << d) + MLKEM768_Q) / (2 * MLKEM768_Q) % (1 << d);

			mlkem768_poly_compress(&a, d, bytes);
			ck_assert_int_eq((bytes[0] | bytes[1] << 8) & ((1 << d) - 1),
					 y);
			mlkem768_poly_decompress(bytes, d, &b);
			ck_assert_int_eq(b.c[0],
					 (2 * y * MLKEM768_Q + (1 << d)) >> (d + 1));
			ck_assert_int_eq(b.c[1], 0);
		}
}
END_TEST

START_TEST(mlkem768_poly_message_survives_noise_below_a_quarter)
{
	uint8_t m[MLKEM768_SYMBOL], back[MLKEM768_SYMBOL];
	struct mlkem768_poly a;

	for (size_t i = 0; i < sizeof m; i++)
		m[i] = (uint8_t)(i * 37 + 11);
	for (int noise = -MLKEM768_Q / 4 + 1; noise < MLKEM768_Q / 4; noise += 7) {
		mlkem768_poly_from_message(m, &a);
		for (size_t i = 0; i < MLKEM768_N; i++)
			a.c[i] = (int16_t)(a.c[i] + noise);
		mlkem768_poly_to_message(&a, back);
		ck_assert_mem_eq(m, back, sizeof m);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_mlkem768_poly");
	TCase *t = tcase_create("mlkem768_poly");

	tcase_add_test(t, mlkem768_poly_ntt_and_back_multiplies_by_the_scale);
	tcase_add_test(t, mlkem768_poly_ntt_keeps_the_largest_coefficients_in_range);
	tcase_add_test(t, mlkem768_poly_dot_multiplies);
	tcase_add_test(t, mlkem768_poly_scale_add_sub_stay_in_range);
	tcase_add_test(t, mlkem768_poly_encode_and_decode_are_inverse);
	tcase_add_test(t, mlkem768_poly_decode_tells_values_beyond_the_modulus);
	tcase_add_test(t, mlkem768_poly_compress_rounds_every_value_as_defined);
	tcase_add_test(t, mlkem768_poly_message_survives_noise_below_a_quarter);
	suite_add_tcase(s, t);
	return s;
}
