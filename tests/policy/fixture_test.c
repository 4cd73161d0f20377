/* Files of fixtures: what they say, and what is wrong with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fixture.h"
#include "tests/unit.h"

static char path[] = "/tmp/sallyport-fixture-XXXXXX";
static struct fixture f;
static struct why why;

static void in(void)
{
	(void)strcpy(path + sizeof path - 7, "XXXXXX");
	ck_assert_int_ge(mkstemp(path), 0);
}

static void out(void)
{
	fixture_wipe(&f);
	(void)unlink(path);
}

static enum err load(const char *text)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return fixture_load(path, true, &f, &why);
}

static struct span fact(const struct fixture_step *s, const char *name)
{
	return facts_get_str(s->facts, name, (struct span){0});
}

START_TEST(fixture_cases_share_what_the_file_says)
{
	ck_assert_int_eq(
	    load("{\"script\": \"x.lua\", \"now\": \"2026-03-02T09:00:00+01:00\","
		 " \"shared\": {\"k\": 1}, \"conn\": {\"verified\": {\"source\": "
		 "\"::1\"}},"
		 " \"cases\": [{\"name\": \"a\", \"event\": \"connection_request\", "
		 "\"want\": \"none\"},"
		 " {\"name\": \"b\", \"event\": \"on_connection_request\", \"now\": 5, "
		 "\"shared\": {},"
		 "  \"conn\": {\"verified\": {\"source_port\": 9}},"
		 "  \"want\": {\"verdict\": \"refuse\", \"reason\": \"r\"}}]}"),
	    OK);
	ck_assert_str_eq(f.script, "/tmp/x.lua");
	ck_assert_uint_eq(f.n, 2);
	ck_assert_uint_eq(f.item[0].step[0].now_s, 1772438400);
	ck_assert_int_eq(f.item[0].step[0].zone_s, 3600);
	ck_assert_uint_eq(json_object_size(f.item[0].shared), 1);
	ck_assert_uint_eq(f.item[1].step[0].now_s, 5);
	ck_assert_uint_eq(json_object_size(f.item[1].shared), 0);
	ck_assert(span_is(fact(&f.item[1].step[0], "conn.verified.source"), "::1"));
	ck_assert_uint_eq(
	    facts_get_num(f.item[1].step[0].facts, "conn.verified.source_port", 0), 9);
	ck_assert_uint_eq(
	    facts_get_num(f.item[0].step[0].facts, "conn.verified.source_port", 0), 0);
}
END_TEST

START_TEST(fixture_steps_keep_what_became_known_of_the_connection)
{
	ck_assert_int_eq(load("[{\"name\": \"a\", \"auth\": {\"user\": \"u\"}, "
			      "\"conn\": {\"id\": 3}, \"steps\": ["
			      " {\"event\": \"user_auth_request\", \"conn\": "
			      "{\"claimed\": {\"user\": \"u\"}},"
			      "  \"auth\": {\"method\": \"none\"}, \"want\": \"none\"},"
			      " {\"event\": \"user_auth_request\", \"want\": \"none\"},"
			      " {\"event\": \"channel_open_request\", \"channel\": "
			      "{\"type\": \"session\"}, \"want\": \"none\"}]}]"),
			 OK);
	ck_assert_uint_eq(f.item[0].n_steps, 3);
	ck_assert(span_is(fact(&f.item[0].step[1], "conn.claimed.user"), "u"));
	ck_assert(span_is(fact(&f.item[0].step[1], "auth.user"), "u"));
	/* what was asked is over */
	ck_assert_uint_eq(fact(&f.item[0].step[1], "auth.method").n, 0);
	ck_assert_uint_eq(facts_get_num(f.item[0].step[2].facts, "conn.id", 0), 3);
	/* the script of the same name */
	ck_assert_ptr_nonnull(strstr(f.script, ".lua"));
	ck_assert_int_eq(strncmp(f.script, path, strlen(path)), 0);
}
END_TEST

#define CASE(rest) "{\"name\": \"a\", " rest "}"
#define AUTH       "\"event\": \"user_auth_request\", "

