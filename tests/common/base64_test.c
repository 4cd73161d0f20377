/* Base64: RFC 4648 10, and that nothing but the canonical form is taken. */
#include <string.h>

#include "common/base64.h"
#include "tests/unit.h"

static const struct {
	const char *bytes, *text;
} known[] = {
    {"",       ""        },
    {"f",      "Zg=="    },
    {"fo",     "Zm8="    },
    {"foo",    "Zm9v"    },
    {"foob",   "Zm9vYg=="},
    {"fooba",  "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};
enum { KNOWN = sizeof known / sizeof known[0] };

static enum err decode(const char *text, uint8_t *store, size_t cap, struct span *out)
{
	struct wr w = {.p = store, .cap = cap};
	enum err e = base64_decode(&w, span_str(text));

	return e == OK ? wr_end(&w, out) : e;
}

START_TEST(base64_knows_the_answers_of_rfc_4648)
{
	uint8_t store[16];
	struct wr w = WR(store);
	struct span out = {0};

	base64_encode(&w, span_str(known[_i].bytes), true);
	ck_assert_int_eq(wr_end(&w, &out), OK);
	ck_assert(span_is(out, known[_i].text));
	ck_assert_uint_eq(base64_encoded_bytes(strlen(known[_i].bytes)), out.n);
	ck_assert_int_eq(decode(known[_i].text, store, sizeof store, &out), OK);
	ck_assert(span_is(out, known[_i].bytes));
}
END_TEST

START_TEST(base64_leaves_padding_out_where_asked)
{
	uint8_t store[16];
	struct wr w = WR(store);
	struct span out = {0};

	base64_encode(&w, SPAN_LIT("foob"), false);
	ck_assert_int_eq(wr_end(&w, &out), OK);
	ck_assert(span_is(out, "Zm9vYg"));
}
END_TEST

START_TEST(base64_refuses_what_is_not_canonical)
{
	static const char *const bad[] = {"Zg",   "Zg=",  "Zg===",    "Zh==",   "Zm9=",
					  "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9",
					  "Zm9-", "Zm9_", "=Zm9",     "Zm=v"};
	uint8_t store[16];
	struct span out = {0};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(decode(bad[i], store, sizeof store, &out) == ERR_RANGE,
			      "taken: %s", bad[i]);
}
END_TEST

START_TEST(base64_refuses_a_store_too_small)
{
	uint8_t store[5];
	struct span out = {0};

	ck_assert_int_eq(decode("Zm9vYmFy", store, sizeof store, &out), ERR_NO_SPACE);
	ck_assert_int_eq(decode("Zm9vYmE=", store, sizeof store, &out), OK);
}
END_TEST

START_TEST(base64_takes_every_byte_back)
{
	uint8_t bytes[256], text[400], back[256];
	struct wr w = WR(text), d = WR(back);
	struct span out = {0};

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		w = WR(text);
		d = WR(back);
		base64_encode(&w, (struct span){bytes, n}, true);
		ck_assert_int_eq(wr_end(&w, &out), OK);
		ck_assert_int_eq(base64_decode(&d, out), OK);
		ck_assert_int_eq(wr_end(&d, &out), OK);
		ck_assert(span_equal(out, (struct span){bytes, n}));
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_base64");
	TCase *t = tcase_create("base64");

	tcase_add_loop_test(t, base64_knows_the_answers_of_rfc_4648, 0, KNOWN);
	tcase_add_test(t, base64_leaves_padding_out_where_asked);
	tcase_add_test(t, base64_refuses_what_is_not_canonical);
	tcase_add_test(t, base64_refuses_a_store_too_small);
	tcase_add_test(t, base64_takes_every_byte_back);
	suite_add_tcase(s, t);
	return s;
}
