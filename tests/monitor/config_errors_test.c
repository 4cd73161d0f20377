/* Complaints: their place, their order, their bound. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char *told(const struct config_errors *errs)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	config_errors_print(f, errs);
	(void)fclose(f);
	return text;
}

START_TEST(config_complain_names_file_line_and_keyword)
{
	struct config_errors errs = {0};
	struct config_reader r = {.errs = &errs, .file = "a.conf"};
	char *text;

	config_complain(&r, false, "no %s", "lines");
	r.line = 7;
	config_complain(&r, true, "no keyword");
	r.keyword = "Port";
	config_complain(&r, false, "wrong");
	text = told(&errs);
	ck_assert_str_eq(
	    text,
	    "a.conf: no lines\nwarning: a.conf:7: no keyword\na.conf:7: Port: wrong\n");
	ck_assert_uint_eq(errs.fatal, 2);
	free(text);
	config_errors_wipe(&errs);
	ck_assert_uint_eq(errs.n, 0);
	ck_assert_ptr_null(errs.item);
}
END_TEST

START_TEST(config_errors_are_bounded_but_counted)
{
	struct config_errors errs = {0};
	struct config_reader r = {.errs = &errs, .file = "a.conf"};
	char *text;

	for (r.line = 1; r.line <= LIMIT_CONFIG_ERRORS + 3; r.line++)
		config_complain(&r, false, "wrong");
	ck_assert_uint_eq(errs.n, LIMIT_CONFIG_ERRORS);
	ck_assert_uint_eq(errs.fatal, LIMIT_CONFIG_ERRORS + 3);
	text = told(&errs);
	ck_assert_ptr_nonnull(strstr(text, "\nand 3 more\n"));
	free(text);
	config_errors_wipe(&errs);
}
END_TEST

START_TEST(config_complain_cuts_what_is_too_long)
{
	struct config_errors errs = {0};
	char name[2 * LIMIT_CONFIG_TEXT_BYTES];
	struct config_reader r = {
	    .errs = &errs, .file = name, .line = 1, .keyword = name};

	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	config_complain(&r, false, "%s", name);
	ck_assert_uint_eq(strlen(errs.item[0].text), LIMIT_CONFIG_TEXT_BYTES - 1);
	config_errors_wipe(&errs);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_errors");
	TCase *t = tcase_create("config_errors");

	tcase_add_test(t, config_complain_names_file_line_and_keyword);
	tcase_add_test(t, config_errors_are_bounded_but_counted);
	tcase_add_test(t, config_complain_cuts_what_is_too_long);
	suite_add_tcase(s, t);
	return s;
}
