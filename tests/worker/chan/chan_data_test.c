/*
 * Data both ways: windows, queues, fairness, half-close, who is stalled and who is not.
 */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static void fill(int fd, size_t n)
{
	static uint8_t bytes[LIMIT_CHAN_PACKET_BYTES];

	while (n > 0) {
		size_t part = n < sizeof bytes ? n : sizeof bytes;
		ssize_t done = write(fd, bytes, part);

		ck_assert_int_gt(done, 0);
		n -= (size_t)done;
	}
}

static size_t empty(int fd)
{
	static uint8_t bytes[LIMIT_CHAN_PACKET_BYTES];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		n += (size_t)got;
	return n;
}

/* Data bytes in the next packet, which is for peer. */
static size_t next_data(uint32_t peer)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_DATA);
	size_t n;

	ck_assert_uint_eq(rd_u32(&r), peer);
	n = rd_bytes(&r, LIMIT_CHAN_PACKET_BYTES).n;
	ck_assert_int_eq(rd_end(&r), OK);
	return n;
}

static const struct chan *slot(size_t i)
{
	return fake.w.chans.slot[i];
}

START_TEST(data_of_the_client_goes_straight_to_the_descriptor)
{
	int far = open_tcp_channel(0, 9, 1000);
	char back[8] = {0};

	ck_assert_int_eq(client_data(0, 3), OK);
	ck_assert_int_eq(read(far, back, sizeof back), 3);
	ck_assert_str_eq(back, "abc");
	ck_assert_uint_eq(slot(0)->queue.n, 0);
	ck_assert_ptr_null(slot(0)->queue.first);
	ck_assert_uint_eq(slot(0)->window, LIMIT_WINDOW_BYTES - 3);
	ck_assert_int_eq(client_data(0, 0), OK);
	close(far);
}
END_TEST

START_TEST(window_bounds_what_waits_and_more_is_refused)
{
	int far = open_tcp_channel(0, 9, 1000);
	const struct chan *c = slot(0);
	size_t packets = LIMIT_WINDOW_BYTES / LIMIT_CHAN_PACKET_BYTES;
	enum err e = OK;
	size_t i = 0;

	while (i < 2 * packets && (e = client_data(0, LIMIT_CHAN_PACKET_BYTES)) == OK) {
		ck_assert_uint_eq(c->window + c->consumed + c->queue.n,
				  LIMIT_WINDOW_BYTES);
		i++;
	}
	ck_assert_int_eq(e, ERR_WINDOW);
	ck_assert_uint_le(i, packets +
				 packets / 4); /* what the socket took was given back */
	ck_assert_uint_le(c->queue.n, LIMIT_WINDOW_BYTES);
	close(far);
}
END_TEST

START_TEST(data_beyond_our_packet_size_is_refused)
{
	close(open_tcp_channel(0, 9, 1000));
	ck_assert_int_eq(client_data(0, LIMIT_CHAN_PACKET_BYTES + 1), ERR_RANGE);
}
END_TEST

START_TEST(window_is_given_back_as_the_descriptor_drains)
{
	int far = open_tcp_channel(0, 9, 1000);
	const struct chan *c = slot(0);
	size_t given = 0;

	for (size_t sent = 0; sent < 4 * LIMIT_WINDOW_BYTES; sent += 32768) {
		ck_assert_int_eq(client_data(0, 32768), OK);
		empty(far);
		turn();
		for (; fake.seen_out < fake.n_out; given++)
			expect_adjust(9, LIMIT_WINDOW_GIVE_BYTES);
		ck_assert_uint_eq(c->window + c->consumed + c->queue.n,
				  LIMIT_WINDOW_BYTES);
	}
	ck_assert_uint_ge(given, 4 * LIMIT_WINDOW_BYTES / LIMIT_WINDOW_GIVE_BYTES - 1);
	close(far);
}
END_TEST

START_TEST(stalled_channel_stalls_itself_alone)
{
	int stalled = open_tcp_channel(0, 9, 1000);
	int alive = open_tcp_channel(1, 10, 1000);
	char byte;

	for (size_t n = 0; n < LIMIT_WINDOW_BYTES; n += 32768)
		ck_assert_int_eq(client_data(0, 32768), OK);
	ck_assert_int_eq(client_data(1, 1), OK);
	ck_assert_int_eq(read(alive, &byte, 1), 1);
	ck_assert_int_eq(write(alive, "x", 1), 1);
	fake.seen_out = fake.n_out;
	turn();
	expect_data(10, "x");
	close(stalled);
	close(alive);
}
END_TEST

START_TEST(data_after_eof_is_refused)
{
	int far = open_tcp_channel(0, 9, 1000);

	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(client_data(0, 1), ERR_FORBIDDEN);
	client(0);
	wr_u32(&draft, SSH_EXTENDED_DATA_STDERR);
	wr_str(&draft, "x");
	ck_assert_int_eq(give(recv_channel_extended_data), ERR_FORBIDDEN);
	close(far);
}
END_TEST

