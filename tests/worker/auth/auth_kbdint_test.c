/* Prompts and answers pass through; nothing of an answer stays, and nothing comes unasked. */
#include <signal.h>

#include "tests/worker/peer.h"

#define SECRET "correct horse battery staple"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
	peer_connect(p);
	peer_service(p, "ssh-userauth");
	peer_expect(p, SSH_MSG_SERVICE_ACCEPT);
	p->mute = true;
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

static void request(void)
{
	uint8_t store[256];
	struct wr w = WR(store);

	peer_request(&w, "tester", "keyboard-interactive");
	wr_str(&w, "en");
	wr_str(&w, "pam,totp");
	peer_send_wr(p, &w);
}

/* The monitor asks one question. */
static void prompt(void)
{
	static const uint8_t prompts[] = "\0\0\0\6code: \1";

	peer_tell(p, &MSG_OF(auth_prompt, .name = SPAN_LIT("n"),
			     .instruction = SPAN_LIT("i"), .count = 1,
			     .prompts = {prompts, sizeof prompts - 1}));
	peer_run(p);
}

static void answer(uint32_t count, uint32_t sent, const char *text)
{
	static uint8_t store[LIMIT_ANSWERS_BYTES + 4096];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	wr_u32(&w, count);
	for (uint32_t i = 0; i < sent; i++)
		wr_str(&w, text);
	peer_send_wr(p, &w);
}

static struct msg last(void)
{
	struct msg m;

	ck_assert_int_eq(msg_decode((struct span){p->last, p->n_last}, &m), OK);
	return m;
}

START_TEST(a_request_tells_the_devices_that_it_names)
{
	struct msg m;

	request();
	m = last();
	ck_assert_int_eq(m.type, MSG_auth_kbdint);
	ck_assert(span_is(m.u.auth_kbdint.user, "tester"));
	ck_assert(span_is(m.u.auth_kbdint.devices, "pam,totp"));
	ck_assert_int_eq(p->w.auth.phase, AUTH_WAIT_MONITOR);
}
END_TEST

START_TEST(prompts_reach_the_client_as_they_are)
{
	struct rd r;

	request();
	prompt();
	r = RD(peer_expect(p, SSH_MSG_USERAUTH_INFO_REQUEST));
	rd_u8(&r);
	ck_assert(span_is(rd_bytes(&r, 16), "n"));
	ck_assert(span_is(rd_bytes(&r, 16), "i"));
	ck_assert_uint_eq(rd_bytes(&r, 16).n, 0);
	ck_assert_uint_eq(rd_u32(&r), 1);
	ck_assert(span_is(rd_bytes(&r, 16), "code: "));
	ck_assert(rd_bool(&r));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(p->w.auth.phase, AUTH_PROMPTED);
}
END_TEST

START_TEST(answers_reach_the_monitor_and_are_wiped_here)
{
	const struct buffer *b = &p->w.transport.input;
	struct rd r;
	struct msg m;

	request();
	prompt();
	answer(2, 2, SECRET); /* one too many: the monitor says what comes of it */
	m = last();
	ck_assert_int_eq(m.type, MSG_auth_answers);
	ck_assert_uint_eq(m.u.auth_answers.count, 2);
	r = RD(m.u.auth_answers.answers);
	ck_assert(span_is(rd_bytes(&r, 64), SECRET));
	ck_assert(span_is(rd_bytes(&r, 64), SECRET));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(p->w.auth.phase, AUTH_WAIT_MONITOR);
	ck_assert_ptr_nonnull(b->p);
	ck_assert_ptr_null(memmem(b->p, LIMIT_BUFFER_STEP_BYTES, "horse", 5));
	p->mute = false;
	peer_judge(p);
	peer_run(p);
	peer_expect(p, SSH_MSG_USERAUTH_INFO_REQUEST);
	peer_expect(p, SSH_MSG_USERAUTH_FAILURE);
}
END_TEST

START_TEST(a_conversation_may_have_many_rounds_and_none_with_prompts)
{
	request();
	for (int i = 0; i < 3; i++) {
		prompt();
		answer(1, 1, "x");
	}
	peer_tell(p, &MSG_OF(auth_prompt, .instruction = SPAN_LIT("read this")));
	peer_run(p);
	answer(0, 0, "");
	ck_assert_uint_eq(p->asked[MSG_auth_answers], 4);
	ck_assert_uint_eq(last().u.auth_answers.answers.n, 0);
}
END_TEST

START_TEST(another_attempt_may_come_instead_of_answers)
{
	uint8_t store[256];
	struct wr w = WR(store);

	request();
	prompt();
	if (_i == 1) { /* as paramiko does */
		peer_service(p, "ssh-userauth");
		ck_assert_int_eq(p->w.auth.phase, AUTH_METHOD);
	}
	peer_request(&w, "tester", "password");
	wr_bool(&w, false);
	wr_str(&w, SECRET);
	peer_send_wr(p, &w);
	ck_assert_int_eq(last().type, MSG_auth_password);
	ck_assert(!p->w.ending);
}
END_TEST

START_TEST(answers_that_nobody_wants_end_the_connection)
{
	if (_i > 0) {
		request();
		prompt();
		answer(1, 1, "x");
		p->mute = false;
		peer_judge(p);
		peer_run(p);
	}
	answer(1, 1, "x");
	ck_assert(p->w.ending);
	ck_assert_uint_eq(p->end_reason, 0);
	ck_assert_uint_eq(p->asked[MSG_auth_answers], _i > 0);
}
END_TEST

START_TEST(answers_out_of_bounds_end_the_connection)
{
	static char much[LIMIT_ANSWERS_BYTES + 2];

	memset(much, 'x', sizeof much - 1);
	request();
	prompt();
	if (_i == 0)
		answer(LIMIT_PROMPTS + 1, LIMIT_PROMPTS + 1, "");
	else if (_i == 1)
		answer(UINT32_MAX, 1, "x");
	else if (_i == 2)
		answer(2, 1, "x"); /* fewer than it says */
	else if (_i == 3)
		answer(1, 2, "x"); /* more */
	else
		answer(1, 1, much);
	ck_assert(p->w.ending);
	ck_assert_uint_eq(p->asked[MSG_auth_answers], 0);
}
END_TEST

START_TEST(a_banner_comes_before_the_prompts)
{
	request();
	peer_tell(p, &MSG_OF(auth_banner, .text = SPAN_LIT("hello\n")));
	prompt();
	peer_expect(p, SSH_MSG_USERAUTH_BANNER);
	peer_expect(p, SSH_MSG_USERAUTH_INFO_REQUEST);
}
END_TEST

START_TEST(prompts_that_nobody_asked_for_are_a_bug)
{
	prompt();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_auth_auth_kbdint");
	TCase *t = tcase_create("auth_kbdint");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_request_tells_the_devices_that_it_names);
	tcase_add_test(t, prompts_reach_the_client_as_they_are);
	tcase_add_test(t, answers_reach_the_monitor_and_are_wiped_here);
	tcase_add_test(t, a_conversation_may_have_many_rounds_and_none_with_prompts);
	tcase_add_loop_test(t, another_attempt_may_come_instead_of_answers, 0, 2);
	tcase_add_loop_test(t, answers_that_nobody_wants_end_the_connection, 0, 2);
	tcase_add_loop_test(t, answers_out_of_bounds_end_the_connection, 0, 5);
	tcase_add_test(t, a_banner_comes_before_the_prompts);
	tcase_add_test_raise_signal(t, prompts_that_nobody_asked_for_are_a_bug,
				    SIGABRT);
	suite_add_tcase(s, t);
	return s;
}
