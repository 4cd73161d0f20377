/* Log lines: nothing foreign forges one. */
#include <string.h>

#include "common/log.h"
#include "tests/unit.h"

struct heard {
	char line[LIMIT_LOG_BYTES + 2];
	unsigned n;
};

static void hear(void *ctx, enum log_level level, const char *line)
{
	struct heard *h = ctx;

	(void)level;
	(void)strncpy(h->line, line, sizeof h->line - 1);
	h->n++;
}

START_TEST(log_line_makes_control_characters_harmless)
{
	struct heard h = {0};

	log_open(hear, &h, LOG_INFO_LEVEL);
	log_info("%s", "a\nAccepted password\x1b[2J\x7f");
	ck_assert_str_eq(h.line, "a?Accepted password?[2J?");
}
END_TEST

START_TEST(log_line_is_cut_at_its_limit)
{
	static char long_text[LIMIT_LOG_BYTES * 2];
	struct heard h = {0};

	memset(long_text, 'x', sizeof long_text - 1);
	log_open(hear, &h, LOG_INFO_LEVEL);
	log_info("%s", long_text);
	ck_assert_uint_eq(h.n, 1);
	ck_assert_uint_le(strlen(h.line), LIMIT_LOG_BYTES);
}
END_TEST

START_TEST(log_line_keeps_still_beyond_its_level)
{
	struct heard h = {0};

	log_open(hear, &h, LOG_INFO_LEVEL);
	log_verbose("no");
	ck_assert_uint_eq(h.n, 0);
	log_level_set(LOG_VERBOSE);
	log_verbose("yes");
	ck_assert_uint_eq(h.n, 1);
	ck_assert(!log_wants(LOG_DEBUG1));
	ck_assert(!log_wants(LOG_QUIET_ALL));
}
END_TEST

START_TEST(log_line_begins_with_the_prefix)
{
	struct heard h = {0};

	log_open(hear, &h, LOG_INFO_LEVEL);
	log_prefix_set("worker: ");
	log_error("%d", 7);
	ck_assert_str_eq(h.line, "worker: 7");
	log_prefix_set("");
}
END_TEST

START_TEST(printable_shows_each_byte_and_where_it_was_cut)
{
	uint8_t bytes[LIMIT_TEXT_BYTES + 1];
	struct printable keep;

	ck_assert_str_eq(printable(SPAN_LIT("a\n\\\xff"), &keep), "a\\012\\134\\377");
	ck_assert_str_eq(printable((struct span){0}, &keep), "");
	memset(bytes, 0xff, sizeof bytes);
	ck_assert_uint_eq(strlen(printable(SPAN_OF(bytes), &keep)),
			  LIMIT_TEXT_BYTES * 4 + 3);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_log");
	TCase *t = tcase_create("log");

	tcase_add_test(t, log_line_makes_control_characters_harmless);
	tcase_add_test(t, log_line_is_cut_at_its_limit);
	tcase_add_test(t, log_line_keeps_still_beyond_its_level);
	tcase_add_test(t, log_line_begins_with_the_prefix);
	tcase_add_test(t, printable_shows_each_byte_and_where_it_was_cut);
	suite_add_tcase(s, t);
	return s;
}
