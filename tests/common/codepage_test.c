/* Encodings of text: names and numbers, what has no place, and each text by itself. */
#include <string.h>

#include "common/codepage.h"
#include "tests/unit.h"

static const struct {
	const char *number, *name;
} pages[] = {
#define CP(number, name, what) {number, name},
#include "common/codepage.def"
#undef CP
};

static uint8_t out[256];

static enum err encode(const char *page, const char *text, struct span *got)
{
	struct codepage *c = NULL;
	struct wr w = WR(out);
	enum err e;

	ck_assert_int_eq(codepage_open(page, &c), OK);
	e = codepage_encode(c, span_str(text), &w);
	*got = (struct span){w.p, w.n};
	codepage_free(c);
	return e;
}

static void encodes(const char *page, const char *text, const char *bytes)
{
	struct span got;

	ck_assert_msg(encode(page, text, &got) == OK, "%s", page);
	ck_assert_msg(span_is(got, bytes), "%s", page);
}

START_TEST(names_and_numbers_mean_the_same)
{
	encodes("850", "\xc3\xa9", "\x82");
	encodes("IBM850", "\xc3\xa9", "\x82");
	encodes("1252", "\xe2\x82\xac", "\x80");
	encodes("28591", "\xc3\xa9", "\xe9");
	encodes("ISO-8859-15", "\xe2\x82\xac", "\xa4");
	encodes("037", "A", "\xc1");
	encodes("37", "A", "\xc1");
	encodes("932", "\xe3\x81\x82", "\x82\xa0");
	encodes("65001", "\xc3\xa9", "\xc3\xa9");
	encodes("utf-8", "\xff", "\xff"); /* it is not looked at */
}
END_TEST

START_TEST(every_number_of_the_table_opens_or_says_that_it_cannot)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct codepage *c = NULL;
		enum err e = codepage_open(pages[i].number, &c);

		ck_assert_msg(e == (pages[i].name != NULL ? OK : ERR_UNKNOWN), "%s %s",
			      pages[i].number, err_text(e));
		if (e == OK)
			codepage_free(c);
	}
}
END_TEST

START_TEST(what_is_no_code_page_is_refused)
{
	static const char *const wrong[] = {
	    "", "4711", "0", "no-such-page", "../x", "UTF-8//TRANSLIT", "a b", "710"};
	struct codepage *c = NULL;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(codepage_open(wrong[i], &c) == ERR_UNKNOWN, "%s",
			      wrong[i]);
}
END_TEST

START_TEST(characters_without_a_place_and_broken_text_are_errors)
{
	struct span got;

	ck_assert_int_eq(encode("850", "\xe2\x82\xac", &got), ERR_RANGE);
	ck_assert_int_eq(encode("850", "\xff\xfe", &got), ERR_RANGE);
	ck_assert_int_eq(encode("850", "caf\xc3", &got), ERR_RANGE);
	ck_assert_uint_eq(got.n, 0);
}
END_TEST

START_TEST(each_text_begins_and_ends_in_the_first_state)
{
	struct codepage *c = NULL;
	struct wr w = WR(out);
	struct span text = SPAN_LIT("\xe3\x81\x82");

	ck_assert_int_eq(codepage_open("ISO-2022-JP", &c), OK);
	ck_assert_int_eq(codepage_encode(c, text, &w), OK);
	ck_assert(span_is((struct span){w.p, w.n}, "\033$B$\"\033(B"));
	ck_assert_int_eq(codepage_encode(c, text, &w), OK);
	ck_assert(span_is((struct span){w.p, w.n}, "\033$B$\"\033(B\033$B$\"\033(B"));
	codepage_free(c);
}
END_TEST

START_TEST(room_is_kept_and_bytes_come_back)
{
	struct codepage *c = NULL;
	struct wr small = {.p = out, .cap = 2}, w = WR(out);

	ck_assert_int_eq(codepage_open("850", &c), OK);
	ck_assert_int_eq(codepage_encode(c, SPAN_LIT("abc"), &small), ERR_NO_SPACE);
	ck_assert_uint_eq(small.n, 0);
	ck_assert_int_eq(codepage_decode(c, SPAN_LIT("caf\x82"), &w), OK);
	ck_assert(span_is((struct span){w.p, w.n}, "caf\xc3\xa9"));
	ck_assert_int_eq(codepage_decode(c, (struct span){0}, &w), OK);
	codepage_free(c);
	codepage_free(NULL);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_codepage");
	TCase *t = tcase_create("codepage");

	tcase_add_test(t, names_and_numbers_mean_the_same);
	tcase_add_test(t, every_number_of_the_table_opens_or_says_that_it_cannot);
	tcase_add_test(t, what_is_no_code_page_is_refused);
	tcase_add_test(t, characters_without_a_place_and_broken_text_are_errors);
	tcase_add_test(t, each_text_begins_and_ends_in_the_first_state);
	tcase_add_test(t, room_is_kept_and_bytes_come_back);
	suite_add_tcase(s, t);
	return s;
}
