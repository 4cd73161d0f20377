/* Kinds of private key; their parsing and writing is covered by private_test.c. */
#include "monitor/keys/private_kind.h"
#include "tests/unit.h"

START_TEST(private_kind_is_found_by_type_and_by_key)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");

	ck_assert_str_eq(private_kind_of(pkey)->key_type, "ecdsa-sha2-nistp384");
	ck_assert_ptr_eq(private_kind_of(pkey),
			 private_kind_find(SPAN_LIT("ecdsa-sha2-nistp384")));
	EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(private_kind_does_not_know_others)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224");

	ck_assert_ptr_null(private_kind_of(pkey));
	ck_assert_ptr_null(private_kind_find(SPAN_LIT("ssh-xmss@openssh.com")));
	ck_assert_ptr_null(private_kind_find(SPAN_LIT("sk-ssh-ed25519@openssh.com")));
	EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(private_kind_refuses_a_seed_whose_public_half_differs)
{
	const struct private_kind *kind = private_kind_find(SPAN_LIT("ssh-ed25519"));
	uint8_t wire[4 + 32 + 4 + 64] = {0};
	EVP_PKEY *pkey = NULL;
	struct rd r;

	wire[3] = 32;
	wire[39] = 64;
	wire[4] = 1;
	r = RD(SPAN_OF(wire));
	ck_assert_int_eq(kind->parse(kind, &r, &pkey), ERR_KEY);
	ck_assert_ptr_null(pkey);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_private_kind");
	TCase *t = tcase_create("private_kind");

	tcase_add_test(t, private_kind_is_found_by_type_and_by_key);
	tcase_add_test(t, private_kind_does_not_know_others);
	tcase_add_test(t, private_kind_refuses_a_seed_whose_public_half_differs);
	suite_add_tcase(s, t);
	return s;
}
