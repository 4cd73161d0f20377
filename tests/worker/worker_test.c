/* A worker's turn: who is heard when, and what an idle one keeps. */
#include <signal.h>

#include "tests/worker/peer.h"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

START_TEST(the_server_speaks_first_but_leaves_the_identification_to_the_monitor)
{
	peer_start(p);
	ck_assert_int_eq(peer_recv(p).p[0], SSH_MSG_KEXINIT);
	ck_assert_int_eq(p->w.kex.phase, KEX_SENT_INIT);
}
END_TEST

START_TEST(an_identification_may_come_in_pieces_with_packets_behind_it)
{
	const char *ident = PEER_IDENT "\r\n";

	peer_start(p);
	for (size_t i = 0; i < strlen(ident); i++) {
		peer_raw(p, ident + i, 1);
		peer_run(p);
	}
	ck_assert_str_eq(p->w.kex.v_client, PEER_IDENT);
	peer_exchange(p);
}
END_TEST

static const char *const bad[] = {"SSH-1.5-old\r\n", "GET / HTTP/1.0\r\n\r\n"};
static const char *const said[] = {"Protocol major versions differ.\r\n",
				   "Invalid SSH identification string.\r\n"};

START_TEST(a_bad_identification_is_refused_in_plain_text)
{
	peer_start(p);
	ck_assert_int_eq(peer_recv(p).p[0], SSH_MSG_KEXINIT);
	peer_raw(p, bad[_i], strlen(bad[_i]));
	peer_run(p);
	ck_assert(p->w.ending);
	shutdown(p->client, SHUT_WR);
	worker_farewell(&p->w);
	peer_drain(p);
	peer_serve(p);
	ck_assert(span_is((struct span){p->got, p->n_got}, said[_i]));
	ck_assert_uint_eq(p->end_reason, 0);
	ck_assert_uint_eq(p->asked[MSG_conn_end], 1);
}
END_TEST

START_TEST(a_megabyte_without_a_line_end_is_refused_and_the_refusal_arrives)
{
	static char much[200 * 1024];

	peer_start(p);
	while (peer_recv(p).n > 0)
		;
	memset(much, 'a', sizeof much);
	memcpy(much, "SSH-2.0-", 8);
	ck_assert_int_gt(send(p->client, much, sizeof much, MSG_DONTWAIT), 4096);
	peer_run(p);
	ck_assert(p->w.ending);
	shutdown(p->client, SHUT_WR);
	worker_farewell(&p->w);
	peer_drain(p);
	ck_assert(span_is((struct span){p->got, p->n_got}, said[1]));
}
END_TEST

START_TEST(a_client_that_reads_nothing_is_not_heard_any_more)
{
	uint8_t store[20000];
	struct wr w = WR(store);
	static uint8_t data[16000];
	size_t n, sealed;

	peer_connect(p);
	wr_u8(&w, SSH_MSG_PING);
	wr_bytes(&w, SPAN_OF(data));
	for (n = 0; n < 400; n++) {
		static uint8_t packet[32000];

		memcpy(packet + PACKET_FRONT_BYTES, store, w.n);
		ck_assert_int_eq(
		    packet_seal(&p->out, packet, sizeof packet, w.n, &sealed), OK);
		if (send(p->client, packet, sealed, MSG_DONTWAIT) != (ssize_t)sealed)
			break;
		for (int i = 0; i < 8 && readable(p->w.client.fd) &&
				!transport_choked(&p->w.transport);
		     i++)
			worker_turn(&p->w);
	}
	ck_assert_uint_lt(n, 400);
	ck_assert(!p->w.ending);
	ck_assert(transport_choked(&p->w.transport));
	ck_assert_uint_lt(p->w.transport.output.n, LIMIT_OUT_BYTES);
	/* it reads again, and every answer is there */
	for (int i = 0; i < 200 && !p->w.ending; i++) {
		peer_drain(p);
		if (p->w.pending || readable(p->w.client.fd))
			worker_turn(&p->w);
	}
	ck_assert(!p->w.ending);
	ck_assert(!transport_choked(&p->w.transport));
}
END_TEST

START_TEST(a_rest_gives_buffers_back_and_the_connection_goes_on)
{
	peer_connect(p);
	p->w.busy = false;
	p->w.rest.fn(&p->w.rest);
	ck_assert_ptr_null(p->w.transport.input.p);
	ck_assert_ptr_null(p->w.transport.output.p);
	peer_log_in(p);
}
END_TEST

START_TEST(a_worker_that_is_not_idle_does_not_rest)
{
	peer_connect(p);
	p->w.busy = true;
	p->w.rest.fn(&p->w.rest);
	ck_assert_ptr_nonnull(p->w.transport.input.p);
}
END_TEST

START_TEST(a_second_connection_is_a_bug_of_the_monitor)
{
	int pair[2];

	peer_start(p);
	ck_assert_int_eq(ipc_pair(pair), OK);
	ck_assert_int_eq(
	    ipc_send(p->monitor, &MSG_OF(conn_begin, .id = 2), pair, 1, true), OK);
	peer_run(p);
}
END_TEST

START_TEST(the_client_s_end_ends_it_and_is_told)
{
	peer_connect(p);
	shutdown(p->client, SHUT_WR);
	peer_run(p);
	ck_assert(p->w.ending);
	worker_farewell(&p->w);
	peer_serve(p);
	ck_assert_uint_eq(p->asked[MSG_conn_end], 1);
	ck_assert_uint_eq(p->end_reason, 0);
}
END_TEST

START_TEST(log_lines_are_bounded)
{
	peer_start(p);
	p->w.log_lines = LIMIT_LOG_LINES - 1;
	worker_log(&p->w, LOG_INFO_LEVEL, "last");
	worker_log(&p->w, LOG_INFO_LEVEL, "never");
	peer_serve(p);
	ck_assert_uint_eq(p->asked[MSG_log_line], 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_worker");
	TCase *t = tcase_create("worker");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(
	    t, the_server_speaks_first_but_leaves_the_identification_to_the_monitor);
	tcase_add_test(t, an_identification_may_come_in_pieces_with_packets_behind_it);
	tcase_add_loop_test(t, a_bad_identification_is_refused_in_plain_text, 0, 2);
	tcase_add_test(
	    t, a_megabyte_without_a_line_end_is_refused_and_the_refusal_arrives);
	tcase_add_test(t, a_client_that_reads_nothing_is_not_heard_any_more);
	tcase_add_test(t, a_rest_gives_buffers_back_and_the_connection_goes_on);
	tcase_add_test(t, a_worker_that_is_not_idle_does_not_rest);
	tcase_add_test_raise_signal(t, a_second_connection_is_a_bug_of_the_monitor,
				    SIGABRT);
	tcase_add_test(t, the_client_s_end_ends_it_and_is_told);
	tcase_add_test(t, log_lines_are_bounded);
	suite_add_tcase(s, t);
	return s;
}
