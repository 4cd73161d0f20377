/* The shared store: ends, bounds, who goes when it is full. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "policy/store.h"
#include "tests/unit.h"

static bool has(const struct store *s, const char *key, uint64_t now_s,
		const char *value)
{
	struct span v;
	uint64_t end;

	return store_get(s, span_str(key), now_s, &v, &end) && span_is(v, value);
}

static void set(struct store *s, const char *key, const char *value, uint64_t end)
{
	ck_assert_int_eq(store_set(s, span_str(key), span_str(value), end, 100), OK);
}

START_TEST(values_are_kept_until_their_end)
{
	struct store s = {0};

	ck_assert(!has(&s, "a", 100, "1"));
	set(&s, "a", "1", 110);
	set(&s, "b", "2", 0);
	ck_assert(has(&s, "a", 109, "1") && !has(&s, "a", 110, "1") &&
		  has(&s, "b", 1000, "2"));
	set(&s, "a", "3", 120);
	ck_assert(has(&s, "a", 115, "3"));
	set(&s, "a", "", 120);
	ck_assert(!has(&s, "a", 100, ""));
	set(&s, "b", "x", 100); /* it has ended */
	ck_assert_uint_eq(s.n, 0);
	ck_assert_uint_eq(s.bytes, 0);
	store_wipe(&s);
}
END_TEST

START_TEST(keys_and_values_have_bounds)
{
	static const uint8_t big[LIMIT_SHARE_VALUE_BYTES + 1];
	struct store s = {0};
	struct span key = {big, LIMIT_SHARE_KEY_BYTES};

	ck_assert_int_eq(store_set(&s, key, SPAN_LIT("1"), 0, 0), OK);
	key.n++;
	ck_assert_int_eq(store_set(&s, key, SPAN_LIT("1"), 0, 0), ERR_RANGE);
	ck_assert_int_eq(store_set(&s, SPAN_LIT(""), SPAN_LIT("1"), 0, 0), ERR_RANGE);
	ck_assert_int_eq(store_set(&s, SPAN_LIT("k"), SPAN_OF(big), 0, 0), ERR_RANGE);
	store_wipe(&s);
}
END_TEST

START_TEST(what_ends_first_goes_first_when_it_is_full)
{
	struct store s = {0};
	char key[32];

	for (int i = 0; i < LIMIT_SHARES; i++) {
		(void)snprintf(key, sizeof key, "%d", i);
		set(&s, key, "v", (uint64_t)(1000000 - i));
	}
	ck_assert_uint_eq(s.n, LIMIT_SHARES);
	set(&s, "new", "v", 0);
	ck_assert_uint_eq(s.n, LIMIT_SHARES);
	(void)snprintf(key, sizeof key, "%d", LIMIT_SHARES - 1);
	ck_assert(has(&s, "new", 100, "v") && has(&s, "0", 100, "v") &&
		  !has(&s, key, 100, "v"));
	/* all but one have ended: room for all */
	ck_assert_int_eq(store_set(&s, SPAN_LIT("later"), SPAN_LIT("v"), 0, 2000000),
			 OK);
	ck_assert_uint_eq(s.n, 2);
	store_wipe(&s);
}
END_TEST

START_TEST(bytes_are_bounded_too)
{
	static const uint8_t value[LIMIT_SHARE_VALUE_BYTES];
	struct store s = {0};
	char key[32];

	for (int i = 0; i < LIMIT_SHARES_BYTES / LIMIT_SHARE_VALUE_BYTES + 10; i++) {
		(void)snprintf(key, sizeof key, "%d", i);
		ck_assert_int_eq(store_set(&s, span_str(key), SPAN_OF(value), 0, 1),
				 OK);
		ck_assert_uint_le(s.bytes, LIMIT_SHARES_BYTES);
	}
	store_wipe(&s);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_store");
	TCase *t = tcase_create("store");

	tcase_add_test(t, values_are_kept_until_their_end);
	tcase_add_test(t, keys_and_values_have_bounds);
	tcase_add_test(t, what_ends_first_goes_first_when_it_is_full);
	tcase_add_test(t, bytes_are_bounded_too);
	suite_add_tcase(s, t);
	return s;
}
