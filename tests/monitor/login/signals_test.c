/* Names of signals. */
#include <signal.h>

#include "monitor/login/login.h"
#include "tests/unit.h"

START_TEST(signal_names_of_the_rfc_go_both_ways)
{
	static const char *const names[] = {"ABRT", "ALRM", "FPE",  "HUP",  "ILL",
					    "INT",  "KILL", "PIPE", "QUIT", "SEGV",
					    "TERM", "USR1", "USR2"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int number = signal_number(span_str(names[i]));

		ck_assert_int_gt(number, 0);
		ck_assert_str_eq(signal_name(number), names[i]);
	}
	ck_assert_int_eq(signal_number(SPAN_LIT("TERM")), SIGTERM);
}
END_TEST

START_TEST(signal_number_refuses_every_other_name)
{
	ck_assert_int_eq(signal_number(SPAN_LIT("STOP")), 0);
	ck_assert_int_eq(signal_number(SPAN_LIT("SIGTERM")), 0);
	ck_assert_int_eq(signal_number(SPAN_LIT("term")), 0);
	ck_assert_int_eq(signal_number(SPAN_LIT("")), 0);
	ck_assert_int_eq(signal_number(SPAN_LIT("9")), 0);
}
END_TEST

START_TEST(signal_name_of_others_fits_its_field)
{
	for (int i = 1; i < NSIG; i++)
		ck_assert_uint_le(span_str(signal_name(i)).n, LIMIT_SIGNAL_BYTES);
	ck_assert_str_eq(signal_name(SIGXCPU), "SIG@openssh.com");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_signals");
	TCase *t = tcase_create("signals");

	tcase_add_test(t, signal_names_of_the_rfc_go_both_ways);
	tcase_add_test(t, signal_number_refuses_every_other_name);
	tcase_add_test(t, signal_name_of_others_fits_its_field);
	suite_add_tcase(s, t);
	return s;
}
