/* Algorithms of a configuration: the weak ones told, the providers they want, what fips takes away. */
#include "monitor/config_algs.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char told[2048];

static void tell(void *ctx, const char *keyword, const char *name, const char *reason)
{
	const size_t n = strlen(told);

	(void)ctx;
	ck_assert_ptr_nonnull(reason);
	ck_assert_uint_gt(strlen(reason), strlen("is "));
	(void)snprintf(told + n, sizeof told - n, "%s %s\n", keyword, name);
}

static const char *weak_of(const char *text)
{
	struct config *c = kit_load(text);

	told[0] = '\0';
	config_weak_each(c, tell, NULL);
	config_unref(c);
	return told;
}

START_TEST(the_defaults_have_nothing_weak)
{
	ck_assert_str_eq(weak_of(""), "");
}
END_TEST

START_TEST(each_weak_one_is_told_once_a_keyword)
{
	ck_assert_str_eq(weak_of("Ciphers aes128-ctr,aes128-cbc,arcfour\n"
				 "MACs +hmac-md5,umac-128@openssh.com\n"),
			 "Ciphers aes128-cbc\nCiphers arcfour\nMACs hmac-md5\n");
}
END_TEST

START_TEST(match_blocks_are_looked_into)
{
	ck_assert_str_eq(weak_of("PubkeyAcceptedAlgorithms +ssh-rsa\n"
				 "Match User old\n"
				 "PubkeyAcceptedAlgorithms +ssh-dss,ssh-rsa\n"
				 "CASignatureAlgorithms +ssh-rsa\n"),
			 "PubkeyAcceptedAlgorithms ssh-rsa\n"
			 "PubkeyAcceptedAlgorithms ssh-dss\n"
			 "CASignatureAlgorithms ssh-rsa\n");
}
END_TEST

static const char *option_of(const char *text)
{
	struct config *c = kit_load(text);
	const char *option = config_crypto_option(config_settings(c));

	config_unref(c);
	return option;
}

START_TEST(the_legacy_provider_is_asked_for_where_a_cipher_needs_it)
{
	ck_assert_str_eq(option_of(""), "--nursery=default");
	ck_assert_str_eq(option_of("Ciphers aes*,3des*\n"), "--nursery=default");
	ck_assert_str_eq(option_of("Ciphers +blowfish-cbc\n"),
			 "--nursery=default,legacy");
	ck_assert_str_eq(option_of("CryptoProvider internal\n"), "--nursery=internal");
	ck_assert_str_eq(option_of("CryptoProvider fips\nCiphers +arcfour\n"),
			 "--nursery=fips");
}
END_TEST

START_TEST(fips_keeps_what_it_has)
{
	struct config *c =
	    kit_load("CryptoProvider fips\n"
		     "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com\n"
		     "MACs umac-128-etm@openssh.com,hmac-sha2-512\n"
		     "Match User x\n"
		     "PubkeyAcceptedAlgorithms ssh-ed25519,rsa-sha2-256\n");
	const struct match_facts facts = {.user = "x"};
	const struct settings *s = config_settings(c);
	struct settings matched;

	ck_assert_str_eq(s->ciphers, "aes256-gcm@openssh.com");
	ck_assert_str_eq(s->macs, "hmac-sha2-512");
	ck_assert_ptr_null(strstr(s->kex_algorithms, "25519"));
	ck_assert_ptr_nonnull(strstr(s->kex_algorithms, "ecdh-sha2-nistp256"));
	ck_assert_ptr_null(strstr(s->host_key_algorithms, "ed25519"));
	ck_assert_str_eq(s->compression_algorithms, "none,zlib@openssh.com");
	ck_assert_int_eq(config_match(c, &facts, &matched), OK);
	ck_assert_str_eq(matched.pubkey_accepted_algorithms, "rsa-sha2-256");
	config_unref(c);
}
END_TEST

START_TEST(fips_refuses_a_list_that_it_has_nothing_of)
{
	struct config_errors errs = {0};
	struct config *c = NULL;

	ck_assert_int_eq(kit_try("CryptoProvider fips\n"
				 "Ciphers chacha20-poly1305@openssh.com\n",
				 NULL, &c, &errs),
			 ERR_CONFIG);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert_ptr_nonnull(
	    strstr(errs.item[0].text, "Ciphers: CryptoProvider fips"));
	config_errors_wipe(&errs);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_algs");
	TCase *t = tcase_create("config_algs");

	tcase_add_test(t, the_defaults_have_nothing_weak);
	tcase_add_test(t, each_weak_one_is_told_once_a_keyword);
	tcase_add_test(t, match_blocks_are_looked_into);
	tcase_add_test(t, the_legacy_provider_is_asked_for_where_a_cipher_needs_it);
	tcase_add_test(t, fips_keeps_what_it_has);
	tcase_add_test(t, fips_refuses_a_list_that_it_has_nothing_of);
	suite_add_tcase(s, t);
	return s;
}
