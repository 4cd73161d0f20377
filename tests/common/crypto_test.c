/* Providers: the word on the command line, what is there, and that the legacy one comes when asked for. */
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "common/crypto.h"
#include "tests/unit.h"

START_TEST(each_choice_is_read_as_it_is_told)
{
	for (int p = 0; p < CRYPTO_PROVIDER_COUNT; p++)
		for (int legacy = 0; legacy < 2; legacy++) {
			const struct crypto_choice c = {(enum crypto_provider)p,
							legacy != 0};
			struct crypto_choice back = {0};
			struct span word = span_str(crypto_choice_option(&c));
			const size_t head = sizeof "--nursery=" - 1;

			word = (struct span){word.p + head, word.n - head};
			ck_assert_int_eq(crypto_choice_read(word, &back), OK);
			ck_assert_int_eq(back.provider, c.provider);
			ck_assert(back.legacy == c.legacy);
		}
}
END_TEST

START_TEST(other_words_are_no_choice)
{
	static const char *const bad[] = {"", "default,", "legacy", "Default",
					  "default,legacy,"};
	struct crypto_choice c = {CRYPTO_INTERNAL, true};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(crypto_choice_read(span_str(bad[i]), &c), ERR_UNKNOWN);
	ck_assert_int_eq(c.provider, CRYPTO_INTERNAL);
}
END_TEST

static bool has_rc4(void)
{
	EVP_CIPHER *found = EVP_CIPHER_fetch(NULL, "RC4", NULL);

	EVP_CIPHER_free(found);
	return found != NULL;
}

START_TEST(what_was_put_aside_is_there_only_where_it_is_asked_for)
{
	struct crypto_choice c = {CRYPTO_DEFAULT, false};
	const char *why = NULL;

	ck_assert_int_eq(crypto_begin(&c, &why), OK);
	ck_assert(!has_rc4());
	c.legacy = true;
	ck_assert_int_eq(crypto_begin(&c, &why), OK);
	ck_assert(has_rc4());
}
END_TEST

START_TEST(a_trial_leaves_nothing_loaded)
{
	const struct crypto_choice c = {CRYPTO_INTERNAL, true};
	const char *why = NULL;

	ck_assert_int_eq(crypto_try(&c, &why), OK);
	ck_assert(!has_rc4());
}
END_TEST

/* Debian has no FIPS provider; where there is one, it must serve. */
START_TEST(a_provider_that_is_missing_is_named_with_the_remedy)
{
	const struct crypto_choice c = {CRYPTO_FIPS, false};
	OSSL_PROVIDER *fips = OSSL_PROVIDER_try_load(NULL, "fips", 1);
	const char *why = "";

	if (fips != NULL) {
		ck_assert_int_eq(crypto_try(&c, &why), OK);
		return;
	}
	ck_assert_int_eq(crypto_try(&c, &why), ERR_CRYPTO);
	ck_assert_ptr_nonnull(strstr(why, "fips.so"));
	ck_assert_ptr_nonnull(strstr(why, "CryptoProvider default"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_crypto");
	TCase *t = tcase_create("crypto");

	tcase_add_test(t, each_choice_is_read_as_it_is_told);
	tcase_add_test(t, other_words_are_no_choice);
	tcase_add_test(t, what_was_put_aside_is_there_only_where_it_is_asked_for);
	tcase_add_test(t, a_trial_leaves_nothing_loaded);
	tcase_add_test(t, a_provider_that_is_missing_is_named_with_the_remedy);
	suite_add_tcase(s, t);
	return s;
}
