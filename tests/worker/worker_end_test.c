/* How connections end: reasons, texts, and nobody who can hold us up. */
#include <signal.h>
#include <time.h>

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

START_TEST(every_error_of_the_peer_is_told_with_its_reason)
{
	enum err e = (enum err)_i;

	if (err_class(e) != ERR_CLASS_PEER || e == ERR_BANNER || e == ERR_VERSION)
		return;
	worker_fail(&p->w, e, "more");
	peer_expect_disconnect(p, err_reason(e));
	ck_assert_ptr_nonnull(strstr(p->end_text, err_text(e)));
	ck_assert_ptr_nonnull(strstr(p->end_text, ": more"));
}
END_TEST

START_TEST(our_own_errors_close_without_a_word)
{
	enum err e = (enum err)_i;

	if (e == OK || err_class(e) != ERR_CLASS_LOCAL)
		return;
	peer_expect(p, SSH_MSG_EXT_INFO);
	worker_fail(&p->w, e, NULL);
	worker_farewell(&p->w);
	peer_drain(p);
	peer_serve(p);
	ck_assert_uint_eq(peer_recv(p).n, 0);
	ck_assert_uint_eq(p->end_reason, 0);
	ck_assert_str_eq(p->end_text, err_text(e));
}
END_TEST

START_TEST(a_bug_aborts)
{
	worker_fail(&p->w, ERR_BUG, NULL);
}
END_TEST

START_TEST(blame_is_told_and_the_first_end_stands)
{
	worker_fail(&p->w, worker_blame(&p->w, ERR_WINDOW, "channel %d", 7), NULL);
	worker_fail(&p->w, ERR_MAC, NULL);
	worker_disconnect(&p->w, 99, "later");
	worker_disconnected(&p->w, 98, "later");
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
	ck_assert_str_eq(p->end_text, "channel window exceeded: channel 7");
}
END_TEST

START_TEST(a_packet_that_was_begun_does_not_stand_in_the_way)
{
	wr_str(transport_begin(&p->w.transport, SSH_MSG_IGNORE), "half");
	worker_disconnect(&p->w, SSH_DISCONNECT_BY_APPLICATION, "now");
	peer_expect_disconnect(p, SSH_DISCONNECT_BY_APPLICATION);
}
END_TEST

START_TEST(the_monitor_s_disconnect_is_passed_on)
{
	peer_tell(p, &MSG_OF(disconnect, .reason = SSH_DISCONNECT_TOO_MANY_CONNECTIONS,
			     .text = SPAN_LIT("full")));
	peer_run(p);
	peer_expect_disconnect(p, SSH_DISCONNECT_TOO_MANY_CONNECTIONS);
	ck_assert_str_eq(p->end_text, "full");
}
END_TEST

START_TEST(without_a_monitor_the_connection_ends)
{
	shutdown(p->monitor, SHUT_RDWR);
	peer_run(p);
	ck_assert(p->w.ending);
}
END_TEST

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(a_client_that_neither_reads_nor_closes_holds_us_up_for_a_moment_only)
{
	static uint8_t much[LIMIT_CHAN_PACKET_BYTES];
	double began = seconds();

	while (!transport_choked(&p->w.transport)) {
		wr_raw(transport_begin(&p->w.transport, SSH_MSG_IGNORE), SPAN_OF(much));
		ck_assert_int_eq(transport_commit(&p->w.transport), OK);
	}
	worker_fail(&p->w, ERR_MAC, NULL);
	worker_farewell(&p->w);
	peer_serve(p);
	ck_assert(seconds() - began < 2.0 * LIMIT_FAREWELL_MS / 1000);
	ck_assert_uint_eq(p->asked[MSG_conn_end], 1);
}
END_TEST

START_TEST(a_spare_that_is_sent_away_says_nothing)
{
	struct worker spare;
	int pair[2];

	ck_assert_int_eq(ipc_pair(pair), OK);
	ck_assert_int_eq(worker_init(&spare, &p->settings, pair[1]), OK);
	close(pair[0]);
	worker_turn(&spare);
	ck_assert(spare.ending);
	worker_farewell(&spare);
	worker_wipe(&spare);
	close(pair[1]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_worker_end");
	TCase *t = tcase_create("worker_end");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_error_of_the_peer_is_told_with_its_reason, 0,
			    ERR_COUNT);
	tcase_add_loop_test(t, our_own_errors_close_without_a_word, 0, ERR_COUNT);
	tcase_add_test_raise_signal(t, a_bug_aborts, SIGABRT);
	tcase_add_test(t, blame_is_told_and_the_first_end_stands);
	tcase_add_test(t, a_packet_that_was_begun_does_not_stand_in_the_way);
	tcase_add_test(t, the_monitor_s_disconnect_is_passed_on);
	tcase_add_test(t, without_a_monitor_the_connection_ends);
	tcase_add_test(
	    t, a_client_that_neither_reads_nor_closes_holds_us_up_for_a_moment_only);
	tcase_add_test(t, a_spare_that_is_sent_away_says_nothing);
	suite_add_tcase(s, t);
	return s;
}
