/* Every form of every key store, found by its content, and what is said of those refused. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static const struct form {
	const char *file, *pub, *password;
	enum key_store store;
	bool private;
} forms[] = {
    {"openssh_ed25519",              "openssh_ed25519.pub",       NULL,     STORE_OPENSSH,    true },
    {"openssh_rsa2048",              "openssh_rsa2048.pub",       NULL,     STORE_OPENSSH,    true },
    {"pem_rsa_pkcs1",                "pem_rsa_pkcs1.pub",         NULL,     STORE_PEM,        true },
    {"pem_ecdsa_sec1_params",        "pem_ecdsa_sec1_params.pub", NULL,     STORE_PEM,        true },
    {"pem_ed25519_pkcs8",            "pem_ed25519_pkcs8.pub",     NULL,     STORE_PEM,        true },
    {"encrypted_der_ecdsa521",       "openssh_ecdsa521.pub",      "secret", STORE_PEM,        true },
    {"der_ed25519",                  "openssh_ed25519.pub",       NULL,     STORE_PEM,        true },
    {"der_pkcs1_rsa2048",            "openssh_rsa2048.pub",       NULL,     STORE_PEM,        true },
    {"pem_rsa2048_certificate",      "openssh_rsa2048.pub",       NULL,     STORE_PEM,        true },
    {"ppk2_ed25519",                 "openssh_ed25519.pub",       NULL,     STORE_PPK,        true },
    {"ppk2_encrypted_rsa2048",       "openssh_rsa2048.pub",       "secret", STORE_PPK,        true },
    {"ppk3_ecdsa256",                "openssh_ecdsa256.pub",      NULL,     STORE_PPK,        true },
    {"ppk3_encrypted_ecdsa384",      "openssh_ecdsa384.pub",      "secret", STORE_PPK,        true },
    {"ppk3_encrypted_ed25519",       "openssh_ed25519.pub",       "secret", STORE_PPK,        true },
    {"jwk_rsa2048",                  "openssh_rsa2048.pub",       NULL,     STORE_JWK,        true },
    {"jwk_ecdsa256",                 "openssh_ecdsa256.pub",      NULL,     STORE_JWK,        true },
    {"jwk_ecdsa384",                 "openssh_ecdsa384.pub",      NULL,     STORE_JWK,        true },
    {"jwk_ecdsa521",                 "openssh_ecdsa521.pub",      NULL,     STORE_JWK,        true },
    {"jwk_ed25519",                  "openssh_ed25519.pub",       NULL,     STORE_JWK,        true },
    {"xml_rsa2048",                  "openssh_rsa2048.pub",       NULL,     STORE_XML,        true },
    {"xml_rsa2048_public",           "openssh_rsa2048.pub",       NULL,     STORE_XML,        false},
    {"encrypted_openssh_aes128-cbc", "openssh_ed25519.pub",       "secret", STORE_OPENSSH,
     true											  },
    {"encrypted_openssh_aes256-gcm", "openssh_ecdsa256.pub",      "secret", STORE_OPENSSH,
     true											  },
    {"encrypted_openssh_3des-cbc",   "openssh_ecdsa384.pub",      "secret", STORE_OPENSSH,
     true											  },
    {"pfx_ecdsa256",                 "openssh_ecdsa256.pub",      "secret", STORE_PFX,        true },
    {"p7b_two",		      "openssh_ecdsa256.pub",      NULL,     STORE_P7B,        false},
    {"p7b_der_rsa2048",              "openssh_rsa2048.pub",       NULL,     STORE_P7B,        false},
    {"x509_ecdsa256",                "openssh_ecdsa256.pub",      NULL,     STORE_PUBLIC,     false},
    {"x509_der_rsa2048",             "openssh_rsa2048.pub",       NULL,     STORE_PUBLIC,     false},
    {"spki_ed25519",                 "openssh_ed25519.pub",       NULL,     STORE_PUBLIC,     false},
    {"spki_der_ecdsa384",            "openssh_ecdsa384.pub",      NULL,     STORE_PUBLIC,     false},
    {"pkcs1_public_rsa2048",         "openssh_rsa2048.pub",       NULL,     STORE_PUBLIC,     false},
    {"rfc4716_rsa2048",              "openssh_rsa2048.pub",       NULL,     STORE_SSH_PUBLIC, false},
    {"openssh_rsa2048.pub",          "openssh_rsa2048.pub",       NULL,     STORE_SSH_PUBLIC, false},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

START_TEST(store_finds_every_form_by_its_content)
{
	const struct form *f = &forms[_i];
	struct key_material m = {0};

	ck_assert_msg(stores_open(f->file, f->password, &m) == OK, "%s: %s", f->file,
		      stores_note.text);
	ck_assert_int_eq(m.store, f->store);
	stores_is(&m, f->pub, f->private);
	material_wipe(&m);
}
END_TEST

/* A store that is named must be what it is. */
START_TEST(store_named_otherwise_is_refused_and_told_what_it_is)
{
	const struct form *f = &forms[_i];
	const struct keyfile none = {0};
	const struct store_input in = {
	    .content = keys_vector(f->file), .label = "/k", .password = &none};
	struct key_material m = {0};
	enum key_store other = f->store == STORE_PFX ? STORE_JWK : STORE_PFX;
	char hint[64];

	(void)snprintf(hint, sizeof hint, "use store=%s", store_name(f->store));
	ck_assert_int_eq(store_open(&in, other, &m, &stores_note), ERR_KEY);
	ck_assert_msg(strstr(stores_note.text, hint) != NULL, "%s", stores_note.text);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "/k: "));
}
END_TEST

