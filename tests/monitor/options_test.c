/* The command line: each option, and what is refused with which words. */
#include <string.h>

#include "monitor/options.h"
#include "tests/unit.h"

#define PARSE(out, why, ...)                                                           \
	options_parse(sizeof((char *[]){"sallyportd", __VA_ARGS__}) / sizeof(char *),  \
		      (char *[]){"sallyportd", __VA_ARGS__, NULL}, (out), (why))

static void refused(enum err e, const struct options_refusal *why, const char *words)
{
	ck_assert_int_eq(e, ERR_CONFIG);
	ck_assert_msg(strstr(why->text, words) != NULL, "%s", why->text);
}

START_TEST(options_without_any_run_with_the_standard_file)
{
	struct options o = {0};
	struct options_refusal why;
	char *argv[] = {"sallyportd", NULL};

	ck_assert_int_eq(options_parse(1, argv, &o, &why), OK);
	ck_assert_int_eq(o.action, ACTION_RUN);
	ck_assert_str_eq(o.config_file, "/etc/sallyport/sallyport.conf");
	ck_assert(!o.foreground && !o.log_stderr && !o.ports_given && !o.facts_given);
	ck_assert_ptr_null(o.log_file);
	ck_assert_int_eq(o.folder[0], '/');
	options_wipe(&o);
}
END_TEST

START_TEST(options_keep_settings_in_order)
{
	struct options o = {0};
	struct options_refusal why;

	ck_assert_int_eq(PARSE(&o, &why, "-p", "2222", "-oPort=99", "-h/k", "-4", "-q",
			       "-g", "1m", "-c", "/c"),
			 OK);
	ck_assert_uint_eq(o.n_settings, 7);
	ck_assert_str_eq(o.setting[0].keyword, "Port");
	ck_assert_str_eq(o.setting[0].value, "2222");
	ck_assert_ptr_null(o.setting[1].keyword);
	ck_assert_str_eq(o.setting[1].value, "Port=99");
	ck_assert_str_eq(o.setting[2].keyword, "HostKey");
	ck_assert_str_eq(o.setting[3].value, "inet");
	ck_assert_str_eq(o.setting[4].value, "QUIET");
	ck_assert_str_eq(o.setting[5].keyword, "LoginGraceTime");
	ck_assert_str_eq(o.setting[6].keyword, "HostCertificate");
	ck_assert(o.ports_given);
	options_wipe(&o);
}
END_TEST

START_TEST(options_of_sshd_for_running_are_taken)
{
	struct options o = {0};
	struct options_refusal why;

	ck_assert_int_eq(PARSE(&o, &why, "-D", "-e", "-f", "x", "-E", "log"), OK);
	ck_assert(o.foreground && o.log_stderr);
	ck_assert_str_eq(o.config_file, "x");
	ck_assert_str_eq(o.log_file, "log");
	options_wipe(&o);
	ck_assert_int_eq(PARSE(&o, &why, "-ddddd"), OK);
	ck_assert(o.foreground && o.log_stderr);
	ck_assert_str_eq(o.setting[0].value, "DEBUG3");
	options_wipe(&o);
}
END_TEST

START_TEST(options_choose_one_action)
{
	static const struct {
		const char *word;
		enum options_action action;
	} rows[] = {
	    {"-t",              ACTION_TEST         },
	    {"-T",              ACTION_PRINT        },
	    {"-V",              ACTION_VERSION      },
	    {"--help",          ACTION_USAGE        },
	    {"--check-sandbox", ACTION_CHECK_SANDBOX},
	    {"--help-config",   ACTION_HELP_CONFIG  },
	};
	struct options o = {0};
	struct options_refusal why;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_int_eq(PARSE(&o, &why, (char *)rows[i].word), OK);
		ck_assert_int_eq(o.action, rows[i].action);
		options_wipe(&o);
	}
	refused(PARSE(&o, &why, "-t", "-V"), &why, "only one of");
}
END_TEST

START_TEST(options_read_the_facts_of_a_connection)
{
	struct options o = {0};
	struct options_refusal why;

	ck_assert_int_eq(PARSE(&o, &why, "-T", "-C", "user=alice,addr=192.0.2.1", "-C",
			       "host=ws1,laddr=192.0.2.9,lport=22"),
			 OK);
	ck_assert(o.facts_given);
	ck_assert_str_eq(o.facts.user, "alice");
	ck_assert_str_eq(o.facts.address, "192.0.2.1");
	ck_assert_str_eq(o.facts.host, "ws1");
	ck_assert_str_eq(o.facts.local_address, "192.0.2.9");
	ck_assert_uint_eq(o.facts.local_port, 22);
	options_wipe(&o);
}
END_TEST

START_TEST(options_refuse_with_a_reason)
{
	struct options o = {0};
	struct options_refusal why;

	refused(PARSE(&o, &why, "-T", "-C", "rdomain=1"), &why, "rdomain");
	refused(PARSE(&o, &why, "-T", "-C", "user"), &why, "name=value");
	refused(PARSE(&o, &why, "-T", "-C", "lport=0"), &why, "lport");
	refused(PARSE(&o, &why, "-T", "-C", "lport=65536"), &why, "lport");
	refused(PARSE(&o, &why, "-C", "user=a"), &why, "-T only");
	refused(PARSE(&o, &why, "-i"), &why, "inetd");
	refused(PARSE(&o, &why, "-u0"), &why, "-u");
	refused(PARSE(&o, &why, "-x"), &why, "-x");
	refused(PARSE(&o, &why, "--frob"), &why, "--frob");
	refused(PARSE(&o, &why, "-f"), &why, "missing after -f");
	refused(PARSE(&o, &why, "-D", "start"), &why, "start");
	ck_assert_uint_eq(o.n_settings, 0);
}
END_TEST

START_TEST(options_are_bounded)
{
	struct options o = {0};
	struct options_refusal why;
	char *argv[LIMIT_OPTIONS + 3];

	argv[0] = "sallyportd";
	for (size_t i = 1; i < LIMIT_OPTIONS + 2; i++)
		argv[i] = "-oPort=1";
	argv[LIMIT_OPTIONS + 2] = NULL;
	refused(options_parse(LIMIT_OPTIONS + 2, argv, &o, &why), &why, "too many");
	for (size_t i = 1; i < LIMIT_OPTIONS + 2; i++)
		argv[i] = "-Cuser=a";
	refused(options_parse(LIMIT_OPTIONS + 2, argv, &o, &why), &why, "too many");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_options");
	TCase *t = tcase_create("options");

	tcase_add_test(t, options_without_any_run_with_the_standard_file);
	tcase_add_test(t, options_keep_settings_in_order);
	tcase_add_test(t, options_of_sshd_for_running_are_taken);
	tcase_add_test(t, options_choose_one_action);
	tcase_add_test(t, options_read_the_facts_of_a_connection);
	tcase_add_test(t, options_refuse_with_a_reason);
	tcase_add_test(t, options_are_bounded);
	suite_add_tcase(s, t);
	return s;
}
