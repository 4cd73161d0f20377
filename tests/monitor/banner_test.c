/* Files that are shown before authentication. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/banner.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static void file_of(char path[32], size_t n)
{
	int fd;

	(void)snprintf(path, 32, "/tmp/sallyport-banner-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

/* Reads the banners of a configuration. */
static struct config *load(struct monitor *m, const char *text)
{
	m->config = kit_load(text);
	banners_load(m);
	return m->config;
}

START_TEST(banners_load_reads_until_the_next_time)
{
	struct monitor m = {0};
	struct config *c;
	char path[32], text[64];

	file_of(path, 5);
	(void)snprintf(text, sizeof text, "Banner %s\n", path);
	c = load(&m, text);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(banner_get(&m, path).n, 5);
	log_level_set(LOG_QUIET_ALL);
	banners_load(&m);
	ck_assert_uint_eq(banner_get(&m, path).n, 0);
	banners_forget(&m);
	config_unref(c);
}
END_TEST

START_TEST(banners_load_reads_those_of_match_blocks_and_keeps_files_apart)
{
	struct monitor m = {0};
	struct config *c;
	char one[32], two[32], text[128];

	file_of(one, 1);
	file_of(two, 2);
	(void)snprintf(
	    text, sizeof text,
	    "Banner %s\nMatch User a\nBanner %s\nMatch User b\nBanner none\n", one,
	    two);
	c = load(&m, text);
	ck_assert_uint_eq(banner_get(&m, one).n, 1);
	ck_assert_uint_eq(banner_get(&m, two).n, 2);
	ck_assert_uint_eq(banner_get(&m, "/elsewhere").n, 0);
	banners_forget(&m);
	config_unref(c);
	unlink(one);
	unlink(two);
}
END_TEST

START_TEST(banners_load_cuts_at_the_limit)
{
	struct monitor m = {0};
	struct config *c;
	char path[32], text[64];

	log_level_set(LOG_QUIET_ALL);
	file_of(path, LIMIT_BANNER_BYTES + 1);
	(void)snprintf(text, sizeof text, "Banner %s\n", path);
	c = load(&m, text);
	ck_assert_uint_eq(banner_get(&m, path).n, LIMIT_BANNER_BYTES);
	banners_forget(&m);
	config_unref(c);
	unlink(path);
}
END_TEST

START_TEST(banner_get_gives_nothing_for_no_path)
{
	struct monitor m = {0};
	struct config *c = load(&m, "Banner none\n");

	ck_assert_uint_eq(banner_get(&m, NULL).n, 0);
	ck_assert_ptr_null(m.banners);
	config_unref(c);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_banner");
	TCase *t = tcase_create("banner");

	tcase_add_test(t, banners_load_reads_until_the_next_time);
	tcase_add_test(t,
		       banners_load_reads_those_of_match_blocks_and_keeps_files_apart);
	tcase_add_test(t, banners_load_cuts_at_the_limit);
	tcase_add_test(t, banner_get_gives_nothing_for_no_path);
	suite_add_tcase(s, t);
	return s;
}
