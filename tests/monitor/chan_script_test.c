/* The script's end of a channel: pieces, acknowledgements, bounds, ends. */
#include "tests/monitor/chan_kit.h"

static struct mchan *ch;
static struct ipc_fds no_fds;

static void begin(void)
{
	kit_begin();
	kit.hears = POLICY_BIT(POLICY_ON_channel_data_in) |
		    POLICY_BIT(POLICY_ON_channel_ready_to_send);
	ch = kit_channel(4, &MSG_OF(open_other, .chan = 4, .type = SPAN_LIT("x")));
	ck_assert_int_eq(chan_script_begin(&kit.c, ch), OK);
}

static enum err data(const char *text)
{
	struct msg_chan_data m = {.chan = 4, .data = span_str(text)};

	return serve_chan_data(&kit.c, &m, &no_fds);
}

static enum err want(void)
{
	return serve_chan_want(&kit.c, &(struct msg_chan_want){.chan = 4}, &no_fds);
}

static struct act_result done;

static void act(enum policy_action action, struct span bytes)
{
	done = chan_script_act(&kit.c, 4, action, bytes);
}

START_TEST(piece_is_acknowledged_once_the_script_had_it)
{
	ck_assert_int_eq(data("hello"), OK);
	kit_fact_is(kit_asked(POLICY_ON_channel_data_in), "data.bytes", "hello");
	kit_fact_is(kit_asked(POLICY_ON_channel_data_in), "channel.type", "x");
	ck_assert_uint_eq(kit.n_sent, 0);
	kit_answers(POLICY_NONE);
	ck_assert_uint_eq(kit_sent(MSG_chan_taken).u.chan_taken.chan, 4);
	ck_assert_uint_eq(ch->policy->received, 5);
	kit_quiet();
}
END_TEST

START_TEST(second_piece_before_the_acknowledgement_is_refused)
{
	ck_assert_int_eq(data("a"), OK);
	ck_assert_int_eq(data("b"), ERR_FORBIDDEN);
}
END_TEST

START_TEST(empty_piece_and_foreign_channel_are_refused)
{
	struct msg_chan_data m = {.chan = 5, .data = SPAN_LIT("x")};

	ck_assert_int_eq(data(""), ERR_FORBIDDEN);
	ck_assert_int_eq(serve_chan_data(&kit.c, &m, &no_fds), ERR_FORBIDDEN);
	kit_channel(5, &MSG_OF(open_session, .chan = 5));
	ck_assert_int_eq(serve_chan_data(&kit.c, &m, &no_fds), ERR_FORBIDDEN);
}
END_TEST

START_TEST(script_without_the_handler_drops_what_comes)
{
	kit.hears = POLICY_BIT(POLICY_ON_channel_open_request);
	ck_assert_int_eq(data("x"), OK);
	kit_sent(MSG_chan_taken);
	kit_quiet();
}
END_TEST

START_TEST(script_that_fails_closes_its_channel)
{
	ck_assert_int_eq(data("x"), OK);
	kit_answers(POLICY_ERROR);
	ck_assert_uint_eq(kit_sent(MSG_chan_close).u.chan_close.chan, 4);
	kit_quiet();
}
END_TEST

START_TEST(script_that_cannot_be_asked_closes_the_channel)
{
	kit.ask_fails = ERR_STALLED;
	ck_assert_int_eq(data("x"), OK);
	kit_sent(MSG_chan_close);
}
END_TEST

START_TEST(data_waits_until_it_is_wanted)
{
	struct msg m;

	act(POLICY_SEND, SPAN_LIT("one"));
	act(POLICY_SEND, SPAN_LIT("two"));
	kit_quiet();
	ck_assert_int_eq(want(), OK);
	m = kit_sent(MSG_chan_send);
	ck_assert(span_is(m.u.chan_send.data, "onetwo"));
	act(POLICY_SEND, SPAN_LIT("three"));
	kit_quiet();
	ck_assert_int_eq(want(), OK);
	m = kit_sent(MSG_chan_send);
	ck_assert(span_is(m.u.chan_send.data, "three"));
	ck_assert_uint_eq(ch->policy->sent, 11);
}
END_TEST

START_TEST(data_goes_at_once_where_it_is_wanted_already)
{
	ck_assert_int_eq(want(), OK);
	kit_quiet();
	act(POLICY_SEND, SPAN_LIT("one"));
	kit_sent(MSG_chan_send);
	ck_assert_int_eq(want(), OK);
	ck_assert_int_eq(want(), ERR_FORBIDDEN);
}
END_TEST

