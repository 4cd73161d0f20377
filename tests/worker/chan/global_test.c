/* Global requests: answers in the order of the requests, whoever decides them. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static struct wr *global(const char *name, bool reply)
{
	draft = WR(draft_bytes);
	wr_str(&draft, name);
	wr_bool(&draft, reply);
	return &draft;
}

static enum err forward(const char *name, const char *host, uint32_t port)
{
	global(name, true);
	wr_str(&draft, host);
	wr_u32(&draft, port);
	return give(recv_global_request);
}

static enum err forward_unix(const char *name, const char *path)
{
	wr_str(global(name, true), path);
	return give(recv_global_request);
}

static enum err listens(uint32_t id, bool ok, uint32_t port)
{
	struct ipc_fds fds = {0};
	struct msg_listen_result m = {.listen = id, .ok = ok, .port = port};

	return on_listen_result(&fake.w, &m, &fds);
}

static void expect_yes(void)
{
	struct rd r = next_out(SSH_MSG_REQUEST_SUCCESS);

	ck_assert_int_eq(rd_end(&r), OK);
}

static void expect_port(uint32_t port)
{
	struct rd r = next_out(SSH_MSG_REQUEST_SUCCESS);

	ck_assert_uint_eq(rd_u32(&r), port);
	ck_assert_int_eq(rd_end(&r), OK);
}

static void expect_no(void)
{
	struct rd r = next_out(SSH_MSG_REQUEST_FAILURE);

	ck_assert_int_eq(rd_end(&r), OK);
}

START_TEST(unknown_requests_fail_where_an_answer_is_wanted)
{
	global("keepalive@openssh.com", true);
	ck_assert_int_eq(give(recv_global_request), OK);
	expect_no();
	global("keepalive@openssh.com", false);
	ck_assert_int_eq(give(recv_global_request), OK);
	wr_str(global("whatever@example.com", true), "data of its own");
	ck_assert_int_eq(give(recv_global_request), OK);
	expect_no();
	expect_nothing();
}
END_TEST

START_TEST(no_answer_overtakes_one_that_waits)
{
	uint32_t first, second;

	ck_assert_int_eq(forward("tcpip-forward", "", 0), OK);
	first = next_asked(MSG_listen_tcp).u.listen_tcp.listen;
	global("keepalive@openssh.com", true);
	ck_assert_int_eq(give(recv_global_request), OK);
	ck_assert_int_eq(forward("tcpip-forward", "", 8080), OK);
	second = next_asked(MSG_listen_tcp).u.listen_tcp.listen;
	global("no-more-sessions@openssh.com", true);
	ck_assert_int_eq(give(recv_global_request), OK);
	expect_nothing();
	ck_assert_int_eq(listens(second, true, 8080), OK);
	expect_nothing(); /* the first is not decided */
	ck_assert_int_eq(listens(first, true, 40001), OK);
	expect_port(40001);
	expect_no();
	expect_yes();
	expect_yes();
	expect_nothing();
	ck_assert(fake.w.chans.no_more_sessions);
}
END_TEST

START_TEST(port_is_told_only_where_none_was_named)
{
	ck_assert_int_eq(forward("tcpip-forward", "localhost", 8080), OK);
	ck_assert_int_eq(listens(0, true, 8080), OK);
	expect_yes();
	ck_assert_int_eq(forward("tcpip-forward", "localhost", 0), OK);
	ck_assert_int_eq(listens(1, false, 0), OK);
	expect_no();
}
END_TEST

START_TEST(request_without_an_answer_is_done_all_the_same)
{
	global("tcpip-forward", false);
	wr_str(&draft, "");
	wr_u32(&draft, 80);
	ck_assert_int_eq(give(recv_global_request), OK);
	next_asked(MSG_listen_tcp);
	ck_assert_int_eq(listens(0, true, 80), OK);
	expect_nothing();
}
END_TEST

START_TEST(waiting_requests_are_bounded)
{
	enum err e = OK;
	size_t n = 0;

	ck_assert_int_eq(forward("tcpip-forward", "", 0), OK);
	for (; e == OK && n < 2 * LIMIT_GLOBALS; n++) {
		global("keepalive@openssh.com", true);
		e = give(recv_global_request);
	}
	ck_assert_int_eq(e, ERR_BUDGET);
	ck_assert_uint_eq(n, LIMIT_GLOBALS);
	expect_nothing();
}
END_TEST

START_TEST(results_that_nobody_waits_for_are_passed_over)
{
	struct msg_hostkey_proved m = {.signature = SPAN_LIT("x")};
	struct ipc_fds fds = {0};

	ck_assert_int_eq(listens(7, true, 80), OK);
	ck_assert_int_eq(on_hostkey_proved(&fake.w, &m, &fds), OK);
	expect_nothing();
}
END_TEST

