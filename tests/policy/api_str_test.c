/* str, and time as it was at the question: Monday, 2026-09-21, 14:13:20 UTC. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(str.glob('alice', 'al*') and str.glob('alice', 'bob', '*ce') and not "
    "str.glob('alice', 'AL*') and str.glob('a', '?') and not str.glob('', '?'))",
    "local t = str.split('a,b,,c', ',') assert(#t == 4 and t[3] == '' and "
    "#str.split('', ',') == 1 and table.concat(str.split('  a  b '), '|') == 'a|b' and "
    "#str.split('   ') == 0)",
    "assert(str.trim(' \\t x y\\n') == 'x y' and str.trim('') == '')",
    "assert(str.starts('abc', 'ab') and not str.starts('a', 'ab') and str.ends('abc', "
    "'bc') and not str.ends('c', 'bc') and str.starts('', ''))",
    "assert(str.contains('a.b', '.') and not str.contains('ab', '.') and "
    "str.contains('', ''))",
    "assert(str.lower('AbZ[') == 'abz[' and str.upper('abz{') == 'ABZ{')",
    "assert(str.one_of('a', {'b', 'a'}) and not str.one_of('c', {'a'}) and not "
    "str.one_of('a', {}))",
    "assert(time.now() == 1790000000 and time.date() == '2026-09-21' and "
    "time.weekday() == 1)",
    "assert(time.hour() == 14 and time.minute() == 13)",
    "assert(time.between('08:00', '18:00') and not time.between('14:14', '18:00') and "
    "time.between('14:13', '14:14') and time.between('22:00', '15:00') and not "
    "time.between('15:00', '08:00') and time.between('00:00', '24:00'))",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"str.glob('a')",                  "a pattern is expected"},
    {"str.split(1, ',')",              "string expected"      },
    {"str.one_of('a', 'a')",           "table expected"       },
    {"time.between('8:00', '18:00')",  "hh:mm"                },
    {"time.between('08:00', '24:01')", "hh:mm"                },
    {"time.between('08:60', '18:00')", "hh:mm"                },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_str");
	TCase *t = tcase_create("api_str");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