START_TEST(send_beyond_the_bound_is_refused_and_told_when_there_is_room)
{
	static uint8_t piece[LIMIT_PIECE_BYTES];
	size_t n = 0;

	for (; n < LIMIT_SEND_QUEUE_BYTES; n += sizeof piece)
		act(POLICY_SEND, SPAN_OF(piece));
	ck_assert_uint_eq(kit.work.send_queued, LIMIT_SEND_QUEUE_BYTES);
	act(POLICY_SEND, SPAN_LIT("x"));
	ck_assert_uint_eq(done.code, CODE_WOULD_BLOCK);
	ck_assert_uint_eq(kit.work.send_queued, LIMIT_SEND_QUEUE_BYTES);
	ck_assert(!ch->policy->ready);
	while (kit.n_told == 0)
		ck_assert_int_eq(want(), OK);
	ck_assert(facts_get_bool(kit_told(POLICY_ON_channel_ready_to_send),
				 "channel.ready_to_send", false));
	ck_assert_uint_lt(kit.work.send_queued, LIMIT_SEND_QUEUE_BYTES / 2);
	act(POLICY_SEND, SPAN_OF(piece));
	ck_assert_uint_eq(kit.n_told, 1);
}
END_TEST

START_TEST(eof_and_close_follow_the_data)
{
	act(POLICY_SEND, SPAN_LIT("last"));
	act(POLICY_EOF, (struct span){0});
	kit_quiet();
	ck_assert_int_eq(want(), OK);
	kit_sent(MSG_chan_send);
	kit_sent(MSG_chan_eof);
	act(POLICY_SEND, SPAN_LIT("too late"));
	act(POLICY_CLOSE, (struct span){0});
	kit_sent(MSG_chan_close);
	act(POLICY_CLOSE, (struct span){0});
	kit_quiet();
}
END_TEST

START_TEST(record_length_is_passed_on_within_its_bound)
{
	uint8_t bytes[4];
	struct wr w = WR(bytes);

	wr_u32(&w, 8);
	act(POLICY_RECORD_LENGTH, SPAN_OF(bytes));
	ck_assert_uint_eq(kit_sent(MSG_chan_record).u.chan_record.bytes, 8);
	w = WR(bytes);
	wr_u32(&w, LIMIT_PIECE_BYTES + 1);
	act(POLICY_RECORD_LENGTH, SPAN_OF(bytes));
	act(POLICY_RECORD_LENGTH, SPAN_LIT("x"));
	kit_quiet();
	ck_assert_uint_eq(ch->policy->record, 8);
}
END_TEST

START_TEST(channel_of_somebody_else_can_only_be_closed)
{
	kit_channel(5, &MSG_OF(open_session, .chan = 5));
	chan_script_act(&kit.c, 5, POLICY_SEND, SPAN_LIT("x"));
	chan_script_act(&kit.c, 5, POLICY_EOF, SPAN_LIT(""));
	chan_script_act(&kit.c, 77, POLICY_CLOSE, SPAN_LIT(""));
	kit_quiet();
	chan_script_act(&kit.c, 5, POLICY_CLOSE, SPAN_LIT(""));
	ck_assert_uint_eq(kit_sent(MSG_chan_close).u.chan_close.chan, 5);
}
END_TEST

START_TEST(answer_after_the_channel_closed_is_passed_over)
{
	ck_assert_int_eq(data("x"), OK);
	chan_remove(&kit.c, ch);
	kit_answers(POLICY_NONE);
	kit_quiet();
}
END_TEST