START_TEST(eof_waits_for_what_is_queued)
{
	int far = open_tcp_channel(0, 9, 1000);
	size_t total = 0;

	for (size_t i = 0; i < 32; i++)
		ck_assert_int_eq(client_data(0, 32768), OK);
	ck_assert_uint_gt(slot(0)->queue.n, 0);
	ck_assert_int_eq(client_eof(0), OK);
	while (slot(0)->writing) {
		total += empty(far);
		turn();
	}
	total += empty(far);
	ck_assert_uint_eq(total, 32 * 32768);
	ck_assert_int_eq(read(far, &total, 1), 0);
	close(far);
}
END_TEST

START_TEST(extended_data_is_dropped_and_its_window_given_back)
{
	int far = open_tcp_channel(0, 9, 1000);
	static uint8_t bytes[32768];

	for (size_t n = 0; n < LIMIT_WINDOW_GIVE_BYTES; n += sizeof bytes) {
		expect_nothing();
		client(0);
		wr_u32(&draft, SSH_EXTENDED_DATA_STDERR);
		wr_bytes(&draft, SPAN_OF(bytes));
		ck_assert_int_eq(give(recv_channel_extended_data), OK);
	}
	expect_adjust(9, LIMIT_WINDOW_GIVE_BYTES);
	ck_assert_uint_eq(slot(0)->window, LIMIT_WINDOW_BYTES);
	ck_assert_uint_eq(empty(far), 0);
	close(far);
}
END_TEST

