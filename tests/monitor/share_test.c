/*
 * The copy of what scripts stored: bounded, replaced, expired.
 */
#include <string.h>

#include "monitor/share.h"
#include "tests/unit.h"

START_TEST(a_value_is_replaced_and_removed)
{
	struct shares s = {0};

	ck_assert_int_eq(share_set(&s, SPAN_LIT("a"), SPAN_LIT("one"), 0), OK);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("b"), SPAN_LIT("x"), 0), OK);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("a"), SPAN_LIT("three"), 0), OK);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_uint_eq(s.bytes, 8);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("a"), (struct span){0}, 0), OK);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("c"), (struct span){0}, 0), OK);
	ck_assert_uint_eq(s.n, 1);
	shares_wipe(&s);
	ck_assert_uint_eq(s.n + s.bytes, 0);
	shares_wipe(&s);
}
END_TEST

START_TEST(what_has_expired_goes)
{
	struct shares s = {0};

	ck_assert_int_eq(share_set(&s, SPAN_LIT("a"), SPAN_LIT("1"), 10), OK);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("b"), SPAN_LIT("1"), 0), OK);
	ck_assert_int_eq(share_set(&s, SPAN_LIT("c"), SPAN_LIT("1"), 11), OK);
	shares_expire(&s, 10);
	ck_assert_uint_eq(s.n, 2);
	shares_expire(&s, 1000);
	ck_assert_uint_eq(s.n, 1);
	shares_wipe(&s);
}
END_TEST

START_TEST(keys_have_a_bound)
{
	struct shares s = {0};
	uint8_t key[2];

	for (uint32_t i = 0; i < LIMIT_SHARES; i++) {
		key[0] = (uint8_t)(i >> 8);
		key[1] = (uint8_t)i;
		ck_assert_int_eq(share_set(&s, SPAN_OF(key), SPAN_LIT("v"), 0), OK);
	}
	ck_assert_int_eq(share_set(&s, SPAN_LIT("one more"), SPAN_LIT("v"), 0),
			 ERR_NO_SPACE);
	/* one that is there may change */
	ck_assert_int_eq(share_set(&s, SPAN_OF(key), SPAN_LIT("w"), 0), OK);
	shares_wipe(&s);
}
END_TEST

START_TEST(bytes_have_a_bound)
{
	static uint8_t value[LIMIT_SHARE_VALUE_BYTES];
	struct shares s = {0};
	uint32_t i;

	for (i = 0; share_set(&s, (struct span){(uint8_t *)&i, sizeof i},
			      SPAN_OF(value), 0) == OK;
	     i++)
		ck_assert_uint_lt(i, LIMIT_SHARES);
	ck_assert_uint_le(s.bytes, LIMIT_SHARES_BYTES);
	ck_assert_uint_gt(s.bytes, LIMIT_SHARES_BYTES - 2 * sizeof value);
	shares_wipe(&s);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_share");
	TCase *t = tcase_create("share");

	tcase_add_test(t, a_value_is_replaced_and_removed);
	tcase_add_test(t, what_has_expired_goes);
	tcase_add_test(t, keys_have_a_bound);
	tcase_add_test(t, bytes_have_a_bound);
	suite_add_tcase(s, t);
	return s;
}
