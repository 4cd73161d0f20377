/* Time without data: who is closed, who is not, and when. The clock is handed in. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

/* Lets time pass and calls the timer where it is due. */
static void pass(uint64_t seconds)
{
	struct timer *t = &fake.w.chans.idle.timer;

	fake.w.loop.now_ms += seconds * 1000;
	if (!t->running || t->due_ms > fake.w.loop.now_ms)
		return;
	loop_timer_stop(&fake.w.loop, t);
	t->fn(t);
}

static void types(const char *pattern, uint32_t s, const char *second,
		  uint32_t second_s)
{
	static uint8_t store[256];
	struct wr w = WR(store);

	wr_str(&w, pattern);
	wr_u32(&w, s);
	if (second != NULL) {
		wr_str(&w, second);
		wr_u32(&w, second_s);
	}
	ck_assert_int_eq(idle_types(&fake.w, (struct span){w.p, w.n}), OK);
}

static void begin(void)
{
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	fake.seen_out = fake.n_out;
}

START_TEST(nothing_is_timed_where_it_is_not_configured)
{
	begin();
	close(open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES));
	ck_assert(!fake.w.chans.idle.timer.running);
}
END_TEST

START_TEST(silent_channel_is_closed_and_another_type_is_not)
{
	int far;

	types("direct-*", 10, NULL, 0);
	begin();
	far = open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES);
	open_session_channel(1, 8);
	pass(9);
	ck_assert_int_eq(client_data(0, 3), OK);
	pass(9);
	expect_nothing();
	pass(1);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 7);
	expect_nothing();
	ck_assert(!fake.w.chans.idle.timer.running);
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_closed).u.chan_closed.chan, 0);
	pass(1000);
	expect_nothing();
	ck_assert_int_eq(fake.failed, OK);
	close(far);
}
END_TEST

START_TEST(data_to_the_client_counts)
{
	int far;

	types("*", 10, NULL, 0);
	begin();
	far = open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES);
	pass(9);
	ck_assert_int_eq(write(far, "ab", 2), 2);
	fake.w.chans.slot[0]->from[CHAN_OUT].events = POLLIN;
	chan_ready(&fake.w.chans.slot[0]->from[CHAN_OUT], POLLIN);
	expect_data(7, "ab");
	pass(9);
	expect_nothing();
	pass(1);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 7);
	close(far);
}
END_TEST

START_TEST(what_names_a_session_exactly_comes_first)
{
	struct program p;

	types("session", 5, "session:command", 60);
	begin();
	open_session_channel(0, 7);
	p = start_pipes(0, 7);
	ck_assert_uint_eq(fake.w.chans.slot[0]->idle_s, 60);
	open_session_channel(1, 8);
	ck_assert_uint_eq(fake.w.chans.slot[1]->idle_s, 5);
	pass(5);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 8);
	expect_nothing();
	program_ends(&p);
}
END_TEST

START_TEST(subsystem_is_known_by_its_name)
{
	types("session:subsystem:sftp", 5, NULL, 0);
	begin();
	open_session_channel(0, 7);
	wr_str(client_request(0, "subsystem"), "sftp");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_uint_eq(fake.w.chans.slot[0]->idle_s, 5);
	open_session_channel(1, 8);
	wr_str(client_request(1, "subsystem"), "sft");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_uint_eq(fake.w.chans.slot[1]->idle_s, 0);
}
END_TEST

START_TEST(all_channels_together_are_closed_when_none_had_data)
{
	int far[2];

	types("*", 0, "global", 10);
	begin();
	far[0] = open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES);
	far[1] = open_tcp_channel(1, 8, LIMIT_WINDOW_BYTES);
	pass(9);
	ck_assert_int_eq(client_data(1, 3), OK);
	pass(9);
	expect_nothing();
	pass(1);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 7);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 8);
	close(far[0]);
	close(far[1]);
}
END_TEST

START_TEST(connection_without_data_ends)
{
	int far;

	fake.w.granted.idle_s = 10;
	begin();
	far = open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES);
	pass(9);
	ck_assert_int_eq(client_data(0, 1), OK);
	pass(9);
	ck_assert_int_eq(fake.failed, OK);
	pass(1);
	ck_assert_int_eq(fake.failed, ERR_IDLE);
	close(far);
}
END_TEST

START_TEST(connection_without_channels_ends_from_its_login_or_its_last_channel)
{
	fake.w.granted.unused_s = 10;
	begin();
	pass(9);
	close(open_tcp_channel(0, 7, LIMIT_WINDOW_BYTES));
	pass(100);
	ck_assert_int_eq(fake.failed, OK);
	ck_assert_int_eq(chan_abandon(fake.w.chans.slot[0]), OK);
	ck_assert_int_eq(client_close(0), OK);
	pass(9);
	ck_assert_int_eq(fake.failed, OK);
	pass(1);
	ck_assert_int_eq(fake.failed, ERR_UNUSED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_idle");
	TCase *t = tcase_create("idle");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, nothing_is_timed_where_it_is_not_configured);
	tcase_add_test(t, silent_channel_is_closed_and_another_type_is_not);
	tcase_add_test(t, data_to_the_client_counts);
	tcase_add_test(t, what_names_a_session_exactly_comes_first);
	tcase_add_test(t, subsystem_is_known_by_its_name);
	tcase_add_test(t, all_channels_together_are_closed_when_none_had_data);
	tcase_add_test(t, connection_without_data_ends);
	tcase_add_test(
	    t, connection_without_channels_ends_from_its_login_or_its_last_channel);
	suite_add_tcase(s, t);
	return s;
}
