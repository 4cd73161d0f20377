/* One-time codes: alone only behind another proof, once only, and asked of some who are nobody. */
#include <time.h>

#include "tests/monitor/auth/kbdint_kit.h"

static struct kit k;
static struct user_entry users[2];
static const char *chain[] = {"publickey,keyboard-interactive"};

static void setup(void)
{
	kit_open(&k);
	for (size_t i = 0; i < 2; i++)
		users[i] =
		    (struct user_entry){.name = span_str(i == 0 ? "alice" : "bob"),
					.hash = SPAN_LIT("$x"),
					.account = SPAN_LIT("alice")};
	ck_assert_ptr_null(users_options(
	    &users[0], SPAN_LIT("totp=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")));
	users[0].has_account = true;
	k.m.users = (struct users){.entry = users, .n = 2, .n_totp = 1};
}

static void teardown(void)
{
	k.m.users = (struct users){0};
	totp_seen_wipe(&k.m.totp_seen);
	kit_close(&k);
}

/* Another method of the chain was done before. */
static void behind_a_key(void)
{
	k.set.authentication_methods = (struct strlist){chain, 1};
	k.work.done[k.work.n_done++] = METHOD_PUBLICKEY;
}

static void code_of(int64_t steps_from_now, char code[LIMIT_TOTP_DIGITS + 1])
{
	uint8_t store[LIMIT_TOTP_SECRET_BYTES];
	struct wr secret = WR(store);
	struct totp t;
	uint64_t now = (uint64_t)time(NULL);

	ck_assert_int_eq(users_totp(&users[0], &secret, &t), OK);
	ck_assert_int_eq(
	    totp_code(&t, (uint64_t)((int64_t)(now / t.period_s) + steps_from_now),
		      code),
	    OK);
}

START_TEST(a_code_is_asked_for_with_echo_behind_another_proof)
{
	static const uint8_t wire[] = "\0\0\0\023Verification code: \1";

	behind_a_key();
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_str_eq(k.work.kbdint.source->name, "totp");
	ck_assert(span_equal(k.told.u.auth_prompt.prompts,
			     (struct span){wire, sizeof wire - 1}));
}
END_TEST

START_TEST(a_right_code_is_a_step_and_counts_once)
{
	char code[LIMIT_TOTP_DIGITS + 1];
	uint8_t *copy;

	behind_a_key();
	code_of(0, code);
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, code), OK);
	kit_hears(&k, MSG_granted);
	kit_hears(&k, MSG_auth_result);
	ck_assert_uint_eq(k.told.u.auth_result.verdict, AUTH_SUCCESS);
	/* the same code for another connection */
	k.work.link.state = IN_AUTH;
	k.work.n_done = 1;
	copy = k.work.attempt.copy;
	ck_assert_ptr_null(copy);
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, code), OK);
	kit_hears_failure(&k);
	/* and the one before it */
	code_of(-1, code);
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, code), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(a_wrong_code_is_refused)
{
	char code[LIMIT_TOTP_DIGITS + 1];

	behind_a_key();
	code_of(_i == 0 ? 3 : -3, code);
	if (_i == 2)
		code[0] = '\0';
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, code), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.m.totp_seen.n, 0);
}
END_TEST

START_TEST(a_code_of_one_who_is_barred_is_not_used_up)
{
	const char *nobody[] = {"alice"};
	char code[LIMIT_TOTP_DIGITS + 1];

	k.set.deny_users = (struct strlist){nobody, 1};
	behind_a_key();
	code_of(0, code);
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, code), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.m.totp_seen.n, 0);
}
END_TEST

START_TEST(alone_it_is_asked_for_with_the_password)
{
	char code[LIMIT_TOTP_DIGITS + 1];

	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_uint_eq(k.told.u.auth_prompt.count, 2);
	/* the password is judged first, by a helper; here there is none */
	code_of(0, code);
	ck_assert_int_eq(kit_answers(&k, 2, code), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.m.totp_seen.n, 0);
	k.set.password_authentication = false;
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(with_a_right_password_the_code_decides)
{
	char code[LIMIT_TOTP_DIGITS + 1];

	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	code_of(0, code);
	memcpy(k.work.kbdint.code, code, sizeof code);
	if (_i == 1)
		k.work.kbdint.code[0] ^= 1;
	ck_assert_int_eq(kbdint_password_good(&k.c), _i == 0 ? OK : ERR_DENIED);
	ck_assert_uint_eq(k.m.totp_seen.n, _i == 0);
}
END_TEST

/* As many of them as users have a secret: here about one of two. */
START_TEST(some_names_that_nobody_has_are_asked_for_a_code_always_the_same)
{
	unsigned asked = 0;

	k.account.found = false;
	k.work.account = &k.account;
	for (unsigned i = 0; i < 200; i++) {
		bool first;

		(void)snprintf(k.work.user, sizeof k.work.user, "nobody%u", i);
		first = kbdint_totp.applies(&k.c);
		ck_assert(first == kbdint_totp.applies(&k.c));
		asked += first;
	}
	ck_assert(asked > 50 && asked < 150);
	k.m.users.n_totp = 0;
	ck_assert(!kbdint_totp.applies(&k.c));
	(void)strcpy(k.work.user, "bob");
	ck_assert(!kbdint_totp.applies(&k.c)); /* is known, and has none */
	k.work.account = NULL;
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_kbdint_totp");
	TCase *t = tcase_create("codes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_code_is_asked_for_with_echo_behind_another_proof);
	tcase_add_test(t, a_right_code_is_a_step_and_counts_once);
	tcase_add_loop_test(t, a_wrong_code_is_refused, 0, 3);
	tcase_add_test(t, a_code_of_one_who_is_barred_is_not_used_up);
	tcase_add_test(t, alone_it_is_asked_for_with_the_password);
	tcase_add_loop_test(t, with_a_right_password_the_code_decides, 0, 2);
	tcase_add_test(t,
		       some_names_that_nobody_has_are_asked_for_a_code_always_the_same);
	suite_add_tcase(s, t);
	return s;
}
