/* Arithmetic of sntrup761 against the plain definitions. */
#include "tests/unit.h"
#include "worker/alg/sntrup761_poly.h"

#define P      SNTRUP761_P
#define Q      SNTRUP761_Q
#define HALF_Q SNTRUP761_HALF_Q

/* v mod m, centered */
static int centered(int64_t v, int m)
{
	int r = (int)((v % m + m) % m);

	return r > m / 2 ? r - m : r;
}

/* Fills a with coefficients of a simple generator, -bound .. bound. */
static void fill(struct sntrup761_poly *a, uint32_t seed, int bound)
{
	*a = (struct sntrup761_poly){0};
	for (size_t i = 0; i < P; i++) {
		seed = seed * 1664525 + 1013904223;
		a->c[i] =
		    (int16_t)((int)((seed >> 8) % (2 * (uint32_t)bound + 1)) - bound);
	}
}

static void fill_with(struct sntrup761_poly *a, int value)
{
	*a = (struct sntrup761_poly){0};
	for (size_t i = 0; i < P; i++)
		a->c[i] = (int16_t)value;
}

/* Multiplies by the book: x^761 is x + 1. */
static void check_product(const struct sntrup761_poly *a,
			  const struct sntrup761_poly *b,
			  const struct sntrup761_poly *product, int m)
{
	struct sntrup761_poly expected = {0};
	int64_t sum[2 * P] = {0};

	for (size_t i = 0; i < P; i++)
		for (size_t j = 0; j < P; j++)
			sum[i + j] += (int64_t)a->c[i] * b->c[j];
	for (size_t i = 2 * P - 1; i >= P; i--) {
		sum[i - P] += sum[i];
		sum[i - P + 1] += sum[i];
	}
	for (size_t i = 0; i < P; i++)
		expected.c[i] = (int16_t)centered(sum[i], m);
	ck_assert_mem_eq(product, &expected, sizeof expected);
}

START_TEST(sntrup761_poly_multiply_gives_the_product)
{
	struct sntrup761_poly a, b, product;

	for (uint32_t seed = 0; seed < 20; seed++) {
		fill(&a, seed, HALF_Q);
		fill(&b, seed + 100, 1);
		sntrup761_poly_multiply(&a, &b, &product);
		check_product(&a, &b, &product, Q);
		sntrup761_poly_multiply(&a, &b, &a);
		ck_assert_mem_eq(&a, &product, sizeof a);
	}
}
END_TEST

START_TEST(sntrup761_poly_multiply_holds_the_largest_sums)
{
	struct sntrup761_poly a, b, product;

	for (int sign = -1; sign <= 1; sign += 2) {
		fill_with(&a, HALF_Q);
		fill_with(&b, sign);
		sntrup761_poly_multiply(&a, &b, &product);
		check_product(&a, &b, &product, Q);
	}
}
END_TEST

START_TEST(sntrup761_poly_multiply3_gives_the_product)
{
	struct sntrup761_poly a, b, product;

	for (uint32_t seed = 0; seed < 20; seed++) {
		fill(&a, seed, 1);
		fill(&b, seed + 100, 1);
		sntrup761_poly_multiply3(&a, &b, &product);
		check_product(&a, &b, &product, 3);
	}
	for (int sign = -1; sign <= 1; sign += 2) {
		fill_with(&a, 1);
		fill_with(&b, sign);
		sntrup761_poly_multiply3(&a, &b, &product);
		check_product(&a, &b, &product, 3);
	}
}
END_TEST

START_TEST(sntrup761_poly_triple3_is_right_for_every_coefficient)
{
	for (int v = -HALF_Q; v <= HALF_Q; v++) {
		struct sntrup761_poly a = {{(int16_t)v}};

		sntrup761_poly_triple3(&a);
		ck_assert_int_eq(a.c[0], centered(centered((int64_t)3 * v, Q), 3));
	}
}
END_TEST

START_TEST(sntrup761_poly_round_takes_the_nearest_multiple_of_three)
{
	uint16_t values[P];

	for (int v = -HALF_Q; v <= HALF_Q; v++) {
		struct sntrup761_poly a = {{(int16_t)v}}, b;

		sntrup761_poly_round(&a, values);
		sntrup761_poly_unround(values, &b);
		ck_assert_int_lt(values[0], SNTRUP761_STEPS);
		ck_assert_int_eq(b.c[0], v - centered(v, 3));
	}
}
END_TEST

START_TEST(sntrup761_poly_sign_and_unsign_are_inverse)
{
	struct sntrup761_poly a, b;
	uint16_t values[P];

	fill(&a, 1, HALF_Q);
	sntrup761_poly_unsign(&a, values);
	for (size_t i = 0; i < P; i++)
		ck_assert_uint_lt(values[i], Q);
	sntrup761_poly_sign(values, &b);
	ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(sntrup761_poly_weight_counts_both_signs)
{
	struct sntrup761_poly a = {
	    {1, 0, -1, 0, 1}
        };

	ck_assert_int_eq(sntrup761_poly_weight(&a), 3);
	fill_with(&a, -1);
	ck_assert_int_eq(sntrup761_poly_weight(&a), P);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_sntrup761_poly");
	TCase *t = tcase_create("sntrup761_poly");

	tcase_add_test(t, sntrup761_poly_multiply_gives_the_product);
	tcase_add_test(t, sntrup761_poly_multiply_holds_the_largest_sums);
	tcase_add_test(t, sntrup761_poly_multiply3_gives_the_product);
	tcase_add_test(t, sntrup761_poly_triple3_is_right_for_every_coefficient);
	tcase_add_test(t, sntrup761_poly_round_takes_the_nearest_multiple_of_three);
	tcase_add_test(t, sntrup761_poly_sign_and_unsign_are_inverse);
	tcase_add_test(t, sntrup761_poly_weight_counts_both_signs);
	suite_add_tcase(s, t);
	return s;
}
