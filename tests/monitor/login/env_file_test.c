/* ~/.ssh/environment: which names count. */
#include "monitor/login/login.h"
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct env env;
static char path[32];

static void setup(void)
{
	int fd;

	(void)snprintf(path, sizeof path, "/tmp/env_file_test.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	env = (struct env){0};
}

static void teardown(void)
{
	env_wipe(&env);
	unlink(path);
}

static void file_says(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void expect(const char *name, const char *value)
{
	const char *got = env_get(&env, name);

	ck_assert_msg(got != NULL, "%s is not set", name);
	ck_assert_str_eq(got, value);
}

START_TEST(lines_set_variables_and_comments_do_not)
{
	file_says("A=1\n#B=2\n\n  C=3 = 4\nno sign\n=5\nLAST=6");
	env_set(&env, "A", "0");
	ck_assert_int_eq(env_file(&env, path, SPAN_LIT("*")), OK);
	ck_assert_uint_eq(env.n, 3);
	expect("A", "1");
	expect("C", "3 = 4");
	expect("LAST", "6");
}
END_TEST

START_TEST(only_permitted_names_are_set)
{
	file_says("LANG=a\nLC_X=b\nLC_PATH=c\nLD_PRELOAD=d\n");
	ck_assert_int_eq(env_file(&env, path, SPAN_LIT("LANG,LC_*,!LC_P*")), OK);
	ck_assert_uint_eq(env.n, 2);
	expect("LANG", "a");
	expect("LC_X", "b");
}
END_TEST

START_TEST(no_file_sets_nothing)
{
	ck_assert_int_eq(env_file(&env, "/nonexistent", SPAN_LIT("*")), OK);
	ck_assert_uint_eq(env.n, 0);
}
END_TEST

START_TEST(a_file_without_end_is_cut)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 2 * LIMIT_ENV_FILE_LINES; i++)
		(void)fprintf(f, "V%d=\n", i);
	(void)fclose(f);
	ck_assert_int_eq(env_file(&env, path, SPAN_LIT("*")), OK);
	ck_assert_uint_eq(env.n, LIMIT_ENV_FILE_LINES);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_env_file");
	TCase *t = tcase_create("env_file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_set_variables_and_comments_do_not);
	tcase_add_test(t, only_permitted_names_are_set);
	tcase_add_test(t, no_file_sets_nothing);
	tcase_add_test(t, a_file_without_end_is_cut);
	suite_add_tcase(s, t);
	return s;
}
