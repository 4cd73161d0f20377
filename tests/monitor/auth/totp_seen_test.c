/* A code counts once; what cannot come again is forgotten. */
#include <stdio.h>

#include "common/limits.h"
#include "monitor/auth/totp_seen.h"
#include "tests/unit.h"

static struct totp_seen seen;

static enum err take(const char *user, uint64_t counter, uint64_t now)
{
	return totp_seen_take(&seen, span_str(user), counter, now, now + 60);
}

START_TEST(a_step_and_those_before_it_are_taken_once)
{
	ck_assert_int_eq(take("ann", 100, 0), OK);
	ck_assert_int_eq(take("ann", 100, 0), ERR_DENIED);
	ck_assert_int_eq(take("ann", 99, 0), ERR_DENIED);
	ck_assert_int_eq(take("ann", 101, 0), OK);
	ck_assert_int_eq(take("ann", 100, 0), ERR_DENIED);
	ck_assert_int_eq(take("bob", 100, 0), OK);
	ck_assert_uint_eq(seen.n, 2);
	totp_seen_wipe(&seen);
}
END_TEST

START_TEST(what_no_clock_takes_any_more_is_forgotten)
{
	ck_assert_int_eq(take("ann", 100, 0), OK);
	ck_assert_int_eq(take("bob", 100, 60), OK);
	ck_assert_uint_eq(seen.n, 2); /* to the last second */
	ck_assert_int_eq(take("bob", 101, 61), OK);
	ck_assert_uint_eq(seen.n, 1);
	totp_seen_wipe(&seen);
}
END_TEST

START_TEST(too_many_users_at_once_are_refused_not_forgotten)
{
	char name[16];

	for (size_t i = 0; i < LIMIT_TOTP_SEEN; i++) {
		(void)snprintf(name, sizeof name, "u%zu", i);
		ck_assert_int_eq(take(name, 1, 0), OK);
	}
	ck_assert_int_eq(take("one more", 1, 0), ERR_RANGE);
	ck_assert_int_eq(take("u0", 1, 0), ERR_DENIED);
	ck_assert_int_eq(take("u0", 2, 0), OK);
	ck_assert_int_eq(take("one more", 1, 61), OK);
	totp_seen_wipe(&seen);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_totp_seen");
	TCase *t = tcase_create("seen");

	tcase_add_test(t, a_step_and_those_before_it_are_taken_once);
	tcase_add_test(t, what_no_clock_takes_any_more_is_forgotten);
	tcase_add_test(t, too_many_users_at_once_are_refused_not_forgotten);
	suite_add_tcase(s, t);
	return s;
}
