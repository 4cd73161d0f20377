/* PKCS#12: which key of several is meant, and what stands in the way. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static void chooses(const char *subject, const char *pub)
{
	struct key_material m = {0};

	ck_assert_msg(stores_open_span(keys_vector("pfx_two"), "secret", subject, &m) ==
			  OK,
		      "%s", stores_note.text);
	stores_is(&m, pub, true);
	ck_assert_int_eq(
	    X509_check_private_key(sk_X509_value(m.certificates, 0), m.pkey), 1);
	material_wipe(&m);
}

START_TEST(pfx_key_is_chosen_by_name_or_subject)
{
	chooses(NULL, "openssh_ecdsa256.pub");
	chooses("*", "openssh_ecdsa256.pub");
	chooses("web", "openssh_ecdsa256.pub");
	chooses("mail", "openssh_rsa2048.pub");
	chooses("CN=mail.example", "openssh_rsa2048.pub");
	chooses("cn=MAIL.example, o=Example", "openssh_rsa2048.pub");
	chooses("O=Example, CN=web.example", "openssh_ecdsa256.pub");
	chooses("web.exam", "openssh_ecdsa256.pub");
	chooses("O=Example", "openssh_ecdsa256.pub");
}
END_TEST

START_TEST(pfx_without_such_a_key_lists_those_there_are)
{
	struct key_material m = {0};

	ck_assert_int_eq(stores_open_span(keys_vector("pfx_two"), "secret", "ftp", &m),
			 ERR_KEY);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "subject=\"ftp\""));
	ck_assert_ptr_nonnull(strstr(stores_note.text, "web, mail"));
	ck_assert_ptr_null(m.pkey);
}
END_TEST

START_TEST(pfx_of_an_old_kind_is_told_with_the_remedy)
{
	stores_refuses(keys_vector("pfx_legacy_rsa2048"), "secret",
		       "openssl pkcs12 -legacy -in /k");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_pfx");
	TCase *t = tcase_create("store_pfx");

	tcase_add_test(t, pfx_key_is_chosen_by_name_or_subject);
	tcase_add_test(t, pfx_without_such_a_key_lists_those_there_are);
	tcase_add_test(t, pfx_of_an_old_kind_is_told_with_the_remedy);
	suite_add_tcase(s, t);
	return s;
}
