/* json: what it writes, what it reads, what it refuses. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(json.encode({1, 2, 'x'}) == '[1,2,\"x\"]' and json.encode({a = true}) == "
    "'{\"a\":true}' and json.encode('\\n\"\\\\') == '\"\\\\u000a\\\\\"\\\\\\\\\"')",
    "local t = json.decode('{\"a\": [1, -2.5e3, null, true, false], \"b\": {\"c\": "
    "\"\\\\u00e4\\\\ud83d\\\\ude00\"}}') assert(t.a[1] == 1 and math.type(t.a[1]) == "
    "'integer' and t.a[2] == -2500 and t.a[3] == json.null and t.a[4] == true and "
    "t.a[5] == false and t.b.c == '\\xc3\\xa4\\xf0\\x9f\\x98\\x80')",
    "assert(json.decode(' \"x\" ') == 'x' and json.decode('9223372036854775807') == "
    "math.maxinteger)",
    "local t = {n = {1, {2, {3}}}, s = 'x'} local u = json.decode(json.encode(t)) "
    "assert(u.n[2][2][1] == 3 and u.s == 'x')",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"json.decode('{')",                "json"     },
    {"json.decode('[1,]')",             "json"     },
    {"json.decode('01')",               "json"     },
    {"json.decode('\"\\xff\"')",        "json"     },
    {"json.decode('[] x')",             "json"     },
    {"json.decode('')",                 "json"     },
    {"json.decode('nul')",              "json"     },
    {"json.decode('\"\\\\ud800\"')",    "json"     },
    {"json.encode('\\xff')",            "not UTF-8"},
    {"json.encode(print)",              "json"     },
    {"json.encode({1, nil, 3, x = 1})", "json"     },
    {"json.encode(0/0)",                "json"     },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_json");
	TCase *t = tcase_create("api_json");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
