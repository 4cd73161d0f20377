/* expiry-time: the forms of sshd(8), and days that are none. */
#include <stdlib.h>
#include <time.h>

#include "monitor/auth/keytime.h"
#include "tests/unit.h"

static uint64_t parsed(const char *text)
{
	uint64_t when = 0;

	ck_assert_msg(keytime_parse(span_str(text), &when) == OK, "refused: %s", text);
	return when;
}

START_TEST(keytime_reads_utc)
{
	ck_assert_uint_eq(parsed("20240229Z"), 1709164800);
	ck_assert_uint_eq(parsed("202402291530Z"), 1709220600);
	ck_assert_uint_eq(parsed("20240229153045Z"), 1709220645);
	ck_assert_uint_eq(parsed("20991231Z"), 4102358400);
}
END_TEST

START_TEST(keytime_reads_local_time)
{
	ck_assert_int_eq(setenv("TZ", "XXX-02:00", 1), 0); /* two hours east */
	tzset();
	ck_assert_uint_eq(parsed("202402291730"), 1709220600);
}
END_TEST

START_TEST(keytime_refuses_what_is_no_time)
{
	static const char *const bad[] = {"",
					  "Z",
					  "2024",
					  "2024022",
					  "202402290",
					  "20240230Z",
					  "20230229Z",
					  "20241301Z",
					  "20240100Z",
					  "20240001Z",
					  "202402292430Z",
					  "202402291260Z",
					  "20240229126061Z",
					  "2024022x",
					  "20240229z",
					  "-0240229",
					  "20240229 ",
					  "202402291530456Z",
					  "19500101Z"};
	uint64_t when = 7;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(keytime_parse(span_str(bad[i]), &when) == ERR_CONFIG,
			      "taken: %s", bad[i]);
	ck_assert_uint_eq(when, 7);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_keytime");
	TCase *t = tcase_create("keytime");

	tcase_add_test(t, keytime_reads_utc);
	tcase_add_test(t, keytime_reads_local_time);
	tcase_add_test(t, keytime_refuses_what_is_no_time);
	suite_add_tcase(s, t);
	return s;
}
