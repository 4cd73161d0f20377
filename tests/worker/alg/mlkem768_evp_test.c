/* ML-KEM-768 of libcrypto, where it has it, speaks with ours. */
#include "tests/unit.h"
#include "worker/alg/mlkem768_evp.h"

START_TEST(mlkem768_evp_encap_agrees_with_our_decap_or_is_absent)
{
	uint8_t ek[MLKEM768_EK_BYTES], dk[MLKEM768_DK_BYTES], ct[MLKEM768_CT_BYTES];
	uint8_t ss[MLKEM768_SS_BYTES], other[MLKEM768_SS_BYTES];

	ck_assert_int_eq(mlkem768_keypair(NULL, ek, dk), OK);
	ck_assert_int_eq(mlkem768_evp_there(), mlkem768_evp_there());
	if (!mlkem768_evp_there()) {
		ck_assert_int_eq(mlkem768_evp_encap(ek, ct, ss), ERR_CRYPTO);
		return;
	}
	ck_assert_int_eq(mlkem768_evp_encap(ek, ct, ss), OK);
	ck_assert_int_eq(mlkem768_decap(dk, ct, other), OK);
	ck_assert_mem_eq(ss, other, sizeof ss);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_mlkem768_evp");
	TCase *t = tcase_create("mlkem768_evp");

	tcase_add_test(t, mlkem768_evp_encap_agrees_with_our_decap_or_is_absent);
	suite_add_tcase(s, t);
	return s;
}
