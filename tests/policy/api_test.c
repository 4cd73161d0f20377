/* The globals: what is there, what is not, what cannot be changed. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "for _, n in ipairs{'io', 'os', 'package', 'debug', 'load', 'loadfile', "
    "'loadstring', 'dofile', 'require', 'collectgarbage', 'coroutine', 'rawset', "
    "'rawget', 'rawequal', 'rawlen', 'getmetatable', '_G'} do assert(_ENV[n] == nil, "
    "n) end",
    "for _, n in ipairs{'net', 'str', 'time', 'base32', 'base64', 'hex', 'crypto', "
    "'totp', 'packet', 'json', 'shared', 'helper', 'string', 'table', 'math', 'utf8'} "
    "do assert(not pcall(function() _ENV[n].added = 1 end), n) assert(not "
    "pcall(setmetatable, _ENV[n], {})) end",
    "assert(tostring(1) == '1' and tonumber('0x10') == 16 and type(nil) == 'nil' and "
    "select('#', 1, nil) == 2 and next({}) == nil)",
    "local ok, e = pcall(error, {code = 5}) assert(not ok and e.code == 5) "
    "assert(select(2, xpcall(error, function(m) return m .. '!' end, 'x')) == 'x!')",
    "assert(select('#', pcall(function(...) return ... end, 1, nil, nil)) == 4 and "
    "select(2, xpcall(function(a, b) return a + b end, error, 1, 2)) == 3)",
    "local t = setmetatable({}, {__index = function(_, k) return k .. '!' end, __call "
    "= function(_, x) return x end}) assert(t.a == 'a!' and t(5) == 5 and t.a.b == "
    "nil)",
    "accept = nil assert(accept ~= nil or true)",
    "local d = accept{} assert(not pcall(function() return d.x end) and not "
    "pcall(function() d.x = 1 end))",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"net = nil net.x()",						 "attempt to"                 },
    {"conn.nonsense()",						   "attempt to call a nil value"},
    {"undefined()",						       "global 'undefined'"         },
    {"local t = setmetatable({}, {__metatable = 1}) setmetatable(t, {})", "protected"                  },
    {"conn:rekey(error('first'))",					"first"                      },
    {"setmetatable(1, {})",					       "table expected"             },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api");
	TCase *t = tcase_create("api");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
