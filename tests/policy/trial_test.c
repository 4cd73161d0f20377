/* A script in an engine, asked by the tool. */
#include <stdlib.h>
#include <string.h>

#include "policy/trial.h"
#include "tests/unit.h"

static struct trial *t;
static struct engine_loaded loaded;
static struct outcome o;

static void load(const char *text)
{
	ck_assert_int_eq(trial_new("x.lua", span_str(text), true, &loaded, &t), OK);
	trial_begin(t, NULL);
}

static void out(void)
{
	trial_free(t);
	t = NULL;
}

static const char *ask(enum policy_event event, json_t *helpers)
{
	struct fixture_step s = {.event = event, .now_s = 1000, .helpers = helpers};
	static char text[512];
	char *dump;

	ck_assert_int_eq(trial_step(t, &s, &o), OK);
	dump = json_dumps(o.decision, JSON_SORT_KEYS | JSON_COMPACT);
	(void)strncpy(text, dump, sizeof text - 1);
	free(dump);
	return text;
}

START_TEST(trial_gives_verdict_fields_and_place)
{
	load("function on_connection_request(conn)\n"
	     "  return refuse{ reason = 'r' }\n"
	     "end\n");
	ck_assert_uint_eq(loaded.handlers, POLICY_BIT(POLICY_ON_connection_request));
	ck_assert_str_eq(ask(POLICY_ON_connection_request, NULL),
			 "{\"reason\":\"r\",\"verdict\":\"refuse\"}");
	ck_assert_str_eq(o.where, "x.lua:2");
	outcome_wipe(&o);
}
END_TEST

START_TEST(trial_refuses_a_script_with_its_line)
{
	ck_assert_int_eq(
	    trial_new("x.lua", SPAN_LIT("\nerror('no')"), true, &loaded, &t),
	    ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(loaded.why, "x.lua:2"));
}
END_TEST

START_TEST(trial_collects_actions_and_notes_of_told_events)
{
	load("function on_channel_data_in(conn, channel, data)\n"
	     "  log('info', 'hello')\n"
	     "  conn:disconnect('bye')\n"
	     "end\n");
	ck_assert_str_eq(ask(POLICY_ON_channel_data_in, NULL),
			 "{\"actions\":[{\"action\":\"disconnect\",\"data\":\"bye\"}],"
			 "\"notes\":[\"hello\"],\"verdict\":\"none\"}");
	ck_assert(o.told);
	outcome_wipe(&o);
}
END_TEST

START_TEST(trial_answers_helpers_from_the_fixture)
{
	json_t *helpers =
	    json_loads("{\"ldap\": {\"ok\": true, \"answer\": {\"group\": \"g\"}},"
		       " \"down\": {\"ok\": false, \"answer\": \"no\"}}",
		       0, NULL);

	load("function on_connection_request(conn)\n"
	     "  local a = helper.call('ldap', { user = 'u' })\n"
	     "  local b, why = helper.call('down', {})\n"
	     "  return refuse{ reason = a.group .. tostring(b) .. why }\n"
	     "end\n");
	ck_assert_str_eq(ask(POLICY_ON_connection_request, helpers),
			 "{\"reason\":\"gnilno\",\"verdict\":\"refuse\"}");
	ck_assert_uint_eq(json_array_size(o.calls), 2);
	ck_assert(!o.no_answer);
	outcome_wipe(&o);
	(void)ask(POLICY_ON_connection_request, NULL);
	ck_assert(o.no_answer);
	outcome_wipe(&o);
	json_decref(helpers);
}
END_TEST

START_TEST(trial_keeps_what_a_connection_knows_and_forgets_it_with_the_next)
{
	json_t *shared = json_loads("{\"k\": 7}", 0, NULL);

	load("local n = 0\n"
	     "function on_connection_request(conn)\n"
	     "  n = n + 1\n"
	     "  return refuse{ reason = n .. ' ' .. tostring(shared.get('k')) }\n"
	     "end\n");
	(void)ask(POLICY_ON_connection_request, NULL);
	outcome_wipe(&o);
	ck_assert_ptr_nonnull(strstr(ask(POLICY_ON_connection_request, NULL), "2 nil"));
	outcome_wipe(&o);
	trial_begin(t, shared);
	ck_assert_ptr_nonnull(strstr(ask(POLICY_ON_connection_request, NULL), "1 7"));
	outcome_wipe(&o);
	json_decref(shared);
}
END_TEST

START_TEST(trial_marks_lines_that_were_executed)
{
	uint8_t map[8] = {0};

	load("function on_connection_request(conn)\n"
	     "  if conn.id == 1 then\n"
	     "    return accept{}\n"
	     "  end\n"
	     "  return refuse{}\n"
	     "end\n");
	trial_watch(t, map, sizeof map);
	(void)ask(POLICY_ON_connection_request, NULL);
	outcome_wipe(&o);
	ck_assert_uint_eq(map[2], 1);
	ck_assert_uint_eq(map[3], 0);
	ck_assert_uint_eq(map[5], 1);
}
END_TEST

START_TEST(trial_of_a_script_that_loops_is_an_error_with_its_line)
{
	load("function on_connection_request(conn)\n"
	     "  while true do end\n"
	     "end\n");
	ck_assert_ptr_nonnull(strstr(ask(POLICY_ON_connection_request, NULL), "error"));
	ck_assert_ptr_nonnull(strstr(o.where, "x.lua:2"));
	outcome_wipe(&o);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_trial");
	TCase *c = tcase_create("trial");

	tcase_add_checked_fixture(c, NULL, out);
	tcase_add_test(c, trial_gives_verdict_fields_and_place);
	tcase_add_test(c, trial_refuses_a_script_with_its_line);
	tcase_add_test(c, trial_collects_actions_and_notes_of_told_events);
	tcase_add_test(c, trial_answers_helpers_from_the_fixture);
	tcase_add_test(
	    c, trial_keeps_what_a_connection_knows_and_forgets_it_with_the_next);
	tcase_add_test(c, trial_marks_lines_that_were_executed);
	tcase_add_test(c, trial_of_a_script_that_loops_is_an_error_with_its_line);
	suite_add_tcase(s, c);
	return s;
}
