/*
 * The table and the life of channels: opens, refusals, numbers, closing in every state.
 */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

START_TEST(numbers_are_the_lowest_free)
{
	int far[4];

	for (uint32_t i = 0; i < 4; i++)
		far[i] = open_tcp_channel(i, 100 + i, 1000);
	ck_assert_int_eq(client_close(1), OK);
	ck_assert_uint_eq(fake.w.chans.n, 3);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 101);
	next_asked(MSG_chan_closed);
	close(far[1]);
	far[1] = open_tcp_channel(1, 201, 1000);
	for (size_t i = 0; i < 4; i++)
		close(far[i]);
}
END_TEST

START_TEST(packets_for_unknown_channels_are_refused)
{
	static recv_fn *const handlers[] = {recv_channel_eof, recv_channel_close,
					    recv_channel_success, recv_channel_failure};

	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		client(3);
		ck_assert_int_eq(give(handlers[i]), ERR_CHANNEL);
		client(UINT32_MAX);
		ck_assert_int_eq(give(handlers[i]), ERR_CHANNEL);
	}
	ck_assert_int_eq(client_data(7, 10), ERR_CHANNEL);
	client(7);
	wr_u32(&draft, 1);
	wr_u32(&draft, 0);
	ck_assert_int_eq(give(recv_channel_extended_data), ERR_CHANNEL);
	ck_assert_int_eq(client_adjust(LIMIT_CHANNELS, 1), ERR_CHANNEL);
}
END_TEST

START_TEST(truncated_and_trailing_packets_are_refused)
{
	static recv_fn *const handlers[] = {recv_channel_open,
					    recv_channel_eof,
					    recv_channel_close,
					    recv_channel_data,
					    recv_channel_extended_data,
					    recv_channel_window_adjust,
					    recv_channel_open_confirmation,
					    recv_channel_open_failure,
					    recv_channel_request,
					    recv_global_request};

	close(open_tcp_channel(0, 1, 1000));
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		draft = WR(draft_bytes);
		wr_u8(&draft, 0);
		ck_assert_int_ne(give(handlers[i]), OK);
	}
	wr_u8(client(0), 0);
	ck_assert_int_eq(give(recv_channel_eof), ERR_TRAILING);
	wr_u8(client(0), 0);
	ck_assert_int_eq(give(recv_channel_close), ERR_TRAILING);
}
END_TEST

