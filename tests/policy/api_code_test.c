/* base32, base64, hex. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(base32.encode('foobar') == 'MZXW6YTBOI======' and "
    "base32.decode('MZXW6YTBOI======') == 'foobar')",
    "assert(base32.decode('mzxw6') == 'foo' or base32.decode('MZXW6') == 'foo') "
    "assert(base32.decode('1') == nil)",
    "assert(base64.encode('fooba') == 'Zm9vYmE=' and base64.encode('fooba', false) == "
    "'Zm9vYmE' and base64.decode('Zm9vYmE=') == 'fooba')",
    "assert(base64.decode('*') == nil and base64.encode('') == '' and "
    "base64.decode('') == '')",
    "assert(hex.encode('\\0\\xff') == '00ff' and hex.decode('00fF') == '\\0\\xff' and "
    "hex.decode('0') == nil and hex.decode('0g') == nil)",
    "local all = '' for i = 0, 255 do all = all .. string.char(i) end for _, c in "
    "ipairs{base32, base64, hex} do assert(c.decode(c.encode(all)) == all) end",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"hex.encode(5)",      "string expected"},
    {"base64.decode()",    "string expected"},
    {"base32.encode(nil)", "string expected"},
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_code");
	TCase *t = tcase_create("api_code");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
