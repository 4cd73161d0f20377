/* Decisions as an operator reads them. */
#include "policy/facts_json.h"
#include "tests/unit.h"

static uint8_t storage[LIMIT_TEXT_BYTES * 4];

START_TEST(decision_json_joins_prompts_and_names_variables)
{
	const struct span texts[] = {SPAN_LIT("code: "), SPAN_LIT("why? ")};
	const struct span echoes[] = {SPAN_LIT("0"), SPAN_LIT("1")};
	const struct span env[] = {SPAN_LIT("A=b=c"), SPAN_LIT("E=")};
	const struct span used[] = {SPAN_LIT("123456")};
	json_t *want = json_loads(
	    "{\"verdict\": \"partial\", \"instruction\": \"second\","
	    " \"prompts\": [{\"text\": \"code: \", \"echo\": false}, {\"text\": \"why? "
	    "\", \"echo\": true}],"
	    " \"env\": {\"A\": \"b=c\", \"E\": \"\"}, \"idle_s\": 60, \"pty\": false}",
	    0, NULL);
	struct wr w = WR(storage);
	struct span fields;
	json_t *got;

	facts_str(&w, "instruction", SPAN_LIT("second"));
	facts_list(&w, "prompts", texts, 2);
	facts_list(&w, "prompts_echo", echoes, 2);
	facts_list(&w, "env", env, 2);
	facts_list(&w, "totp_used", used, 1); /* a secret of the moment: not shown */
	facts_num(&w, "idle_s", 60);
	facts_bool(&w, "pty", false);
	ck_assert_int_eq(wr_end(&w, &fields), OK);
	got = decision_to_json(POLICY_PARTIAL, fields);
	ck_assert(json_equal(want, got));
	json_decref(want);
	json_decref(got);
}
END_TEST

START_TEST(decision_json_of_nothing_is_its_verdict)
{
	json_t *got = decision_to_json(POLICY_NONE, (struct span){0});

	ck_assert_str_eq(json_string_value(json_object_get(got, "verdict")), "none");
	ck_assert_uint_eq(json_object_size(got), 1);
	json_decref(got);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_decision_json");
	TCase *t = tcase_create("decision_json");

	tcase_add_test(t, decision_json_joins_prompts_and_names_variables);
	tcase_add_test(t, decision_json_of_nothing_is_its_verdict);
	suite_add_tcase(s, t);
	return s;
}