START_TEST(close_of_the_client_is_answered_and_the_monitor_told)
{
	int far = open_tcp_channel(0, 9, 1000);
	struct msg m;

	ck_assert_int_eq(client_data(0, 10), OK);
	ck_assert_int_eq(client_close(0), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	m = next_asked(MSG_chan_closed);
	ck_assert_uint_eq(m.u.chan_closed.chan, 0);
	ck_assert_uint_eq(m.u.chan_closed.received, 10);
	ck_assert_uint_eq(m.u.chan_closed.sent, 0);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	ck_assert_int_eq(client_close(0), ERR_CHANNEL);
	close(far);
}
END_TEST

START_TEST(both_ends_of_data_close_the_channel)
{
	int far = open_tcp_channel(0, 9, 1000);
	char byte;

	shutdown(far, SHUT_WR);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_nothing(); /* the other half stays open */
	ck_assert_int_eq(client_data(0, 1), OK);
	ck_assert_int_eq(read(far, &byte, 1), 1);
	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(read(far, &byte, 1), 0);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	expect_nothing_asked(); /* the client has not closed it yet */
	ck_assert_uint_eq(fake.w.chans.n, 1);
	ck_assert_int_eq(client_close(0), OK);
	next_asked(MSG_chan_closed);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	expect_nothing();
	close(far);
}
END_TEST

START_TEST(eof_of_the_client_leaves_the_way_back_open)
{
	int far = open_tcp_channel(0, 9, 1000);
	char byte;

	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(read(far, &byte, 1), 0);
	ck_assert_int_eq(write(far, "late", 4), 4);
	turn();
	expect_data(9, "late");
	ck_assert_int_eq(client_eof(0), ERR_FORBIDDEN);
	close(far);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(what_crosses_our_close_is_passed_over)
{
	int far = open_tcp_channel(0, 9, 1000);

	ck_assert_int_eq(client_eof(0), OK);
	close(far);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_int_eq(client_adjust(0, 100), OK);
	expect_nothing();
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(data_that_waits_is_written_before_the_close_is_answered)
{
	int far = open_tcp_channel(0, 9, 1000);
	size_t total = 40 * LIMIT_CHAN_PACKET_BYTES, got = 0;
	uint8_t buf[8192];
	ssize_t n;

	for (size_t i = 0; i < 40; i++)
		ck_assert_int_eq(client_data(0, LIMIT_CHAN_PACKET_BYTES), OK);
	fake.seen_out = fake.n_out;
	ck_assert_int_eq(client_close(0), OK);
	expect_nothing();
	ck_assert_int_eq(client_close(0), ERR_FORBIDDEN);
	ck_assert_int_eq(client_data(0, 1), ERR_FORBIDDEN);
	while (fake.w.chans.n > 0) {
		turn();
		while ((n = read(far, buf, sizeof buf)) > 0)
			got += (size_t)n;
	}
	while ((n = read(far, buf, sizeof buf)) > 0)
		got += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(got, total);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_uint_eq(next_asked(MSG_chan_closed).u.chan_closed.received, total);
	close(far);
}
END_TEST

START_TEST(answers_about_channels_that_are_gone_are_passed_over)
{
	int fd = dup(0);
	struct ipc_fds fds = {.fd = {fd}, .n = 1};
	struct msg_chan_opened m = {.chan = 3};

	ck_assert_int_eq(on_chan_opened(&fake.w, &m, &fds), OK);
	ck_assert_int_eq(fds.fd[0], fd); /* not taken */
	ipc_fds_close(&fds);
	ck_assert_int_eq(monitor_exits(3, 0, ""), OK);
	ck_assert_int_eq(monitor_starts(3, NULL, 0), OK);
	expect_nothing();
}
END_TEST

START_TEST(wipe_takes_the_zero_state_and_channels_in_every_phase)
{
	chans_wipe(&fake.w);
	ck_assert_int_eq(client_open("session", 1, 1000, 1000), OK);
	next_asked(MSG_open_session);
	close(open_tcp_channel(1, 2, 1000));
	chans_wipe(&fake.w);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	ck_assert_ptr_null(fake.w.chans.slot);
}
END_TEST

START_TEST(windows_are_small_when_many_channels_are_open_and_large_again_after)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < LIMIT_CHANNELS; i++) {
		ck_assert_int_eq(client_open("session", i, 1000, 1000), OK);
		ck_assert_uint_ge(fake.w.chans.slot[i]->window,
				  LIMIT_WINDOW_LEAST_BYTES);
		sum += fake.w.chans.slot[i]->window;
	}
	ck_assert_uint_eq(fake.w.chans.slot[0]->window, LIMIT_WINDOW_BYTES);
	ck_assert_uint_eq(fake.w.chans.slot[LIMIT_CHANNELS - 1]->window,
			  LIMIT_WINDOW_LEAST_BYTES);
	ck_assert_uint_le(sum, LIMIT_WINDOWS_BYTES +
				   LIMIT_CHANNELS * (size_t)LIMIT_WINDOW_LEAST_BYTES);
	ck_assert_uint_eq(fake.w.chans.promised, sum);
	for (uint32_t i = 0; i < LIMIT_CHANNELS; i++)
		ck_assert_int_eq(monitor_refuses(i, SSH_OPEN_CONNECT_FAILED), OK);
	ck_assert_uint_eq(fake.w.chans.promised, 0);
	ck_assert_int_eq(client_open("session", 0, 1000, 1000), OK);
	ck_assert_uint_eq(fake.w.chans.slot[0]->window, LIMIT_WINDOW_BYTES);
}
END_TEST

START_TEST(a_small_window_is_given_back_in_time)
{
	int fd;

	fake.w.chans.promised = LIMIT_WINDOWS_BYTES;
	fd = open_tcp_channel(0, 9, 1000);
	ck_assert_uint_eq(fake.w.chans.slot[0]->window, LIMIT_WINDOW_LEAST_BYTES);
	ck_assert_int_eq(client_data(0, LIMIT_CHAN_PACKET_BYTES), OK);
	expect_adjust(9, LIMIT_CHAN_PACKET_BYTES);
	ck_assert_uint_eq(fake.w.chans.slot[0]->window, LIMIT_WINDOW_LEAST_BYTES);
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan");
	TCase *t = tcase_create("chan");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, numbers_are_the_lowest_free);
	tcase_add_test(t, packets_for_unknown_channels_are_refused);
	tcase_add_test(t, truncated_and_trailing_packets_are_refused);
	tcase_add_test(t, close_of_the_client_is_answered_and_the_monitor_told);
	tcase_add_test(t, both_ends_of_data_close_the_channel);
	tcase_add_test(t, eof_of_the_client_leaves_the_way_back_open);
	tcase_add_test(t, what_crosses_our_close_is_passed_over);
	tcase_add_test(t, data_that_waits_is_written_before_the_close_is_answered);
	tcase_add_test(t, answers_about_channels_that_are_gone_are_passed_over);
	tcase_add_test(t, wipe_takes_the_zero_state_and_channels_in_every_phase);
	tcase_add_test(
	    t, windows_are_small_when_many_channels_are_open_and_large_again_after);
	tcase_add_test(t, a_small_window_is_given_back_in_time);
	suite_add_tcase(s, t);
	return s;
}
