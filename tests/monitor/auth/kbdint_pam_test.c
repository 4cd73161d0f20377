/* PAM's conversation as the monitor sees it; the login helper is the test. */
#include "monitor/login_link.h"
#include "tests/monitor/auth/kbdint_kit.h"

static struct kit k;
static struct fork_server master;
static int orders, helper; /* far ends */

static void setup(void)
{
	int pair[2];

	kit_open(&k);
	k.set.pam_service_name = "gate";
	ck_assert_int_eq(ipc_pair(pair), OK);
	master = (struct fork_server){
	    .link = {.m = &k.m, .sock = pair[0], .peer = MSG_FORK}
        };
	k.m.login_master = &master;
	orders = pair[1];
	helper = -1;
}

static void teardown(void)
{
	conn_auth_wipe(&k.c);
	k.work.account = NULL;
	k.work.own_set = NULL;
	for (uint32_t i = 1; i <= k.m.next_child; i++)
		free(idmap_remove(&k.m.children, i));
	idmap_wipe(&k.m.children);
	close(master.link.sock);
	close(orders);
	if (helper >= 0)
		close(helper);
	kit_close(&k);
}

static struct msg takes(int far)
{
	struct wr buf = {.p = k.store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;
	struct msg m;

	ck_assert_int_eq(ipc_recv(far, &buf, false, &m, &fds), OK);
	if (m.type == MSG_fork_child)
		helper = ipc_fd_take(&fds, 0);
	return m;
}

/* The conversation begins as it does after the account is known, whoever runs the test. */
static void begins(bool barred)
{
	struct msg m;

	k.work.attempting = true;
	k.work.attempt.method = METHOD_KBDINT;
	k.work.attempt.began_us = clock_us();
	k.work.account = account_ref(&k.account);
	(void)strcpy(k.work.user, "alice");
	k.work.kbdint = (struct kbdint){
	    .source = &kbdint_pam, .state = KBDINT_THINKS, .barred = barred};
	ck_assert_int_eq(kbdint_pam.begin(&k.c), ERR_AGAIN);
	ck_assert_int_eq(takes(orders).type, MSG_fork_child);
	m = takes(helper);
	ck_assert_int_eq(m.type, MSG_kbdint_start);
	ck_assert(span_is(m.u.kbdint_start.user, "alice"));
	ck_assert(span_is(m.u.kbdint_start.pam_service, "gate"));
}

static enum err prompts(void)
{
	static const uint8_t wire[] = "\0\0\0\5one? \1\0\0\0\5two? \0";

	return serve_kbdint_prompt(k.work.helper,
				   &(struct msg_kbdint_prompt){
				       .instruction = SPAN_LIT("read"),
				       .count = 2,
				       .prompts = {wire, sizeof wire - 1}
        },
				   NULL);
}

static enum err ends(struct login *l, bool ok)
{
	enum err e = serve_kbdint_ended(
	    l, &(struct msg_kbdint_ended){.ok = ok, .text = SPAN_LIT("said so")}, NULL);

