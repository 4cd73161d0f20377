/* Channels that we open: taken, refused, late, and workers that lie about them. */
#include "tests/monitor/chan_kit.h"

static struct ipc_fds no_fds;
static struct {
	unsigned calls;
	uint32_t chan, code;
} got;

static void on_done(void *ctx, uint32_t chan, uint32_t code, struct span text)
{
	ck_assert_ptr_eq(ctx, &got);
	ck_assert(code == CODE_OK || text.n > 0);
	got.calls++;
	got.chan = chan;
	got.code = code;
}

static void begin(void)
{
	memset(&got, 0, sizeof got);
	kit_begin();
	kit.hears = POLICY_BIT(POLICY_ON_channel_opened);
}

static struct act_result offer(void)
{
	const struct offer_wish wish = {.type = SPAN_LIT("x@example.com"),
					.payload = SPAN_LIT("params"),
					.done = on_done,
					.ctx = &got};

	return offer_begin(&kit.c, &wish);
}

/* The tag that the worker was told. */
static uint32_t offered(void)
{
	struct msg m;

	ck_assert_ptr_null(offer().why);
	m = kit_sent(MSG_offer);
	ck_assert(span_is(m.u.offer.type, "x@example.com"));
	ck_assert(span_is(m.u.offer.payload, "params"));
	return m.u.offer.tag;
}

static enum err answer(uint32_t tag, uint32_t chan, uint32_t failure)
{
	struct msg_offered m = {.tag = tag,
				.chan = chan,
				.failure = failure,
				.text = SPAN_LIT("not \033here")};

	return serve_offered(&kit.c, &m, &no_fds);
}

START_TEST(channel_that_is_taken_is_the_scripts)
{
	ck_assert_int_eq(answer(offered(), 5, 0), OK);
	kit_fact_is(kit_told(POLICY_ON_channel_opened), "channel.type",
		    "x@example.com");
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_uint_eq(got.chan, 5);
	ck_assert_uint_eq(got.code, CODE_OK);
	ck_assert_ptr_nonnull(chan_find(&kit.c, 5)->policy->script);
	ck_assert_ptr_null(kit.work.offers);
	kit_fact_is((struct span){chan_find(&kit.c, 5)->policy->facts.p,
				  chan_find(&kit.c, 5)->policy->facts.n},
		    "channel.payload", "params");
}
END_TEST

START_TEST(it_works_where_no_script_hears_of_channels)
{
	kit.hears = 0;
	ck_assert_int_eq(answer(offered(), 5, 0), OK);
	ck_assert_uint_eq(got.chan, 5);
	ck_assert_ptr_null(
	    chan_script_act(&kit.c, 5, POLICY_SEND, SPAN_LIT("hello")).why);
}
END_TEST

START_TEST(channel_that_is_refused_is_an_error)
{
	ck_assert_int_eq(answer(offered(), 0, SSH_OPEN_CONNECT_FAILED), OK);
	ck_assert_uint_eq(kit.error, CODE_FORWARD);
	ck_assert_str_eq(kit.error_text,
			 "channel x@example.com: the client refuses: not \\033here");
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_uint_eq(got.code, CODE_FORWARD);
	ck_assert_uint_eq(kit.work.n_offers, 0);
}
END_TEST

START_TEST(worker_may_name_only_what_it_was_asked)
{
	uint32_t tag = offered();

	kit_channel(5, &MSG_OF(open_session, .chan = 5));
	ck_assert_int_eq(answer(tag + 1, 6, 0), ERR_FORBIDDEN);
	ck_assert_int_eq(answer(tag, 5, 0), ERR_FORBIDDEN);
	ck_assert_int_eq(answer(tag, 6, 0), ERR_FORBIDDEN); /* answered before */
}
END_TEST

START_TEST(client_that_answers_too_late_gets_the_channel_closed)
{
	uint32_t tag;

	kit.set.connection_timeout_s = 1;
	tag = offered();
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(kit.error, CODE_TIMEOUT);
	ck_assert_uint_eq(got.code, CODE_TIMEOUT);
	ck_assert_int_eq(answer(tag, 5, 0), OK);
	kit_sent(MSG_chan_close);
	kit_quiet();
	ck_assert_uint_eq(got.calls, 1);
	tag = offered();
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	kit.error = 0;
	ck_assert_int_eq(answer(tag, 0, SSH_OPEN_CONNECT_FAILED), OK);
	ck_assert_uint_eq(kit.error, 0); /* it was told before */
}
END_TEST

START_TEST(offers_are_bounded_and_end_with_the_connection)
{
	for (size_t i = 0; i < LIMIT_CHAN_OFFERS; i++)
		(void)offered();
	ck_assert_uint_eq(offer().code, CODE_WOULD_BLOCK);
	offers_wipe(&kit.c);
	ck_assert_uint_eq(got.calls, LIMIT_CHAN_OFFERS);
	ck_assert_uint_eq(got.code, CODE_RESET);
	ck_assert_uint_eq(kit.work.n_offers, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_offer");
	TCase *t = tcase_create("offer");

	tcase_add_checked_fixture(t, begin, kit_end);
	tcase_add_test(t, channel_that_is_taken_is_the_scripts);
	tcase_add_test(t, it_works_where_no_script_hears_of_channels);
	tcase_add_test(t, channel_that_is_refused_is_an_error);
	tcase_add_test(t, worker_may_name_only_what_it_was_asked);
	tcase_add_test(t, client_that_answers_too_late_gets_the_channel_closed);
	tcase_add_test(t, offers_are_bounded_and_end_with_the_connection);
	suite_add_tcase(s, t);
	return s;
}
