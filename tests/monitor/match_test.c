/* Patterns, networks, USER@HOST: what matches, what excludes, what is malformed. */
#include "monitor/match.h"
#include "tests/unit.h"

START_TEST(match_pattern_knows_stars_and_question_marks)
{
	ck_assert(match_pattern("alice", "al*"));
	ck_assert(match_pattern("alice", "?lic?"));
	ck_assert(!match_pattern("alice", "Alice"));
	ck_assert(!match_pattern("alice", "alic"));
	ck_assert(match_pattern("", "*"));
	ck_assert(!match_pattern("", "?"));
	ck_assert(!match_pattern(NULL, "*"));
}
END_TEST

START_TEST(match_list_excludes_by_negation_wherever_it_stands)
{
	ck_assert_int_eq(match_list("bob", "alice,b*"), MATCH_YES);
	ck_assert_int_eq(match_list("bob", "b*,!bob"), MATCH_EXCLUDED);
	ck_assert_int_eq(match_list("bob", "!bob,b*"), MATCH_EXCLUDED);
	ck_assert_int_eq(match_list("eve", "!bob"), MATCH_NO);
	ck_assert_int_eq(match_list(NULL, "*"), MATCH_NO);
}
END_TEST

START_TEST(match_host_list_ignores_case)
{
	ck_assert_int_eq(match_host_list("Db1.Example.ORG", "*.example.org"),
			 MATCH_YES);
	ck_assert_int_eq(match_host_list("db1.example.org", "*.EXAMPLE.org"),
			 MATCH_YES);
	ck_assert_int_eq(match_host_list("db1.example.org", "*,!DB1.*"),
			 MATCH_EXCLUDED);
	ck_assert_int_eq(match_host_list(NULL, "*"), MATCH_NO);
}
END_TEST

START_TEST(match_address_list_knows_networks_at_their_edges)
{
	ck_assert_int_eq(match_address_list("192.0.2.255", "192.0.2.0/24"), MATCH_YES);
	ck_assert_int_eq(match_address_list("192.0.3.0", "192.0.2.0/24"), MATCH_NO);
	ck_assert_int_eq(match_address_list("10.1.2.3", "0.0.0.0/0"), MATCH_YES);
	ck_assert_int_eq(match_address_list("::1", "0.0.0.0/0"), MATCH_NO);
	ck_assert_int_eq(match_address_list("192.0.2.129", "192.0.2.128/31"),
			 MATCH_YES);
	ck_assert_int_eq(match_address_list("192.0.2.130", "192.0.2.128/31"), MATCH_NO);
	ck_assert_int_eq(match_address_list("2001:db8::1", "2001:db8::/32"), MATCH_YES);
	ck_assert_int_eq(match_address_list("2001:db9::1", "2001:db8::/32"), MATCH_NO);
	ck_assert_int_eq(match_address_list("2001:DB8:0:0::1", "2001:db8::1"),
			 MATCH_YES);
}
END_TEST

START_TEST(match_address_list_takes_mapped_and_zoned_addresses)
{
	ck_assert_int_eq(match_address_list("::ffff:192.0.2.1", "192.0.2.0/24"),
			 MATCH_YES);
	ck_assert_int_eq(match_address_list("fe80::1%eth0", "fe80::/10"), MATCH_YES);
}
END_TEST

START_TEST(match_address_list_takes_patterns_and_negation)
{
	ck_assert_int_eq(match_address_list("192.0.2.1", "192.0.*"), MATCH_YES);
	ck_assert_int_eq(match_address_list("192.0.2.1", "*,!192.0.2.0/28"),
			 MATCH_EXCLUDED);
	ck_assert_int_eq(match_address_list("192.0.2.99", "*,!192.0.2.0/28"),
			 MATCH_YES);
	ck_assert_int_eq(match_address_list("UNKNOWN", "0.0.0.0/0,::/0"), MATCH_NO);
	ck_assert_int_eq(match_address_list(NULL, "*"), MATCH_NO);
}
END_TEST

START_TEST(match_address_valid_refuses_inconsistent_networks)
{
	static const char *const good[] = {"192.0.2.0/24", "::/0",      "!10.0.0.0/8,*",
					   "a.b",          "192.0.2.1", "192.0.2.*"};
	static const char *const bad[] = {
	    "192.0.2.0/33", "192.0.2.0/8", "192.0.2.0/", "192.0.2.0/a",
	    "::1/64",       "::/129",      "",           "a,",
	    ",a",           "!",           "host/24",    "192.0.2.0/0024",
	    "192.0.2.0/-1"};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_int_eq(match_address_valid(good[i]), OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(match_address_valid(bad[i]), ERR_RANGE);
}
END_TEST

START_TEST(match_user_asks_for_both_user_and_host)
{
	struct match_client who = {"alice", "ws1.example.org", "192.0.2.7"};

	ck_assert(match_user(&who, "alice"));
	ck_assert(match_user(&who, "al*@*.EXAMPLE.org"));
	ck_assert(match_user(&who, "alice@192.0.2.0/24"));
	ck_assert(!match_user(&who, "bob@192.0.2.0/24"));
	ck_assert(!match_user(&who, "alice@192.0.3.0/24"));
	ck_assert(!match_user(&who, "*@*,!192.0.2.7"));
	ck_assert(!match_user(&who, "*@192.0.2.0/24,!ws1.*"));
}
END_TEST

START_TEST(match_user_divides_at_the_last_at_sign)
{
	struct match_client who = {"alice@REALM", "192.0.2.7", "192.0.2.7"};

	ck_assert(match_user(&who, "alice@REALM@192.0.2.0/24"));
	ck_assert(!match_user(&who, "alice@REALM"));
	ck_assert(match_user(&who, "*"));
	ck_assert_int_eq(match_user_valid("alice@REALM@192.0.2.0/24"), OK);
	ck_assert_int_eq(match_user_valid("alice@192.0.2.0/4"), ERR_RANGE);
	ck_assert_int_eq(match_user_valid("alice@"), ERR_RANGE);
	ck_assert_int_eq(match_user_valid("alice"), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_match");
	TCase *t = tcase_create("match");

	tcase_add_test(t, match_pattern_knows_stars_and_question_marks);
	tcase_add_test(t, match_list_excludes_by_negation_wherever_it_stands);
	tcase_add_test(t, match_host_list_ignores_case);
	tcase_add_test(t, match_address_list_knows_networks_at_their_edges);
	tcase_add_test(t, match_address_list_takes_mapped_and_zoned_addresses);
	tcase_add_test(t, match_address_list_takes_patterns_and_negation);
	tcase_add_test(t, match_address_valid_refuses_inconsistent_networks);
	tcase_add_test(t, match_user_asks_for_both_user_and_host);
	tcase_add_test(t, match_user_divides_at_the_last_at_sign);
	suite_add_tcase(s, t);
	return s;
}
