#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/ctl.h"
#include "common/limits.h"
#include "tests/unit.h"

static bool is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text < 'a' || *text > 'z') && *text != '_')
			return false;
	return true;
}

START_TEST(ctl_methods_are_words_of_a_command_line)
{
	char name[LIMIT_NAME_BYTES];
	enum ctl_method found;
	char *dot;

	for (size_t i = 0; i < CTL_METHOD_COUNT; i++) {
		ck_assert(ctl_method_find(span_str(ctl_methods[i].name), &found));
		ck_assert_uint_eq(found, i); /* no two have a name */
		ck_assert_uint_gt(strlen(ctl_methods[i].help), 0);
		ck_assert_uint_lt(strlen(ctl_methods[i].name), sizeof name);
		memcpy(name, ctl_methods[i].name, strlen(ctl_methods[i].name) + 1);
		if ((dot = strchr(name, '.')) != NULL) {
			*dot = '\0';
			ck_assert_msg(is_word(dot + 1), "%s", ctl_methods[i].name);
		}
		ck_assert_msg(is_word(name), "%s", ctl_methods[i].name);
	}
	ck_assert(!ctl_method_find(SPAN_LIT("status."), &found));
}
END_TEST

START_TEST(ctl_parameters_and_results_belong_together)
{
	enum ctl_method last = 0;

	for (size_t i = 0; i < n_ctl_params; i++) {
		ck_assert_uint_ge(ctl_params[i].method, last);
		last = ctl_params[i].method;
		ck_assert_ptr_eq(ctl_param_find(last, span_str(ctl_params[i].name)),
				 &ctl_params[i]);
		ck_assert_uint_lt(strlen(ctl_params[i].name), LIMIT_FACT_NAME_BYTES);
	}
	last = 0;
	for (size_t i = 0; i < n_ctl_results; i++) {
		ck_assert_uint_ge(ctl_results[i].method, last);
		last = ctl_results[i].method;
		ck_assert_uint_lt(strlen(ctl_results[i].name), LIMIT_FACT_NAME_BYTES);
	}
}
END_TEST

START_TEST(ctl_errors_have_the_reference_s_codes)
{
	static const int32_t reference[] = {
	    100,   101,   102,   104,   106,   107,   108,   112,   116,   126,   135,
	    1201,  1202,  1300,  1301,  10004, 10009, 10013, 10014, 10022, 10024, 10035,
	    10036, 10037, 10038, 10039, 10040, 10041, 10042, 10043, 10044, 10045, 10046,
	    10047, 10048, 10049, 10050, 10051, 10052, 10053, 10054, 10055, 10056, 10057,
	    10058, 10059, 10060, 10061, 10062, 10063, 10064, 10065, 10066, 10067, 10068,
	    10069, 10070, 10071, 10091, 10092, 10093, 11001, 11002, 11003, 11004};
	size_t n;

	for (size_t i = 0; i < sizeof reference / sizeof *reference; i++) {
		for (n = 0; n < CTL_ERROR_COUNT; n++)
			if (ctl_errors[n].code == reference[i])
				break;
		ck_assert_msg(n < CTL_ERROR_COUNT, "%d is missing", reference[i]);
		ck_assert_uint_gt(strlen(ctl_errors[n].text), 0);
	}
}
END_TEST

START_TEST(ctl_error_of_finds_what_the_system_said)
{
	ck_assert_int_eq(ctl_errors[ctl_error_of(EADDRINUSE)].code, 10048);
	ck_assert_int_eq(ctl_errors[ctl_error_of(ECONNREFUSED)].code, 10061);
	ck_assert_int_eq(ctl_error_of(0), CTL_BAD_INTERNAL);
	ck_assert_int_eq(ctl_error_of(99999), CTL_BAD_INTERNAL);
}
END_TEST

START_TEST(ctl_params_check_lets_through_what_the_table_has)
{
	uint8_t store[256];
	struct wr w = WR(store);

	ck_assert_int_eq(ctl_params_check(CTL_ON_connection_list, (struct span){0}),
			 OK);
	facts_str(&w, "user", SPAN_LIT("a"));
	ck_assert_int_eq(
	    ctl_params_check(CTL_ON_connection_list, (struct span){w.p, w.n}), OK);
	ck_assert_int_eq(ctl_params_check(CTL_ON_status, (struct span){w.p, w.n}),
			 ERR_RANGE);
	facts_str(&w, "user", SPAN_LIT("b")); /* twice */
	ck_assert_int_eq(
	    ctl_params_check(CTL_ON_connection_list, (struct span){w.p, w.n}),
	    ERR_RANGE);
	w.n = 0;
	facts_num(&w, "user", 1);
	ck_assert_int_eq(
	    ctl_params_check(CTL_ON_connection_list, (struct span){w.p, w.n}),
	    ERR_RANGE);
	ck_assert_int_ne(
	    ctl_params_check(CTL_ON_connection_list, (struct span){w.p, w.n - 1}), OK);
}
END_TEST

START_TEST(ctl_event_name_names_all)
{
	ck_assert_str_eq(ctl_event_name(POLICY_ON_connected), "connected");
	ck_assert_str_eq(ctl_event_name(CTL_EVENT_CONTROL), "control");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_ctl");
	TCase *t = tcase_create("ctl");

	tcase_add_test(t, ctl_methods_are_words_of_a_command_line);
	tcase_add_test(t, ctl_parameters_and_results_belong_together);
	tcase_add_test(t, ctl_errors_have_the_reference_s_codes);
	tcase_add_test(t, ctl_error_of_finds_what_the_system_said);
	tcase_add_test(t, ctl_params_check_lets_through_what_the_table_has);
	tcase_add_test(t, ctl_event_name_names_all);
	suite_add_tcase(s, t);
	return s;
}
