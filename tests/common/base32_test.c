/* Base32. Source of the answers: RFC 4648 10 */
#include <string.h>

#include "common/base32.h"
#include "tests/unit.h"

static const struct {
	const char *bytes, *text;
} known[] = {
    {"",       ""		},
    {"f",      "MY======"        },
    {"fo",     "MZXQ===="        },
    {"foo",    "MZXW6==="        },
    {"foob",   "MZXW6YQ="        },
    {"fooba",  "MZXW6YTB"        },
    {"foobar", "MZXW6YTBOI======"}
};

static enum err decode(const char *text, uint8_t store[64], size_t *n)
{
	struct wr w = {.p = store, .cap = 64};
	enum err e = base32_decode(&w, span_str(text));

	*n = w.n;
	return e;
}

START_TEST(base32_is_as_the_rfc_has_it)
{
	uint8_t store[64];
	struct wr w = WR(store);
	size_t n;

	base32_encode(&w, span_str(known[_i].bytes), true);
	ck_assert(span_is((struct span){w.p, w.n}, known[_i].text));
	ck_assert_int_eq(decode(known[_i].text, store, &n), OK);
	ck_assert(span_is((struct span){store, n}, known[_i].bytes));
}
END_TEST

START_TEST(base32_takes_small_letters_and_no_padding)
{
	uint8_t store[64];
	struct wr w = WR(store);
	size_t n;

	ck_assert_int_eq(decode("mzxw6yQ", store, &n), OK);
	ck_assert(span_is((struct span){store, n}, "foob"));
	base32_encode(&w, SPAN_LIT("foob"), false);
	ck_assert(span_is((struct span){w.p, w.n}, "MZXW6YQ"));
}
END_TEST

START_TEST(base32_refuses_what_no_bytes_have_as_text)
{
	static const char *const bad[] = {
	    "M",        "MZX",     "MZXW6Y",     "M1======",
	    "MZ======", "MY=====", "MZXW6YTB=",  "MZXW6YTB========",
	    "=",        "M Y",     "MY======MY", "MZXR"};
	uint8_t store[64];
	size_t n;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(decode(bad[i], store, &n) == ERR_RANGE, "%s", bad[i]);
}
END_TEST

START_TEST(base32_of_random_bytes_comes_back)
{
	uint8_t bytes[40], text[80], again[40];

	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct wr t = WR(text), b = WR(again);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 71 + n * 13);
		base32_encode(&t, (struct span){bytes, n}, n % 2 == 0);
		ck_assert_int_eq(base32_decode(&b, (struct span){text, t.n}), OK);
		ck_assert_uint_eq(b.n, n);
		ck_assert_int_eq(memcmp(bytes, again, n), 0);
	}
}
END_TEST

START_TEST(base32_that_does_not_fit_is_refused)
{
	uint8_t small[2];
	struct wr w = WR(small);

	ck_assert_int_eq(base32_decode(&w, SPAN_LIT("MZXW6===")), ERR_NO_SPACE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_base32");
	TCase *t = tcase_create("base32");

	tcase_add_loop_test(t, base32_is_as_the_rfc_has_it, 0,
			    sizeof known / sizeof known[0]);
	tcase_add_test(t, base32_takes_small_letters_and_no_padding);
	tcase_add_test(t, base32_refuses_what_no_bytes_have_as_text);
	tcase_add_test(t, base32_of_random_bytes_comes_back);
	tcase_add_test(t, base32_that_does_not_fit_is_refused);
	suite_add_tcase(s, t);
	return s;
}