START_TEST(data_for_a_reader_that_is_gone_is_dropped_and_its_window_given_back)
{
	int far = open_tcp_channel(0, 9, 1000);

	shutdown(far, SHUT_RD);
	for (size_t n = 0; n < LIMIT_WINDOW_GIVE_BYTES; n += 32768)
		ck_assert_int_eq(client_data(0, 32768), OK);
	expect_adjust(9, LIMIT_WINDOW_GIVE_BYTES);
	ck_assert(!slot(0)->writing);
	ck_assert_uint_eq(slot(0)->queue.n, 0);
	close(far);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(window_of_the_client_is_honoured)
{
	int far = open_tcp_channel(0, 9, 10);

	fill(far, 100);
	turns(3);
	ck_assert_uint_eq(next_data(9), 10);
	expect_nothing();
	ck_assert_int_eq(client_adjust(0, 85), OK);
	turns(3);
	ck_assert_uint_eq(next_data(9), 85);
	ck_assert_int_eq(client_adjust(0, 1000), OK);
	turns(3);
	ck_assert_uint_eq(next_data(9), 5);
	expect_nothing();
	ck_assert_uint_eq(slot(0)->sent, 100);
	close(far);
}
END_TEST

START_TEST(packet_size_of_the_client_is_honoured)
{
	int pair[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	ck_assert_int_eq(client_open("direct-tcpip", 9, 1000, 7), OK);
	ck_assert_int_eq(monitor_opens(0, pair[0]), OK);
	next_out(SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	fill(pair[1], 20);
	turns(3);
	ck_assert_uint_eq(next_data(9), 7);
	ck_assert_uint_eq(next_data(9), 7);
	ck_assert_uint_eq(next_data(9), 6);
	expect_nothing();
	close(pair[1]);
}
END_TEST

START_TEST(window_adjust_must_not_overflow)
{
	close(open_tcp_channel(0, 9, 10));
	ck_assert_int_eq(client_adjust(0, UINT32_MAX - 10), OK);
	ck_assert_uint_eq(slot(0)->peer_window, UINT32_MAX);
	ck_assert_int_eq(client_adjust(0, 0), OK);
	ck_assert_int_eq(client_adjust(0, 1), ERR_RANGE);
	ck_assert_uint_eq(slot(0)->peer_window, UINT32_MAX);
}
END_TEST

START_TEST(window_adjust_after_the_end_is_passed_over)
{
	ck_assert_int_eq(client_adjust(0, 1), OK);
	ck_assert_int_eq(client_adjust(LIMIT_CHANNELS - 1, 1), OK);
	ck_assert_int_eq(client_adjust(UINT32_MAX, 1), ERR_CHANNEL);
}
END_TEST

START_TEST(short_read_is_not_followed_by_another)
{
	int far = open_tcp_channel(0, 9, 1000000);
	struct chan *c = fake.w.chans.slot[0];

	fill(far, 5);
	ck_assert_int_eq(chan_read(c, CHAN_OUT, false), OK);
	fill(far, 6); /* a second read would have put it into the same turn */
	ck_assert_uint_eq(fake.n_out - fake.seen_out, 1);
	ck_assert_uint_eq(next_data(9), 5);
	turn();
	ck_assert_uint_eq(next_data(9), 6);
	close(far);
}
END_TEST

START_TEST(nothing_is_read_while_the_output_is_full)
{
	int far = open_tcp_channel(0, 9, 1000000);

	fill(far, 100);
	fake.room = LIMIT_CHAN_ROOM_BYTES - 1;
	chans_prepare(&fake.w);
	ck_assert_int_eq(slot(0)->from[CHAN_OUT].events, 0);
	ck_assert_int_eq(loop_turn(&fake.w.loop, false), OK);
	expect_nothing();
	turn();
	ck_assert_uint_eq(next_data(9), 100);
	close(far);
}
END_TEST

START_TEST(who_found_no_room_comes_first_in_the_next_turn)
{
	enum { N = 6 };
	uint64_t least = UINT64_MAX, most = 0;
	int far[N];

	for (uint32_t i = 0; i < N; i++) {
		far[i] = open_tcp_channel(i, i, 10000000);
		fill(far[i], 150000);
	}
	for (size_t round = 0; round < 3; round++) {
		fake.room = 70000; /* one share */
		chans_prepare(&fake.w);
		ck_assert_int_eq(loop_turn(&fake.w.loop, false), OK);
	}
	for (size_t i = 0; i < N; i++) {
		least = slot(i)->sent < least ? slot(i)->sent : least;
		most = slot(i)->sent > most ? slot(i)->sent : most;
		close(far[i]);
	}
	ck_assert_uint_le(most, LIMIT_CHAN_TURN_BYTES);
	ck_assert_uint_gt(least, 0);
	ck_assert_uint_eq(fake.w.chans.starved, 0);
}
END_TEST

START_TEST(starved_channel_that_closes_holds_nobody_up)
{
	int a = open_tcp_channel(0, 9, 1000000), b = open_tcp_channel(1, 10, 1000000);

	fill(a, 10);
	fill(b, 10);
	chans_prepare(&fake.w);
	fake.room = 0;
	ck_assert_int_eq(loop_turn(&fake.w.loop, false), OK);
	ck_assert_uint_eq(fake.w.chans.starved, 2);
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(fake.w.chans.starved, 1);
	fake.seen_out = fake.n_out;
	turn();
	ck_assert_uint_eq(next_data(10), 10);
	ck_assert_uint_eq(fake.w.chans.starved, 0);
	close(a);
	close(b);
}
END_TEST

START_TEST(hang_up_that_cannot_be_acted_on_does_not_wake_the_loop)
{
	int far = open_tcp_channel(0, 9, 5);

	fill(far, 10);
	turns(2);
	ck_assert_uint_eq(next_data(9), 5);
	close(far); /* hang-up, while the client's window is closed */
	chans_prepare(&fake.w);
	ck_assert_int_eq(slot(0)->from[CHAN_OUT].events, 0);
	turns(3);
	expect_nothing();
	ck_assert_int_eq(client_adjust(0, 100), OK);
	turns(3);
	ck_assert_uint_eq(next_data(9), 5);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
}
END_TEST

START_TEST(idle_channel_waits_for_input_alone)
{
	int far = open_tcp_channel(0, 9, 5);

	chans_prepare(&fake.w);
	ck_assert_int_eq(slot(0)->from[CHAN_OUT].events, POLLIN);
	ck_assert_uint_eq(slot(0)->to.slot, 0);
	ck_assert(!fake.w.chans.drain.running);
	close(far);
}
END_TEST

START_TEST(failure_of_the_transport_ends_the_connection)
{
	int far = open_tcp_channel(0, 9, 1000);

	fill(far, 5);
	chans_prepare(&fake.w);
	for (size_t i = fake.n_out; i < FAKE_PACKETS; i++)
		keep_bytes(&fake.out[fake.n_out++], (const uint8_t *)"", 1);
	ck_assert_int_eq(loop_turn(&fake.w.loop, false), OK);
	ck_assert_int_eq(fake.failed, ERR_NO_SPACE);
	close(far);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_data");
	TCase *t = tcase_create("data");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, data_of_the_client_goes_straight_to_the_descriptor);
	tcase_add_test(t, window_bounds_what_waits_and_more_is_refused);
	tcase_add_test(t, data_beyond_our_packet_size_is_refused);
	tcase_add_test(t, window_is_given_back_as_the_descriptor_drains);
	tcase_add_test(t, stalled_channel_stalls_itself_alone);
	tcase_add_test(t, data_after_eof_is_refused);
	tcase_add_test(t, eof_waits_for_what_is_queued);
	tcase_add_test(t, extended_data_is_dropped_and_its_window_given_back);
	tcase_add_test(
	    t, data_for_a_reader_that_is_gone_is_dropped_and_its_window_given_back);
	tcase_add_test(t, window_of_the_client_is_honoured);
	tcase_add_test(t, packet_size_of_the_client_is_honoured);
	tcase_add_test(t, window_adjust_must_not_overflow);
	tcase_add_test(t, window_adjust_after_the_end_is_passed_over);
	tcase_add_test(t, short_read_is_not_followed_by_another);
	tcase_add_test(t, nothing_is_read_while_the_output_is_full);
	tcase_add_test(t, who_found_no_room_comes_first_in_the_next_turn);
	tcase_add_test(t, starved_channel_that_closes_holds_nobody_up);
	tcase_add_test(t, hang_up_that_cannot_be_acted_on_does_not_wake_the_loop);
	tcase_add_test(t, idle_channel_waits_for_input_alone);
	tcase_add_test(t, failure_of_the_transport_ends_the_connection);
	suite_add_tcase(s, t);
	return s;
}
