/* Sentences about an operator's mistake. */
#include <string.h>

#include "policy/why.h"
#include "tests/unit.h"

START_TEST(why_grows_from_the_inside_out)
{
	struct why w = {0};

	ck_assert_int_eq(why_say(&w, "%s is wrong", "x"), ERR_CONFIG);
	ck_assert_int_eq(why_at(&w, ERR_CONFIG, "step %d", 2), ERR_CONFIG);
	ck_assert_int_eq(why_at(&w, ERR_CONFIG, "f.json"), ERR_CONFIG);
	ck_assert_str_eq(w.text, "f.json: step 2: x is wrong");
}
END_TEST

START_TEST(why_names_the_error_where_nobody_said_more)
{
	struct why w = {0};

	ck_assert_int_eq(why_at(&w, ERR_MEMORY, "f.json"), ERR_MEMORY);
	ck_assert_str_eq(w.text, "f.json: out of memory");
}
END_TEST

START_TEST(why_adds_what_may_have_been_meant)
{
	struct nearest near = nearest_begin(SPAN_LIT("raeson"));
	struct why w = {0};

	ck_assert_int_eq(why_near(&w, why_say(&w, "no raeson"), &near), ERR_CONFIG);
	ck_assert_str_eq(w.text, "no raeson");
	nearest_try(&near, "reason");
	ck_assert_int_eq(why_near(&w, ERR_CONFIG, &near), ERR_CONFIG);
	ck_assert_str_eq(w.text, "no raeson; did you mean reason");
}
END_TEST

START_TEST(why_is_cut_at_its_bound)
{
	char text[2 * LIMIT_WHY_BYTES];
	struct why w = {0};

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	ck_assert_int_eq(why_say(&w, "%s", text), ERR_CONFIG);
	ck_assert_int_eq(why_at(&w, ERR_CONFIG, "%s", text), ERR_CONFIG);
	ck_assert_uint_eq(strlen(w.text), LIMIT_WHY_BYTES - 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_why");
	TCase *t = tcase_create("why");

	tcase_add_test(t, why_grows_from_the_inside_out);
	tcase_add_test(t, why_names_the_error_where_nobody_said_more);
	tcase_add_test(t, why_adds_what_may_have_been_meant);
	tcase_add_test(t, why_is_cut_at_its_bound);
	suite_add_tcase(s, t);
	return s;
}
