/* The nearest known name. */
#include "common/nearest.h"
#include "tests/unit.h"

static const char *near(const char *typed)
{
	static const char *const known[] = {"available_methods", "reason", "route",
					    "source"};
	struct nearest n = nearest_begin(span_str(typed));

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		nearest_try(&n, known[i]);
	return n.name;
}

START_TEST(nearest_finds_what_was_meant)
{
	ck_assert_str_eq(near("availble_method"), "available_methods");
	ck_assert_str_eq(near("raeson"), "reason"); /* a swap is one edit */
	ck_assert_str_eq(near("REASON"), "reason");
	ck_assert_str_eq(near("rout"), "route");
}
END_TEST

START_TEST(nearest_does_not_guess_wildly)
{
	ck_assert_ptr_null(near("bandwidth"));
	ck_assert_ptr_null(near(""));
	ck_assert_ptr_null(near("xx"));
	ck_assert_ptr_null(near(
	    "a_name_that_is_longer_than_any_that_is_known_here_available_methods"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_nearest");
	TCase *t = tcase_create("nearest");

	tcase_add_test(t, nearest_finds_what_was_meant);
	tcase_add_test(t, nearest_does_not_guess_wildly);
	suite_add_tcase(s, t);
	return s;
}
