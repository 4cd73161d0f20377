/* Reciprocals of sntrup761: a product with them is 1. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/sntrup761_recip.h"
#include "worker/alg/sntrup761_sample.h"

#define ROUNDS 30

static const struct sntrup761_poly one = {{1}};

/* Checks that 3 * a * recip is 1 modulo q. */
static void check_q(const struct sntrup761_poly *a)
{
	struct sntrup761_poly recip, product, triple = {0};

	sntrup761_recip_q(a, &recip);
	sntrup761_poly_multiply(&recip, a, &product);
	for (size_t i = 0; i < SNTRUP761_P; i++) {
		int v = 3 * product.c[i] % SNTRUP761_Q;

		triple.c[i] = (int16_t)(v < 0 ? v + SNTRUP761_Q : v);
	}
	ck_assert_mem_eq(&triple, &one, sizeof one);
}

START_TEST(sntrup761_recip_q_inverts_short_polynomials)
{
	struct sntrup761_poly a;

	for (int round = 0; round < ROUNDS; round++) {
		ck_assert_int_eq(sntrup761_sample_short(&a), OK);
		check_q(&a);
	}
}
END_TEST

START_TEST(sntrup761_recip_q_inverts_single_terms)
{
	for (size_t i = 0; i < SNTRUP761_P; i += SNTRUP761_P / 4) {
		struct sntrup761_poly a = {0};

		a.c[i] = i % 3 == 0 ? 1 : -1;
		check_q(&a);
	}
}
END_TEST

START_TEST(sntrup761_recip_3_inverts_what_it_says_it_does)
{
	int found = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct sntrup761_poly a, recip, product;

		ck_assert_int_eq(sntrup761_sample_small(&a), OK);
		if (!sntrup761_recip_3(&a, &recip))
			continue;
		sntrup761_poly_multiply3(&a, &recip, &product);
		ck_assert_mem_eq(&product, &one, sizeof one);
		found++;
	}
	ck_assert_int_gt(found, ROUNDS / 2);
}
END_TEST

START_TEST(sntrup761_recip_3_tells_that_there_is_none)
{
	struct sntrup761_poly zero = {0}, out = one;

	ck_assert(!sntrup761_recip_3(&zero, &out));
	ck_assert_mem_eq(&out, &one, sizeof one);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_sntrup761_recip");
	TCase *t = tcase_create("sntrup761_recip");

	tcase_add_test(t, sntrup761_recip_q_inverts_short_polynomials);
	tcase_add_test(t, sntrup761_recip_q_inverts_single_terms);
	tcase_add_test(t, sntrup761_recip_3_inverts_what_it_says_it_does);
	tcase_add_test(t, sntrup761_recip_3_tells_that_there_is_none);
	suite_add_tcase(s, t);
	return s;
}
