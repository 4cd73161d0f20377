/* The bounded writer. */
#include <string.h>

#include "common/wr.h"
#include "tests/unit.h"

static void ends_with(struct wr *w, const char *bytes, size_t n)
{
	struct span all = {0};

	ck_assert_int_eq(wr_end(w, &all), OK);
	ck_assert_uint_eq(all.n, n);
	ck_assert_mem_eq(all.p, bytes, n);
}

START_TEST(wr_writes_the_forms_of_rfc_4251)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_u8(&w, 0xab);
	wr_u16(&w, 0x0102);
	wr_u32(&w, 0x03040506);
	wr_u64(&w, 0x0708090a0b0c0d0e);
	wr_bool(&w, true);
	wr_bytes(&w, SPAN_LIT("xy"));
	wr_str(&w, "z");
	wr_raw(&w, SPAN_LIT("raw"));
	ends_with(&w, "\xab\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\1\0\0\0\2xy\0\0\0\1zraw",
		  30);
}
END_TEST

START_TEST(wr_mpint_drops_leading_zeros_and_keeps_the_number_positive)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_mpint(&w, SPAN_LIT(""));
	wr_mpint(&w, SPAN_LIT("\0\0"));
	wr_mpint(&w, SPAN_LIT("\0\x7f"));
	wr_mpint(&w, SPAN_LIT("\x80"));
	ends_with(&w, "\0\0\0\0\0\0\0\0\0\0\0\1\x7f\0\0\0\2\0\x80", 19);
}
END_TEST

START_TEST(wr_close_fills_in_the_length_of_each_nested_string)
{
	uint8_t store[64];
	struct wr w = WR(store);
	size_t outer = wr_open(&w), inner;

	wr_u8(&w, 'a');
	inner = wr_open(&w);
	wr_raw(&w, SPAN_LIT("bc"));
	wr_close(&w, inner);
	wr_close(&w, outer);
	ends_with(&w,
		  "\0\0\0\x7"
		  "a\0\0\0\2"
		  "bc",
		  11);
}
END_TEST

START_TEST(wr_that_failed_stays_failed_and_hands_out_nothing)
{
	uint8_t store[5] = {0};
	struct wr w = {.p = store, .cap = 4};
	struct span all = {0};

	wr_raw(&w, SPAN_LIT("abcde"));
	wr_u8(&w, 'x');
	ck_assert_int_eq(wr_end(&w, &all), ERR_NO_SPACE);
	ck_assert_ptr_null(all.p);
	ck_assert_uint_eq(store[4], 0);
}
END_TEST

START_TEST(wr_takes_exactly_what_fits)
{
	uint8_t store[4];
	struct wr w = WR(store);

	wr_u32(&w, 7);
	ends_with(&w, "\0\0\0\7", 4);
}
END_TEST

START_TEST(wr_lend_lends_no_more_than_is_free)
{
	uint8_t store[8];
	struct wr w = WR(store);
	size_t room = 0;
	uint8_t *at;

	wr_u8(&w, 'a');
	at = wr_lend(&w, 3, &room);
	ck_assert_uint_eq(room, 3);
	memcpy(at, "bc", 2);
	wr_filled(&w, 2);
	(void)wr_lend(&w, 100, &room);
	ck_assert_uint_eq(room, 5);
	ends_with(&w, "abc", 3);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_wr");
	TCase *t = tcase_create("wr");

	tcase_add_test(t, wr_writes_the_forms_of_rfc_4251);
	tcase_add_test(t, wr_mpint_drops_leading_zeros_and_keeps_the_number_positive);
	tcase_add_test(t, wr_close_fills_in_the_length_of_each_nested_string);
	tcase_add_test(t, wr_that_failed_stays_failed_and_hands_out_nothing);
	tcase_add_test(t, wr_takes_exactly_what_fits);
	tcase_add_test(t, wr_lend_lends_no_more_than_is_free);
	suite_add_tcase(s, t);
	return s;
}
