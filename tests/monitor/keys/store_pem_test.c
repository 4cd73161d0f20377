/* PEM and DER: certificates beside the key, passwords, what is damaged. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

START_TEST(pem_certificates_come_with_the_key_its_own_first)
{
	struct key_material m = {0};

	ck_assert_int_eq(stores_open("pem_rsa2048_certificate", NULL, &m), OK);
	ck_assert_int_eq(sk_X509_num(m.certificates), 2);
	ck_assert_int_eq(
	    X509_check_private_key(sk_X509_value(m.certificates, 0), m.pkey), 1);
	material_wipe(&m);
}
END_TEST

START_TEST(pem_with_the_certificate_of_another_key_is_refused)
{
	stores_refuses(keys_vector("pem_mismatch"), NULL,
		       "/k: none of its certificates is for its key");
}
END_TEST

START_TEST(pem_encrypted_opens_with_its_password_only)
{
	static const char *const names[] = {"encrypted_pkcs1", "encrypted_pkcs8",
					    "encrypted_der_ecdsa521"};
	struct key_material m = {0};

	ck_assert_msg(stores_open(names[_i], "secret", &m) == OK, "%s",
		      stores_note.text);
	ck_assert_ptr_nonnull(m.pkey);
	material_wipe(&m);
	stores_refuses(keys_vector(names[_i]), "Secret", "password-file");
	stores_refuses(keys_vector(names[_i]), "", "password-file");
	stores_refuses(keys_vector(names[_i]), NULL, "password-prompt");
}
END_TEST

START_TEST(pem_damaged_is_told)
{
	stores_refuses(SPAN_LIT("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE "
				"KEY-----\n"),
		       NULL, "it is damaged");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_pem");
	TCase *t = tcase_create("store_pem");

	tcase_add_test(t, pem_certificates_come_with_the_key_its_own_first);
	tcase_add_test(t, pem_with_the_certificate_of_another_key_is_refused);
	tcase_add_loop_test(t, pem_encrypted_opens_with_its_password_only, 0, 3);
	tcase_add_test(t, pem_damaged_is_told);
	suite_add_tcase(s, t);
	return s;
}
