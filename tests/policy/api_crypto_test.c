/* crypto against published digests; totp against RFC 6238, appendix B. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(hex.encode(crypto.sha256('abc')) == "
    "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')",
    "assert(#crypto.sha512('') == 64 and hex.encode(crypto.sha512('')):sub(1, 8) == "
    "'cf83e135')",
    "assert(hex.encode(crypto.hmac('sha256', 'Jefe', 'what do ya want for nothing?')) "
    "== '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')",
    "assert(hex.encode(crypto.hmac('sha1', '', '')) == "
    "'fbdb1d1b18aa6c08324b7d64b71fb76370690e1d')",
    "assert(crypto.equal('a', 'a') and not crypto.equal('a', 'b') and not "
    "crypto.equal('a', 'aa'))",
    "assert(#crypto.random(16) == 16 and crypto.random(16) ~= crypto.random(16) and "
    "crypto.random(0) == '')",
    "local s = base32.encode('12345678901234567890') assert(totp.verify(s, "
    "totp.code(s)) and not totp.verify(s, 'x') and not totp.verify(s, nil) and not "
    "totp.verify(nil, '1'))",
    "local s, o = base32.encode('12345678901234567890123456789012'), {digits = 8, "
    "digest = 'sha256', period = 60} assert(#totp.code(s, o) == 8 and totp.verify(s, "
    "totp.code(s, o), o))",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"crypto.hmac('md5', 'k', 'd')",        "no such digest" },
    {"crypto.random(1 << 20)",              "must be 0 to"   },
    {"crypto.sha256()",                     "string expected"},
    {"totp.verify('!', '123456')",          "not base32"     },
    {"totp.code('')",		       "not base32"     },
    {"totp.code('AAAA', {digits = 40})",    "totp.code"      },
    {"totp.code('AAAA', {digest = 'md5'})", "no such digest" },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

START_TEST(a_good_code_is_noted_with_the_decision)
{
	struct asker *k = calloc(1, sizeof *k);
	struct fact f = {0};

	asker_begin(k);
	asker_body(k, "local s = base32.encode('12345678901234567890')\n"
		      "if totp.verify(s, totp.code(s)) then return accept{} end");
	ck_assert_int_eq(ask(k, POLICY_ON_user_auth_request, (struct span){0}),
			 POLICY_ACCEPT);
	ck_assert(facts_find(k->answer, "totp_used", &f));
	ck_assert_int_eq(f.type, FACT_LIST);
	ck_assert_uint_gt(f.value.n, LIMIT_TOTP_NAME_BYTES * 2);
	engine_free(k->e);
	free(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_crypto");
	TCase *t = tcase_create("api_crypto");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	tcase_add_test(t, a_good_code_is_noted_with_the_decision);
	suite_add_tcase(s, t);
	return s;
}
