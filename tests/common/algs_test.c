/* Algorithm lists: each prefix, patterns, what is refused. */
#include "common/algs.h"
#include "common/names.h"
#include "tests/unit.h"

static const char *list_of(enum alg_kind kind, const char *spec)
{
	static uint8_t buf[4096];
	struct wr w = WR(buf);
	struct span bad = {0};

	ck_assert_int_eq(algs_list(kind, span_str(spec), &w, &bad), OK);
	ck_assert_uint_lt(w.n, sizeof buf);
	buf[w.n] = 0;
	return (const char *)buf;
}

static enum err refusal_of(enum alg_kind kind, const char *spec, struct span *bad)
{
	uint8_t buf[4096];
	struct wr w = WR(buf);

	return algs_list(kind, span_str(spec), &w, bad);
}

START_TEST(algs_have_names_of_legal_length_once_a_kind)
{
	for (size_t i = 0; i < n_algs; i++) {
		ck_assert(names_valid(span_str(algs[i].name)));
		for (size_t j = 0; j < i; j++)
			ck_assert(algs[i].kind != algs[j].kind ||
				  !span_is(span_str(algs[i].name), algs[j].name));
	}
}
END_TEST

START_TEST(algs_known_asks_name_and_kind)
{
	ck_assert(algs_known(ALG_CIPHER, span_str("aes128-ctr")));
	ck_assert(!algs_known(ALG_MAC, span_str("aes128-ctr")));
	ck_assert(!algs_known(ALG_CIPHER, span_str("aes128-*")));
	ck_assert(algs_known(ALG_USERKEY, span_str("sk-ssh-ed25519@openssh.com")));
	ck_assert(!algs_known(ALG_HOSTKEY, span_str("sk-ssh-ed25519@openssh.com")));
}
END_TEST

START_TEST(algs_list_of_nothing_is_the_default_in_order)
{
	ck_assert_str_eq(list_of(ALG_COMP, ""), "none,zlib@openssh.com");
	ck_assert_str_eq(
	    list_of(ALG_KEX, ""),
	    "mlkem768x25519-sha256,sntrup761x25519-sha512,"
	    "sntrup761x25519-sha512@openssh.com,curve25519-sha256,"
	    "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
	    "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,"
	    "diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,"
	    "diffie-hellman-group14-sha256");
	ck_assert_str_eq(list_of(ALG_CIPHER, ""),
			 "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,"
			 "aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr");
	ck_assert_str_eq(list_of(ALG_MAC, ""),
			 "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
			 "hmac-sha2-256,hmac-sha2-512,umac-128-etm@openssh.com");
}
END_TEST

START_TEST(algs_list_keeps_the_order_given_and_each_once)
{
	ck_assert_str_eq(list_of(ALG_CIPHER, "aes256-ctr,aes128-ctr,aes256-ctr"),
			 "aes256-ctr,aes128-ctr");
	ck_assert_str_eq(list_of(ALG_CIPHER, "aes*-ctr"),
			 "aes128-ctr,aes192-ctr,aes256-ctr");
}
END_TEST

START_TEST(algs_list_prefixes_append_remove_and_prefer)
{
	ck_assert_str_eq(list_of(ALG_COMP, "+none"), "none,zlib@openssh.com");
	ck_assert_str_eq(list_of(ALG_COMP, "-zlib*,no-such"), "none");
	ck_assert_str_eq(list_of(ALG_COMP, "^zlib@openssh.com"),
			 "zlib@openssh.com,none");
	ck_assert_str_eq(list_of(ALG_CIPHER, "-*gcm*,aes*"),
			 "chacha20-poly1305@openssh.com");
}
END_TEST

START_TEST(algs_list_refuses_unknown_names_and_empty_results)
{
	struct span bad = {0};
	static const char *const unknown[] = {"x", "+x", "^none,x", ",none"};

	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		ck_assert_int_eq(refusal_of(ALG_COMP, unknown[i], &bad), ERR_UNKNOWN);
	ck_assert_int_eq(refusal_of(ALG_COMP, "none,gzip", &bad), ERR_UNKNOWN);
	ck_assert(span_is(bad, "gzip"));
	ck_assert_int_eq(refusal_of(ALG_COMP, "-*", &bad), ERR_CONFIG);
}
END_TEST

START_TEST(algs_list_tells_when_it_does_not_fit)
{
	uint8_t buf[8];
	struct wr w = WR(buf);
	struct span bad = {0};

	ck_assert_int_eq(algs_list(ALG_KEX, span_str(""), &w, &bad), ERR_NO_SPACE);
}
END_TEST

START_TEST(alg_weak_tells_a_reason_or_nothing)
{
	ck_assert_ptr_null(alg_weak(ALG_CIPHER, span_str("aes128-ctr")));
	ck_assert_ptr_null(alg_weak(ALG_CIPHER, span_str("no-such")));
	ck_assert_ptr_null(alg_weak(ALG_MAC, span_str("arcfour")));
	ck_assert_ptr_nonnull(alg_weak(ALG_CIPHER, span_str("arcfour")));
	ck_assert_ptr_nonnull(alg_weak(ALG_HOSTKEY, span_str("ssh-dss")));
}
END_TEST

START_TEST(algs_have_asks_for_a_provider)
{
	ck_assert(
	    algs_have(ALG_CIPHER, span_str("aes128-ctr,blowfish-cbc"), ALG_LEGACY));
	ck_assert(!algs_have(ALG_CIPHER, span_str("aes128-ctr,3des-cbc"), ALG_LEGACY));
	ck_assert(!algs_have(ALG_CIPHER, (struct span){0}, ALG_LEGACY));
}
END_TEST

START_TEST(algs_keep_fips_keeps_the_order)
{
	uint8_t buf[256];
	struct wr w = WR(buf);

	ck_assert_int_eq(
	    algs_keep_fips(ALG_CIPHER, span_str("aes256-ctr,arcfour,aes128-cbc,x"), &w),
	    OK);
	ck_assert(span_is((struct span){w.p, w.n}, "aes256-ctr,aes128-cbc"));
	w = WR(buf);
	ck_assert_int_eq(algs_keep_fips(ALG_CIPHER, span_str("3des-cbc"), &w),
			 ERR_CONFIG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_algs");
	TCase *t = tcase_create("algs");

	tcase_add_test(t, algs_have_names_of_legal_length_once_a_kind);
	tcase_add_test(t, algs_known_asks_name_and_kind);
	tcase_add_test(t, algs_list_of_nothing_is_the_default_in_order);
	tcase_add_test(t, algs_list_keeps_the_order_given_and_each_once);
	tcase_add_test(t, algs_list_prefixes_append_remove_and_prefer);
	tcase_add_test(t, algs_list_refuses_unknown_names_and_empty_results);
	tcase_add_test(t, algs_list_tells_when_it_does_not_fit);
	tcase_add_test(t, alg_weak_tells_a_reason_or_nothing);
	tcase_add_test(t, algs_have_asks_for_a_provider);
	tcase_add_test(t, algs_keep_fips_keeps_the_order);
	suite_add_tcase(s, t);
	return s;
}
