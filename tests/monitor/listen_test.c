/* Who is let in while others are there. */
#include "monitor/listen.h"
#include "tests/unit.h"

static const struct settings set = {
    .max_connections = 50, .max_startups = {.begin = 10, .rate = 30, .full = 20}
};

START_TEST(admit_takes_everybody_below_the_begin)
{
	for (uint32_t chance = 0; chance < 100; chance++)
		ck_assert_ptr_null(admit(&set, 0, 9, chance));
}
END_TEST

START_TEST(admit_refuses_everybody_at_full)
{
	for (uint32_t chance = 0; chance < 100; chance++)
		ck_assert_str_eq(admit(&set, 0, 20, chance), "MaxStartups");
}
END_TEST

START_TEST(admit_refuses_the_rate_at_the_begin_and_more_towards_full)
{
	unsigned refused, before = 0;

	for (size_t n = 10; n < 20; n++) {
		refused = 0;
		for (uint32_t chance = 0; chance < 100; chance++)
			refused += admit(&set, 0, n, chance) != NULL;
		ck_assert_uint_eq(refused, 30 + 7 * (n - 10));
		ck_assert_uint_gt(refused, before);
		before = refused;
	}
}
END_TEST

START_TEST(admit_takes_a_rate_of_a_hundred_as_a_wall)
{
	const struct settings wall = {
	    .max_connections = 50,
	    .max_startups = {.begin = 5, .rate = 100, .full = 20}
        };

	ck_assert_ptr_null(admit(&wall, 0, 4, 99));
	ck_assert_str_eq(admit(&wall, 0, 5, 99), "MaxStartups");
}
END_TEST

START_TEST(admit_takes_one_number_for_begin_and_full)
{
	const struct settings one = {
	    .max_connections = 50,
	    .max_startups = {.begin = 7, .rate = 100, .full = 7}
        };

	ck_assert_ptr_null(admit(&one, 0, 6, 0));
	ck_assert_str_eq(admit(&one, 0, 7, 99), "MaxStartups");
}
END_TEST

START_TEST(admit_refuses_at_the_number_of_connections_first)
{
	ck_assert_ptr_null(admit(&set, 49, 0, 0));
	ck_assert_str_eq(admit(&set, 50, 0, 99), "MaxConnections");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_listen");
	TCase *t = tcase_create("admit");

	tcase_add_test(t, admit_takes_everybody_below_the_begin);
	tcase_add_test(t, admit_refuses_everybody_at_full);
	tcase_add_test(t, admit_refuses_the_rate_at_the_begin_and_more_towards_full);
	tcase_add_test(t, admit_takes_a_rate_of_a_hundred_as_a_wall);
	tcase_add_test(t, admit_takes_one_number_for_begin_and_full);
	tcase_add_test(t, admit_refuses_at_the_number_of_connections_first);
	suite_add_tcase(s, t);
	return s;
}
