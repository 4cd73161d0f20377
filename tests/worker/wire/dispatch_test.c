/* Packets on their way to their handlers, and those that belong to nobody else. */
#include "tests/worker/peer.h"
#include "worker/wire/dispatch.h"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
	peer_connect(p);
	peer_expect(p, SSH_MSG_EXT_INFO);
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

START_TEST(an_unknown_number_is_answered_with_its_sequence_number)
{
	struct rd r;

	peer_send_number(p, 200);
	peer_send_number(p, 201);
	for (uint32_t seq = 0; seq < 2; seq++) {
		r = RD(peer_recv(p));
		ck_assert_uint_eq(rd_u8(&r), SSH_MSG_UNIMPLEMENTED);
		ck_assert_uint_eq(rd_u32(&r), seq);
		ck_assert_int_eq(rd_end(&r), OK);
	}
	ck_assert(!p->w.ending);
}
END_TEST

START_TEST(ping_comes_back_as_it_was)
{
	uint8_t store[64];
	struct wr w = WR(store);
	struct rd r;

	wr_u8(&w, SSH_MSG_PING);
	wr_str(&w, "some data");
	peer_send_wr(p, &w);
	r = RD(peer_recv(p));
	ck_assert_uint_eq(rd_u8(&r), SSH_MSG_PONG);
	ck_assert(span_is(rd_bytes(&r, 64), "some data"));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(ignore_debug_and_unimplemented_are_taken_in_silence)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_IGNORE);
	wr_raw(&w, SPAN_LIT("not even a string"));
	peer_send_wr(p, &w);
	w.n = 0;
	wr_u8(&w, SSH_MSG_UNIMPLEMENTED);
	wr_u32(&w, 3);
	peer_send_wr(p, &w);
	w.n = 0;
	wr_u8(&w, SSH_MSG_DEBUG);
	wr_bool(&w, true);
	wr_str(&w, "\033[31m");
	wr_str(&w, "");
	peer_send_wr(p, &w);
	ck_assert(!p->w.ending);
	ck_assert_uint_eq(peer_recv(p).n, 0);
}
END_TEST

START_TEST(the_client_s_disconnect_ends_it_without_an_answer)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_DISCONNECT);
	wr_u32(&w, SSH_DISCONNECT_BY_APPLICATION);
	wr_str(&w, "good\nbye");
	wr_str(&w, "");
	peer_send_wr(p, &w);
	ck_assert(p->w.ending);
	worker_farewell(&p->w);
	peer_drain(p);
	peer_serve(p);
	ck_assert_uint_eq(peer_recv(p).n, 0);
	ck_assert_uint_eq(p->end_reason, SSH_DISCONNECT_BY_APPLICATION);
	ck_assert_str_eq(p->end_text, "disconnected by client: good\\012bye");
}
END_TEST

/* One truncated packet of each kind; the numbers alone are too short for all of them. */
static const uint8_t short_ones[] = {SSH_MSG_DISCONNECT,      SSH_MSG_UNIMPLEMENTED,
				     SSH_MSG_DEBUG,           SSH_MSG_SERVICE_REQUEST,
				     SSH_MSG_EXT_INFO,        SSH_MSG_KEXINIT,
				     SSH_MSG_GLOBAL_REQUEST,  SSH_MSG_PING,
				     SSH_MSG_CHANNEL_REQUEST, SSH_MSG_NEWKEYS};

START_TEST(a_truncated_packet_ends_the_connection)
{
	peer_send_number(p, short_ones[_i]);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(channel_packets_before_the_login_end_the_connection)
{
	peer_send_number(p, (uint8_t)_i);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_forged_packet_ends_the_connection_with_its_reason)
{
	uint8_t junk[64] = {0, 0, 0, 32};

	peer_raw(p, junk, sizeof junk);
	peer_run(p);
	peer_expect_disconnect(p, SSH_DISCONNECT_MAC_ERROR);
}
END_TEST

START_TEST(a_length_beyond_all_bounds_ends_the_connection)
{
	uint8_t junk[64] = {0xff, 0xff, 0xff, 0xff};

	peer_raw(p, junk, sizeof junk);
	peer_run(p);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_dispatch");
	TCase *t = tcase_create("dispatch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_unknown_number_is_answered_with_its_sequence_number);
	tcase_add_test(t, ping_comes_back_as_it_was);
	tcase_add_test(t, ignore_debug_and_unimplemented_are_taken_in_silence);
	tcase_add_test(t, the_client_s_disconnect_ends_it_without_an_answer);
	tcase_add_loop_test(t, a_truncated_packet_ends_the_connection, 0,
			    sizeof short_ones);
	tcase_add_loop_test(t, channel_packets_before_the_login_end_the_connection,
			    SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_FAILURE + 1);
	tcase_add_test(t, a_forged_packet_ends_the_connection_with_its_reason);
	tcase_add_test(t, a_length_beyond_all_bounds_ends_the_connection);
	suite_add_tcase(s, t);
	return s;
}
