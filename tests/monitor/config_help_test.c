/* The manual page's part: every keyword once, in order, with its default. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char *help(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	config_help(f);
	(void)fclose(f);
	return text;
}

START_TEST(config_help_has_every_keyword_once)
{
	char *text = help();

	for (size_t i = 0; i < n_config_rows + n_config_foreigns; i++) {
		const char *keyword = i < n_config_rows
					  ? config_rows[i].keyword
					  : config_foreigns[i - n_config_rows].keyword;
		char item[80];
		const char *at;

		(void)snprintf(item, sizeof item, "\n.It Cm %s ", keyword);
		at = strstr(text, item);
		ck_assert_msg(at != NULL, "%s", keyword);
		ck_assert_msg(strstr(at + 1, item) == NULL, "%s", keyword);
	}
	free(text);
}
END_TEST

START_TEST(config_help_is_in_order_and_tells_defaults)
{
	char *text = help();
	const char *first = strstr(text, ".It Cm AcceptEnv");
	const char *last = strstr(text, ".It Cm XAuthLocation");

	ck_assert(first != NULL && last != NULL && first < last);
	ck_assert_ptr_nonnull(strstr(text, "The default is\n.Cm 10:30:100 .\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n.Cm chacha20-poly1305@openssh.com\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, ".It Cm GatewayPorts Cm yes | no | clientspecified\n"));
	free(text);
}
END_TEST

START_TEST(config_help_has_no_line_that_mdoc_would_mistake)
{
	char *text = help();

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] != '.')
			ck_assert_int_ne(line[0], '\'');
		else
			ck_assert_msg(strncmp(line, ".It ", 4) == 0 ||
					  strncmp(line, ".Cm ", 4) == 0 ||
					  strncmp(line, ".Bl ", 4) == 0 ||
					  strncmp(line, ".El\n", 4) == 0 ||
					  strncmp(line, ".Pp\n", 4) == 0 ||
					  strncmp(line, ".Xr ", 4) == 0,
				      "%.40s", line);
	}
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_help");
	TCase *t = tcase_create("config_help");

	tcase_add_test(t, config_help_has_every_keyword_once);
	tcase_add_test(t, config_help_is_in_order_and_tells_defaults);
	tcase_add_test(t, config_help_has_no_line_that_mdoc_would_mistake);
	suite_add_tcase(s, t);
	return s;
}
