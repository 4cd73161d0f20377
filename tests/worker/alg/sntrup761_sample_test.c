/* Samples of sntrup761: the sort is a sort, weights are exact, places are even. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/sntrup761_sample.h"

#define P     SNTRUP761_P
#define WIDTH SNTRUP761_WIDTH
#define DRAWS 2000

static int by_value(const void *left, const void *right)
{
	const int32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void check_sort(const int32_t in[WIDTH])
{
	int32_t x[WIDTH], plain[WIDTH];

	memcpy(x, in, sizeof x);
	memcpy(plain, in, sizeof plain);
	sntrup761_sample_sort(x);
	qsort(plain, WIDTH, sizeof plain[0], by_value);
	ck_assert_mem_eq(x, plain, sizeof x);
}

START_TEST(sntrup761_sample_sort_sorts_as_qsort_does)
{
	int32_t x[WIDTH];
	uint32_t seed = 1;

	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < WIDTH; i++) {
			seed = seed * 1664525 + 1013904223;
			x[i] = (int32_t)(round % 3 == 0 ? seed : seed >> 20);
		}
		check_sort(x);
	}
}
END_TEST

START_TEST(sntrup761_sample_sort_sorts_every_step_of_zeros_and_ones)
{
	/* a network that sorts zeros and ones sorts all (Knuth 5.3.4 Z): these are its worst */
	int32_t x[WIDTH];

	for (size_t ones = 0; ones <= WIDTH; ones++) {
		for (size_t i = 0; i < WIDTH; i++)
			x[i] = i < ones ? 1 : 0;
		check_sort(x);
		for (size_t i = 0; i < WIDTH; i++)
			x[i] = i * 389 % WIDTH < ones ? INT32_MAX : INT32_MIN;
		check_sort(x);
	}
}
END_TEST

START_TEST(sntrup761_sample_short_has_weight_286)
{
	int signs = 0;

	for (int draw = 0; draw < DRAWS; draw++) {
		struct sntrup761_poly a;

		ck_assert_int_eq(sntrup761_sample_short(&a), OK);
		ck_assert_int_eq(sntrup761_poly_weight(&a), SNTRUP761_W);
		for (size_t i = 0; i < P; i++)
			ck_assert(a.c[i] == 0 || a.c[i] == 1 || a.c[i] == -1);
		for (size_t i = 0; i < WIDTH; i++)
			signs += a.c[i];
		for (size_t i = P; i < WIDTH; i++)
			ck_assert_int_eq(a.c[i], 0);
	}
	ck_assert_int_lt(abs(signs), 5000); /* deviation 756 */
}
END_TEST

START_TEST(sntrup761_sample_short_favours_no_place)
{
	static int count[P];

	for (int draw = 0; draw < DRAWS; draw++) {
		struct sntrup761_poly a;

		ck_assert_int_eq(sntrup761_sample_short(&a), OK);
		for (size_t i = 0; i < P; i++)
			count[i] += a.c[i] != 0;
	}
	/* mean 751.6, deviation 21.7: seven of them */
	for (size_t i = 0; i < P; i++)
		ck_assert_int_lt(abs(count[i] - DRAWS * SNTRUP761_W / P), 152);
}
END_TEST

START_TEST(sntrup761_sample_small_draws_each_value_as_often)
{
	int count[3] = {0};

	for (int draw = 0; draw < DRAWS; draw++) {
		struct sntrup761_poly a;

		ck_assert_int_eq(sntrup761_sample_small(&a), OK);
		for (size_t i = 0; i < P; i++)
			count[a.c[i] + 1]++;
	}
	/* mean 507333, deviation 582 */
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_lt(abs(count[i] - DRAWS * P / 3), 4100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_sntrup761_sample");
	TCase *t = tcase_create("sntrup761_sample");

	tcase_add_test(t, sntrup761_sample_sort_sorts_as_qsort_does);
	tcase_add_test(t, sntrup761_sample_sort_sorts_every_step_of_zeros_and_ones);
	tcase_add_test(t, sntrup761_sample_short_has_weight_286);
	tcase_add_test(t, sntrup761_sample_short_favours_no_place);
	tcase_add_test(t, sntrup761_sample_small_draws_each_value_as_often);
	suite_add_tcase(s, t);
	return s;
}
