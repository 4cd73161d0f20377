/* string: our own matcher behind Lua's names. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(('hello world'):find('o w') == 5 and ('a.b'):find('.', 1, true) == 2 and "
    "('abc'):find('b', -2) == 2 and ('abc'):find('', 10) == nil and ('abc'):find('', "
    "4) == 4)",
    "assert(('key = value'):match('^(%w+)%s*=%s*(%w+)$') == 'key' and select(2, ('key "
    "= value'):match('^(%w+)%s*=%s*(%w+)$')) == 'value' and ('x'):match('()') == 1)",
    "local n = 0 for w in ('one two three'):gmatch('%a+') do n = n + 1 end assert(n == "
    "3)",
    "local s, n = ('hello'):gsub('l', {l = 'L'}) assert(s == 'heLLo' and n == 2 and "
    "('abc'):gsub('%w', '%0%0', 2) == 'aabbc' and ('abc'):gsub('', '-') == '-a-b-c-')",
    "assert(('abc'):gsub('b', function() return nil end) == 'abc' and ('a "
    "b'):gsub('(%w) (%w)', '%2 %1') == 'b a' and ('x'):gsub('x', '%%') == '%')",
    "assert(('ab'):rep(3) == 'ababab' and ('a'):rep(3, ',') == 'a,a,a' and "
    "('a'):rep(0) == '' and ('a'):rep(-1) == '' and (''):rep(1 << 60) == '')",
    "assert(('%d %s %q'):format(1, 'x', 'y') == '1 x \"y\"' and ('abc'):sub(-2) == "
    "'bc' and ('abc'):byte(2) == 98 and string.char(65) == 'A' and ('aB'):upper() == "
    "'AB' and ('aB'):lower() == 'ab' and #'abc' == 3 and ('abc'):reverse() == 'cba')",
    "string = nil assert(('x'):rep(2) == 'xx')",
    "assert(string.dump == nil and string.pack == nil and string.unpack == nil and "
    "string.packsize == nil)",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"('x'):find('[')",			   "malformed pattern"        },
    {"('x'):find('%')",			   "malformed pattern"        },
    {"('x'):find('(x')",			  "unfinished capture"       },
    {"('x'):gsub('x', '%9')",                     "invalid capture"          },
    {"('x'):gsub('x', '%a')",                     "invalid use"              },
    {"('x'):gsub('x', 1 == 1)",                   "string/function/table"    },
    {"('x'):gsub('x', function() return {} end)", "invalid replacement value"},
    {"('x'):rep(1 << 62, 'yy')",                  "too large"                },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_string");
	TCase *t = tcase_create("api_string");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
