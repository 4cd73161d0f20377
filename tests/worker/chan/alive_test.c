/* Keepalives: sent when nothing came, and the end when nothing comes back. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

/* An interval goes by. */
static void interval(void)
{
	ck_assert(fake.w.chans.alive.timer.running);
	loop_timer_stop(&fake.w.loop, &fake.w.chans.alive.timer);
	fake.w.chans.alive.timer.fn(&fake.w.chans.alive.timer);
}

static void expect_keepalive(void)
{
	struct rd r = next_out(SSH_MSG_GLOBAL_REQUEST);

	ck_assert(span_is(rd_bytes(&r, 64), "keepalive@openssh.com"));
	ck_assert(rd_bool(&r));
	ck_assert_int_eq(rd_end(&r), OK);
}

START_TEST(nothing_is_sent_where_it_is_not_configured)
{
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	ck_assert(!fake.w.chans.alive.timer.running);
	expect_nothing();
}
END_TEST

START_TEST(silent_client_is_asked_and_then_given_up)
{
	fake.w.granted.alive_s = 15;
	fake.w.granted.alive_count = 3;
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	for (size_t i = 0; i < 3; i++) {
		interval();
		expect_keepalive();
	}
	ck_assert_int_eq(fake.failed, OK);
	interval();
	ck_assert_int_eq(fake.failed, ERR_NO_REPLY);
	ck_assert(!fake.w.chans.alive.timer.running);
}
END_TEST

START_TEST(any_packet_of_the_client_counts_as_alive)
{
	fake.w.granted.alive_s = 15;
	fake.w.granted.alive_count = 1;
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	for (size_t i = 0; i < 10; i++) {
		interval();
		expect_keepalive();
		fake.w.transport.in.seq = i == 5 ? 0 : fake.w.transport.in.seq + 1;
		interval();
		expect_nothing();
	}
	ck_assert_int_eq(fake.failed, OK);
}
END_TEST

START_TEST(count_of_zero_asks_for_ever)
{
	fake.w.granted.alive_s = 15;
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	for (size_t i = 0; i < 100; i++) {
		interval();
		expect_keepalive();
	}
	ck_assert_int_eq(fake.failed, OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_alive");
	TCase *t = tcase_create("alive");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, nothing_is_sent_where_it_is_not_configured);
	tcase_add_test(t, silent_client_is_asked_and_then_given_up);
	tcase_add_test(t, any_packet_of_the_client_counts_as_alive);
	tcase_add_test(t, count_of_zero_asks_for_ever);
	suite_add_tcase(s, t);
	return s;
}
