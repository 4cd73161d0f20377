/* Facts and decisions as JSON, both ways. */
#include <stdlib.h>
#include <string.h>

#include "policy/facts_json.h"
#include "tests/unit.h"

static uint8_t storage[LIMIT_FACTS_BYTES];
static struct why why;

static enum err from(const char *text, enum policy_event event, struct span *out)
{
	struct wr w = WR(storage);
	json_t *args = json_loads(text, 0, NULL);
	enum err e;

	ck_assert_ptr_nonnull(args);
	why = (struct why){0};
	e = facts_from_json(&w, event, args, &why);
	json_decref(args);
	return e != OK ? e : wr_end(&w, out);
}

static const char whole[] = "{\"auth\": {\"method\": \"publickey\", \"param\": "
			    "{\"base64\": \"/wA=\"}, \"probe\": false,"
			    " \"verified\": {\"credential\": true}},"
			    " \"conn\": {\"id\": 7, \"verified\": {\"groups\": [\"a\", "
			    "\"b\"], \"source\": \"::1\"}}}";

START_TEST(facts_json_there_and_back_is_the_same)
{
	json_t *before = json_loads(whole, 0, NULL), *after;
	struct span facts;
	struct fact f;

	ck_assert_int_eq(from(whole, POLICY_ON_user_auth_request, &facts), OK);
	ck_assert_int_eq(facts_check(facts), OK);
	ck_assert(facts_find(facts, "auth.param", &f));
	ck_assert_uint_eq(f.value.n, 2);
	after = facts_to_json(facts);
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
}
END_TEST

START_TEST(facts_json_takes_what_the_event_has_only)
{
	struct span facts;
	struct fact f;

	ck_assert_int_eq(from(whole, POLICY_ON_connection_request, &facts), OK);
	ck_assert(!facts_find(facts, "auth.method", &f));
	ck_assert(facts_find(facts, "conn.id", &f));
	ck_assert_int_eq(from("{\"conn\": {\"id\": null}}", POLICY_ON_log, &facts), OK);
	ck_assert_uint_eq(facts.n, 0);
	ck_assert_int_eq(from("{\"data\": \"x\"}", POLICY_ON_channel_data_in, &facts),
			 OK);
	ck_assert(span_is(facts_get_str(facts, "data.bytes", (struct span){0}), "x"));
}
END_TEST

static const struct {
	const char *text, *why;
} wrong[] = {
    {"{\"auth\": {\"methd\": \"none\"}}",
     "auth.methd is no fact of user_auth_request; did you mean auth.method"                                  },
    {"{\"conn\": {\"verified\": {\"sourc\": \"::1\"}}}",
     "conn.verified.sourc is no fact of user_auth_request; did you mean "
     "conn.verified.source"										  },
    {"{\"auth\": {\"zzzzzzzz\": 1}}",                         "auth.zzzzzzzz is no fact of user_auth_request"},
    {"{\"auth\": {\"probe\": 1}}",                            "auth.probe must be true or false"             },
    {"{\"conn\": {\"id\": -1}}",                              "conn.id must be a whole number of 0 or more"  },
    {"{\"conn\": {\"id\": 1.5}}",                             "conn.id must be a whole number of 0 or more"  },
    {"{\"auth\": {\"user\": 1}}",                             "auth.user must be a string"                   },
    {"{\"auth\": {\"param\": {\"base64\": \"?\"}}}",          "auth.param must be a string"                  },
    {"{\"auth\": {\"param\": {\"base64\": \"\", \"x\": 1}}}",
     "auth.param must be a string"									   },
    {"{\"conn\": {\"verified\": {\"groups\": [1]}}}",
     "conn.verified.groups must be a list of strings"							},
    {"{\"conn\": {\"verified\": {\"groups\": \"a\"}}}",
     "conn.verified.groups must be a list of strings"							},
    {"{\"auth\": {\"verified\": true}}",
     "auth.verified must be an object with its facts"							},
    {"{\"auth\": 1}",					 "auth must be an object with its facts"        },
};

START_TEST(facts_json_says_what_is_wrong)
{
	struct span facts;

	ck_assert_int_eq(from(wrong[_i].text, POLICY_ON_user_auth_request, &facts),
			 ERR_CONFIG);
	ck_assert_str_eq(why.text, wrong[_i].why);
}
END_TEST

START_TEST(facts_json_refuses_facts_beyond_their_bound)
{
	char *text = malloc(LIMIT_FACTS_BYTES + 64);
	struct span facts;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', LIMIT_FACTS_BYTES + 64);
	memcpy(text, "{\"auth\":{\"user\":\"", 17);
	memcpy(text + LIMIT_FACTS_BYTES + 60, "\"}}", 4);
	ck_assert_int_eq(from(text, POLICY_ON_user_auth_request, &facts), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why.text, "the facts are more than"));
	free(text);
}
END_TEST

START_TEST(facts_json_refuses_malformed_facts)
{
	ck_assert_ptr_null(facts_to_json(SPAN_LIT("\0\0\0\1")));
	ck_assert_ptr_null(decision_to_json(POLICY_ACCEPT, SPAN_LIT("\0\0\0\1")));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_facts_json");
	TCase *t = tcase_create("facts_json");

	tcase_add_test(t, facts_json_there_and_back_is_the_same);
	tcase_add_test(t, facts_json_takes_what_the_event_has_only);
	tcase_add_loop_test(t, facts_json_says_what_is_wrong, 0,
			    sizeof wrong / sizeof wrong[0]);
	tcase_add_test(t, facts_json_refuses_facts_beyond_their_bound);
	tcase_add_test(t, facts_json_refuses_malformed_facts);
	suite_add_tcase(s, t);
	return s;
}
