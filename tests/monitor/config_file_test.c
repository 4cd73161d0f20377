/* Files: includes, their order and depth, who may write them; the command line before them. */
#include <sys/stat.h>

#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char folder[64];

static void setup(void)
{
	(void)snprintf(folder, sizeof folder, "/tmp/config_test_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Writes a file in the folder; %s in text is the folder. */
static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (; *text != '\0'; text++)
		(void)fputs(*text == '@' ? folder : (char[]){*text, '\0'}, f);
	(void)fclose(f);
}

/* A line that includes name. */
static const char *including(const char *name)
{
	static char line[256];

	(void)snprintf(line, sizeof line, "Include %s/%s\n", folder, name);
	return line;
}

START_TEST(config_include_reads_in_order_and_in_place)
{
	put("10.conf", "MaxSessions 1\nAcceptEnv A");
	put("20.conf", "MaxSessions 2\nAcceptEnv B\nMaxAuthTries 2");
	put("30.txt", "MaxSessions 3");
	put("main", "AcceptEnv 0\nInclude @/*.conf\nAcceptEnv C\nMaxAuthTries 9");
	kit_shows(including("main"),
		  "acceptenv 0\nacceptenv A\nacceptenv B\nacceptenv C");
	kit_shows(including("main"), "maxsessions 1");
	kit_shows(including("main"), "maxauthtries 2");
}
END_TEST

START_TEST(config_match_in_an_included_file_ends_with_it)
{
	put("a.conf", "Match User bob\nX11Forwarding yes");
	put("main", "Include @/a.conf\nX11UseLocalhost no\nPrintMotd no");
	kit_shows(including("main"), "x11uselocalhost no");
	kit_shows(including("main"), "printmotd no");
	kit_shows(including("main"), "x11forwarding no");
}
END_TEST

START_TEST(config_include_in_a_block_holds_for_the_block)
{
	struct match_facts bob = {.user = "bob", .address = "192.0.2.1"};
	struct match_facts eve = {.user = "eve", .address = "192.0.2.1"};
	struct config *c;
	struct settings s;

	put("a.conf", "X11Forwarding yes\nMatch Address 192.0.2.0/24\nPermitTTY no");
	put("main", "Match User bob\nInclude @/a.conf\nMaxSessions 1");
	c = kit_load(including("main"));
	ck_assert_int_eq(config_match(c, &bob, &s), OK);
	ck_assert(s.x11_forwarding && !s.permit_tty);
	ck_assert_uint_eq(s.max_sessions, 1);
	ck_assert_int_eq(config_match(c, &eve, &s), OK);
	ck_assert(!s.x11_forwarding && s.permit_tty);
	ck_assert_uint_eq(s.max_sessions, 10);
	config_unref(c);
	put("a.conf", "Port 3");
	kit_refuses(including("main"),
		    "a.conf:1: Port: may not stand in a Match block");
}
END_TEST

START_TEST(config_include_tells_what_is_missing_or_endless)
{
	struct config *c = NULL;
	struct config_errors errs = {0};

	put("main", "Include @/main");
	kit_refuses(including("main"), "more than 16 deep");
	kit_refuses("Include", "a file is missing");
	kit_refuses(including(""), "is a folder");
	ck_assert_int_eq(kit_try(including("none.conf"), NULL, &c, &errs), OK);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert(errs.item[0].warning);
	ck_assert_ptr_nonnull(strstr(errs.item[0].text, "there is no file"));
	config_errors_wipe(&errs);
	config_unref(c);
	c = kit_load(including("none*.conf"));
	config_unref(c);
}
END_TEST

START_TEST(config_errors_are_all_told_with_their_places)
{
	put("a.conf", "\n\nZork 1");
	put("main", "Prot 1\nInclude @/a.conf\nMaxSessions x\nBanner \"a");
	kit_refuses(including("main"),
		    "main:1: unknown keyword Prot; did you mean Port?\n");
	kit_refuses(including("main"),
		    "a.conf:3: unknown keyword Zork; sallyport.conf(5)");
	kit_refuses(including("main"), "main:3: MaxSessions: a number");
	kit_refuses(including("main"), "main:4: a quote is not closed");
}
END_TEST

START_TEST(config_file_that_is_not_there_is_an_error)
{
	struct options o = {.config_file = "/no/such/file"};
	struct config *c = NULL;
	struct config_errors errs = {0};

	ck_assert_int_eq(config_load(&o, &c, &errs), ERR_CONFIG);
	ck_assert_str_eq(
	    errs.item[0].text,
	    "sallyportd: /no/such/file cannot be read: No such file or directory");
	config_errors_wipe(&errs);
	o.config_file = "/dev/zero";
	ck_assert_int_eq(config_load(&o, &c, &errs), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(errs.item[0].text, "File too large"));
	config_errors_wipe(&errs);
	o.config_file = "none";
	ck_assert_int_eq(config_load(&o, &c, &errs), OK);
	config_unref(c);
}
END_TEST

START_TEST(config_file_that_others_can_write_is_refused_to_root)
{
	char path[128];

	if (geteuid() != 0)
		return; /* as an ordinary user there is nothing to gain */
	put("a.conf", "Port 1");
	(void)snprintf(path, sizeof path, "%s/a.conf", folder);
	ck_assert_int_eq(chmod(path, 0664), 0);
	kit_refuses(including("a.conf"), "can be written by others: chmod go-w /tmp");
	ck_assert_int_eq(chmod(path, 0602), 0);
	kit_refuses(including("a.conf"), "can be written by others");
	ck_assert_int_eq(chmod(path, 0644), 0);
	kit_shows(including("a.conf"), "port 1");
	ck_assert_int_eq(chown(path, 65534, 0), 0);
	kit_refuses(including("a.conf"), "belongs to user 65534: chown root /tmp");
}
END_TEST

START_TEST(config_of_the_command_line_comes_first)
{
	struct options o = {.n_settings = 4, .ports_given = true};
	struct config *c = NULL;
	struct config_errors errs = {0};

	o.setting[0] = (struct options_setting){"-p", "Port", "2222"};
	o.setting[1] = (struct options_setting){"-o", NULL, "MaxSessions=3"};
	o.setting[2] = (struct options_setting){"-h", "HostKey", "/a b"};
	o.setting[3] = (struct options_setting){"-o", NULL, "# nothing"};
	ck_assert_int_eq(kit_try("Port 1\nMaxSessions 4\nHostKey /c", &o, &c, &errs),
			 OK);
	ck_assert_uint_eq(config_settings(c)->port.n, 1);
	ck_assert_uint_eq(config_settings(c)->port.item[0], 2222);
	ck_assert_uint_eq(config_settings(c)->max_sessions, 3);
	ck_assert_uint_eq(config_settings(c)->host_key.n, 2);
	ck_assert_str_eq(config_settings(c)->host_key.item[0].name, "/a b");
	config_unref(c);
}
END_TEST

START_TEST(config_of_the_command_line_is_told_by_its_option)
{
	struct options o = {.n_settings = 3};
	struct config *c = NULL;
	struct config_errors errs = {0};

	o.setting[0] = (struct options_setting){"-p", "Port", "x"};
	o.setting[1] = (struct options_setting){"-o", NULL, "Match User a"};
	o.setting[2] = (struct options_setting){"-o", NULL, "Zork"};
	ck_assert_int_eq(kit_try("", &o, &c, &errs), ERR_CONFIG);
	ck_assert_uint_eq(errs.fatal, 3);
	ck_assert_ptr_nonnull(
	    strstr(errs.item[0].text, "command line, -p: Port: a port"));
	ck_assert_ptr_nonnull(strstr(errs.item[1].text, "Match cannot be given here"));
	ck_assert_ptr_nonnull(
	    strstr(errs.item[2].text, "command line, -o: unknown keyword"));
	config_errors_wipe(&errs);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_file");
	TCase *t = tcase_create("config_file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, config_include_reads_in_order_and_in_place);
	tcase_add_test(t, config_match_in_an_included_file_ends_with_it);
	tcase_add_test(t, config_include_in_a_block_holds_for_the_block);
	tcase_add_test(t, config_include_tells_what_is_missing_or_endless);
	tcase_add_test(t, config_errors_are_all_told_with_their_places);
	tcase_add_test(t, config_file_that_is_not_there_is_an_error);
	tcase_add_test(t, config_file_that_others_can_write_is_refused_to_root);
	tcase_add_test(t, config_of_the_command_line_comes_first);
	tcase_add_test(t, config_of_the_command_line_is_told_by_its_option);
	suite_add_tcase(s, t);
	return s;
}
