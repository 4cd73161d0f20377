/* Public keys where they are wanted: all that a file holds, in whatever form. */
#include "monitor/keys/store_private.h"
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static size_t keys_in(struct span content, struct span keys[4], enum err *e)
{
	static uint8_t store[4 * LIMIT_PK_BLOB_BYTES];
	const struct keyfile none = {0};
	const struct store_input in = {
	    .content = content, .label = "/k", .password = &none};
	struct wr w = WR(store);
	struct rd r;
	size_t n = 0;

	*e = store_public_keys(&in, &w, &n, &stores_note);
	r = RD(((struct span){w.p, w.n}));
	for (size_t i = 0; i < n && *e == OK; i++)
		keys[i] = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	return n;
}

START_TEST(public_keys_of_every_form)
{
	static const char *const forms[][2] = {
	    {"x509_der_rsa2048",     "openssh_rsa2048.pub" },
	    {"spki_ed25519",         "openssh_ed25519.pub" },
	    {"spki_der_ecdsa384",    "openssh_ecdsa384.pub"},
	    {"pkcs1_public_rsa2048", "openssh_rsa2048.pub" },
	    {"rfc4716_rsa2048",      "openssh_rsa2048.pub" },
	    {"xml_rsa2048_public",   "openssh_rsa2048.pub" },
	    {"jwk_ecdsa521",         "openssh_ecdsa521.pub"},
	};
	struct span content = keys_vector(forms[_i][0]), keys[4];
	enum err e;

	ck_assert(store_is_public_form(content));
	ck_assert_uint_eq(keys_in(content, keys, &e), 1);
	ck_assert_int_eq(e, OK);
	ck_assert(span_equal(keys[0], keys_blob(forms[_i][1])));
}
END_TEST

START_TEST(public_keys_of_a_bundle_are_all_of_them)
{
	struct span keys[4];
	enum err e;

	ck_assert_uint_eq(keys_in(keys_vector("p7b_two"), keys, &e), 2);
	ck_assert_int_eq(e, OK);
	ck_assert(span_equal(keys[0], keys_blob("openssh_ecdsa256.pub")));
	ck_assert(span_equal(keys[1], keys_blob("openssh_rsa2048.pub")));
}
END_TEST

START_TEST(public_lines_are_no_form_of_their_own)
{
	ck_assert(!store_is_public_form(keys_vector("openssh_rsa2048.pub")));
	ck_assert(!store_is_public_form(SPAN_LIT("# nothing\n")));
	ck_assert(!store_is_public_form((struct span){0}));
}
END_TEST

START_TEST(public_rfc4716_headers_are_skipped_and_damage_is_told)
{
	struct key_material m = {0};
	struct span text = stores_changed("rfc4716_rsa2048",
					  "Comment: ", "x-long: a \\\nbc\nComment: ");

	ck_assert_msg(stores_open_span(text, NULL, NULL, &m) == OK, "%s",
		      stores_note.text);
	stores_is(&m, "openssh_rsa2048.pub", false);
	material_wipe(&m);
	stores_refuses(stores_changed("rfc4716_rsa2048", "AAAAB3", "AAAAB4"), NULL,
		       "/k: a public key that is damaged");
	stores_refuses(stores_changed("rfc4716_rsa2048", "---- END", "---- FIN"), NULL,
		       "/k: a public key that is damaged");
}
END_TEST

START_TEST(public_garbage_in_der_or_pem_is_told)
{
	stores_refuses(SPAN_LIT("0\x82\x01\x01xxxx"), NULL, "neither a public key");
	stores_refuses(SPAN_LIT("-----BEGIN PUBLIC KEY-----\nAA\n"), NULL,
		       "neither a public key");
	stores_refuses(SPAN_LIT("-----BEGIN PKCS7-----\nAA\n"), NULL,
		       "without certificates");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_public");
	TCase *t = tcase_create("store_public");

	tcase_add_loop_test(t, public_keys_of_every_form, 0, 7);
	tcase_add_test(t, public_keys_of_a_bundle_are_all_of_them);
	tcase_add_test(t, public_lines_are_no_form_of_their_own);
	tcase_add_test(t, public_rfc4716_headers_are_skipped_and_damage_is_told);
	tcase_add_test(t, public_garbage_in_der_or_pem_is_told);
	suite_add_tcase(s, t);
	return s;
}
