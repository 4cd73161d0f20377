/* The login as a conversation: service, methods, verdicts, what is ignored after it. */
#include <signal.h>

#include "tests/worker/peer.h"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
	peer_connect(p);
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

static void request(const char *method, const char *rest)
{
	uint8_t store[256];
	struct wr w = WR(store);

	peer_request(&w, "tester", method);
	wr_raw(&w, span_str(rest));
	peer_send_wr(p, &w);
}

static void expect_failure(bool partial)
{
	struct rd r = RD(peer_expect(p, SSH_MSG_USERAUTH_FAILURE));

	rd_u8(&r);
	ck_assert(span_is(rd_bytes(&r, 256), "publickey,password"));
	ck_assert_int_eq(rd_bool(&r), partial);
	ck_assert_int_eq(rd_end(&r), OK);
}

START_TEST(another_service_than_the_login_is_not_available)
{
	peer_service(p, _i == 0 ? "ssh-connection" : "no-such");
	peer_expect_disconnect(p, SSH_DISCONNECT_SERVICE_NOT_AVAILABLE);
}
END_TEST

START_TEST(the_service_may_be_asked_for_before_each_attempt)
{
	for (int i = 0; i < 3; i++) {
		peer_service(p, "ssh-userauth");
		peer_expect(p, SSH_MSG_SERVICE_ACCEPT);
		request("none", "");
		expect_failure(false);
	}
}
END_TEST

START_TEST(nobody_is_asked_about_the_service_where_no_script_decides)
{
	peer_service(p, "ssh-userauth");
	peer_expect(p, SSH_MSG_SERVICE_ACCEPT);
	ck_assert_uint_eq(p->asked[MSG_service_request], 0);
}
END_TEST

START_TEST(a_script_decides_about_the_service)
{
	p->w.asks_service = true;
	peer_service(p, "ssh-userauth");
	ck_assert_uint_eq(p->asked[MSG_service_request], 1);
	ck_assert_int_eq(p->w.auth.phase, AUTH_WAIT_MONITOR);
	peer_tell(p, _i == 0 ? &MSG_OF(service_result, .ok = 1)
			     : &MSG_OF(service_result, .text = SPAN_LIT("closed")));
	peer_run(p);
	if (_i == 0) {
		peer_expect(p, SSH_MSG_SERVICE_ACCEPT);
		request("none", "");
		expect_failure(false);
	} else {
		peer_expect_disconnect(p, SSH_DISCONNECT_SERVICE_NOT_AVAILABLE);
		ck_assert_str_eq(p->w.end_text, "closed");
	}
}
END_TEST

START_TEST(the_service_is_not_asked_for_without_end)
{
	for (int i = 0; i < LIMIT_AUTH_REQUESTS; i++)
		peer_service(p, "ssh-userauth");
	ck_assert(!p->w.ending);
	peer_service(p, "ssh-userauth");
	peer_expect_disconnect(p, SSH_DISCONNECT_NO_MORE_AUTH_METHODS);
}
END_TEST

START_TEST(the_service_is_not_asked_for_after_the_login)
{
	p->verdict = AUTH_SUCCESS;
	peer_service(p, "ssh-userauth");
	request("none", "");
	peer_expect(p, SSH_MSG_USERAUTH_SUCCESS);
	peer_service(p, "ssh-userauth");
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_login_to_another_service_is_refused)
{
	uint8_t store[128];
	struct wr w = WR(store);

	peer_service(p, "ssh-userauth");
	wr_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	wr_str(&w, "tester");
	wr_str(&w, "ssh-evil");
	wr_str(&w, "none");
	peer_send_wr(p, &w);
	peer_expect_disconnect(p, SSH_DISCONNECT_SERVICE_NOT_AVAILABLE);
	ck_assert_uint_eq(p->asked[MSG_auth_none], 0);
}
END_TEST

static const char *const refused[] = {"none", "hostbased", "gssapi-with-mic", ""};

