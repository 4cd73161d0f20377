/* The names that scripts find. */
#include "policy/names.h"
#include "tests/unit.h"

static struct names n;

static void in(void)
{
	ck_assert_int_eq(names_read(&n), OK);
}

static void out(void)
{
	names_wipe(&n);
}

START_TEST(names_are_globals_and_what_is_in_libraries)
{
	struct span none = {0};

	ck_assert(names_know(&n, none, SPAN_LIT("refuse")));
	ck_assert(names_know(&n, none, SPAN_LIT("net")));
	ck_assert(names_know(&n, SPAN_LIT("net"), SPAN_LIT("within")));
	ck_assert(names_know(&n, SPAN_LIT("math"), SPAN_LIT("pi")));
	ck_assert(!names_know(&n, SPAN_LIT("net"), SPAN_LIT("glob")));
	ck_assert(names_library(&n, SPAN_LIT("str")));
	ck_assert(!names_library(&n, SPAN_LIT("refuse")));
}
END_TEST

START_TEST(names_have_nothing_that_leads_outside)
{
	static const char *const doors[] = {
	    "io",     "os",          "package", "debug", "load",           "require",
	    "dofile", "loadfile",    "rawset",  "_G",    "collectgarbage", "coroutine",
	    "rawget", "getmetatable"};

	for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
		ck_assert_msg(!names_know(&n, (struct span){0}, span_str(doors[i])),
			      "%s", doors[i]);
	ck_assert(!names_know(&n, SPAN_LIT("string"), SPAN_LIT("dump")));
	ck_assert(!names_know(&n, SPAN_LIT("math"), SPAN_LIT("random")));
}
END_TEST

START_TEST(names_near_looks_where_it_is_told)
{
	struct nearest near = nearest_begin(SPAN_LIT("withn"));

	names_near(&n, (struct span){0}, &near);
	ck_assert_ptr_null(near.name);
	names_near(&n, SPAN_LIT("net"), &near);
	ck_assert_str_eq(near.name, "within");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_names");
	TCase *t = tcase_create("names");

	tcase_add_checked_fixture(t, in, out);
	tcase_add_test(t, names_are_globals_and_what_is_in_libraries);
	tcase_add_test(t, names_have_nothing_that_leads_outside);
	tcase_add_test(t, names_near_looks_where_it_is_told);
	suite_add_tcase(s, t);
	return s;
}
