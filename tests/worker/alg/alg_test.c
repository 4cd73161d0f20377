/* The warm-up. */
#include <openssl/err.h>

#include "tests/unit.h"
#include "worker/alg/alg.h"
#include "worker/alg/mlkem768_evp.h"

START_TEST(alg_warm_works_twice_and_leaves_no_error_behind)
{
	ck_assert_int_eq(alg_warm(CRYPTO_DEFAULT), OK);
	ck_assert_int_eq(alg_warm(CRYPTO_DEFAULT), OK);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(alg_warm_lists_tells_what_libcrypto_lacks)
{
	ck_assert_int_eq(alg_warm_lists(SPAN_LIT("diffie-hellman-group1-sha1,"
						 "diffie-hellman-group-exchange-sha1"),
					SPAN_LIT("aes128-cbc,3des-ctr,no-such"),
					SPAN_LIT("hmac-md5,umac-64@openssh.com")),
			 OK);
	/* nobody asked for the legacy provider */
	ck_assert_int_eq(
	    alg_warm_lists((struct span){0}, SPAN_LIT("arcfour"), (struct span){0}),
	    ERR_CRYPTO);
}
END_TEST

START_TEST(our_own_code_serves_where_it_is_asked_to)
{
	ck_assert_int_eq(alg_warm(CRYPTO_INTERNAL), OK);
	ck_assert(!mlkem768_evp_there());
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_alg");
	TCase *t = tcase_create("alg");

	tcase_add_test(t, alg_warm_works_twice_and_leaves_no_error_behind);
	tcase_add_test(t, alg_warm_lists_tells_what_libcrypto_lacks);
	tcase_add_test(t, our_own_code_serves_where_it_is_asked_to);
	suite_add_tcase(s, t);
	return s;
}
