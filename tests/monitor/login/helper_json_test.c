#include <stdio.h>
#include <string.h>

#include "monitor/login/helper.h"
#include "tests/unit.h"

static char line[LIMIT_HELPER_LINE_BYTES];

/* The line that asks, as a C string; NULL: refused with *e. */
static const char *asked(struct span request, size_t cap, enum err *e)
{
	struct msg_helper_ask m = {.call = 7, .conn = 12, .request = request};
	struct wr w = {.p = (uint8_t *)line, .cap = cap};

	*e = helper_json_ask(&m, &w);
	line[w.n] = '\0';
	return *e == OK ? line : NULL;
}

START_TEST(a_request_travels_as_one_line_with_id_and_connection)
{
	enum err e;

	ck_assert_str_eq(
	    asked(SPAN_LIT("{\"user\": \"a\\nb\",\n \"n\": [1, 2.5]}"), 512, &e),
	    "{\"id\":7,\"conn\":12,\"request\":{\"user\":\"a\\nb\",\"n\":[1,2."
	    "5]}}\n");
	ck_assert_str_eq(asked(SPAN_LIT("\"alice\""), 512, &e),
			 "{\"id\":7,\"conn\":12,\"request\":\"alice\"}\n");
	ck_assert_str_eq(asked(SPAN_LIT("null"), 512, &e),
			 "{\"id\":7,\"conn\":12,\"request\":null}\n");
}
END_TEST

START_TEST(a_request_that_is_no_json_is_refused)
{
	static const char *const bad[] = {
	    "", "{", "alice", "{}}\n{\"id\":8}", "{\"a\":1,\"a\":2}", "\"\xff\""};
	enum err e;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_ptr_null(asked(span_str(bad[i]), 512, &e));
		ck_assert_int_eq(e, ERR_RANGE);
	}
}
END_TEST

START_TEST(a_request_that_does_not_fit_leaves_an_error)
{
	enum err e;

	ck_assert_ptr_null(asked(SPAN_LIT("{\"user\":\"alice\"}"), 20, &e));
	ck_assert_int_eq(e, ERR_NO_SPACE);
}
END_TEST

/* Reads what a program wrote, which must be an answer. */
static void expect(const char *text, uint64_t call, bool ok, const char *said)
{
	struct helper_said s = {0};
	struct why why = {0};

	ck_assert_int_eq(helper_json_read(span_str(text), &s, &why), OK);
	ck_assert_uint_eq(s.call, call);
	ck_assert_int_eq(s.ok, ok);
	ck_assert_str_eq(s.text, said);
	helper_said_wipe(&s);
}

START_TEST(an_answer_is_a_result_or_an_error)
{
	expect("{\"id\":7,\"result\":{\"a\": [1]}}", 7, true, "{\"a\":[1]}");
	expect(" {\"result\": \"x\", \"id\": 9007199254740993}\r", 9007199254740993,
	       true, "\"x\"");
	expect("{\"id\":1,\"result\":null}", 1, true, "null");
	expect("{\"id\":1,\"result\":2,\"error\":null}", 1, true, "2");
	expect("{\"id\":1,\"error\":\"no such user\"}", 1, false, "no such user");
	expect("{\"id\":1,\"error\":\"e\",\"result\":1}", 1, false, "e");
	expect("{\"id\":1,\"error\":{}}", 1, false, "an error without a text");
	expect("{\"id\":1}", 1, false, "an answer without a result");
}
END_TEST

START_TEST(what_is_no_answer_is_refused_and_says_why)
{
	static const char *const bad[] = {
	    "",
	    "hello",
	    "[]",
	    "7",
	    "{\"id\":1,\"result\":1} x",
	    "{\"id\":1,\"id\":2,\"result\":1}",
	    "{\"id\":\"1\",\"result\":1}",
	    "{\"id\":0,\"result\":1}",
	    "{\"id\":-1,\"result\":1}",
	    "{\"id\":1.0,\"result\":1}",
	    "{\"id\":99999999999999999999,\"result\":1}",
	    "{\"result\":1}",
	    "{\"id\":1,\"result\":\"\\u0000\"}",
	    "{\"id\":1,\"result\":\"\xc3\"}",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct helper_said s = {0};
		struct why why = {0};

		ck_assert_msg(helper_json_read(span_str(bad[i]), &s, &why) == ERR_RANGE,
			      "%s", bad[i]);
		ck_assert_ptr_null(s.text);
		ck_assert_str_ne(why.text, "");
	}
}
END_TEST

START_TEST(a_result_beyond_the_limit_is_an_error_of_its_call)
{
	int head = snprintf(line, sizeof line, "{\"id\":3,\"result\":\"");

	memset(line + head, 'x', LIMIT_HELPER_BYTES - 1);
	memcpy(line + head + LIMIT_HELPER_BYTES - 1, "\"}", 3);
	expect(line, 3, false, "an answer that is too long");
	memcpy(line + head + LIMIT_HELPER_BYTES - 2, "\"}", 3);
	{
		struct helper_said s = {0};
		struct why why = {0};

		ck_assert_int_eq(helper_json_read(span_str(line), &s, &why), OK);
		ck_assert(s.ok);
		ck_assert_uint_eq(strlen(s.text), LIMIT_HELPER_BYTES);
		helper_said_wipe(&s);
	}
}
END_TEST

START_TEST(an_error_is_cut_to_what_a_log_line_holds)
{
	struct helper_said s = {0};
	struct why why = {0};
	int head = snprintf(line, sizeof line, "{\"id\":3,\"error\":\"");

	memset(line + head, 'x', LIMIT_TEXT_BYTES * 2);
	memcpy(line + head + LIMIT_TEXT_BYTES * 2, "\"}", 3);
	ck_assert_int_eq(helper_json_read(span_str(line), &s, &why), OK);
	ck_assert(!s.ok);
	ck_assert_uint_eq(strlen(s.text), LIMIT_TEXT_BYTES);
	helper_said_wipe(&s);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	struct helper_said s = {0};
	struct why why = {0};
	size_t head = (size_t)snprintf(line, sizeof line, "{\"id\":3,\"result\":");

	memset(line + head, '[', sizeof line - head);
	ck_assert_int_eq(
	    helper_json_read((struct span){(uint8_t *)line, sizeof line}, &s, &why),
	    ERR_RANGE);
}
END_TEST

static void setup(void)
{
	ck_assert_int_eq(helper_json_open(), OK);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_helper_json");
	TCase *t = tcase_create("lines");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_request_travels_as_one_line_with_id_and_connection);
	tcase_add_test(t, a_request_that_is_no_json_is_refused);
	tcase_add_test(t, a_request_that_does_not_fit_leaves_an_error);
	tcase_add_test(t, an_answer_is_a_result_or_an_error);
	tcase_add_test(t, what_is_no_answer_is_refused_and_says_why);
	tcase_add_test(t, a_result_beyond_the_limit_is_an_error_of_its_call);
	tcase_add_test(t, an_error_is_cut_to_what_a_log_line_holds);
	tcase_add_test(t, nesting_has_an_end);
	suite_add_tcase(s, t);
	return s;
}
