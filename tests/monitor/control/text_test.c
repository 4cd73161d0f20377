/* Text of channel.send in a code page: what has a place there, what has none, and other calls. */
#include <string.h>

#include "common/facts.h"
#include "monitor/control/text.h"
#include "tests/unit.h"

static struct call c;
static struct codepage *page;

static void begin(void)
{
	ck_assert_int_eq(codepage_open("850", &page), OK);
}

static void end(void)
{
	call_wipe(&c);
	codepage_free(page);
	page = NULL;
}

static enum ctl_error send(const char *method, const char *text)
{
	char line[256];

	call_wipe(&c);
	(void)snprintf(
	    line, sizeof line,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s}}", method,
	    text);
	ck_assert_msg(call_parse(span_str(line), &c) == CTL_OK, "%s", c.text);
	return text_encode(page, &c);
}

static struct span text(void)
{
	return facts_get_str((struct span){c.params, c.params_n}, "text",
			     (struct span){0});
}

START_TEST(text_is_put_into_the_code_page)
{
	ck_assert_int_eq(
	    send("channel.send",
		 "\"connection\":1,\"text\":\"caf\xc3\xa9\",\"channel\":2"),
	    CTL_OK);
	ck_assert(span_is(text(), "caf\x82"));
	ck_assert_uint_eq(
	    facts_get_num((struct span){c.params, c.params_n}, "channel", 0), 2);
}
END_TEST

START_TEST(text_that_has_no_place_there_is_an_error)
{
	ck_assert_int_eq(send("channel.send", "\"connection\":1,\"channel\":2,"
					      "\"text\":\"\xe2\x82\xac\""),
			 CTL_BAD_PARAMS);
	ck_assert_ptr_nonnull(strstr(c.text, "CodePage"));
}
END_TEST

START_TEST(bytes_and_other_calls_stay_as_they_are)
{
	ck_assert_int_eq(
	    send("channel.send", "\"connection\":1,\"channel\":2,\"hex\":\"c3a9\""),
	    CTL_OK);
	ck_assert(span_is(
	    facts_get_str((struct span){c.params, c.params_n}, "hex", (struct span){0}),
	    "\xc3\xa9"));
	ck_assert_int_eq(send("status", ""), CTL_OK);
	codepage_free(page);
	page = NULL;
	ck_assert_int_eq(send("channel.send", "\"connection\":1,\"channel\":2,"
					      "\"text\":\"\xe2\x82\xac\""),
			 CTL_OK);
	ck_assert(span_is(text(), "\xe2\x82\xac"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_control_text");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, text_is_put_into_the_code_page);
	tcase_add_test(t, text_that_has_no_place_there_is_an_error);
	tcase_add_test(t, bytes_and_other_calls_stay_as_they_are);
	suite_add_tcase(s, t);
	return s;
}
