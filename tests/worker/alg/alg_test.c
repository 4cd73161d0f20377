/* The warm-up. */
#include <openssl/err.h>

#include "tests/unit.h"
#include "worker/alg/alg.h"

START_TEST(alg_warm_works_twice_and_leaves_no_error_behind)
{
	ck_assert_int_eq(alg_warm(), OK);
	ck_assert_int_eq(alg_warm(), OK);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_alg");
	TCase *t = tcase_create("alg");

	tcase_add_test(t, alg_warm_works_twice_and_leaves_no_error_behind);
	suite_add_tcase(s, t);
	return s;
}
