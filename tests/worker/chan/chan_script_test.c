/* Channels that a script serves: pieces one at a time each way, records, ends. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static struct ipc_fds no_fds;

static void begin(void)
{
	fake_begin();
	fake.w.granted.hears = HEARS_OPEN | HEARS_EOF | HEARS_READY;
}

/* Opens a channel of a type that only the script knows. */
static void open_script(uint32_t peer, uint32_t window)
{
	struct msg_chan_opened m = {.chan = 0, .script = 1};
	struct msg asked;

	ck_assert_int_eq(
	    client_open("echo@example.com", peer, window, LIMIT_CHAN_PACKET_BYTES), OK);
	asked = next_asked(MSG_open_other);
	ck_assert(span_is(asked.u.open_other.type, "echo@example.com"));
	ck_assert_int_eq(on_chan_opened(&fake.w, &m, &no_fds), OK);
	next_out(SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	if (window == 0)
		return;
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_READY);
	next_asked(MSG_chan_want);
}

static void expect_piece(size_t n)
{
	ck_assert_uint_eq(next_asked(MSG_chan_data).u.chan_data.data.n, n);
}

static void takes(void)
{
	ck_assert_int_eq(
	    on_chan_taken(&fake.w, &(struct msg_chan_taken){.chan = 0}, &no_fds), OK);
}

static void records(uint32_t bytes)
{
	struct msg_chan_record m = {.chan = 0, .bytes = bytes};

	ck_assert_int_eq(on_chan_record(&fake.w, &m, &no_fds), OK);
}

static void sends(struct span data)
{
	struct msg_chan_send m = {.chan = 0, .data = data};

	ck_assert_int_eq(on_chan_send(&fake.w, &m, &no_fds), OK);
}

static void ends(uint32_t status)
{
	struct msg_chan_close m = {.chan = 0, .status = status};

	ck_assert_int_eq(on_chan_close(&fake.w, &m, &no_fds), OK);
}

START_TEST(type_that_nobody_knows_is_asked_about_only_where_a_script_hears)
{
	fake.w.granted.hears = 0;
	ck_assert_int_eq(client_open("echo@example.com", 9, 100, 100), OK);
	expect_refusal(9, SSH_OPEN_UNKNOWN_CHANNEL_TYPE);
	expect_nothing_asked();
	fake.w.granted.hears = HEARS_OPEN;
	ck_assert_int_eq(client_open("ec ho", 9, 100, 100), OK);
	expect_refusal(9, SSH_OPEN_UNKNOWN_CHANNEL_TYPE);
	ck_assert_int_eq(client_open("echo@example.com", 9, 100, 100), OK);
	next_asked(MSG_open_other);
	ck_assert_int_eq(monitor_refuses(0, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED), OK);
	expect_refusal(9, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
}
END_TEST

START_TEST(next_piece_waits_until_the_last_was_taken)
{
	open_script(9, 1000);
	ck_assert_int_eq(client_data(0, 10), OK);
	expect_piece(10);
	ck_assert_int_eq(client_data(0, 20), OK);
	ck_assert_int_eq(client_data(0, 30), OK);
	expect_nothing_asked();
	takes();
	expect_piece(50);
	takes();
	expect_nothing_asked();
}
END_TEST

START_TEST(large_data_goes_in_pieces_of_the_largest_size)
{
	open_script(9, 1000);
	ck_assert_int_eq(client_data(0, LIMIT_CHAN_PACKET_BYTES), OK);
	expect_piece(LIMIT_PIECE_BYTES);
	takes();
	expect_piece(LIMIT_PIECE_BYTES);
}
END_TEST

START_TEST(records_are_waited_for_and_the_rest_comes_at_the_end)
{
	open_script(9, 1000);
	records(8);
	ck_assert_int_eq(client_data(0, 7), OK);
	expect_nothing_asked();
	ck_assert_int_eq(client_data(0, 12), OK);
	expect_piece(8);
	takes();
	expect_piece(8);
	takes();
	expect_nothing_asked();
	ck_assert_int_eq(client_eof(0), OK);
	expect_piece(3);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_EOF);
	takes();
	expect_nothing_asked();
}
END_TEST

START_TEST(shorter_record_lets_go_of_what_waits)
{
	open_script(9, 1000);
	records(100);
	ck_assert_int_eq(client_data(0, 40), OK);
	expect_nothing_asked();
	records(0);
	expect_piece(40);
}
END_TEST

