/* Lines: keywords, arguments, quotes, comments, and that what is put is read again. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "monitor/config_line.h"
#include "tests/unit.h"

static struct arena arena;

static struct config_line split(const char *text)
{
	struct config_line line = {0};
	const char *why = NULL;

	ck_assert_int_eq(config_line_split(&arena, span_str(text), &line, &why), OK);
	return line;
}

static const char *refusal(struct span text)
{
	struct config_line line = {0};
	const char *why = NULL;

	ck_assert_int_eq(config_line_split(&arena, text, &line, &why), ERR_CONFIG);
	return why;
}

START_TEST(config_line_skips_comments_and_empty_lines)
{
	static const char *const rows[] = {"",   "   ", "# x", "  \t# Port 1",
					   "\r", "\f"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_ptr_null(split(rows[i]).keyword);
}
END_TEST

START_TEST(config_line_divides_at_blanks_or_one_equals_sign)
{
	static const char *const rows[] = {"Port 22",       "Port=22",
					   "  Port = 22  ", "Port\t22\r",
					   "Port =22",      "Port= 22 # standard",
					   "Port \"22\""};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct config_line line = split(rows[i]);

		ck_assert_str_eq(line.keyword, "Port");
		ck_assert_uint_eq(line.n, 1);
		ck_assert_str_eq(line.arg[0].text, "22");
	}
	ck_assert_str_eq(split("Port ==22").arg[0].text, "=22");
	ck_assert_uint_eq(split("Port").n, 0);
	ck_assert_uint_eq(split("Port # 22").n, 0);
}
END_TEST

START_TEST(config_line_reads_quotes_and_escapes)
{
	struct config_line line =
	    split("SetEnv A=\"b c\" 'd \"e' f\\ g \"h\\\"i\\\\\" j\\k l#m \"\" # n");

	ck_assert_uint_eq(line.n, 7);
	ck_assert_str_eq(line.arg[0].text, "A=b c");
	ck_assert_str_eq(line.arg[1].text, "d \"e");
	ck_assert_str_eq(line.arg[2].text, "f g");
	ck_assert_str_eq(line.arg[3].text, "h\"i\\");
	ck_assert_str_eq(line.arg[4].text, "j\\k");
	ck_assert_str_eq(line.arg[5].text, "l#m");
	ck_assert_str_eq(line.arg[6].text, "");
}
END_TEST

START_TEST(config_line_keeps_the_rest_as_it_stands)
{
	struct config_line line = split("ForceCommand  echo  \"a b\" # c ");

	ck_assert_str_eq(line.rest, "echo  \"a b\" # c");
	ck_assert_uint_eq(line.n, 2);
	ck_assert_uint_eq(line.arg[1].begin, 6);
	ck_assert_uint_eq(line.arg[1].end, 11);
}
END_TEST

START_TEST(config_line_refuses_what_cannot_be_read)
{
	static uint8_t large[LIMIT_CONFIG_LINE_BYTES + 1];

	memset(large, 'x', sizeof large);
	ck_assert_str_eq(refusal(span_str("Banner \"a")), "a quote is not closed");
	ck_assert_str_eq(refusal(span_str("Banner a'b")), "a quote is not closed");
	ck_assert_ptr_nonnull(strstr(refusal(SPAN_LIT("Banner a\0b")), "control"));
	ck_assert_ptr_nonnull(strstr(refusal(SPAN_LIT("Banner \033[0m")), "control"));
	ck_assert_ptr_nonnull(strstr(refusal(SPAN_LIT("A 1\nB 2")), "control"));
	ck_assert_str_eq(refusal(SPAN_OF(large)), "the line is too long");
}
END_TEST

START_TEST(config_line_reads_what_it_put)
{
	static const char *const rows[] = {
	    "",          "a",  "a b",   "=a",      "#a",        "a#b", "it's",
	    "say \"x\"", "\\", "a\\ b", "\\\\\"'", "tab\there", "\\x", "\303\244"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);
		struct config_line line;

		ck_assert_ptr_nonnull(f);
		(void)fputs("Keyword ", f);
		config_line_put(f, rows[i]);
		(void)fclose(f);
		line = split(text);
		ck_assert_uint_eq(line.n, 1);
		ck_assert_str_eq(line.arg[0].text, rows[i]);
		free(text);
	}
}
END_TEST

static void teardown(void)
{
	arena_wipe(&arena);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_line");
	TCase *t = tcase_create("config_line");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, config_line_skips_comments_and_empty_lines);
	tcase_add_test(t, config_line_divides_at_blanks_or_one_equals_sign);
	tcase_add_test(t, config_line_reads_quotes_and_escapes);
	tcase_add_test(t, config_line_keeps_the_rest_as_it_stands);
	tcase_add_test(t, config_line_refuses_what_cannot_be_read);
	tcase_add_test(t, config_line_reads_what_it_put);
	suite_add_tcase(s, t);
	return s;
}
