/* Decisions on lines: what is masked, what belongs together, what leaves none. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/record.h"
#include "tests/unit.h"

static int ends[2];
static uint8_t store[4096];

static struct recorder *begin(void)
{
	struct recorder *r = recorder_new();

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	recorder_use(r, ends[1]);
	return r;
}

static void ask(struct recorder *r, uint64_t id, uint64_t conn, struct span facts)
{
	const struct engine_question q = {.id = id,
					  .conn = conn,
					  .event = POLICY_ON_user_auth_request,
					  .now_s = 1000,
					  .zone_s = 3600,
					  .facts = facts};

	recorder_asked(r, &q);
}

static enum err answer(struct recorder *r, uint64_t id)
{
	const struct engine_answer a = {.id = id,
					.conn = 7,
					.event = POLICY_ON_user_auth_request,
					.verdict = POLICY_ACCEPT,
					.cpu_us = 5,
					.where = SPAN_LIT("x.lua:3"),
					.script = "/etc/x.lua"};

	return recorder_answered(r, &a);
}

/* The next line, or NULL. */
static json_t *line_read(void)
{
	static char text[8192];
	ssize_t n = read(ends[0], text, sizeof text);

	return n > 0 && text[n - 1] == '\n' ? json_loadb(text, (size_t)n, 0, NULL)
					    : NULL;
}

static void line_is(const char *want)
{
	json_t *got = line_read(), *expected = json_loads(want, 0, NULL);

	ck_assert_ptr_nonnull(expected);
	ck_assert_msg(json_equal(got, expected), "got %s",
		      got != NULL ? json_dumps(got, 0) : "nothing");
	json_decref(got);
	json_decref(expected);
}

static void end(struct recorder *r)
{
	recorder_free(r);
	close(ends[0]);
}

static struct span facts_of(const char *method, const char *param)
{
	struct wr w = WR(store);
	struct span out;

	facts_str(&w, "conn.verified.source", SPAN_LIT("192.0.2.7"));
	facts_str(&w, "conn.user.totp_secret", SPAN_LIT("GEZDGNBV"));
	facts_str(&w, "auth.method", span_str(method));
	facts_str(&w, "auth.param", span_str(param));
	ck_assert_int_eq(wr_end(&w, &out), OK);
	return out;
}

START_TEST(a_decision_is_a_line_without_its_secrets)
{
	struct recorder *r = begin();

	ask(r, 1, 7, facts_of("password", "x"));
	ck_assert_int_eq(answer(r, 1), OK);
	line_is("{\"connection\": 7, \"event\": \"user_auth_request\", \"now\": 1000, "
		"\"zone\": 3600, \"script\": \"/etc/x.lua\", \"where\": \"x.lua:3\", "
		"\"cpu_us\": 5, \"want\": {\"verdict\": \"accept\"}, "
		"\"masked\": [\"conn.user.totp_secret\", \"auth.param\"], "
		"\"conn\": {\"verified\": {\"source\": \"192.0.2.7\"}, "
		"\"user\": {\"totp_secret\": \"masked\"}}, "
		"\"auth\": {\"method\": \"password\", \"param\": \"masked\"}}");
	end(r);
}
END_TEST

START_TEST(answers_to_prompts_are_masked_and_keys_are_not)
{
	struct recorder *r = begin();
	json_t *line;

	ask(r, 1, 7, facts_of("keyboard-interactive-1", "384688"));
	ck_assert_int_eq(answer(r, 1), OK);
	line = line_read();
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(line, "auth"), "param")),
	    "masked");
	json_decref(line);
	ask(r, 2, 7, facts_of("publickey", "blob"));
	ck_assert_int_eq(answer(r, 2), OK);
	line = line_read();
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(line, "auth"), "param")),
	    "blob");
	json_decref(line);
	end(r);
}
END_TEST

static void helpers_are(const json_t *line, const char *wanted)
{
	json_t *want = json_loads(wanted, 0, NULL);

	ck_assert(json_equal(json_object_get(line, "helpers"), want));
	json_decref(want);
}

START_TEST(what_helpers_said_is_with_the_question_that_asked_them)
{
	struct recorder *r = begin();
	const struct engine_call one = {.call = 3, .name = SPAN_LIT("directory")},
				 two = {.call = 4, .name = SPAN_LIT("other")};
	json_t *line;

	ask(r, 1, 7, (struct span){0});
	recorder_calls(r, &one);
	ask(r, 2, 7, (struct span){0});
	recorder_calls(r, &two);
	recorder_helped(r, 3, true, SPAN_LIT("{\"groups\": [\"ops\"]}"));
	ck_assert_int_eq(answer(r, 1), OK);
	line = line_read();
	helpers_are(line, "{\"directory\": {\"ok\": true, \"answer\": {\"groups\": "
			  "[\"ops\"]}}}");
	json_decref(line);
	recorder_helped(r, 4, false, SPAN_LIT("no such program"));
	ck_assert_int_eq(answer(r, 2), OK);
	line = line_read();
	helpers_are(line,
		    "{\"other\": {\"ok\": false, \"answer\": \"no such program\"}}");
	json_decref(line);
	end(r);
}
END_TEST

START_TEST(what_is_told_or_dropped_or_after_the_end_leaves_no_line)
{
	struct recorder *r = begin();

	ask(r, 0, 7, (struct span){0});
	ask(r, 1, 7, (struct span){0});
	recorder_drop(r, 7);
	ck_assert_int_eq(answer(r, 1), OK);
	ck_assert_ptr_null(line_read());
	ask(r, 2, 7, (struct span){0});
	recorder_use(r, -1);
	ck_assert_int_eq(answer(r, 2), OK);
	ask(r, 3, 7, (struct span){0});
	ck_assert_int_eq(answer(r, 3), OK);
	ck_assert_ptr_null(line_read());
	end(r);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told_once)
{
	struct recorder *r = begin();

	(void)signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	ask(r, 1, 7, (struct span){0});
	ck_assert_int_eq(answer(r, 1), ERR_FILE);
	ask(r, 2, 7, (struct span){0});
	ck_assert_int_eq(answer(r, 2), OK);
	recorder_free(r);
}
END_TEST

START_TEST(facts_that_are_malformed_leave_no_line)
{
	struct recorder *r = begin();

	ask(r, 1, 7, SPAN_LIT("\x00\x00\x00\x09"));
	ck_assert_int_eq(answer(r, 1), OK);
	ck_assert_ptr_null(line_read());
	end(r);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_record");
	TCase *c = tcase_create("record");

	tcase_add_test(c, a_decision_is_a_line_without_its_secrets);
	tcase_add_test(c, answers_to_prompts_are_masked_and_keys_are_not);
	tcase_add_test(c, what_helpers_said_is_with_the_question_that_asked_them);
	tcase_add_test(c, what_is_told_or_dropped_or_after_the_end_leaves_no_line);
	tcase_add_test(c, a_file_that_cannot_be_written_is_told_once);
	tcase_add_test(c, facts_that_are_malformed_leave_no_line);
	suite_add_tcase(s, c);
	return s;
}