START_TEST(record_that_is_set_before_the_open_counts_from_the_first_byte)
{
	struct msg_chan_opened m = {.chan = 0, .script = 1};

	ck_assert_int_eq(client_open("echo@example.com", 9, 0, 100), OK);
	next_asked(MSG_open_other);
	records(8);
	ck_assert_int_eq(on_chan_opened(&fake.w, &m, &no_fds), OK);
	ck_assert_int_eq(client_data(0, 9), OK);
	expect_piece(8);
	expect_nothing_asked();
}
END_TEST

START_TEST(farewell_tells_what_passed_through_open_channels)
{
	struct msg m;

	open_script(9, 1000);
	ck_assert_int_eq(client_data(0, 5), OK);
	expect_piece(5);
	ck_assert_int_eq(client_open("session", 10, 100, 100), OK);
	next_asked(MSG_open_session);
	ck_assert_int_eq(chans_farewell(&fake.w), OK);
	m = next_asked(MSG_carried);
	ck_assert_uint_eq(m.u.carried.received, 5);
	ck_assert_uint_eq(m.u.carried.sent, 0);
	m = next_asked(MSG_chan_closed);
	ck_assert_uint_eq(m.u.chan_closed.chan, 0);
	ck_assert_uint_eq(m.u.chan_closed.received, 5);
	expect_nothing_asked(); /* the session was not opened yet */
	fake.w.granted.hears = 0;
	ck_assert_int_eq(chans_farewell(&fake.w), OK);
	expect_nothing_asked();
}
END_TEST

START_TEST(client_that_sends_without_end_is_held_by_its_window)
{
	enum err e = OK;
	size_t n = 0;

	open_script(9, 1000);
	for (; e == OK && n < LIMIT_WINDOW_BYTES; n += LIMIT_CHAN_PACKET_BYTES)
		e = client_data(0, LIMIT_CHAN_PACKET_BYTES);
	ck_assert_int_eq(e, OK);
	expect_piece(LIMIT_PIECE_BYTES);
	expect_nothing_asked();
	ck_assert_int_eq(client_data(0, 1), ERR_WINDOW);
	expect_nothing(); /* no window was given back */
}
END_TEST

START_TEST(next_piece_for_the_client_is_wanted_once_it_read_the_last)
{
	open_script(9, 4);
	sends(SPAN_LIT("abcdef"));
	expect_data(9, "abcd");
	expect_nothing_asked();
	ck_assert_int_eq(client_adjust(0, 1), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_READY);
	expect_data(9, "e");
	ck_assert_int_eq(client_adjust(0, 5), OK);
	next_asked(MSG_chan_event);
	expect_data(9, "f");
	next_asked(MSG_chan_want);
	expect_nothing_asked();
}
END_TEST

START_TEST(nothing_is_wanted_before_there_is_a_window)
{
	open_script(9, 0);
	expect_nothing_asked();
	ck_assert_int_eq(client_adjust(0, 5), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_READY);
	next_asked(MSG_chan_want);
}
END_TEST

START_TEST(data_without_room_goes_in_a_later_turn)
{
	open_script(9, 1000);
	fake.room = 0;
	sends(SPAN_LIT("later"));
	expect_nothing();
	turns(2);
	expect_data(9, "later");
	next_asked(MSG_chan_want);
}
END_TEST