START_TEST(requests_are_read_to_their_end)
{
	static const char *const all[] = {"tcpip-forward",
					  "cancel-tcpip-forward",
					  "streamlocal-forward@openssh.com",
					  "cancel-streamlocal-forward@openssh.com",
					  "no-more-sessions@openssh.com",
					  "hostkeys-prove-00@openssh.com"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		wr_u8(global(all[i], true), 1);
		ck_assert_int_ne(give(recv_global_request), OK);
	}
	expect_nothing();
	expect_nothing_asked();
}
END_TEST

START_TEST(answers_to_our_requests_are_taken_whatever_they_say)
{
	draft = WR(draft_bytes);
	ck_assert_int_eq(give(recv_request_failure), OK);
	ck_assert_int_eq(give(recv_request_success), OK);
	wr_str(&draft, "data");
	ck_assert_int_eq(give(recv_request_success), OK);
	ck_assert_int_eq(give(recv_request_failure), ERR_TRAILING);
}
END_TEST

START_TEST(cancel_of_what_is_not_decided_yet_answers_both)
{
	ck_assert_int_eq(forward_unix("streamlocal-forward@openssh.com", "/tmp/s"), OK);
	ck_assert_int_eq(
	    forward_unix("cancel-streamlocal-forward@openssh.com", "/tmp/s"), OK);
	ck_assert_uint_eq(next_asked(MSG_listen_unix).u.listen_unix.listen, 0);
	ck_assert_uint_eq(next_asked(MSG_listen_stop).u.listen_stop.listen, 0);
	expect_no();
	expect_yes();
	ck_assert_int_eq(listens(0, true, 0), OK); /* it crossed */
	expect_nothing();
}
END_TEST

/* ---- where a script decides ---- */

static enum err decides(enum request_verdict verdict)
{
	struct ipc_fds fds = {0};
	struct msg_chan_request_result m = {.global = 1, .verdict = (uint8_t)verdict};

	return on_chan_request_result(&fake.w, &m, &fds);
}

START_TEST(cancel_waits_for_the_script_and_others_wait_behind_it)
{
	uint32_t id;
	struct msg m;

	fake.w.granted.hears = HEARS_REQUEST | HEARS_REQUESTED;
	ck_assert_int_eq(forward("tcpip-forward", "h", 8080), OK);
	id = next_asked(MSG_listen_tcp).u.listen_tcp.listen;
	ck_assert_int_eq(listens(id, true, 8080), OK);
	expect_yes();
	ck_assert_int_eq(forward("cancel-tcpip-forward", "h", 8080), OK);
	m = next_asked(MSG_chan_request);
	ck_assert_uint_eq(m.u.chan_request.global, 1);
	ck_assert(span_is(m.u.chan_request.name, "cancel-tcpip-forward"));
	global("keepalive@openssh.com", true);
	ck_assert_int_eq(give(recv_global_request), OK);
	ck_assert_int_eq(forward("cancel-tcpip-forward", "h", 8080), OK);
	expect_nothing();
	expect_nothing_asked();
	ck_assert_int_eq(decides(REQUEST_REFUSED), OK);
	expect_no();
	expect_no(); /* the keepalive's */
	next_asked(MSG_chan_request);
	ck_assert_int_eq(decides(REQUEST_AS_EVER), OK);
	ck_assert_uint_eq(next_asked(MSG_listen_stop).u.listen_stop.listen, id);
	expect_yes();
	ck_assert(span_is(next_asked(MSG_chan_requested).u.chan_requested.name,
			  "cancel-tcpip-forward"));
	ck_assert_uint_eq(fake.w.chans.held, 0);
	ck_assert_int_eq(decides(REQUEST_GRANTED), OK); /* to no question */
	expect_nothing();
}
END_TEST

START_TEST(global_requests_that_wait_are_freed_with_the_connection)
{
	fake.w.granted.hears = HEARS_REQUEST;
	ck_assert_int_eq(forward("cancel-tcpip-forward", "h", 8080), OK);
	ck_assert_int_eq(forward("cancel-tcpip-forward", "h", 8080), OK);
	ck_assert_uint_gt(fake.w.chans.held, 0);
	chans_wipe(&fake.w);
	ck_assert_uint_eq(fake.w.chans.held, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_global");
	TCase *t = tcase_create("global");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, unknown_requests_fail_where_an_answer_is_wanted);
	tcase_add_test(t, no_answer_overtakes_one_that_waits);
	tcase_add_test(t, port_is_told_only_where_none_was_named);
	tcase_add_test(t, request_without_an_answer_is_done_all_the_same);
	tcase_add_test(t, waiting_requests_are_bounded);
	tcase_add_test(t, results_that_nobody_waits_for_are_passed_over);
	tcase_add_test(t, requests_are_read_to_their_end);
	tcase_add_test(t, answers_to_our_requests_are_taken_whatever_they_say);
	tcase_add_test(t, cancel_of_what_is_not_decided_yet_answers_both);
	tcase_add_test(t, cancel_waits_for_the_script_and_others_wait_behind_it);
	tcase_add_test(t, global_requests_that_wait_are_freed_with_the_connection);
	suite_add_tcase(s, t);
	return s;
}