	if (e == ERR_CLOSED)
		login_drop(l);
	return e;
}

START_TEST(what_pam_asks_goes_to_the_user_and_back)
{
	struct msg m;
	struct rd r;

	begins(false);
	ck_assert_int_eq(prompts(), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_uint_eq(k.told.u.auth_prompt.count, 2);
	ck_assert(span_is(k.told.u.auth_prompt.instruction, "read"));
	ck_assert(k.work.helper->answered); /* so it is not killed in its wait */
	ck_assert_int_eq(kit_answers(&k, 2, "word"), OK);
	m = takes(helper);
	ck_assert_int_eq(m.type, MSG_kbdint_answers);
	r = RD(m.u.kbdint_answers.answers);
	ck_assert(span_is(rd_bytes(&r, 64), "word") &&
		  span_is(rd_bytes(&r, 64), "word"));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert(!k.work.helper->answered);
	ck_assert_int_eq(ends(k.work.helper, true), ERR_CLOSED);
	kit_hears(&k, MSG_granted);
	kit_hears(&k, MSG_auth_result);
	ck_assert_uint_eq(k.told.u.auth_result.verdict, AUTH_SUCCESS);
}
END_TEST

START_TEST(who_is_barred_is_asked_but_does_not_answer)
{
	struct msg m;
	struct rd r;

	begins(true);
	ck_assert_int_eq(prompts(), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 2, "word"), OK);
	m = takes(helper);
	r = RD(m.u.kbdint_answers.answers);
	ck_assert(!span_is(rd_bytes(&r, 64), "word"));
	ck_assert_int_eq(ends(k.work.helper, true), ERR_CLOSED);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(a_refusal_of_pam_is_a_failure)
{
	begins(false);
	ck_assert_int_eq(ends(k.work.helper, false), ERR_CLOSED);
	kit_hears_failure(&k);
	ck_assert_uint_eq(k.work.failures, 1);
	ck_assert_ptr_null(k.work.helper);
}
END_TEST

START_TEST(a_helper_that_does_not_wait_is_refused)
{
	begins(false);
	ck_assert_int_eq(prompts(), OK);
	kit_hears(&k, MSG_auth_prompt);
	if (_i == 0) {
		ck_assert_int_eq(prompts(), ERR_FORBIDDEN);
		login_lost(k.work.helper, ERR_FORBIDDEN, "kbdint_prompt");
	} else {
		ck_assert_int_eq(ends(k.work.helper, true), ERR_CLOSED);
	}
	ck_assert(!k.work.user_known);
	ck_assert_int_eq(kit_answers(&k, 2, "word"), OK);
	kit_hears_failure(&k);
}
END_TEST

START_TEST(prompts_that_are_none_are_refused)
{
	begins(false);
	ck_assert_int_eq(
	    serve_kbdint_prompt(
		k.work.helper,
		&(struct msg_kbdint_prompt){.count = 1, .prompts = SPAN_LIT("abc")},
		NULL),
	    ERR_TRUNCATED);
	ck_assert_int_eq(k.work.kbdint.state, KBDINT_THINKS);
}
END_TEST

START_TEST(a_conversation_that_is_given_up_lets_the_helper_go)
{
	struct wr buf = {.p = k.store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;
	struct msg m;

	begins(false);
	ck_assert_int_eq(prompts(), OK);
	kit_hears(&k, MSG_auth_prompt);
	kbdint_abandon(&k.c);
	ck_assert_ptr_null(k.work.helper);
	ck_assert(!k.work.attempting);
	ck_assert_int_eq(ipc_recv(helper, &buf, false, &m, &fds), ERR_CLOSED);
	/* it was not killed: it has only to notice */
	ck_assert_int_eq(ipc_recv(orders, &buf, false, &m, &fds), ERR_AGAIN);
}
END_TEST

START_TEST(a_wrong_number_of_answers_lets_the_helper_go)
{
	begins(false);
	ck_assert_int_eq(prompts(), OK);
	kit_hears(&k, MSG_auth_prompt);
	ck_assert_int_eq(kit_answers(&k, 1, "word"), OK);
	ck_assert_ptr_null(k.work.helper);
	kit_hears_failure(&k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_kbdint_pam");
	TCase *t = tcase_create("pam");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_pam_asks_goes_to_the_user_and_back);
	tcase_add_test(t, who_is_barred_is_asked_but_does_not_answer);
	tcase_add_test(t, a_refusal_of_pam_is_a_failure);
	tcase_add_loop_test(t, a_helper_that_does_not_wait_is_refused, 0, 2);
	tcase_add_test(t, prompts_that_are_none_are_refused);
	tcase_add_test(t, a_conversation_that_is_given_up_lets_the_helper_go);
	tcase_add_test(t, a_wrong_number_of_answers_lets_the_helper_go);
	suite_add_tcase(s, t);
	return s;
}