START_TEST(eof_and_close_come_after_what_was_sent)
{
	open_script(9, 3);
	sends(SPAN_LIT("abcdef"));
	expect_data(9, "abc");
	ends(0);
	expect_nothing();
	ck_assert_int_eq(client_adjust(0, 3), OK);
	expect_data(9, "def");
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(eof_leaves_the_other_direction_open)
{
	open_script(9, 100);
	ck_assert_int_eq(
	    on_chan_eof(&fake.w, &(struct msg_chan_eof){.chan = 0}, &no_fds), OK);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	ck_assert_int_eq(client_data(0, 5), OK);
	expect_piece(5);
	takes();
	ck_assert_int_eq(client_eof(0), OK);
	next_asked(MSG_chan_event);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(session_of_a_script_ends_with_a_status)
{
	struct msg_session_started m = {.chan = 0, .ok = 1, .script = 1};

	fake.w.granted.hears = 0;
	open_session_channel(0, 9);
	ck_assert_int_eq(client_data(0, 2), OK);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_int_eq(on_session_started(&fake.w, &m, &no_fds), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	next_asked(MSG_chan_want);
	expect_piece(2);
	sends(SPAN_LIT("bye"));
	next_asked(MSG_chan_want);
	expect_data(9, "bye");
	ends(3);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_exit_status(9, 3);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(eof_before_the_start_is_told_after_the_data_before_it)
{
	struct msg_session_started m = {.chan = 0, .ok = 1, .script = 1};

	fake.w.granted.hears = HEARS_EOF;
	open_session_channel(0, 9);
	ck_assert_int_eq(client_data(0, 2), OK);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_int_eq(client_eof(0), OK);
	expect_nothing_asked();
	ck_assert_int_eq(on_session_started(&fake.w, &m, &no_fds), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	next_asked(MSG_chan_want);
	expect_piece(2);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_EOF);
	takes();
	expect_nothing_asked();
}
END_TEST

START_TEST(eof_of_a_session_that_never_starts_is_told_with_its_close)
{
	fake.w.granted.hears = HEARS_EOF;
	open_session_channel(0, 9);
	ck_assert_int_eq(client_eof(0), OK);
	expect_nothing_asked();
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_EOF);
	next_asked(MSG_chan_closed);
}
END_TEST

START_TEST(client_that_closes_a_script_is_answered)
{
	open_script(9, 100);
	ck_assert_int_eq(client_data(0, 5), OK);
	expect_piece(5);
	ck_assert_int_eq(client_close(0), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_uint_eq(next_asked(MSG_chan_closed).u.chan_closed.received, 5);
	takes();
	sends(SPAN_LIT("late"));
	ends(0);
	expect_nothing();
}
END_TEST

START_TEST(close_of_the_monitor_ends_a_joined_channel_too)
{
	int far = open_tcp_channel(0, 9, 100);
	char byte;

	next_asked(MSG_chan_event);
	ends(0);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_int_eq(read(far, &byte, 1), 0);
	close(far);
}
END_TEST

START_TEST(events_are_told_of_joined_channels_where_a_script_hears)
{
	int far = open_tcp_channel(0, 9, 100);

	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_READY);
	ck_assert_int_eq(client_adjust(0, 5), OK); /* it was ready before */
	expect_nothing_asked();
	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_event).u.chan_event.event,
			  CHAN_EVENT_EOF);
	close(far);
}
END_TEST

/* ---- channels that we open, packets by hand ---- */

static void offers(void)
{
	struct msg_offer m = {
	    .tag = 77, .type = SPAN_LIT("x@example.com"), .payload = SPAN_LIT("abc")};

	ck_assert_int_eq(on_offer(&fake.w, &m, &no_fds), OK);
}

static uint32_t offer_went_out(void)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_OPEN);
	uint32_t number;

	ck_assert(span_is(rd_bytes(&r, LIMIT_NAME_BYTES), "x@example.com"));
	number = rd_u32(&r);
	ck_assert_uint_eq(rd_u32(&r), LIMIT_WINDOW_BYTES);
	ck_assert_uint_eq(rd_u32(&r), LIMIT_CHAN_PACKET_BYTES);
	ck_assert(span_is(rd_rest(&r), "abc"));
	return number;
}

static enum err confirms(uint32_t number, uint32_t peer, uint32_t window)
{
	struct wr *w = client(number);

	wr_u32(w, peer);
	wr_u32(w, window);
	wr_u32(w, LIMIT_CHAN_PACKET_BYTES);
	return give(recv_channel_open_confirmation);
}

START_TEST(channel_that_we_open_is_the_scripts_once_the_client_took_it)
{
	struct msg m;

	offers();
	ck_assert_int_eq(confirms(offer_went_out(), 9, 100), OK);
	m = next_asked(MSG_offered);
	ck_assert_uint_eq(m.u.offered.tag, 77);
	ck_assert_uint_eq(m.u.offered.failure, 0);
	next_asked(MSG_chan_event);
	next_asked(MSG_chan_want);
	sends(SPAN_LIT("hello"));
	expect_data(9, "hello");
	next_asked(MSG_chan_want);
	ck_assert_int_eq(client_data(0, 3), OK);
	expect_piece(3);
}
END_TEST

