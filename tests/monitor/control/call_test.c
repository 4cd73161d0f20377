#include <stdlib.h>
#include <string.h>

#include "monitor/control/call.h"
#include "tests/unit.h"

static struct call call;

static enum ctl_error parse(const char *line)
{
	call_wipe(&call);
	return call_parse(span_str(line), &call);
}

static struct span params(void)
{
	return (struct span){call.params, call.params_n};
}

START_TEST(call_parse_takes_a_call)
{
	ck_assert_int_eq(
	    parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":"
		  "\"connection.list\",\"params\":{\"user\":\"a\\u0000b\"}}"),
	    CTL_OK);
	ck_assert_int_eq(call.method, CTL_ON_connection_list);
	ck_assert_int_eq(json_integer_value(call.id), 7);
	ck_assert(!call.quiet);
	ck_assert(span_equal(facts_get_str(params(), "user", (struct span){0}),
			     SPAN_LIT("a\0b")));
	ck_assert_int_eq(ctl_params_check(call.method, params()), OK);
}
END_TEST

START_TEST(call_parse_takes_bytes_that_are_no_text)
{
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":"
			       "\"connection.list\",\"params\":"
			       "{\"user\":{\"base64\":\"/w==\"}}}"),
			 CTL_OK);
	ck_assert(span_equal(facts_get_str(params(), "user", (struct span){0}),
			     SPAN_LIT("\xff")));
}
END_TEST

START_TEST(call_parse_of_a_notification_is_quiet)
{
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}"), CTL_OK);
	ck_assert(call.quiet);
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"method\":\"stats\"}"),
			 CTL_BAD_METHOD);
	ck_assert(call.quiet);
	ck_assert_int_eq(parse("{\"method\":\"status\"}"), CTL_BAD_REQUEST);
	ck_assert(!call.quiet);
}
END_TEST

static const struct {
	const char *line;
	enum ctl_error e;
	const char *says;
} wrong[] = {
    {"",										CTL_BAD_PARSE,   "this is not JSON"   },
    {"{\"id\":1}{",								     CTL_BAD_PARSE,   "this is not JSON"   },
    {"[{}]",									    CTL_BAD_REQUEST, "a call is an object"},
    {"\"status\"",								      CTL_BAD_REQUEST, "a call is an object"},
    {"{\"jsonrpc\":\"1.0\",\"method\":\"status\"}",                                     CTL_BAD_REQUEST, "must be \"2.0\""    },
    {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"status\"}",                         CTL_BAD_REQUEST,
     "\"id\" must be"													 },
    {"{\"jsonrpc\":\"2.0\",\"role\":\"admin\"}",                                        CTL_BAD_REQUEST, "no member \"role\"" },
    {"{\"jsonrpc\":\"2.0\",\"method\":1}",					      CTL_BAD_REQUEST, "must be a string"   },
    {"{\"jsonrpc\":\"2.0\",\"method\":\"status\",\"params\":1}",                        CTL_BAD_PARAMS,
     "must be an object"												      },
    {"{\"jsonrpc\":\"2.0\",\"method\":\"status\",\"params\":{\"a\":1}}",                CTL_BAD_PARAMS,
     "has no parameter a"												     },
    {"{\"jsonrpc\":\"2.0\",\"method\":\"connection.list\",\"params\":{\"user\":null}}",
     CTL_BAD_PARAMS,										     "must be a string"   },
};

START_TEST(call_parse_says_what_is_wrong)
{
	ck_assert_int_eq(parse(wrong[_i].line), wrong[_i].e);
	ck_assert_msg(strstr(call.text, wrong[_i].says) != NULL, "%s", call.text);
}
END_TEST

START_TEST(call_parse_refuses_parameters_beyond_their_bound)
{
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
				   "\"connection.list\",\"params\":{\"user\":\"";
	size_t n = sizeof head - 1;
	char *line = malloc(n + LIMIT_CONTROL_CALL_BYTES + 4);

	ck_assert_ptr_nonnull(line);
	memcpy(line, head, n);
	memset(line + n, 'a', LIMIT_CONTROL_CALL_BYTES);
	memcpy(line + n + LIMIT_CONTROL_CALL_BYTES, "\"}}", 4);
	ck_assert_int_eq(parse(line), CTL_BAD_LINE_LENGTH);
	free(line);
}
END_TEST

START_TEST(call_parse_survives_depth)
{
	static char line[200000];

	memset(line, '[', sizeof line - 1);
	ck_assert_int_eq(parse(line), CTL_BAD_PARSE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_control_call");
	TCase *t = tcase_create("call");

	tcase_add_test(t, call_parse_takes_a_call);
	tcase_add_test(t, call_parse_takes_bytes_that_are_no_text);
	tcase_add_test(t, call_parse_of_a_notification_is_quiet);
	tcase_add_loop_test(t, call_parse_says_what_is_wrong, 0,
			    sizeof wrong / sizeof *wrong);
	tcase_add_test(t, call_parse_refuses_parameters_beyond_their_bound);
	tcase_add_test(t, call_parse_survives_depth);
	suite_add_tcase(s, t);
	return s;
}
