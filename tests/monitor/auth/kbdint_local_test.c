/* Sources of prompts without a helper of their own. */
#include "tests/monitor/auth/kbdint_kit.h"

static struct kit k;

static void setup(void)
{
	kit_open(&k);
}

static void teardown(void)
{
	kit_close(&k);
}

START_TEST(a_password_is_asked_for_without_echo)
{
	static const uint8_t wire[] = "\0\0\0\012Password: \0";

	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_uint_eq(k.told.u.auth_prompt.count, 1);
	ck_assert(span_equal(k.told.u.auth_prompt.prompts,
			     (struct span){wire, sizeof wire - 1}));
}
END_TEST

/* No login master is there, so nobody judges: what is asked of it shows in the failure. */
START_TEST(an_empty_password_is_not_even_judged)
{
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, _i == 0 ? "" : "word"), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.work.failures, 1);
}
END_TEST

START_TEST(a_password_is_asked_for_only_where_passwords_are_on)
{
	k.set.password_authentication = false;
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(more_prompts_than_a_request_holds_refuse)
{
	static struct kbd_prompt many[LIMIT_PROMPTS + 1];

	for (size_t i = 0; i <= LIMIT_PROMPTS; i++)
		many[i].text = "?";
	k.set.kbd_interactive_prompt = (struct kbd_prompts){many, LIMIT_PROMPTS};
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_uint_eq(k.told.u.auth_prompt.count, LIMIT_PROMPTS);
	k.set.kbd_interactive_prompt.n++;
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears_failure(&k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_kbdint_local");
	TCase *t = tcase_create("sources");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_password_is_asked_for_without_echo);
	tcase_add_loop_test(t, an_empty_password_is_not_even_judged, 0, 2);
	tcase_add_test(t, a_password_is_asked_for_only_where_passwords_are_on);
	tcase_add_test(t, more_prompts_than_a_request_holds_refuse);
	suite_add_tcase(s, t);
	return s;
}