START_TEST(channel_that_the_client_refuses_is_told_with_its_words)
{
	struct wr *w;
	struct msg m;

	offers();
	w = client(offer_went_out());
	wr_u32(w, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	wr_str(w, "not here");
	wr_str(w, "");
	ck_assert_int_eq(give(recv_channel_open_failure), OK);
	m = next_asked(MSG_offered);
	ck_assert_uint_eq(m.u.offered.tag, 77);
	ck_assert_uint_eq(m.u.offered.failure, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	ck_assert(span_is(m.u.offered.text, "not here"));
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(offers_beyond_the_bound_fail_at_once)
{
	for (size_t i = 0; i < LIMIT_CHAN_OFFERS; i++) {
		offers();
		(void)offer_went_out();
	}
	expect_nothing_asked();
	offers();
	expect_nothing();
	ck_assert_uint_eq(next_asked(MSG_offered).u.offered.failure,
			  SSH_OPEN_RESOURCE_SHORTAGE);
}
END_TEST

START_TEST(packet_goes_out_with_the_clients_number_in_front)
{
	struct msg_packet m = {.on_channel = 1,
			       .number = SSH_MSG_CHANNEL_REQUEST,
			       .payload = SPAN_LIT("rest")};
	struct rd r;

	open_script(9, 100);
	ck_assert_int_eq(on_packet(&fake.w, &m, &no_fds), OK);
	r = next_out(SSH_MSG_CHANNEL_REQUEST);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert(span_is(rd_rest(&r), "rest"));
	m.on_channel = 0;
	m.number = SSH_MSG_IGNORE;
	ck_assert_int_eq(on_packet(&fake.w, &m, &no_fds), OK);
	r = next_out(SSH_MSG_IGNORE);
	ck_assert(span_is(rd_rest(&r), "rest"));
	m.on_channel = 1;
	m.chan = 8; /* closed meanwhile */
	ck_assert_int_eq(on_packet(&fake.w, &m, &no_fds), OK);
	expect_nothing();
}
END_TEST

START_TEST(packet_by_hand_does_not_wait_for_a_client_that_does_not_read)
{
	struct msg_packet m = {.number = SSH_MSG_IGNORE, .payload = SPAN_LIT("rest")};

	fake.w.transport.held.n = LIMIT_HELD_BYTES;
	ck_assert_int_eq(on_packet(&fake.w, &m, &no_fds), OK);
	expect_nothing();
	fake.w.transport.held.n = 0;
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_script");
	TCase *t = tcase_create("script");

	tcase_add_checked_fixture(t, begin, fake_end);
	tcase_add_test(t,
		       type_that_nobody_knows_is_asked_about_only_where_a_script_hears);
	tcase_add_test(t, next_piece_waits_until_the_last_was_taken);
	tcase_add_test(t, large_data_goes_in_pieces_of_the_largest_size);
	tcase_add_test(t, records_are_waited_for_and_the_rest_comes_at_the_end);
	tcase_add_test(t, shorter_record_lets_go_of_what_waits);
	tcase_add_test(t,
		       record_that_is_set_before_the_open_counts_from_the_first_byte);
	tcase_add_test(t, farewell_tells_what_passed_through_open_channels);
	tcase_add_test(t, client_that_sends_without_end_is_held_by_its_window);
	tcase_add_test(t, next_piece_for_the_client_is_wanted_once_it_read_the_last);
	tcase_add_test(t, nothing_is_wanted_before_there_is_a_window);
	tcase_add_test(t, data_without_room_goes_in_a_later_turn);
	tcase_add_test(t, eof_and_close_come_after_what_was_sent);
	tcase_add_test(t, eof_leaves_the_other_direction_open);
	tcase_add_test(t, session_of_a_script_ends_with_a_status);
	tcase_add_test(t, eof_before_the_start_is_told_after_the_data_before_it);
	tcase_add_test(t, eof_of_a_session_that_never_starts_is_told_with_its_close);
	tcase_add_test(t, client_that_closes_a_script_is_answered);
	tcase_add_test(t, close_of_the_monitor_ends_a_joined_channel_too);
	tcase_add_test(t, events_are_told_of_joined_channels_where_a_script_hears);
	tcase_add_test(t, channel_that_we_open_is_the_scripts_once_the_client_took_it);
	tcase_add_test(t, channel_that_the_client_refuses_is_told_with_its_words);
	tcase_add_test(t, offers_beyond_the_bound_fail_at_once);
	tcase_add_test(t, packet_goes_out_with_the_clients_number_in_front);
	tcase_add_test(t, packet_by_hand_does_not_wait_for_a_client_that_does_not_read);
	suite_add_tcase(s, t);
	return s;
}
