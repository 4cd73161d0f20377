/* Requests that a script decides about: asked, held, answered in order, told. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static void hear(uint32_t hears)
{
	fake_begin();
	fake.w.granted.hears = hears;
}

static void begin(void)
{
	hear(HEARS_REQUEST);
}

static enum err decides(uint32_t chan, enum request_verdict verdict,
			const char *message)
{
	struct ipc_fds fds = {0};
	struct msg_chan_request_result m = {
	    .chan = chan, .verdict = (uint8_t)verdict, .message = span_str(message)};

	return on_chan_request_result(&fake.w, &m, &fds);
}

static void request_env(const char *name)
{
	wr_str(client_request(0, "env"), name);
	wr_str(&draft, "value");
	ck_assert_int_eq(give(recv_channel_request), OK);
}

static void expect_asked(const char *name)
{
	const struct msg m = next_asked(MSG_chan_request);

	ck_assert(span_is(m.u.chan_request.name, name));
	ck_assert_uint_eq(m.u.chan_request.global, 0);
	ck_assert_uint_eq(m.u.chan_request.reply, 1);
}

START_TEST(nobody_is_asked_where_the_script_has_no_handler)
{
	hear(0);
	open_session_channel(0, 9);
	request_env("A");
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	expect_nothing_asked();
}
END_TEST

START_TEST(life_of_a_session_costs_no_message_more_without_a_handler)
{
	struct program p;

	hear(0);
	open_session_channel(0, 9); /* open_session, and nothing else */
	request_env("A");
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	expect_nothing_asked();
	p = start_pipes(0, 9); /* session_start */
	expect_nothing_asked();
	wr_str(client_request(0, "signal"), "HUP");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_signal);
	ck_assert_int_eq(client_data(0, 1), OK);
	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(client_adjust(0, 1), OK);
	expect_nothing_asked();
	program_ends(&p);
	ck_assert_int_eq(client_close(0), OK);
	turns(3);
	next_asked(MSG_chan_closed);
	expect_nothing_asked();
}
END_TEST

START_TEST(request_is_answered_once_it_is_decided)
{
	open_session_channel(0, 9);
	request_env("A");
	expect_asked("env");
	expect_nothing();
	ck_assert_int_eq(decides(0, REQUEST_AS_EVER, ""), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	ck_assert_uint_eq(fake.w.chans.slot[0]->session->setup->env_count, 1);
	request_env("B");
	expect_asked("env");
	ck_assert_int_eq(decides(0, REQUEST_REFUSED, ""), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	ck_assert_uint_eq(fake.w.chans.slot[0]->session->setup->env_count, 1);
}
END_TEST

START_TEST(payload_is_told_whole)
{
	struct msg m;
	struct rd r;

	open_session_channel(0, 9);
	request_env("A");
	m = next_asked(MSG_chan_request);
	r = RD(m.u.chan_request.payload);
	ck_assert(span_is(rd_bytes(&r, 64), "A"));
	ck_assert(span_is(rd_bytes(&r, 64), "value"));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(answers_keep_the_order_of_the_requests)
{
	open_session_channel(0, 9);
	request_env("A");
	request_env("B");
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_asked("env");
	expect_nothing_asked();
	ck_assert_int_eq(decides(0, REQUEST_REFUSED, ""), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	expect_asked("env");
	expect_nothing_asked();
	ck_assert_int_eq(decides(0, REQUEST_GRANTED, ""), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	ck_assert_uint_eq(next_asked(MSG_session_start).u.session_start.reply, 1);
	expect_nothing();
	ck_assert_uint_eq(fake.w.chans.held, 0);
}
END_TEST

START_TEST(consent_does_not_outdo_the_static_rules)
{
	fake.w.granted.permits = PERMIT_SESSION;
	open_session_channel(0, 9);
	client_request(0, "auth-agent-req@openssh.com");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_asked("auth-agent-req@openssh.com");
	ck_assert_int_eq(decides(0, REQUEST_GRANTED, ""), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
}
END_TEST

START_TEST(unknown_request_succeeds_only_where_the_script_grants_it)
{
	open_session_channel(0, 9);
	client_request(0, "x@example.com");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_asked("x@example.com");
	ck_assert_int_eq(decides(0, REQUEST_AS_EVER, ""), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	client_request(0, "x@example.com");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_asked("x@example.com");
	ck_assert_int_eq(decides(0, REQUEST_GRANTED, ""), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
}
END_TEST

START_TEST(what_cannot_be_is_refused_unasked)
{
	static char value[LIMIT_REQUEST_BYTES + 1];

	open_session_channel(0, 9);
	wr_str(client_request(0, "signal"), "HUP"); /* nothing runs */
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	memset(value, 'x', sizeof value - 1);
	wr_str(client_request(0, "env"), "A");
	wr_str(&draft, value);
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	expect_nothing_asked();
}
END_TEST

START_TEST(message_goes_to_stderr_of_the_session)
{
	struct rd r;

	open_session_channel(0, 9);
	request_env("A");
	ck_assert_int_eq(decides(0, REQUEST_REFUSED, "not that one"), OK);
	r = next_out(SSH_MSG_CHANNEL_EXTENDED_DATA);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_uint_eq(rd_u32(&r), SSH_EXTENDED_DATA_STDERR);
	ck_assert(span_is(rd_bytes(&r, LIMIT_TEXT_BYTES), "not that one\r\n"));
	ck_assert_int_eq(rd_end(&r), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
}
END_TEST

START_TEST(decision_about_a_channel_that_is_gone_is_passed_over)
{
	open_session_channel(0, 9);
	request_env("A");
	request_env("B");
	ck_assert_int_eq(client_close(0), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	ck_assert_uint_eq(fake.w.chans.held, 0);
	ck_assert_int_eq(decides(0, REQUEST_GRANTED, "late"), OK);
	ck_assert_int_eq(decides(77, REQUEST_GRANTED, "late"), OK);
	expect_nothing();
}
END_TEST

START_TEST(granted_requests_are_told_where_the_script_hears_of_them)
{
	struct msg m;

	hear(HEARS_REQUESTED);
	open_session_channel(0, 9);
	request_env("A");
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	m = next_asked(MSG_chan_requested);
	ck_assert(span_is(m.u.chan_requested.name, "env"));
	client_request(0, "x@example.com");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	expect_nothing_asked(); /* what failed is not told */
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_question");
	TCase *t = tcase_create("question");

	tcase_add_checked_fixture(t, begin, fake_end);
	tcase_add_test(t, nobody_is_asked_where_the_script_has_no_handler);
	tcase_add_test(t, life_of_a_session_costs_no_message_more_without_a_handler);
	tcase_add_test(t, request_is_answered_once_it_is_decided);
	tcase_add_test(t, payload_is_told_whole);
	tcase_add_test(t, answers_keep_the_order_of_the_requests);
	tcase_add_test(t, consent_does_not_outdo_the_static_rules);
	tcase_add_test(t, unknown_request_succeeds_only_where_the_script_grants_it);
	tcase_add_test(t, what_cannot_be_is_refused_unasked);
	tcase_add_test(t, message_goes_to_stderr_of_the_session);
	tcase_add_test(t, decision_about_a_channel_that_is_gone_is_passed_over);
	tcase_add_test(t, granted_requests_are_told_where_the_script_hears_of_them);
	suite_add_tcase(s, t);
	return s;
}
