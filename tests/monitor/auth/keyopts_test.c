/* Options of keys: each one of sshd(8), and that doubt refuses the key. */
#include <string.h>

#include "common/rd.h"
#include "monitor/auth/keyopts.h"
#include "tests/unit.h"

static struct keyopts_note note;
static struct key_options o;

static void setup(void)
{
	o = (struct key_options){0};
}

static void teardown(void)
{
	keyopts_wipe(&o);
}

static void parse(const char *text)
{
	keyopts_wipe(&o);
	ck_assert_msg(keyopts_parse(span_str(text), &o, &note) == OK, "%s: %s", text,
		      note.text);
}

START_TEST(keyopts_without_options_all_is_permitted)
{
	parse("");
	ck_assert(o.pty && o.agent && o.x11 && o.port_forwarding && o.user_rc);
	ck_assert(!o.cert_authority && !o.no_touch_required && !o.verify_required);
	ck_assert(!o.has_command && !o.has_from && o.expires == 0);
	ck_assert(keyopts_permits_open(&o, SPAN_LIT("h"), 1));
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("10.1.2.3"), 1, &note), OK);
}
END_TEST

START_TEST(keyopts_restrict_takes_all_and_names_give_back)
{
	parse("restrict");
	ck_assert(!o.pty && !o.agent && !o.x11 && !o.port_forwarding && !o.user_rc);
	ck_assert(!keyopts_permits_open(&o, SPAN_LIT("h"), 1));
	ck_assert(!keyopts_permits_listen(&o, SPAN_LIT("h"), 1));
	parse("RESTRICT,pty,X11-Forwarding");
	ck_assert(o.pty && o.x11 && !o.agent && !o.port_forwarding && !o.user_rc);
	parse("pty,restrict");
	ck_assert(!o.pty);
}
END_TEST

START_TEST(keyopts_flags_can_be_negated)
{
	parse("no-pty,no-agent-forwarding,no-X11-forwarding,no-port-forwarding,no-user-"
	      "rc");
	ck_assert(!o.pty && !o.agent && !o.x11 && !o.port_forwarding && !o.user_rc);
	parse("no-touch-required,verify-required");
	ck_assert(o.no_touch_required && o.verify_required);
	parse("cert-authority,principals=\"alice,bob\"");
	ck_assert(o.cert_authority && span_is(o.principals, "alice,bob"));
}
END_TEST

START_TEST(keyopts_command_unquotes)
{
	parse("command=\"echo \\\"a, b\\\" \\\\ x\",no-pty");
	ck_assert(o.has_command && !o.pty);
	ck_assert(span_is(o.command, "echo \"a, b\" \\\\ x"));
	ck_assert_uint_eq(o.command.p[o.command.n], 0);
	parse("command=\"\"");
	ck_assert(o.has_command && o.command.n == 0);
}
END_TEST

START_TEST(keyopts_environment_keeps_the_first_of_a_name)
{
	struct rd r;

	parse("environment=\"A=1\",environment=\"B=x=y\",environment=\"A=2\","
	      "environment=\"C=\"");
	r = RD(o.environment);
	ck_assert(span_is(rd_bytes(&r, 9), "A") && span_is(rd_bytes(&r, 9), "1"));
	ck_assert(span_is(rd_bytes(&r, 9), "B") && span_is(rd_bytes(&r, 9), "x=y"));
	ck_assert(span_is(rd_bytes(&r, 9), "C") && span_is(rd_bytes(&r, 9), ""));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(keyopts_permitopen_compares_literally)
{
	parse("permitopen=\"db:5432\",permitopen=\"[::1]:*\",permitopen=\"*:80\"");
	ck_assert(keyopts_permits_open(&o, SPAN_LIT("db"), 5432));
	ck_assert(!keyopts_permits_open(&o, SPAN_LIT("db"), 5433));
	ck_assert(!keyopts_permits_open(&o, SPAN_LIT("db2"), 5432));
	ck_assert(keyopts_permits_open(&o, SPAN_LIT("::1"), 9));
	ck_assert(keyopts_permits_open(&o, SPAN_LIT("any"), 80));
	parse("permitopen=\"d*:1\"");
	ck_assert(!keyopts_permits_open(&o, SPAN_LIT("db"), 1));
	parse("no-port-forwarding,permitopen=\"db:1\"");
	ck_assert(!keyopts_permits_open(&o, SPAN_LIT("db"), 1));
	parse("permitlisten=\"1\"");
	ck_assert(keyopts_permits_open(&o, SPAN_LIT("db"), 1));
}
END_TEST

START_TEST(keyopts_permitlisten_matches_patterns)
{
	parse(
	    "permitlisten=\"8080\",permitlisten=\"local*:9\",permitlisten=\"[::1]:7\"");
	ck_assert(keyopts_permits_listen(&o, SPAN_LIT("0.0.0.0"), 8080));
	ck_assert(keyopts_permits_listen(&o, SPAN_LIT(""), 8080));
	ck_assert(keyopts_permits_listen(&o, SPAN_LIT("LocalHost"), 9));
	ck_assert(!keyopts_permits_listen(&o, SPAN_LIT("other"), 9));
	ck_assert(keyopts_permits_listen(&o, SPAN_LIT("::1"), 7));
	ck_assert(!keyopts_permits_listen(&o, SPAN_LIT("localhost"), 10));
}
END_TEST

START_TEST(keyopts_from_admits_listed_addresses_only)
{
	parse("from=\"10.0.0.0/8,!10.6.6.6,2001:db8::*\"");
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("10.1.2.3"), 1, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("10.6.6.6"), 1, &note),
			 ERR_DENIED);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("11.0.0.1"), 1, &note),
			 ERR_DENIED);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("2001:db8::5"), 1, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, (struct span){0}, 1, &note), ERR_DENIED);
}
END_TEST

