/* Spans, comparison, copies. */
#include <string.h>

#include "common/bytes.h"
#include "tests/unit.h"

START_TEST(span_equal_compares_length_and_bytes)
{
	ck_assert(span_equal(SPAN_LIT("abc"), SPAN_LIT("abc")));
	ck_assert(!span_equal(SPAN_LIT("abc"), SPAN_LIT("abd")));
	ck_assert(!span_equal(SPAN_LIT("abc"), SPAN_LIT("ab")));
	ck_assert(span_equal((struct span){0}, SPAN_LIT("")));
	ck_assert(span_is((struct span){0}, ""));
	ck_assert_uint_eq(span_str(NULL).n, 0);
}
END_TEST

START_TEST(bytes_equal_secret_agrees_with_span_equal)
{
	ck_assert(bytes_equal_secret(SPAN_LIT("abc"), SPAN_LIT("abc")));
	ck_assert(!bytes_equal_secret(SPAN_LIT("abc"), SPAN_LIT("xbc")));
	ck_assert(!bytes_equal_secret(SPAN_LIT("abc"), SPAN_LIT("abcd")));
	ck_assert(bytes_equal_secret((struct span){0}, (struct span){0}));
}
END_TEST

START_TEST(wipe_leaves_zeros)
{
	uint8_t b[4] = {1, 2, 3, 4};
	const uint8_t zero[4] = {0};

	wipe(b, sizeof b);
	ck_assert_mem_eq(b, zero, sizeof b);
}
END_TEST

START_TEST(bytes_copy_refuses_what_does_not_fit_and_writes_nothing)
{
	uint8_t b[3] = {9, 9, 9};

	ck_assert_int_eq(bytes_copy(b, sizeof b, SPAN_LIT("abcd")), ERR_RANGE);
	ck_assert_uint_eq(b[0], 9);
	ck_assert_int_eq(bytes_copy(b, sizeof b, SPAN_LIT("abc")), OK);
	ck_assert_mem_eq(b, "abc", 3);
}
END_TEST

START_TEST(bytes_to_str_needs_room_for_the_nul_and_none_within)
{
	char b[4] = "zzz";

	ck_assert_int_eq(bytes_to_str(b, sizeof b, SPAN_LIT("abcd")), ERR_RANGE);
	ck_assert_int_eq(bytes_to_str(b, sizeof b, SPAN_LIT("a\0b")), ERR_RANGE);
	ck_assert_str_eq(b, "zzz");
	ck_assert_int_eq(bytes_to_str(b, sizeof b, SPAN_LIT("abc")), OK);
	ck_assert_str_eq(b, "abc");
	ck_assert_int_eq(bytes_to_str(b, sizeof b, (struct span){0}), OK);
	ck_assert_str_eq(b, "");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_bytes");
	TCase *t = tcase_create("bytes");

	tcase_add_test(t, span_equal_compares_length_and_bytes);
	tcase_add_test(t, bytes_equal_secret_agrees_with_span_equal);
	tcase_add_test(t, wipe_leaves_zeros);
	tcase_add_test(t, bytes_copy_refuses_what_does_not_fit_and_writes_nothing);
	tcase_add_test(t, bytes_to_str_needs_room_for_the_nul_and_none_within);
	suite_add_tcase(s, t);
	return s;
}
