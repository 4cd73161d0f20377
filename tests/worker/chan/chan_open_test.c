/* How channels come to be, by the client and by us; what is refused, and how often. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

START_TEST(open_of_an_unknown_type_is_refused)
{
	ck_assert_int_eq(client_open("tun@openssh.com", 5, 1000, 1000), OK);
	expect_refusal(5, SSH_OPEN_UNKNOWN_CHANNEL_TYPE);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	expect_nothing_asked();
}
END_TEST

START_TEST(open_with_a_zero_packet_size_is_refused)
{
	ck_assert_int_eq(client_open("session", 5, 1000, 0), OK);
	expect_refusal(5, SSH_OPEN_RESOURCE_SHORTAGE);
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(open_is_not_known_to_the_client_before_the_monitor_decided)
{
	ck_assert_int_eq(client_open("session", 5, 1000, 1000), OK);
	expect_nothing();
	ck_assert_int_eq(client_data(0, 1), ERR_CHANNEL);
	ck_assert_int_eq(client_eof(0), ERR_CHANNEL);
	ck_assert_int_eq(client_close(0), ERR_CHANNEL);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), ERR_CHANNEL);
}
END_TEST

START_TEST(open_that_the_monitor_refuses_frees_its_number)
{
	ck_assert_int_eq(client_open("direct-tcpip", 5, 1000, 1000), OK);
	next_asked(MSG_open_tcp);
	ck_assert_int_eq(monitor_refuses(0, SSH_OPEN_CONNECT_FAILED), OK);
	expect_refusal(5, SSH_OPEN_CONNECT_FAILED);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	expect_nothing_asked(); /* no chan_closed */
	close(open_tcp_channel(0, 6, 1000));
}
END_TEST

START_TEST(open_without_its_descriptor_is_refused)
{
	ck_assert_int_eq(client_open("direct-tcpip", 5, 1000, 1000), OK);
	ck_assert_int_eq(monitor_opens(0, -1), OK);
	expect_refusal(5, SSH_OPEN_CONNECT_FAILED);
}
END_TEST

START_TEST(opens_beyond_the_limit_are_refused_and_then_end_the_connection)
{
	for (uint32_t i = 0; i < LIMIT_CHANNELS; i++)
		ck_assert_int_eq(client_open("session", i, 1000, 1000), OK);
	expect_nothing();
	for (uint32_t i = 0; i < LIMIT_CHANNEL_REFUSALS; i++) {
		ck_assert_int_eq(client_open("session", i, 1000, 1000), OK);
		expect_refusal(i, SSH_OPEN_RESOURCE_SHORTAGE);
	}
	ck_assert_int_eq(client_open("session", 1, 1000, 1000), ERR_CHANNELS);
	ck_assert_uint_eq(fake.w.chans.n, LIMIT_CHANNELS);
}
END_TEST

START_TEST(refusals_are_counted_in_a_row)
{
	fake.w.chans.refusals = LIMIT_CHANNEL_REFUSALS;
	close(open_tcp_channel(0, 6, 1000));
	ck_assert_int_eq(client_open("no-such", 5, 1000, 1000), OK);
	ck_assert_uint_eq(fake.w.chans.refusals, 1);
}
END_TEST

START_TEST(hosts_that_do_not_answer_are_not_counted_as_refusals)
{
	for (uint32_t i = 0; i < 2 * LIMIT_CHANNEL_REFUSALS; i++) {
		ck_assert_int_eq(chan_refuse(&fake.w, 1, SSH_OPEN_CONNECT_FAILED,
					     SPAN_LIT("timed out")),
				 OK);
	}
	ck_assert_uint_eq(fake.w.chans.refusals, 0);
}
END_TEST

START_TEST(no_more_sessions_forbids_sessions_alone)
{
	draft = WR(draft_bytes);
	wr_str(&draft, "no-more-sessions@openssh.com");
	wr_bool(&draft, false);
	ck_assert_int_eq(give(recv_global_request), OK);
	expect_nothing();
	close(open_tcp_channel(0, 9, 1000));
	ck_assert_int_eq(client_open("session", 1, 1000, 1000), ERR_FORBIDDEN);
}
END_TEST

START_TEST(confirmation_of_what_we_did_not_open_is_refused)
{
	int far = open_tcp_channel(0, 9, 1000);

	client(0);
	wr_u32(&draft, 1);
	wr_u32(&draft, 1);
	wr_u32(&draft, 1);
	ck_assert_int_eq(give(recv_channel_open_confirmation), ERR_CHANNEL);
	client(0);
	wr_u32(&draft, 1);
	wr_str(&draft, "");
	wr_str(&draft, "");
	ck_assert_int_eq(give(recv_channel_open_failure), ERR_CHANNEL);
	close(far);
}
END_TEST

