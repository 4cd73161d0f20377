/* Questions in their wire form, and answers to their handlers. */
#include "tests/worker/peer.h"
#include "worker/ask.h"

static struct worker w;
static uint8_t store[LIMIT_MSG_BYTES];
static int monitor;

static void setup(void)
{
	static struct worker_settings none;
	int pair[2];

	ck_assert_int_eq(ipc_pair(pair), OK);
	monitor = pair[0];
	ck_assert_int_eq(worker_init(&w, &none, pair[1]), OK);
}

static void teardown(void)
{
	int fd = w.monitor.fd;

	worker_wipe(&w);
	close(fd);
	close(monitor);
}

static struct msg asked(void)
{
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;

	ck_assert_int_eq(ipc_recv(monitor, &buf, false, &m, &fds), OK);
	return m;
}

START_TEST(a_signature_is_asked_for_without_what_the_monitor_knows)
{
	const struct exhash x = {DIGEST_SHA512,  SPAN_LIT("vc"), SPAN_LIT("vs"),
				 SPAN_LIT("ic"), SPAN_LIT("is"), SPAN_LIT("ks"),
				 SPAN_LIT("g"),  SPAN_LIT("qc"), SPAN_LIT("qs"),
				 SPAN_LIT("k")};
	struct msg m;

	ck_assert_int_eq(ask_kex_sign(&w, &x, 3, SPAN_LIT("ssh-ed25519")), OK);
	m = asked();
	ck_assert_int_eq(m.type, MSG_kex_sign);
	ck_assert_uint_eq(m.u.kex_sign.hostkey, 3);
	ck_assert_uint_eq(m.u.kex_sign.digest, DIGEST_SHA512);
	ck_assert(span_is(m.u.kex_sign.algorithm, "ssh-ed25519"));
	ck_assert(span_is(m.u.kex_sign.v_client, "vc"));
	ck_assert(span_is(m.u.kex_sign.i_client, "ic"));
	ck_assert(span_is(m.u.kex_sign.i_server, "is"));
	ck_assert(span_is(m.u.kex_sign.group, "g"));
	ck_assert(span_is(m.u.kex_sign.q_client, "qc"));
	ck_assert(span_is(m.u.kex_sign.q_server, "qs"));
	ck_assert(span_is(m.u.kex_sign.secret, "k"));
}
END_TEST

START_TEST(what_was_negotiated_is_told_with_the_client_s_version)
{
	struct msg m;

	(void)snprintf(w.kex.v_client, sizeof w.kex.v_client, "SSH-2.0-x");
	ck_assert_int_eq(ask_negotiated(&w, SPAN_LIT("kex=a")), OK);
	m = asked();
	ck_assert(span_is(m.u.negotiated.version, "SSH-2.0-x"));
	ck_assert(span_is(m.u.negotiated.algorithms, "kex=a"));
}
END_TEST

START_TEST(logins_and_the_end_are_told)
{
	const struct auth_request q = {SPAN_LIT("u"), SPAN_LIT("s"), SPAN_LIT("m")};
	struct msg m;

	ck_assert_int_eq(ask_auth_none(&w, &q), OK);
	m = asked();
	ck_assert_int_eq(m.type, MSG_auth_none);
	ck_assert(span_is(m.u.auth_none.user, "u"));
	ck_assert_int_eq(ask_auth_password(&w, &q, SPAN_LIT("p")), OK);
	m = asked();
	ck_assert(span_is(m.u.auth_password.service, "s"));
	ck_assert(span_is(m.u.auth_password.password, "p"));
	ck_assert_int_eq(ask_conn_end(&w, 11, SPAN_LIT("bye")), OK);
	m = asked();
	ck_assert_uint_eq(m.u.conn_end.reason, 11);
	ck_assert(span_is(m.u.conn_end.text, "bye"));
}
END_TEST

START_TEST(a_message_that_is_not_for_a_worker_is_a_bug)
{
	struct ipc_fds fds = {.n = 0};

	ck_assert_int_eq(ask_answered(&w, &MSG_OF(fork_child, .child = 1), &fds),
			 ERR_BUG);
	ck_assert_int_eq(ask_answered(&w, &MSG_OF(conn_end, .reason = 1), &fds),
			 ERR_BUG);
}
END_TEST

START_TEST(a_connection_begins_with_a_descriptor_and_once)
{
	struct ipc_fds fds = {.n = 0};
	const struct msg begin = MSG_OF(conn_begin, .id = 7);

	ck_assert_int_eq(ask_answered(&w, &begin, &fds), ERR_BUG);
	ck_assert_int_eq(w.transport.fd, -1);
}
END_TEST

START_TEST(a_client_cannot_make_a_worker_ask_more_often_than_the_monitor_takes_it)
{
	ck_assert_uint_eq(msg_rules[MSG_hostkey_prove].budget, 64);
	for (uint32_t i = 0; i < msg_rules[MSG_hostkey_prove].budget; i++) {
		ck_assert_int_eq(worker_ask(&w, &MSG_OF(hostkey_prove, .hostkey = 0)),
				 OK);
		ck_assert_int_eq(asked().type, MSG_hostkey_prove);
	}
	ck_assert_int_eq(worker_ask(&w, &MSG_OF(hostkey_prove, .hostkey = 0)),
			 ERR_BUDGET);
	ck_assert_int_eq(err_class(ERR_BUDGET), ERR_CLASS_PEER);
	ck_assert_int_eq(ask_conn_end(&w, 2, SPAN_LIT("other kinds go on")), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_ask");
	TCase *t = tcase_create("ask");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_signature_is_asked_for_without_what_the_monitor_knows);
	tcase_add_test(t, what_was_negotiated_is_told_with_the_client_s_version);
	tcase_add_test(t, logins_and_the_end_are_told);
	tcase_add_test(t, a_message_that_is_not_for_a_worker_is_a_bug);
	tcase_add_test(t, a_connection_begins_with_a_descriptor_and_once);
	tcase_add_test(
	    t, a_client_cannot_make_a_worker_ask_more_often_than_the_monitor_takes_it);
	suite_add_tcase(s, t);
	return s;
}
