/* Tokens: what replaces them is never looked at again. */
#include "monitor/auth/tokens.h"
#include "tests/unit.h"

static uint8_t store[32];
static struct wr w;

static enum err expand(const char *word)
{
	const struct token tokens[] = {
	    {'u', SPAN_LIT("ann") },
	    {'k', SPAN_LIT("%u %")},
	    {'e', {0}             },
	    {'z', SPAN_LIT("a\0b")},
	};

	w = WR(store);
	return tokens_expand(word, tokens, sizeof tokens / sizeof tokens[0], &w);
}

START_TEST(tokens_are_replaced_once)
{
	ck_assert_int_eq(expand("x%u-%%u%k%e!"), OK);
	ck_assert(span_is((struct span){w.p, w.n}, "xann-%u%u %!"));
	ck_assert_int_eq(expand(""), OK);
	ck_assert_uint_eq(w.n, 0);
}
END_TEST

START_TEST(tokens_that_are_none_are_refused)
{
	ck_assert_int_eq(expand("%q"), ERR_CONFIG);
	ck_assert_int_eq(expand("a%"), ERR_CONFIG);
	ck_assert_int_eq(expand("%U"), ERR_CONFIG);
}
END_TEST

START_TEST(tokens_a_NUL_ends_no_argument)
{
	ck_assert_int_eq(expand("%z"), ERR_RANGE);
}
END_TEST

START_TEST(tokens_too_long_a_word_is_refused)
{
	ck_assert_int_eq(expand("0123456789012345678901234567890"), OK);
	ck_assert_int_eq(expand("01234567890123456789012345678901%u"), ERR_NO_SPACE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_tokens");
	TCase *t = tcase_create("tokens");

	tcase_add_test(t, tokens_are_replaced_once);
	tcase_add_test(t, tokens_that_are_none_are_refused);
	tcase_add_test(t, tokens_a_NUL_ends_no_argument);
	tcase_add_test(t, tokens_too_long_a_word_is_refused);
	suite_add_tcase(s, t);
	return s;
}
