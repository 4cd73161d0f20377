/* Match lines: criteria, their forms, what they are compared with. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static const char *names[] = {"users", "staff"};
static const struct strlist groups = {names, 2};
static const struct match_facts facts = {.user = "alice",
					 .groups = &groups,
					 .host = "Ws1.Example.ORG",
					 .address = "192.0.2.7",
					 .local_address = "2001:db8::1",
					 .local_port = 22};

static bool matched(const char *line, const struct match_facts *who)
{
	char text[256];
	struct config *c;
	bool active[LIMIT_CONFIG_BLOCKS];

	(void)snprintf(text, sizeof text, "%s\nX11Forwarding yes\n", line);
	c = kit_load(text);
	ck_assert_uint_eq(c->n_blocks, 2);
	config_blocks_match(c, who, active);
	config_unref(c);
	return active[1];
}

START_TEST(config_match_lines_compare_each_fact)
{
	static const char *const good[] = {
	    "Match All",
	    "match all # everybody",
	    "Match User alice",
	    "Match User bob,al*",
	    "Match Group staff",
	    "Match Group wheel,user?",
	    "Match Host *.example.org",
	    "Match Address 192.0.2.0/24",
	    "Match Address *,!10.0.0.0/8",
	    "Match LocalAddress 2001:db8::/32",
	    "Match LocalPort 22",
	    "Match User alice Address 192.0.2.7 Group staff"};
	static const char *const bad[] = {"Match User bob",
					  "Match User *,!alice",
					  "Match User !bob",
					  "Match Group wheel",
					  "Match Group *,!staff",
					  "Match Host *.com",
					  "Match Address 192.0.3.0/24",
					  "Match LocalAddress ::/1,!2000::/3",
					  "Match LocalPort 2222",
					  "Match User alice Address 10.0.0.0/8"};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_msg(matched(good[i], &facts), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!matched(bad[i], &facts), "%s", bad[i]);
}
END_TEST

START_TEST(config_match_lines_take_an_equals_sign)
{
	ck_assert(matched("Match User=alice Address=192.0.2.7", &facts));
	ck_assert(matched("Match User = alice Address= 192.0.2.7", &facts));
	ck_assert(matched("Match User =alice LocalPort \"22\"", &facts));
	ck_assert(!matched("Match User=bob Address=192.0.2.7", &facts));
}
END_TEST

START_TEST(config_match_of_an_unknown_fact_is_false)
{
	static const char *const lines[] = {
	    "Match User *",    "Match Group *",        "Match Host *",
	    "Match Address *", "Match LocalAddress *", "Match LocalPort 22"};
	struct match_facts nothing = {0};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(!matched(lines[i], &nothing), "%s", lines[i]);
	ck_assert(matched("Match All", &nothing));
}
END_TEST

START_TEST(config_match_lines_that_are_wrong_tell_what_is_allowed)
{
	kit_refuses("Match", "a criterion is missing");
	kit_refuses("Match Foo x", "\"Foo\" cannot be matched: User, Group");
	kit_refuses("Match RDomain x", "\"RDomain\" cannot be matched");
	kit_refuses("Match User", "a pattern is missing after User");
	kit_refuses("Match User=", "a pattern is missing after User");
	kit_refuses("Match User a Host", "a pattern is missing after Host");
	kit_refuses("Match All User a", "All must stand alone");
	kit_refuses("Match User a All", "All must stand alone");
	kit_refuses("Match Address 10.0.0.0/33", "without bits beyond the mask");
	kit_refuses("Match LocalAddress 10.0.0.0/1", "without bits beyond the mask");
	kit_refuses("Match LocalPort 0", "a port is wanted, not \"0\"");
	kit_refuses("Match LocalPort 22,23", "a port is wanted");
}
END_TEST

START_TEST(config_blocks_are_bounded)
{
	char *text = kit_repeat("Match All", LIMIT_CONFIG_BLOCKS);

	kit_refuses(text, "more than 512 Match blocks");
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_block");
	TCase *t = tcase_create("config_block");

	tcase_add_test(t, config_match_lines_compare_each_fact);
	tcase_add_test(t, config_match_lines_take_an_equals_sign);
	tcase_add_test(t, config_match_of_an_unknown_fact_is_false);
	tcase_add_test(t, config_match_lines_that_are_wrong_tell_what_is_allowed);
	tcase_add_test(t, config_blocks_are_bounded);
	suite_add_tcase(s, t);
	return s;
}
