/* The conversation: whose turn it is, what it costs to give it up, which source serves whom. */
#include "common/sshnum.h"
#include "tests/monitor/auth/kbdint_kit.h"

static struct kit k;

static const struct kbd_prompt two[] = {
    {"Card: ", true },
    {"PIN: ",  false}
};

static void setup(void)
{
	kit_open(&k);
	/* a source without a helper: it refuses every answer */
	k.set.kbd_interactive_prompt = (struct kbd_prompts){two, 2};
	k.set.kbd_interactive_instruction = "who are you";
}

static void teardown(void)
{
	kit_close(&k);
}

START_TEST(prompts_are_told_with_their_echo)
{
	static const uint8_t wire[] = "\0\0\0\6Card: \1\0\0\0\5PIN: \0";

	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert(span_is(k.told.u.auth_prompt.instruction, "who are you"));
	ck_assert_uint_eq(k.told.u.auth_prompt.count, 2);
	ck_assert(span_equal(k.told.u.auth_prompt.prompts,
			     (struct span){wire, sizeof wire - 1}));
	ck_assert_int_eq(k.work.kbdint.state, KBDINT_PROMPTED);
}
END_TEST

START_TEST(a_wrong_answer_is_one_failure_and_ends_the_conversation)
{
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 2, "wrong"), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.work.failures, 1);
	ck_assert_int_eq(k.work.kbdint.state, KBDINT_NONE);
	ck_assert_int_eq(kit_answers(&k, 2, "wrong"), ERR_FORBIDDEN);
}
END_TEST

START_TEST(answers_come_once_and_only_where_they_are_wanted)
{
	ck_assert_int_eq(kit_answers(&k, 1, "x"), ERR_FORBIDDEN);
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	ck_assert_int_eq(kit_answers(&k, 2, "x"), OK);
	ck_assert_int_eq(kit_answers(&k, 2, "x"), ERR_FORBIDDEN);
}
END_TEST

START_TEST(another_number_of_answers_is_a_failure)
{
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, _i == 0 ? 1 : 3, "x"), OK);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.work.failures, 1);
}
END_TEST

START_TEST(giving_up_before_an_answer_costs_nothing)
{
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(kit_begins(&k, ""), OK);
	ck_assert_uint_eq(k.work.failures, 0);
	for (int i = 0; i < 5; i++)
		kit_hears(&k, MSG_auth_prompt);
}
END_TEST

START_TEST(giving_up_after_an_answer_is_a_failure_and_counts_to_the_end)
{
	for (unsigned i = 0; i < k.set.max_auth_tries; i++) {
		ck_assert_int_eq(kit_begins(&k, ""), OK);
		kit_hears(&k, MSG_auth_prompt);
		k.work.kbdint.tried = true; /* as in a second round */
	}
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	ck_assert_uint_eq(k.work.failures, k.set.max_auth_tries);
	kit_hears(&k, MSG_disconnect);
	ck_assert_uint_eq(k.told.u.disconnect.reason,
			  SSH_DISCONNECT_NO_MORE_AUTH_METHODS);
	ck_assert(!conn_hears(&k.c, MSG_auth_kbdint));
}
END_TEST

START_TEST(no_conversation_goes_on_for_ever)
{
	const struct prompts none = {.instruction = SPAN_LIT("again")};
	uint32_t asked = 1;

	ck_assert_int_eq(kit_begins(&k, ""), OK);
	do {
		kit_hears(&k, MSG_auth_prompt);
		k.work.kbdint.state = KBDINT_THINKS;
		asked++;
	} while (kbdint_ask(&k.c, &none) == ERR_AGAIN);
	ck_assert_uint_eq(asked, LIMIT_KBDINT_ROUNDS + 1);
}
END_TEST

