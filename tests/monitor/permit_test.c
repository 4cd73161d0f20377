/* What settings permit: users, destinations, listeners, variables. */
#include "monitor/permit.h"
#include "tests/unit.h"

#define LIST(...)                                                                      \
	{                                                                              \
		(const char *[]){__VA_ARGS__},                                         \
		    sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)             \
	}

static const struct strlist staff = LIST("users", "staff");
static const struct match_facts alice = {
    .user = "alice", .groups = &staff, .host = "192.0.2.7", .address = "192.0.2.7"};

START_TEST(permit_user_lets_all_in_by_default)
{
	struct settings s = {0};
	struct match_facts nobody = {.user = "x"};

	ck_assert_ptr_null(permit_user(&s, &alice));
	ck_assert_ptr_null(permit_user(&s, &nobody));
}
END_TEST

START_TEST(permit_user_denies_before_it_allows)
{
	struct settings s = {.deny_users = LIST("al*@192.0.2.0/24"),
			     .allow_users = LIST("alice")};

	ck_assert_str_eq(permit_user(&s, &alice), "DenyUsers");
	s.deny_users = (struct strlist){0};
	ck_assert_ptr_null(permit_user(&s, &alice));
	s.allow_users = (struct strlist)LIST("bob", "alice@10.0.0.0/8");
	ck_assert_str_eq(permit_user(&s, &alice), "AllowUsers");
}
END_TEST

START_TEST(permit_user_asks_every_group)
{
	struct settings s = {.allow_groups = LIST("wheel", "st?ff")};
	struct match_facts loner = {.user = "x"};

	ck_assert_ptr_null(permit_user(&s, &alice));
	ck_assert_str_eq(permit_user(&s, &loner), "AllowGroups");
	s.deny_groups = (struct strlist)LIST("users");
	ck_assert_str_eq(permit_user(&s, &alice), "DenyGroups");
	ck_assert_str_eq(permit_user(&s, &loner), "DenyGroups");
	s.deny_groups = (struct strlist){0};
	s.allow_groups = (struct strlist)LIST("wheel");
	ck_assert_str_eq(permit_user(&s, &alice), "AllowGroups");
}
END_TEST

START_TEST(permit_open_compares_as_written)
{
	struct strlist rules = LIST("db1:5432", "*:80", "web:*", "[2001:db8::1]:22");

	ck_assert(permit_open(&rules, "db1", 5432));
	ck_assert(!permit_open(&rules, "db1", 5433));
	ck_assert(!permit_open(&rules, "DB1", 5432));
	ck_assert(!permit_open(&rules, "db*", 5432));
	ck_assert(permit_open(&rules, "anything", 80));
	ck_assert(permit_open(&rules, "web", 1));
	ck_assert(permit_open(&rules, "2001:db8::1", 22));
	ck_assert(!permit_open(&rules, "2001:db8::2", 22));
}
END_TEST

START_TEST(permit_open_knows_any_and_none)
{
	struct strlist any = LIST("any"), none = LIST("none"), nothing = {0};

	ck_assert(permit_open(&any, "x", 1));
	ck_assert(!permit_open(&none, "none", 1));
	ck_assert(!permit_open(&none, "none", 0));
	ck_assert(!permit_open(&nothing, "x", 1));
}
END_TEST

START_TEST(permit_listen_takes_patterns_of_hosts)
{
	struct strlist rules = LIST("*:8080", "localhost:*", "10.0.0.*:22");
	struct strlist none = LIST("none");

	ck_assert(permit_listen(&rules, "", 8080));
	ck_assert(permit_listen(&rules, "localhost", 0));
	ck_assert(permit_listen(&rules, "10.0.0.9", 22));
	ck_assert(!permit_listen(&rules, "10.0.1.9", 22));
	ck_assert(!permit_listen(&rules, "10.0.0.9", 0));
	ck_assert(!permit_listen(&none, "", 1));
}
END_TEST

START_TEST(permit_bind_host_follows_gateway_ports)
{
	ck_assert_str_eq(permit_bind_host(GATEWAY_NO, ""), "localhost");
	ck_assert_str_eq(permit_bind_host(GATEWAY_NO, "0.0.0.0"), "localhost");
	ck_assert_str_eq(permit_bind_host(GATEWAY_NO, "::1"), "::1");
	ck_assert_str_eq(permit_bind_host(GATEWAY_YES, "localhost"), "*");
	ck_assert_str_eq(permit_bind_host(GATEWAY_YES, "127.0.0.1"), "*");
	ck_assert_str_eq(permit_bind_host(GATEWAY_CLIENT, ""), "*");
	ck_assert_str_eq(permit_bind_host(GATEWAY_CLIENT, "*"), "*");
	ck_assert_str_eq(permit_bind_host(GATEWAY_CLIENT, "localhost"), "localhost");
	ck_assert_str_eq(permit_bind_host(GATEWAY_CLIENT, "192.0.2.1"), "192.0.2.1");
}
END_TEST

START_TEST(permit_env_matches_patterns_of_names)
{
	struct strlist patterns = LIST("LANG", "LC_*"), nothing = {0};

	ck_assert(permit_env(&patterns, "LANG"));
	ck_assert(permit_env(&patterns, "LC_ALL"));
	ck_assert(!permit_env(&patterns, "LD_PRELOAD"));
	ck_assert(!permit_env(&patterns, "lang"));
	ck_assert(!permit_env(&nothing, "LANG"));
	ck_assert(permit_user_env("*", "LANG"));
	ck_assert(!permit_user_env(NULL, "LANG"));
	ck_assert(!permit_user_env("*,!LD_*", "LD_PRELOAD"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_permit");
	TCase *t = tcase_create("permit");

	tcase_add_test(t, permit_user_lets_all_in_by_default);
	tcase_add_test(t, permit_user_denies_before_it_allows);
	tcase_add_test(t, permit_user_asks_every_group);
	tcase_add_test(t, permit_open_compares_as_written);
	tcase_add_test(t, permit_open_knows_any_and_none);
	tcase_add_test(t, permit_listen_takes_patterns_of_hosts);
	tcase_add_test(t, permit_bind_host_follows_gateway_ports);
	tcase_add_test(t, permit_env_matches_patterns_of_names);
	suite_add_tcase(s, t);
	return s;
}
