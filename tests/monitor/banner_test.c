/* Files that are shown before authentication. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/banner.h"
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

START_TEST(banner_get_reads_once_until_it_is_forgotten)
{
	struct monitor m = {0};
	char path[32];

	file_of(path, 5);
	ck_assert_uint_eq(banner_get(&m, path).n, 5);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(banner_get(&m, path).n, 5);
	banners_forget(&m);
	log_level_set(LOG_QUIET_ALL);
	ck_assert_uint_eq(banner_get(&m, path).n, 0);
	banners_forget(&m);
}
END_TEST

START_TEST(banner_get_keeps_files_apart)
{
	struct monitor m = {0};
	char one[32], two[32];

	file_of(one, 1);
	file_of(two, 2);
	ck_assert_uint_eq(banner_get(&m, one).n, 1);
	ck_assert_uint_eq(banner_get(&m, two).n, 2);
	ck_assert_uint_eq(banner_get(&m, one).n, 1);
	banners_forget(&m);
	unlink(one);
	unlink(two);
}
END_TEST

START_TEST(banner_get_cuts_at_the_limit)
{
	struct monitor m = {0};
	char path[32];

	log_level_set(LOG_QUIET_ALL);
	file_of(path, LIMIT_BANNER_BYTES + 1);
	ck_assert_uint_eq(banner_get(&m, path).n, LIMIT_BANNER_BYTES);
	banners_forget(&m);
	unlink(path);
}
END_TEST

START_TEST(banner_get_gives_nothing_for_no_path)
{
	struct monitor m = {0};

	ck_assert_uint_eq(banner_get(&m, NULL).n, 0);
	ck_assert_ptr_null(m.banners);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_banner");
	TCase *t = tcase_create("banner");

	tcase_add_test(t, banner_get_reads_once_until_it_is_forgotten);
	tcase_add_test(t, banner_get_keeps_files_apart);
	tcase_add_test(t, banner_get_cuts_at_the_limit);
	tcase_add_test(t, banner_get_gives_nothing_for_no_path);
	suite_add_tcase(s, t);
	return s;
}
