/* The tables of policy scripts, and the check of a decision. */
#include <string.h>

#include "common/limits.h"
#include "common/policy.h"
#include "tests/unit.h"

#define AUTH POLICY_ON_user_auth_request

START_TEST(each_event_is_found_by_its_name)
{
	enum policy_event e = POLICY_EVENT_COUNT;

	for (size_t i = 0; i < POLICY_EVENT_COUNT; i++) {
		ck_assert(policy_event_find(span_str(policy_events[i].name), &e));
		ck_assert_uint_eq(e, i);
		ck_assert_int_eq(strncmp(policy_events[i].args, "conn", 4), 0);
	}
	ck_assert(!policy_event_find(SPAN_LIT("on_log"), &e));
	ck_assert(policy_decides(AUTH) && !policy_decides(POLICY_ON_log));
}
END_TEST

START_TEST(each_fact_belongs_to_an_event_and_has_help)
{
	for (size_t i = 0; i < n_policy_facts; i++) {
		struct span name = span_str(policy_facts[i].name);
		size_t n = 0;

		for (unsigned e = 0; e < POLICY_EVENT_COUNT; e++)
			n += policy_fact_find(e, name) == &policy_facts[i];
		ck_assert_msg(n > 0, "%s comes in no event", policy_facts[i].name);
		ck_assert_uint_gt(strlen(policy_facts[i].help), 0);
		ck_assert_uint_le(name.n, LIMIT_FACT_NAME_BYTES);
	}
}
END_TEST

START_TEST(facts_come_only_where_they_belong)
{
	struct span secret = SPAN_LIT("conn.user.totp_secret");

	ck_assert_ptr_nonnull(policy_fact_find(AUTH, secret));
	ck_assert_ptr_null(policy_fact_find(POLICY_ON_channel_request, secret));
	ck_assert_ptr_nonnull(policy_fact_find(AUTH, SPAN_LIT("auth.param")));
	ck_assert_ptr_null(policy_fact_find(POLICY_ON_log, SPAN_LIT("auth.param")));
	ck_assert_ptr_null(policy_fact_find(AUTH, SPAN_LIT("auth.parameter")));
	ck_assert_ptr_null(policy_fact_find(AUTH, SPAN_LIT("auth")));
	ck_assert_ptr_nonnull(
	    policy_fact_find(POLICY_ON_channel_data_in, SPAN_LIT("data.bytes")));
	ck_assert_ptr_null(
	    policy_fact_find(POLICY_ON_channel_opened, SPAN_LIT("data.bytes")));
}
END_TEST

START_TEST(each_field_fits_a_deciding_event)
{
	for (size_t i = 0; i < n_policy_fields; i++) {
		const struct policy_field_row *f = &policy_fields[i];
		size_t n = 0;

		ck_assert_ptr_eq(policy_field_find(span_str(f->name)), f);
		for (unsigned e = 0; e < POLICY_EVENT_COUNT; e++)
			for (unsigned v = POLICY_ACCEPT; v <= POLICY_REFUSE; v++)
				n += policy_field_fits(f, e, v) &&
				     (policy_events[e].verdicts & POLICY_BIT(v)) != 0;
		ck_assert_msg(n > 0, "%s fits nowhere", f->name);
		ck_assert_uint_gt(strlen(f->help), 0);
	}
	ck_assert_ptr_null(policy_field_find(SPAN_LIT("comand")));
}
END_TEST

static enum err check_str(enum policy_event e, enum policy_verdict v, const char *name,
			  struct span value)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	struct wr w = WR(buf);
	struct span all = {0};

	facts_str(&w, name, value);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	return policy_decision_check(e, v, all);
}

START_TEST(policy_decision_check_knows_verdict_event_and_bound)
{
	static const uint8_t long_text[LIMIT_TEXT_BYTES + 1];
	struct span one = SPAN_LIT("x");

	ck_assert_int_eq(check_str(AUTH, POLICY_ACCEPT, "command", one), OK);
	ck_assert_int_eq(check_str(AUTH, POLICY_REFUSE, "command", one), ERR_RANGE);
	ck_assert_int_eq(
	    check_str(POLICY_ON_service_request, POLICY_ACCEPT, "command", one),
	    ERR_RANGE);
	ck_assert_int_eq(check_str(AUTH, POLICY_ACCEPT, "pty", one), ERR_RANGE);
	ck_assert_int_eq(check_str(AUTH, POLICY_ACCEPT, "unknown", one), ERR_RANGE);
	ck_assert_int_eq(check_str(AUTH, POLICY_NONE, "reason", one), ERR_RANGE);
	ck_assert_int_eq(check_str(AUTH, POLICY_REFUSE, "reason",
				   (struct span){long_text, LIMIT_TEXT_BYTES}),
			 OK);
	ck_assert_int_eq(check_str(AUTH, POLICY_REFUSE, "reason", SPAN_OF(long_text)),
			 ERR_RANGE);
	ck_assert_int_eq(check_str(POLICY_ON_channel_open_request, POLICY_ACCEPT,
				   "route", SPAN_LIT("script")),
			 OK);
	ck_assert_int_eq(check_str(POLICY_ON_channel_open_request, POLICY_ACCEPT,
				   "route", SPAN_LIT("scrip")),
			 ERR_RANGE);
	ck_assert_int_eq(policy_decision_check(AUTH, POLICY_PARTIAL, (struct span){0}),
			 OK);
	ck_assert_int_eq(policy_decision_check(POLICY_ON_service_request,
					       POLICY_PARTIAL, (struct span){0}),
			 ERR_RANGE);
}
END_TEST

START_TEST(policy_decision_check_refuses_a_field_twice_and_long_lists)
{
	uint8_t buf[LIMIT_POLICY_METHODS * 8 + 64];
	struct span item[LIMIT_POLICY_METHODS + 1];
	struct wr w = WR(buf);
	struct span all = {0};

	facts_num(&w, "idle_s", 1);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	ck_assert_int_eq(policy_decision_check(AUTH, POLICY_ACCEPT, all), OK);
	facts_num(&w, "idle_s", 1);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	ck_assert_int_eq(policy_decision_check(AUTH, POLICY_ACCEPT, all), ERR_RANGE);
	for (size_t i = 0; i <= LIMIT_POLICY_METHODS; i++)
		item[i] = SPAN_LIT("none");
	for (size_t n = LIMIT_POLICY_METHODS; n <= LIMIT_POLICY_METHODS + 1; n++) {
		w = WR(buf);
		facts_list(&w, "available_methods", item, n);
		ck_assert_int_eq(wr_end(&w, &all), OK);
		ck_assert_int_eq(policy_decision_check(AUTH, POLICY_PARTIAL, all),
				 n == LIMIT_POLICY_METHODS ? OK : ERR_RANGE);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_policy");
	TCase *t = tcase_create("policy");

	tcase_add_test(t, each_event_is_found_by_its_name);
	tcase_add_test(t, each_fact_belongs_to_an_event_and_has_help);
	tcase_add_test(t, facts_come_only_where_they_belong);
	tcase_add_test(t, each_field_fits_a_deciding_event);
	tcase_add_test(t, policy_decision_check_knows_verdict_event_and_bound);
	tcase_add_test(t, policy_decision_check_refuses_a_field_twice_and_long_lists);
	suite_add_tcase(s, t);
	return s;
}
