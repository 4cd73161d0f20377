#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor/login/helper.h"
#include "tests/unit.h"

static uint8_t store[8];
static char got[256]; /* lines, each with | after it */
static int far;
static struct helper_lines lines;

static void setup(void)
{
	int pair[2];

	ck_assert_int_eq(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	far = pair[1];
	lines = (struct helper_lines){.fd = pair[0], .p = store, .cap = sizeof store};
	got[0] = '\0';
}

static void teardown(void)
{
	close(lines.fd);
	if (far >= 0)
		close(far);
}

static void keep(void *ctx, struct span line)
{
	size_t n = strlen(got);

	ck_assert_ptr_eq(ctx, &far);
	(void)snprintf(got + n, sizeof got - n, "%.*s|", (int)line.n,
		       (const char *)line.p);
}

static enum err feed(const char *text)
{
	ck_assert_int_eq(write(far, text, strlen(text)), (ssize_t)strlen(text));
	return helper_lines_read(&lines, keep, &far);
}

START_TEST(lines_are_whole_whatever_the_pieces)
{
	ck_assert_int_eq(helper_lines_read(&lines, keep, &far), ERR_AGAIN);
	ck_assert_int_eq(feed("a"), OK);
	ck_assert_str_eq(got, "");
	ck_assert_int_eq(feed("b\n\nc\nd"), OK);
	ck_assert_str_eq(got, "ab||c|");
	ck_assert_int_eq(feed("efg\n"), OK);
	ck_assert_str_eq(got, "ab||c|defg|");
}
END_TEST

START_TEST(the_last_line_needs_no_end)
{
	ck_assert_int_eq(feed("ab"), OK);
	close(far);
	far = -1;
	ck_assert_int_eq(helper_lines_read(&lines, keep, &far), ERR_CLOSED);
	ck_assert_str_eq(got, "ab|");
	ck_assert_int_eq(helper_lines_read(&lines, keep, &far), ERR_CLOSED);
	ck_assert_str_eq(got, "ab|");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_an_error)
{
	ck_assert_int_eq(feed("1234567\n"), OK);
	ck_assert_str_eq(got, "1234567|");
	ck_assert_int_eq(feed("12345678"), ERR_RANGE);
	ck_assert_str_eq(got, "1234567|");
}
END_TEST

START_TEST(a_line_that_is_too_long_can_be_cut)
{
	lines.cut = true;
	ck_assert_int_eq(feed("12345678"), OK);
	ck_assert_str_eq(got, "12345678|");
	ck_assert_int_eq(feed("9 and 9"), OK);
	ck_assert_int_eq(feed("and\nab\n"), OK);
	ck_assert_int_eq(helper_lines_read(&lines, keep, &far), OK);
	ck_assert_str_eq(got, "12345678|ab|");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_helper_lines");
	TCase *t = tcase_create("lines");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_are_whole_whatever_the_pieces);
	tcase_add_test(t, the_last_line_needs_no_end);
	tcase_add_test(t, a_line_that_is_too_long_is_an_error);
	tcase_add_test(t, a_line_that_is_too_long_can_be_cut);
	suite_add_tcase(s, t);
	return s;
}