/* Fills the link as a worker that does not read would have it. */
static void fill_link(void)
{
	static uint8_t bytes[LIMIT_PIECE_BYTES];

	while (send(kit.work.link.sock, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

START_TEST(full_link_is_left_alone_and_tried_again)
{
	static uint8_t bytes[LIMIT_PIECE_BYTES];

	fill_link();
	act(POLICY_SEND, SPAN_LIT("x"));
	ck_assert_int_eq(want(), OK);
	kit_quiet();
	ck_assert(kit.work.send_waits);
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	kit_quiet(); /* still full */
	while (recv(kit.far, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	kit_sent(MSG_chan_send);
}
END_TEST

/* A session whose program is the script. */
static struct mchan *session(void)
{
	struct mchan *s = kit_channel(7, &MSG_OF(open_session, .chan = 7));

	ck_assert_int_eq(chan_script_begin(&kit.c, s), OK);
	ck_assert_int_eq(
	    serve_chan_want(&kit.c, &(struct msg_chan_want){.chan = 7}, &no_fds), OK);
	return s;
}

START_TEST(errors_go_to_stderr_of_sessions_only)
{
	struct msg m;

	act(POLICY_SEND_ERROR, SPAN_LIT("x"));
	ck_assert_uint_eq(done.code, CODE_INVALID);
	session();
	done = chan_script_act(&kit.c, 7, POLICY_SEND_ERROR, SPAN_LIT("no such thing"));
	ck_assert_ptr_null(done.why);
	m = kit_sent(MSG_chan_send);
	ck_assert_uint_eq(m.u.chan_send.is_error, 1);
	ck_assert(span_is(m.u.chan_send.data, "no such thing"));
}
END_TEST

START_TEST(session_ends_with_the_status_that_was_given)
{
	static const uint8_t status[] = {0, 0, 0, 3}, other[] = {0, 0, 0, 4};
	struct msg m;

	session();
	done = chan_script_act(&kit.c, 7, POLICY_SEND, SPAN_LIT("bye"));
	done = chan_script_act(&kit.c, 7, POLICY_CLOSE, SPAN_OF(status));
	done = chan_script_act(&kit.c, 7, POLICY_CLOSE, SPAN_OF(other));
	kit_sent(MSG_chan_send);
	m = kit_sent(MSG_chan_close);
	ck_assert_uint_eq(m.u.chan_close.status, 3);
	kit_quiet();
	done = chan_script_act(&kit.c, 7, POLICY_SEND, SPAN_LIT("late"));
	ck_assert_uint_eq(done.code, CODE_AFTER_END);
	act(POLICY_CLOSE, SPAN_LIT("x"));
	ck_assert_uint_eq(done.code, CODE_INVALID);
}
END_TEST

START_TEST(client_that_takes_nothing_for_the_timeout_loses_the_channel)
{
	kit.set.connection_timeout_s = 1;
	act(POLICY_SEND, SPAN_LIT("x"));
	kit_quiet();
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(kit.error, CODE_TIMEOUT);
	ck_assert_str_eq(kit.error_text,
			 "channel 4: the client took nothing for 1 seconds");
	kit_sent(MSG_chan_close);
	ck_assert_uint_eq(kit.work.send_queued, 0);
	ck_assert(!ch->policy->ready);
}
END_TEST

START_TEST(client_that_takes_what_there_is_has_no_timeout)
{
	kit.set.connection_timeout_s = 1;
	act(POLICY_SEND, SPAN_LIT("x"));
	ck_assert_int_eq(want(), OK);
	kit_sent(MSG_chan_send);
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_NONBLOCK), 1);
	ck_assert_uint_eq(kit.error, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_chan_script");
	TCase *t = tcase_create("script");

	tcase_add_checked_fixture(t, begin, kit_end);
	tcase_add_test(t, piece_is_acknowledged_once_the_script_had_it);
	tcase_add_test(t, second_piece_before_the_acknowledgement_is_refused);
	tcase_add_test(t, empty_piece_and_foreign_channel_are_refused);
	tcase_add_test(t, script_without_the_handler_drops_what_comes);
	tcase_add_test(t, script_that_fails_closes_its_channel);
	tcase_add_test(t, script_that_cannot_be_asked_closes_the_channel);
	tcase_add_test(t, data_waits_until_it_is_wanted);
	tcase_add_test(t, data_goes_at_once_where_it_is_wanted_already);
	tcase_add_test(t, send_beyond_the_bound_is_refused_and_told_when_there_is_room);
	tcase_add_test(t, eof_and_close_follow_the_data);
	tcase_add_test(t, record_length_is_passed_on_within_its_bound);
	tcase_add_test(t, channel_of_somebody_else_can_only_be_closed);
	tcase_add_test(t, answer_after_the_channel_closed_is_passed_over);
	tcase_add_test(t, full_link_is_left_alone_and_tried_again);
	tcase_add_test(t, errors_go_to_stderr_of_sessions_only);
	tcase_add_test(t, session_ends_with_the_status_that_was_given);
	tcase_add_test(t, client_that_takes_nothing_for_the_timeout_loses_the_channel);
	tcase_add_test(t, client_that_takes_what_there_is_has_no_timeout);
	suite_add_tcase(s, t);
	return s;
}