START_TEST(keyopts_expiry_takes_the_earliest)
{
	parse("expiry-time=\"20240301Z\",expiry-time=\"20240229Z\",expiry-time="
	      "\"20250101Z\"");
	ck_assert_uint_eq(o.expires, 1709164800);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("::1"), 1709164799, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("::1"), 1709164800, &note),
			 ERR_DENIED);
}
END_TEST

START_TEST(keyopts_principals_are_for_authorities)
{
	parse("cert-authority,principals=\"a\"");
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("::1"), 1, &note), OK);
	parse("principals=\"a\"");
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("::1"), 1, &note), ERR_DENIED);
}
END_TEST

START_TEST(keyopts_touch_demands_what_the_options_say)
{
	const struct pk_touch none = {0}, touched = {.present = true},
			      verified = {.present = true, .verified = true};

	parse("");
	ck_assert_int_eq(keyopts_touch(&o, &none, &note), ERR_DENIED);
	ck_assert_int_eq(keyopts_touch(&o, &touched, &note), OK);
	parse("no-touch-required");
	ck_assert_int_eq(keyopts_touch(&o, &none, &note), OK);
	parse("verify-required");
	ck_assert_int_eq(keyopts_touch(&o, &touched, &note), ERR_DENIED);
	ck_assert_int_eq(keyopts_touch(&o, &verified, &note), OK);
}
END_TEST

START_TEST(keyopts_doubt_refuses_the_key)
{
	static const char *const bad[] = {"nonsense",
					  "no-restrict",
					  "no-cert-authority",
					  "no-nonsense",
					  "no-",
					  "pty,",
					  ",pty",
					  "pty,,pty",
					  "pty pty",
					  "pty=\"x\"",
					  "command",
					  "command=",
					  "command=x",
					  "command=\"x",
					  "command=\"x\"y",
					  "command=\"x\"pty",
					  "command=\"a\",command=\"b\"",
					  "from=\"a\",from=\"b\"",
					  "from=\"10.0.0.0/33\"",
					  "from=\"10.0.0.1/8\"",
					  "environment=\"A\"",
					  "environment=\"=x\"",
					  "environment=\"A-B=x\"",
					  "permitopen=\"host\"",
					  "permitopen=\"80\"",
					  "permitopen=\":80\"",
					  "permitopen=\"h:0\"",
					  "permitopen=\"h:65536\"",
					  "permitopen=\"h:\"",
					  "permitopen=\"h:1x\"",
					  "permitopen=\"[::1:80\"",
					  "permitopen=\"::1:80\"",
					  "permitlisten=\"0\"",
					  "permitlisten=\"\"",
					  "expiry-time=\"soon\"",
					  "expiry-time=\"\"",
					  "tunnel=\"\"",
					  "tunnel",
					  "principals=\"a\",principals=\"b\"",
					  "=",
					  "\"",
					  "restrict=\"\""};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		note.text[0] = '\0';
		ck_assert_msg(keyopts_parse(span_str(bad[i]), &o, &note) == ERR_CONFIG,
			      "taken: %s", bad[i]);
		ck_assert_uint_gt(strlen(note.text), 0);
	}
	ck_assert(!o.pty);
}
END_TEST

START_TEST(keyopts_refuses_nul_and_overlong_options)
{
	static char longest[LIMIT_KEYS_LINE_BYTES + 1];
	static const uint8_t nul[] = "command=\"a\0b\"";

	ck_assert_int_eq(keyopts_parse((struct span){nul, sizeof nul - 1}, &o, &note),
			 ERR_CONFIG);
	memset(longest, 'x', sizeof longest);
	ck_assert_int_eq(
	    keyopts_parse((struct span){(uint8_t *)longest, sizeof longest}, &o, &note),
	    ERR_CONFIG);
}
END_TEST

START_TEST(keyopts_shortest_entries_fit_their_store)
{
	static char text[LIMIT_KEYS_LINE_BYTES];
	size_t n = 0;

	while (n + 17 < sizeof text)
		n += (size_t)snprintf(text + n, sizeof text - n, "%spermitlisten=\"1\"",
				      n == 0 ? "" : ",");
	parse(text);
	ck_assert_uint_gt(o.permitlisten.n, 8000);
	parse("environment=\"A=\"");
	parse("permitopen=\"a:1\"");
	parse("tunnel=\"0\"");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_keyopts");
	TCase *t = tcase_create("keyopts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keyopts_without_options_all_is_permitted);
	tcase_add_test(t, keyopts_restrict_takes_all_and_names_give_back);
	tcase_add_test(t, keyopts_flags_can_be_negated);
	tcase_add_test(t, keyopts_command_unquotes);
	tcase_add_test(t, keyopts_environment_keeps_the_first_of_a_name);
	tcase_add_test(t, keyopts_permitopen_compares_literally);
	tcase_add_test(t, keyopts_permitlisten_matches_patterns);
	tcase_add_test(t, keyopts_from_admits_listed_addresses_only);
	tcase_add_test(t, keyopts_expiry_takes_the_earliest);
	tcase_add_test(t, keyopts_principals_are_for_authorities);
	tcase_add_test(t, keyopts_touch_demands_what_the_options_say);
	tcase_add_test(t, keyopts_doubt_refuses_the_key);
	tcase_add_test(t, keyopts_refuses_nul_and_overlong_options);
	tcase_add_test(t, keyopts_shortest_entries_fit_their_store);
	suite_add_tcase(s, t);
	return s;
}
