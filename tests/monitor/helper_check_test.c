/* Programs as an operator may have left them. */
#include <sys/stat.h>

#include "common/log.h"
#include "monitor/helper_check.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char dir[] = "/tmp/helper_check_XXXXXX";
static char program[sizeof dir + 8];
static char said[4096];

static void keep_line(void *ctx, enum log_level level, const char *line)
{
	size_t n = strlen(said);

	(void)ctx;
	(void)level;
	(void)snprintf(said + n, sizeof said - n, "%s\n", line);
}

static void setup(void)
{
	FILE *f;

	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	(void)snprintf(program, sizeof program, "%s/prog", dir);
	f = fopen(program, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(program, 0755), 0);
	log_open(keep_line, NULL, LOG_ERROR);
}

static void teardown(void)
{
	log_open(NULL, NULL, LOG_INFO_LEVEL);
	(void)chmod(dir, 0755);
	unlink(program);
	rmdir(dir);
}

/* Checks a configuration of one PolicyHelper; refused: what the log then says. */
static void expect(const char *path, const char *refused)
{
	char text[512];
	struct config *c;
	enum err e;

	(void)snprintf(text, sizeof text, "PolicyHelper h %s", path);
	said[0] = '\0';
	c = kit_load(text);
	e = helpers_check(config_settings(c));
	config_unref(c);
	if (refused == NULL) {
		ck_assert_msg(e == OK, "%s", said);
		return;
	}
	ck_assert_int_eq(e, ERR_CONFIG);
	ck_assert_msg(strstr(said, refused) != NULL && strstr(said, "h: /") != NULL,
		      "%s", said);
}

START_TEST(a_program_that_only_we_can_change_is_taken)
{
	expect(program, NULL);
	expect("/bin/sh", NULL);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_refused)
{
	expect("/nonexistent/prog", "No such file");
	expect(dir, "is no file");
	ck_assert_int_eq(chmod(program, 0644), 0);
	expect(program, "use chmod +x");
}
END_TEST

START_TEST(a_program_that_others_can_change_is_refused)
{
	ck_assert_int_eq(chmod(program, 0775), 0);
	expect(program, "use chmod go-w");
	ck_assert_int_eq(chmod(program, 0757), 0);
	expect(program, "use chmod go-w");
}
END_TEST

START_TEST(a_folder_that_others_can_change_is_refused)
{
	ck_assert_int_eq(chmod(dir, 0777), 0);
	expect(program, "use chmod go-w");
	ck_assert_int_eq(chmod(dir, 01777), 0); /* as /tmp */
	expect(program, NULL);
}
END_TEST

START_TEST(a_program_or_folder_of_somebody_else_is_refused)
{
	if (geteuid() != 0)
		return; /* an ordinary user cannot give files away */
	ck_assert_int_eq(chown(program, 4242, 4242), 0);
	expect(program, "belongs to neither root");
	ck_assert_int_eq(chown(program, 0, 0), 0);
	ck_assert_int_eq(chown(dir, 4242, 4242), 0);
	expect(program, "belongs to neither root");
}
END_TEST

START_TEST(a_name_is_given_once)
{
	struct config *c = kit_load("PolicyHelper a /bin/sh\nPolicyHelper a /bin/cat");

	said[0] = '\0';
	ck_assert_int_eq(helpers_check(config_settings(c)), ERR_CONFIG);
	ck_assert_ptr_nonnull(
	    strstr(said, "PolicyHelper a: /bin/cat: the name is taken by: /bin/sh"));
	config_unref(c);
}
END_TEST

START_TEST(arguments_fit_the_message)
{
	static char text[LIMIT_HELPER_ARGV_BYTES + 64] = "PolicyHelper a /bin/sh ";
	struct config *c;

	memset(text + strlen(text), 'x', LIMIT_HELPER_ARGV_BYTES - 15);
	c = kit_load(text);
	ck_assert_int_eq(helpers_check(config_settings(c)), OK);
	config_unref(c);
	text[strlen(text)] = 'x';
	c = kit_load(text);
	ck_assert_int_eq(helpers_check(config_settings(c)), ERR_CONFIG);
	config_unref(c);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_helper_check");
	TCase *t = tcase_create("check");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_program_that_only_we_can_change_is_taken);
	tcase_add_test(t, a_program_that_is_not_there_is_refused);
	tcase_add_test(t, a_program_that_others_can_change_is_refused);
	tcase_add_test(t, a_folder_that_others_can_change_is_refused);
	tcase_add_test(t, a_program_or_folder_of_somebody_else_is_refused);
	tcase_add_test(t, a_name_is_given_once);
	tcase_add_test(t, arguments_fit_the_message);
	suite_add_tcase(s, t);
	return s;
}