START_TEST(more_than_a_request_holds_is_not_asked)
{
	static uint8_t much[LIMIT_PROMPTS_BYTES];
	const struct prompts wide = {.at = {{.text = SPAN_OF(much)}}, .n = 1},
			     many = {.n = LIMIT_PROMPTS + 1};

	k.work.kbdint.state = KBDINT_THINKS;
	ck_assert_int_eq(kbdint_ask(&k.c, &wide), ERR_NO_SPACE);
	ck_assert_int_eq(kbdint_ask(&k.c, &many), ERR_NO_SPACE);
	k.work.kbdint.state = KBDINT_NONE;
	ck_assert_int_eq(kbdint_ask(&k.c, &(struct prompts){0}), ERR_FORBIDDEN);
}
END_TEST

START_TEST(a_source_that_died_is_noticed_with_the_answers)
{
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	auth_helper_lost(&k.c);
	ck_assert(k.work.attempting); /* nothing is told unasked */
	ck_assert_int_eq(kit_answers(&k, 2, "x"), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(a_device_is_taken_where_client_and_configuration_name_it)
{
	static const char *lists[] = {"publickey,keyboard-interactive:password",
				      "keyboard-interactive:prompts"};

	k.set.authentication_methods = (struct strlist){lists, 1};
	ck_assert_int_eq(kit_begins(&k, ""), OK); /* publickey comes first */
	kit_hears_failure(&k);
	k.work.done[k.work.n_done++] = METHOD_PUBLICKEY;
	ck_assert_int_eq(kit_begins(&k, "prompts"), OK); /* not what is wanted */
	kit_hears_failure(&k);
	ck_assert(span_is(k.told.u.auth_result.methods, "keyboard-interactive"));
	ck_assert_int_eq(kit_begins(&k, "pam,password"), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_str_eq(k.work.kbdint.source->name, "password");
	k.work.n_done = 0;
	k.set.authentication_methods = (struct strlist){lists + 1, 1};
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_str_eq(k.work.kbdint.source->name, "prompts");
}
END_TEST

START_TEST(a_method_that_is_off_asks_nothing)
{
	k.set.kbd_interactive_authentication = false;
	ck_assert(!kbdint_offered(&k.c));
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(it_is_offered_where_something_asks)
{
	ck_assert(kbdint_offered(&k.c));
	k.set.kbd_interactive_prompt.n = 0;
	ck_assert(kbdint_offered(&k.c));
	k.set.password_authentication = false;
	ck_assert(!kbdint_offered(&k.c));
}
END_TEST

START_TEST(who_cannot_be_let_in_is_asked_the_same)
{
	k.account.found = false;
	ck_assert_int_eq(kit_begins(&k, ""), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_uint_eq(k.told.u.auth_prompt.count, 2);
	ck_assert(k.work.kbdint.barred);
	auth_decided(&k.c, OK); /* even if the source said so */
	kit_hears_failure(&k);
	ck_assert(!k.work.user_known);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_kbdint");
	TCase *t = tcase_create("conversation");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, prompts_are_told_with_their_echo);
	tcase_add_test(t, a_wrong_answer_is_one_failure_and_ends_the_conversation);
	tcase_add_test(t, answers_come_once_and_only_where_they_are_wanted);
	tcase_add_loop_test(t, another_number_of_answers_is_a_failure, 0, 2);
	tcase_add_test(t, giving_up_before_an_answer_costs_nothing);
	tcase_add_test(t, giving_up_after_an_answer_is_a_failure_and_counts_to_the_end);
	tcase_add_test(t, no_conversation_goes_on_for_ever);
	tcase_add_test(t, more_than_a_request_holds_is_not_asked);
	tcase_add_test(t, a_source_that_died_is_noticed_with_the_answers);
	tcase_add_test(t, a_device_is_taken_where_client_and_configuration_name_it);
	tcase_add_test(t, a_method_that_is_off_asks_nothing);
	tcase_add_test(t, it_is_offered_where_something_asks);
	tcase_add_test(t, who_cannot_be_let_in_is_asked_the_same);
	suite_add_tcase(s, t);
	return s;
}