static int far_end;

/* Offers a forwarded connection as channel 0. */
static void offer(void)
{
	int pair[2];
	struct wr *p;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	ck_assert_int_eq(chan_offer(&fake.w, "x11", pair[0], &p), OK);
	wr_str(p, "::1");
	wr_u32(p, 6010);
	ck_assert_int_eq(transport_commit(&fake.w.transport), OK);
	far_end = pair[1];
}

static enum err client_confirms(uint32_t number, uint32_t packet)
{
	client(number);
	wr_u32(&draft, 77);
	wr_u32(&draft, 1000);
	wr_u32(&draft, packet);
	return give(recv_channel_open_confirmation);
}

START_TEST(offer_names_its_channel_and_waits_for_the_client)
{
	struct rd r;
	char byte;

	offer();
	r = next_out(SSH_MSG_CHANNEL_OPEN);
	ck_assert(span_is(rd_bytes(&r, 64), "x11"));
	ck_assert_uint_eq(rd_u32(&r), 0);
	ck_assert_uint_eq(rd_u32(&r), LIMIT_WINDOW_BYTES);
	ck_assert_uint_eq(rd_u32(&r), LIMIT_CHAN_PACKET_BYTES);
	ck_assert(span_is(rd_bytes(&r, 64), "::1"));
	ck_assert_uint_eq(rd_u32(&r), 6010);
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(write(far_end, "early", 5), 5);
	turns(2);
	expect_nothing();
	ck_assert_int_eq(client_data(0, 1), ERR_CHANNEL);
	ck_assert_int_eq(client_close(0), ERR_CHANNEL);
	ck_assert_int_eq(client_confirms(0, 1000), OK);
	turn();
	expect_data(77, "early");
	ck_assert_int_eq(client_data(0, 1), OK);
	ck_assert_int_eq(read(far_end, &byte, 1), 1);
	ck_assert_int_eq(client_confirms(0, 1000), ERR_CHANNEL);
	close(far_end);
}
END_TEST

START_TEST(offer_confirmed_with_a_zero_packet_size_is_refused)
{
	offer();
	ck_assert_int_eq(client_confirms(0, 0), ERR_RANGE);
	close(far_end);
}
END_TEST

START_TEST(offer_that_the_client_refuses_closes_its_socket)
{
	char byte;

	offer();
	client(0);
	wr_u32(&draft, SSH_OPEN_CONNECT_FAILED);
	wr_str(&draft, "no such display");
	wr_str(&draft, "");
	ck_assert_int_eq(give(recv_channel_open_failure), OK);
	ck_assert_int_eq(read(far_end, &byte, 1), 0);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	ck_assert_uint_eq(fake.w.chans.offered, 0);
	expect_nothing_asked();
	close(far_end);
}
END_TEST

START_TEST(offers_that_the_client_leaves_unanswered_are_bounded)
{
	struct wr *p;

	for (size_t i = 0; i < LIMIT_CHAN_OFFERS; i++) {
		offer();
		close(far_end);
	}
	ck_assert_int_eq(chan_offer(&fake.w, "x11", dup(0), &p), ERR_NO_SPACE);
	ck_assert_uint_eq(fake.w.chans.n, LIMIT_CHAN_OFFERS);
	ck_assert_int_eq(client_confirms(3, 1000), OK);
	offer();
	close(far_end);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_open");
	TCase *t = tcase_create("open");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, open_of_an_unknown_type_is_refused);
	tcase_add_test(t, open_with_a_zero_packet_size_is_refused);
	tcase_add_test(t, open_is_not_known_to_the_client_before_the_monitor_decided);
	tcase_add_test(t, open_that_the_monitor_refuses_frees_its_number);
	tcase_add_test(t, open_without_its_descriptor_is_refused);
	tcase_add_test(t,
		       opens_beyond_the_limit_are_refused_and_then_end_the_connection);
	tcase_add_test(t, hosts_that_do_not_answer_are_not_counted_as_refusals);
	tcase_add_test(t, no_more_sessions_forbids_sessions_alone);
	tcase_add_test(t, confirmation_of_what_we_did_not_open_is_refused);
	tcase_add_test(t, offer_names_its_channel_and_waits_for_the_client);
	tcase_add_test(t, offer_confirmed_with_a_zero_packet_size_is_refused);
	tcase_add_test(t, offer_that_the_client_refuses_closes_its_socket);
	tcase_add_test(t, offers_that_the_client_leaves_unanswered_are_bounded);
	tcase_add_test(t, refusals_are_counted_in_a_row);
	suite_add_tcase(s, t);
	return s;
}