START_TEST(store_with_a_password_says_so)
{
	if (forms[_i].password == NULL)
		return;
	stores_refuses(keys_vector(forms[_i].file), NULL, "password-file=FILE");
	stores_refuses(keys_vector(forms[_i].file), "Secret",
		       "its password is not the one");
}
END_TEST

/* Nothing that is cut short is taken, and nothing is read behind its end. */
START_TEST(store_refuses_truncations)
{
	struct span whole = keys_vector(forms[_i].file);

	if (strstr(forms[_i].file, "_certificate") != NULL)
		return; /* the key is whole, only what stands behind it is not */
	for (size_t n = 0; n < whole.n - whole.n / 8; n += 1 + whole.n / 40) {
		uint8_t *copy = malloc(n);
		struct key_material m = {0};

		memcpy(copy, whole.p, n);
		(void)!stores_open_span((struct span){copy, n}, forms[_i].password,
					NULL, &m);
		/* a public line or bundle may be whole before its end; a key is not */
		ck_assert_ptr_null(m.pkey);
		material_wipe(&m);
		free(copy);
	}
}
END_TEST

START_TEST(store_says_what_is_not_a_store)
{
	stores_refuses(SPAN_LIT(""), NULL, "/k: neither");
	stores_refuses(SPAN_LIT("hello"), NULL, "/k: neither");
	stores_refuses(SPAN_LIT("\xfe\xed\xfe\xed\0\0\0\2"), NULL, "keytool");
	stores_refuses(SPAN_LIT("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"), NULL,
		       "puttygen /k -O private-openssh");
}
END_TEST

START_TEST(store_find_knows_names_and_says_why_not)
{
	enum key_store store = STORE_COUNT;
	const char *why = NULL;

	ck_assert_int_eq(store_find("PFX", &store, &why), OK);
	ck_assert_int_eq(store, STORE_PFX);
	ck_assert_int_eq(store_find("pkcs12", &store, &why), OK);
	ck_assert_int_eq(store, STORE_PFX);
	ck_assert_int_eq(store_find("security-key", &store, &why), OK);
	ck_assert_int_eq(store, STORE_PKCS11);
	ck_assert_int_eq(store_find("machine", &store, &why), ERR_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "Windows"));
	ck_assert_int_eq(store_find("bcfks", &store, &why), ERR_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "keytool"));
	ck_assert_int_eq(store_find("nonsense", &store, &why), ERR_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "jwk"));
}
END_TEST

static enum err read_file(const struct store_source *s, struct key_material *m)
{
	return store_read(s, NULL, m, &stores_note);
}

START_TEST(store_read_takes_password_and_certificates_from_files)
{
	const struct store_source s = {
	    .name = keys_copy("ppk2_encrypted_rsa2048"),
	    .certificate = keys_copy("p7b_two"),
	    .password.file = keys_write("password", SPAN_LIT("secret\r\n"), 0600)};
	struct key_material m = {0};

	ck_assert_msg(read_file(&s, &m) == OK, "%s", stores_note.text);
	stores_is(&m, "openssh_rsa2048.pub", true);
	ck_assert_int_eq(sk_X509_num(m.certificates), 2);
	ck_assert_int_eq(
	    X509_check_private_key(sk_X509_value(m.certificates, 0), m.pkey), 1);
	material_wipe(&m);
}
END_TEST

START_TEST(store_read_names_the_file_that_is_wrong)
{
	struct store_source s = {.name = keys_copy("openssh_ed25519"),
				 .certificate = keys_copy("x509_rsa2048")};
	struct key_material m = {0};

	ck_assert_int_eq(read_file(&s, &m), ERR_KEY);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "x509_rsa2048: none of its"));
	s.certificate = keys_copy("spki_ed25519");
	ck_assert_int_eq(read_file(&s, &m), ERR_KEY);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "no X.509 certificate"));
	s = (struct store_source){.name = s.name,
				  .password.file =
				      keys_write("loose", SPAN_LIT("secret"), 0644)};
	ck_assert_int_eq(read_file(&s, &m), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "chmod 600"));
	s = (struct store_source){
	    .name = keys_write("wide", keys_vector("openssh_ed25519"), 0640)};
	ck_assert_int_eq(read_file(&s, &m), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(stores_note.text, "UNPROTECTED"));
	ck_assert_ptr_null(m.pkey);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_loop_test(t, store_finds_every_form_by_its_content, 0, FORMS);
	tcase_add_loop_test(t, store_named_otherwise_is_refused_and_told_what_it_is, 0,
			    FORMS);
	tcase_add_loop_test(t, store_with_a_password_says_so, 0, FORMS);
	tcase_add_loop_test(t, store_refuses_truncations, 0, FORMS);
	tcase_add_test(t, store_says_what_is_not_a_store);
	tcase_add_test(t, store_find_knows_names_and_says_why_not);
	tcase_add_test(t, store_read_takes_password_and_certificates_from_files);
	tcase_add_test(t, store_read_names_the_file_that_is_wrong);
	suite_add_tcase(s, t);
	return s;
}