static const struct {
	const char *text, *why;
} wrong[] = {
    {"{",										     "line 1: string or '}' expected near end of file"},
    {"[]",										    "there is no case in it"                         },
    {"[{\"event\": \"log\"}]",								"case 1 (unnamed): \"name\" is missing"          },
    {CASE(AUTH "\"wnat\": 1"),								"\"wnat\" cannot stand here; did you mean want"  },
    {CASE("\"want\": 1"),								     "\"event\" is missing"                           },
    {CASE("\"event\": \"user_auth_reqest\""),
     "there is no event user_auth_reqest; did you mean user_auth_request"                                                                      },
    {CASE(AUTH "\"channel\": {}"),
     "user_auth_request has no channel: its arguments are conn, auth"									  },
    {CASE(AUTH "\"now\": \"noon\""),							  "\"now\" must be seconds"                        },
    {CASE(AUTH "\"zone\": 90000"),							    "\"zone\" must be seconds east of UTC"           },
    {CASE(AUTH "\"auth\": {\"usr\": 1}"),
     "auth.usr is no fact of user_auth_request; did you mean auth.user"									},
    {CASE(AUTH "\"auth\": {}"),							       "\"want\" is missing"                            },
    {CASE(AUTH "\"want\": \"acept\""),
     "\"want\" needs a verdict: none, accept, partial, refuse or error"									},
    {CASE("\"event\": \"channel_request\", \"want\": \"partial\""),
     "\"want\" needs a verdict: none, accept, refuse or error"										 },
    {CASE(AUTH "\"want\": {\"verdict\": \"accept\", \"availble_methods\": []}"),
     "a decision about user_auth_request has no availble_methods; did you mean "
     "available_methods"														       },
    {CASE("\"steps\": []"),								   "\"steps\" must be a list of events"             },
    {CASE(
	 "\"steps\": [{\"event\": \"log\", \"want\": \"none\"}, {\"event\": \"lag\"}]"),
     "case 1 (a): step 2: there is no event lag; did you mean log"									     },
    {CASE("\"shared\": 1, \"steps\": []"),						    "\"shared\" must be an object"                   },
    {"{\"cases\": [1], \"steps\": 1}",							"\"steps\" cannot stand here"                    },
    {"[1]",										   "case 1 (unnamed): a step must be an object"     },
    {CASE("\"name\": \"b\""),								 "duplicate object key"                           },
};

START_TEST(fixture_says_what_is_wrong_and_where)
{
	ck_assert_int_eq(load(wrong[_i].text), ERR_CONFIG);
	ck_assert_msg(strstr(why.text, wrong[_i].why) != NULL, "%s\nis not\n%s",
		      why.text, wrong[_i].why);
	ck_assert_int_eq(strncmp(why.text, path, strlen(path)), 0);
}
END_TEST

START_TEST(fixture_that_cannot_be_read_says_so)
{
	ck_assert_int_eq(fixture_load("/nowhere/x.json", true, &f, &why), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(why.text, "/nowhere/x.json"));
	ck_assert_ptr_nonnull(strstr(why.text, "No such file"));
}
END_TEST

START_TEST(fixture_question_needs_neither_name_nor_answer)
{
	ck_assert_int_eq(load("{\"event\": \"connection_request\", \"now\": 9, "
			      "\"conn\": {\"id\": 4}}"),
			 ERR_CONFIG);
	ck_assert_int_eq(fixture_load(path, false, &f, &why), OK);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.item[0].step[0].now_s, 9);
	ck_assert_uint_eq(facts_get_num(f.item[0].step[0].facts, "conn.id", 0), 4);
	ck_assert_ptr_null(f.item[0].step[0].want);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_fixture");
	TCase *t = tcase_create("fixture");

	tcase_add_checked_fixture(t, in, out);
	tcase_add_test(t, fixture_cases_share_what_the_file_says);
	tcase_add_test(t, fixture_steps_keep_what_became_known_of_the_connection);
	tcase_add_loop_test(t, fixture_says_what_is_wrong_and_where, 0,
			    sizeof wrong / sizeof wrong[0]);
	tcase_add_test(t, fixture_that_cannot_be_read_says_so);
	tcase_add_test(t, fixture_question_needs_neither_name_nor_answer);
	suite_add_tcase(s, t);
	return s;
}