START_TEST(methods_that_nobody_knows_are_refused_and_counted_by_the_monitor)
{
	ck_assert_str_eq(auth_method_find(span_str(refused[_i]))->name, "none");
	peer_service(p, "ssh-userauth");
	request(refused[_i], "whatever it says");
	expect_failure(false);
	ck_assert_int_eq(p->w.auth.phase, AUTH_METHOD);
	ck_assert_uint_eq(p->asked[MSG_auth_none], 1);
}
END_TEST

START_TEST(partial_success_says_so)
{
	p->verdict = AUTH_PARTIAL;
	peer_service(p, "ssh-userauth");
	request("none", "");
	expect_failure(true);
}
END_TEST

START_TEST(requests_sent_ahead_are_answered_one_after_the_other)
{
	p->mute = true;
	peer_service(p, "ssh-userauth");
	for (int i = 0; i < 3; i++)
		request("none", "");
	for (uint32_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(p->w.auth.phase, AUTH_WAIT_MONITOR);
		ck_assert_uint_eq(p->asked[MSG_auth_none], i);
		peer_judge(p);
		peer_run(p);
		expect_failure(false);
	}
	ck_assert_int_eq(p->w.auth.phase, AUTH_METHOD);
}
END_TEST

START_TEST(after_the_login_requests_are_ignored_in_silence)
{
	peer_log_in(p);
	while (peer_recv(p).n > 0)
		;
	request("password", "xyz");
	ck_assert_uint_eq(peer_recv(p).n, 0);
	ck_assert(!p->w.ending);
	ck_assert_uint_eq(p->asked[MSG_auth_password], 1);
}
END_TEST

START_TEST(a_banner_comes_before_the_answer)
{
	struct rd r;

	p->mute = true;
	peer_service(p, "ssh-userauth");
	request("none", "");
	peer_tell(p, &MSG_OF(auth_result, .verdict = AUTH_FAILURE,
			     .methods = SPAN_LIT("publickey,password"),
			     .banner = SPAN_LIT("hello\n")));
	peer_run(p);
	r = RD(peer_expect(p, SSH_MSG_USERAUTH_BANNER));
	rd_u8(&r);
	ck_assert(span_is(rd_bytes(&r, 64), "hello\n"));
	ck_assert_uint_eq(rd_bytes(&r, 64).n, 0);
	ck_assert_int_eq(rd_end(&r), OK);
	expect_failure(false);
}
END_TEST

START_TEST(too_many_requests_end_the_connection)
{
	peer_service(p, "ssh-userauth");
	p->w.auth.requests = LIMIT_AUTH_REQUESTS - 1;
	request("none", "");
	ck_assert(!p->w.ending);
	request("none", "");
	peer_expect_disconnect(p, SSH_DISCONNECT_NO_MORE_AUTH_METHODS);
	ck_assert_uint_eq(p->asked[MSG_auth_none], 1);
}
END_TEST

START_TEST(a_verdict_that_nobody_asked_for_is_a_bug)
{
	peer_judge(p);
	peer_run(p);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_auth_auth");
	TCase *t = tcase_create("auth");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, another_service_than_the_login_is_not_available, 0, 2);
	tcase_add_test(t, the_service_may_be_asked_for_before_each_attempt);
	tcase_add_test(t, nobody_is_asked_about_the_service_where_no_script_decides);
	tcase_add_loop_test(t, a_script_decides_about_the_service, 0, 2);
	tcase_add_test(t, the_service_is_not_asked_for_without_end);
	tcase_add_test(t, the_service_is_not_asked_for_after_the_login);
	tcase_add_test(t, a_login_to_another_service_is_refused);
	tcase_add_loop_test(
	    t, methods_that_nobody_knows_are_refused_and_counted_by_the_monitor, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(t, partial_success_says_so);
	tcase_add_test(t, requests_sent_ahead_are_answered_one_after_the_other);
	tcase_add_test(t, after_the_login_requests_are_ignored_in_silence);
	tcase_add_test(t, a_banner_comes_before_the_answer);
	tcase_add_test(t, too_many_requests_end_the_connection);
	tcase_add_test_raise_signal(t, a_verdict_that_nobody_asked_for_is_a_bug,
				    SIGABRT);
	suite_add_tcase(s, t);
	return s;
}
