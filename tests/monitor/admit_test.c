/* Who is let in while others are there. */
#include "monitor/admit.h"
#include "tests/unit.h"

static const struct settings set = {
    .max_connections = 50, .max_startups = {.begin = 10, .rate = 30, .full = 20}
};

START_TEST(admit_takes_everybody_below_the_begin)
{
	for (uint32_t chance = 0; chance < 100; chance++)
		ck_assert_ptr_null(admit_count(&set, 0, 9, chance));
}
END_TEST

START_TEST(admit_refuses_everybody_at_full)
{
	for (uint32_t chance = 0; chance < 100; chance++)
		ck_assert_str_eq(admit_count(&set, 0, 20, chance), "MaxStartups");
}
END_TEST

START_TEST(admit_refuses_the_rate_at_the_begin_and_more_towards_full)
{
	unsigned refused, before = 0;

	for (size_t n = 10; n < 20; n++) {
		refused = 0;
		for (uint32_t chance = 0; chance < 100; chance++)
			refused += admit_count(&set, 0, n, chance) != NULL;
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

	ck_assert_ptr_null(admit_count(&wall, 0, 4, 99));
	ck_assert_str_eq(admit_count(&wall, 0, 5, 99), "MaxStartups");
}
END_TEST

START_TEST(admit_takes_one_number_for_begin_and_full)
{
	const struct settings one = {
	    .max_connections = 50,
	    .max_startups = {.begin = 7, .rate = 100, .full = 7}
        };

	ck_assert_ptr_null(admit_count(&one, 0, 6, 0));
	ck_assert_str_eq(admit_count(&one, 0, 7, 99), "MaxStartups");
}
END_TEST

START_TEST(admit_refuses_at_the_number_of_connections_first)
{
	ck_assert_ptr_null(admit_count(&set, 49, 0, 0));
	ck_assert_str_eq(admit_count(&set, 50, 0, 99), "MaxConnections");
}
END_TEST

START_TEST(admit_address_takes_addresses_networks_and_patterns)
{
	static const char *list[] = {"192.0.2.0/24", "10.*", "2001:db8::/32",
				     "!192.0.2.7"};
	const struct strlist some = {list, 4}, nobody = {0};
	const struct strlist all = {(const char *[]){"*"}, 1};

	ck_assert(admit_address(&all, "203.0.113.9"));
	ck_assert(!admit_address(&nobody, "203.0.113.9"));
	ck_assert(admit_address(&some, "192.0.2.6"));
	ck_assert(!admit_address(&some, "192.0.2.7"));
	ck_assert(admit_address(&some, "10.1.2.3"));
	ck_assert(admit_address(&some, "2001:db8::1"));
	ck_assert(!admit_address(&some, "2001:db9::1"));
	ck_assert(!admit_address(&some, "203.0.113.9"));
}
END_TEST

START_TEST(admit_asks_of_each_source_how_many_of_it_are_there)
{
	const char *everybody[] = {"*"};
	struct settings here = set;
	struct monitor m = {.set = &here};
	struct source who = {
	    .known = true, .bytes = {192, 0, 2, 1}
        };
	struct source block;
	struct refusal out;

	m.clients.list = (struct strlist){everybody, 1};
	here.per_source_max_startups = 2;
	here.per_source_net_block_size = (struct net_block){24, 64};
	block = source_block(&who, &here.per_source_net_block_size);
	penalty_startup_add(&m.penalties, &block);
	ck_assert(admit(&m, &who, "192.0.2.1", &out));
	penalty_startup_add(&m.penalties, &block);
	ck_assert(!admit(&m, &who, "192.0.2.1", &out));
	ck_assert_str_eq(out.why, "PerSourceMaxStartups");
	ck_assert(out.full);
	who.bytes[2] = 3;
	ck_assert(admit(&m, &who, "192.0.3.1", &out));
	m.clients.list.n = 0;
	ck_assert(!admit(&m, &who, "192.0.3.1", &out));
	ck_assert_str_eq(out.why, "AllowedClients");
	ck_assert(!out.full);
	penalties_wipe(&m.penalties);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_admit");
	TCase *t = tcase_create("admit");

	tcase_add_test(t, admit_takes_everybody_below_the_begin);
	tcase_add_test(t, admit_refuses_everybody_at_full);
	tcase_add_test(t, admit_refuses_the_rate_at_the_begin_and_more_towards_full);
	tcase_add_test(t, admit_takes_a_rate_of_a_hundred_as_a_wall);
	tcase_add_test(t, admit_takes_one_number_for_begin_and_full);
	tcase_add_test(t, admit_refuses_at_the_number_of_connections_first);
	tcase_add_test(t, admit_address_takes_addresses_networks_and_patterns);
	tcase_add_test(t, admit_asks_of_each_source_how_many_of_it_are_there);
	suite_add_tcase(s, t);
	return s;
}
