/* table, math, utf8: Lua's own behind bounds. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) for i "
    "= 2, 1000 do assert(t[i - 1] <= t[i]) end",
    "local t = {5, 1, 4} table.sort(t, function(a, b) return a > b end) "
    "assert(table.concat(t, ',') == '5,4,1')",
    "local t = {} table.sort(t) t = {'b'} table.sort(t) assert(t[1] == 'b')",
    "local t = {'a'} table.insert(t, 'c') table.insert(t, 2, 'b') "
    "assert(table.concat(t) == 'abc' and table.remove(t, 1) == 'a' and #t == 2)",
    "assert(table.concat({1, 2, 3}, '-', 2, 3) == '2-3' and "
    "table.concat(table.move({1, 2}, 1, 2, 2)) == '112')",
    "local p = table.pack(1, nil, 3) assert(p.n == 3 and select('#', table.unpack(p, "
    "1, 3)) == 3)",
    "assert(math.max(1, 3) == 3 and math.type(1) == 'integer' and math.random == nil "
    "and math.randomseed == nil)",
    "assert(utf8.char(228) == '\\xc3\\xa4' and utf8.len('\\xc3\\xa4') == 1 and "
    "utf8.len('\\xff') == nil)",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"table.sort({1, 'a'})",  "attempt to compare"},
    {"table.sort({1, 2}, 3)", "function expected" },
    {"table.concat({{}})",    "invalid value"     },
    {"math.sin = 1",          "cannot be changed" },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_base");
	TCase *t = tcase_create("api_base");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
