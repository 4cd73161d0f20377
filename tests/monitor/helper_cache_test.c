#include <stdio.h>

#include "common/limits.h"
#include "monitor/helper_cache.h"
#include "tests/unit.h"

static struct helper_key key_of(const char *name, const char *request)
{
	struct helper_key key;

	ck_assert_int_eq(helper_key_make(span_str(name), span_str(request), &key), OK);
	return key;
}

START_TEST(what_was_put_is_found_until_its_time_is_over)
{
	struct helper_cache c = {0};
	struct helper_key key = key_of("dir", "{}");
	struct span got;

	ck_assert(!helper_cache_get(&c, &key, 0, &got));
	helper_cache_put(&c, &key, 1000, SPAN_LIT("[1]"));
	ck_assert(helper_cache_get(&c, &key, 999, &got));
	ck_assert(span_is(got, "[1]"));
	ck_assert(!helper_cache_get(&c, &key, 1000, &got));
	ck_assert_uint_eq(c.n, 0);
	ck_assert_uint_eq(c.bytes, 0);
	helper_cache_wipe(&c);
}
END_TEST

START_TEST(name_and_request_both_tell_answers_apart)
{
	struct helper_cache c = {0};
	struct helper_key key = key_of("a", "b");
	struct helper_key others[] = {key_of("a", "c"), key_of("b", "b"),
				      key_of("ab", ""), key_of("", "ab")};
	struct span got;

	helper_cache_put(&c, &key, 10, SPAN_LIT("1"));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert(!helper_cache_get(&c, &others[i], 0, &got));
	helper_cache_wipe(&c);
}
END_TEST

START_TEST(a_newer_answer_takes_the_place_of_the_older)
{
	struct helper_cache c = {0};
	struct helper_key key = key_of("a", "b");
	struct span got;

	helper_cache_put(&c, &key, 10, SPAN_LIT("old"));
	helper_cache_put(&c, &key, 20, SPAN_LIT("newer"));
	ck_assert_uint_eq(c.n, 1);
	ck_assert_uint_eq(c.bytes, 5);
	ck_assert(helper_cache_get(&c, &key, 15, &got));
	ck_assert(span_is(got, "newer"));
	helper_cache_wipe(&c);
	ck_assert_uint_eq(c.n, 0);
}
END_TEST

START_TEST(the_oldest_go_where_there_are_too_many)
{
	struct helper_cache c = {0};
	struct helper_key first = key_of("a", "0"), second = key_of("a", "1");
	struct span got;

	for (unsigned i = 0; i <= LIMIT_HELPER_CACHE; i++) {
		char text[16];
		struct helper_key key;

		snprintf(text, sizeof text, "%u", i);
		key = key_of("a", text);
		helper_cache_put(&c, &key, 10, span_str(text));
		ck_assert(helper_cache_get(&c, &key, 0, &got));
		ck_assert(span_is(got, text));
	}
	ck_assert_uint_eq(c.n, LIMIT_HELPER_CACHE);
	ck_assert(!helper_cache_get(&c, &first, 0, &got));
	ck_assert(helper_cache_get(&c, &second, 0, &got));
	helper_cache_wipe(&c);
}
END_TEST

START_TEST(the_oldest_go_where_there_are_too_many_bytes)
{
	static uint8_t large[LIMIT_HELPER_CACHE_BYTES / 4 + 1];
	struct helper_cache c = {0};
	struct helper_key keys[4] = {key_of("a", "0"), key_of("a", "1"),
				     key_of("a", "2"), key_of("a", "3")};
	struct span got;

	for (size_t i = 0; i < 4; i++)
		helper_cache_put(&c, &keys[i], 10, SPAN_OF(large));
	ck_assert_uint_eq(c.n, 3);
	ck_assert_uint_le(c.bytes, LIMIT_HELPER_CACHE_BYTES);
	ck_assert(!helper_cache_get(&c, &keys[0], 0, &got));
	ck_assert(helper_cache_get(&c, &keys[1], 0, &got));
	helper_cache_wipe(&c);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_helper_cache");
	TCase *t = tcase_create("cache");

	tcase_add_test(t, what_was_put_is_found_until_its_time_is_over);
	tcase_add_test(t, name_and_request_both_tell_answers_apart);
	tcase_add_test(t, a_newer_answer_takes_the_place_of_the_older);
	tcase_add_test(t, the_oldest_go_where_there_are_too_many);
	tcase_add_test(t, the_oldest_go_where_there_are_too_many_bytes);
	suite_add_tcase(s, t);
	return s;
}
