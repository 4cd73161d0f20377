/* What policy knows of channels, and who pays for it. */
#include "tests/monitor/chan_kit.h"

static const struct msg session = {MSG_open_session, {.open_session = {.chan = 4}}};

static void done(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mchan *ch = chan_policy_find(c, ctx);
	struct kept_msg kept;

	(void)a;
	ck_assert_ptr_nonnull(ch);
	question_end(&ch->policy->question, &kept);
	kept_free(&kept);
}

START_TEST(without_a_handler_nothing_is_made_and_nothing_heard)
{
	struct mchan *ch;

	kit.hears =
	    POLICY_BIT(POLICY_ON_user_auth_request) | POLICY_BIT(POLICY_ON_connected);
	ch = kit_channel(4, &session);
	ck_assert_ptr_null(ch->policy);
	ck_assert_uint_eq(chan_policy_hears(&kit.c), 0);
	chan_policy_opened(&kit.c, ch);
	chan_policy_tell(&kit.c, ch, POLICY_ON_channel_closed, NULL);
	ck_assert(!chan_is_busy(ch));
	kit_quiet();
}
END_TEST

START_TEST(worker_is_told_what_the_script_hears)
{
	static const struct {
		enum policy_event event;
		uint32_t hears;
	} rows[] = {
	    {POLICY_ON_channel_open_request,  HEARS_OPEN     },
	    {POLICY_ON_channel_request,       HEARS_REQUEST  },
	    {POLICY_ON_channel_requested,     HEARS_REQUESTED},
	    {POLICY_ON_channel_eof,           HEARS_EOF      },
	    {POLICY_ON_channel_ready_to_send, HEARS_READY    },
	    {POLICY_ON_channel_closed,        0              },
	    {POLICY_ON_channel_opened,        0              },
	    {POLICY_ON_channel_data_in,       0              }
        };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		kit.hears = POLICY_BIT(rows[i].event);
		ck_assert_uint_eq(chan_policy_hears(&kit.c),
				  rows[i].hears | HEARS_OPENED);
	}
}
END_TEST

START_TEST(question_has_the_facts_of_the_channel_and_the_request)
{
	const struct request_facts q = {4, SPAN_LIT("signal"), false,
					SPAN_LIT("\0\0\0\3INT")};
	struct asks asks = {.event = POLICY_ON_channel_request, .done = done};
	struct mchan *ch;
	struct span f;

	kit.hears = POLICY_BIT(POLICY_ON_channel_request);
	ch = kit_channel(4, &session);
	ch->policy->sent = 10;
	ch->policy->record = 3;
	ck_assert_int_eq(chan_policy_ask(&kit.c, ch, &q, &asks), OK);
	ck_assert(chan_is_busy(ch));
	f = kit_asked(POLICY_ON_channel_request);
	ck_assert_uint_eq(facts_get_num(f, "channel.id", 0), 4);
	kit_fact_is(f, "channel.type", "session");
	ck_assert_uint_eq(facts_get_num(f, "channel.bytes_sent", 0), 10);
	ck_assert_uint_eq(facts_get_num(f, "channel.record_length", 0), 3);
	kit_fact_is(f, "request.signal", "INT");
	ck_assert_int_eq(chan_policy_ask(&kit.c, ch, &q, &asks), ERR_FORBIDDEN);
	kit_answers(POLICY_NONE);
	ck_assert(!chan_is_busy(ch));
}
END_TEST

START_TEST(every_fact_is_one_of_the_table)
{
	const struct request_facts q = {4, SPAN_LIT("env"), true,
					SPAN_LIT("\0\0\0\1A\0\0\0\1b")};
	struct asks asks = {.event = POLICY_ON_channel_request, .done = done};
	struct fact one;
	struct mchan *ch;
	struct rd r;

	kit.hears = POLICY_BIT(POLICY_ON_channel_request);
	ch = kit_channel(4, &MSG_OF(open_tcp, .chan = 4, .host = SPAN_LIT("h"),
				    .port = 1, .origin = SPAN_LIT("o")));
	ck_assert_int_eq(chan_policy_ask(&kit.c, ch, &q, &asks), OK);
	r = RD(kit_asked(POLICY_ON_channel_request));
	while (r.left.n > 0) {
		const struct policy_fact_row *row;

		ck_assert_int_eq(facts_next(&r, &one), OK);
		row = policy_fact_find(POLICY_ON_channel_request, one.name);
		ck_assert_msg(row != NULL && row->type == one.type, "%.*s",
			      (int)one.name.n, (const char *)one.name.p);
	}
	kit_answers(POLICY_NONE);
}
END_TEST

START_TEST(opened_is_told_once)
{
	struct mchan *ch;

	kit.hears = POLICY_BIT(POLICY_ON_channel_opened);
	ch = kit_channel(4, &session);
	chan_policy_opened(&kit.c, ch);
	chan_policy_opened(&kit.c, ch);
	ck_assert(facts_get_bool(kit_told(POLICY_ON_channel_opened),
				 "channel.ready_to_send", false));
	kit_quiet();
	chan_policy_closed(&kit.c, ch); /* it does not hear of that */
	kit_quiet();
}
END_TEST

START_TEST(closed_is_told_once_and_only_after_it_was_opened)
{
	struct mchan *ch;

	kit.hears = POLICY_BIT(POLICY_ON_channel_closed);
	ch = kit_channel(4, &session);
	chan_policy_closed(&kit.c, ch);
	kit_quiet();
	chan_policy_opened(&kit.c, ch);
	ch->policy->sent = 3;
	chan_policy_closed(&kit.c, ch);
	ck_assert_uint_eq(
	    facts_get_num(kit_told(POLICY_ON_channel_closed), "channel.bytes_sent", 0),
	    3);
	chan_policy_closed(&kit.c, ch);
	kit_quiet();
}
END_TEST

START_TEST(variables_of_a_decision_are_checked)
{
	const struct span good[] = {SPAN_LIT("A=1"), SPAN_LIT("B=x=y"), SPAN_LIT("C=")};
	const struct span bad[] = {SPAN_LIT("A=1"), SPAN_LIT("=x")};
	const struct span none[] = {SPAN_LIT("AB")};
	struct grown g = {0};
	struct wr w = WR(kit.fields);
	struct rd r;

	facts_list(&w, "env", good, 3);
	ck_assert_int_eq(grown_env(&g, (struct span){w.p, w.n}), OK);
	r = RD(((struct span){g.p, g.n}));
	ck_assert(span_is(rd_bytes(&r, 9), "A") && span_is(rd_bytes(&r, 9), "1"));
	ck_assert(span_is(rd_bytes(&r, 9), "B") && span_is(rd_bytes(&r, 9), "x=y"));
	ck_assert(span_is(rd_bytes(&r, 9), "C") && span_is(rd_bytes(&r, 9), ""));
	ck_assert_int_eq(rd_end(&r), OK);
	w = WR(kit.fields);
	facts_list(&w, "env", bad, 2);
	ck_assert_int_eq(grown_env(&g, (struct span){w.p, w.n}), ERR_RANGE);
	w = WR(kit.fields);
	facts_list(&w, "env", none, 1);
	ck_assert_int_eq(grown_env(&g, (struct span){w.p, w.n}), ERR_RANGE);
	free(g.p);
}
END_TEST

START_TEST(variables_are_bounded)
{
	static uint8_t value[LIMIT_ENV_BYTES - 9];
	struct grown g = {0};

	ck_assert_int_eq(grown_pair(&g, SPAN_LIT("A"), SPAN_OF(value)), OK);
	ck_assert_uint_eq(g.n, LIMIT_ENV_BYTES);
	ck_assert_int_eq(grown_pair(&g, SPAN_LIT("A"), SPAN_LIT("")), ERR_NO_SPACE);
	free(g.p);
}
END_TEST

START_TEST(refusal_gives_the_users_message)
{
	struct policy_answer a = {.verdict = POLICY_REFUSE};
	struct wr w = WR(kit.fields);

	ck_assert_uint_eq(chan_policy_refused(&kit.c, &a, "x").n, 0);
	facts_str(&w, "message", SPAN_LIT("git only"));
	a.fields = (struct span){w.p, w.n};
	ck_assert(span_is(chan_policy_refused(&kit.c, &a, "x"), "git only"));
	ck_assert(!chan_policy_agrees(&a));
	a.verdict = POLICY_ERROR;
	ck_assert(!chan_policy_agrees(&a));
	a.verdict = POLICY_PARTIAL;
	ck_assert(!chan_policy_agrees(&a));
	a.verdict = POLICY_NONE;
	ck_assert(chan_policy_agrees(&a));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_chan_policy");
	TCase *t = tcase_create("policy");

	tcase_add_checked_fixture(t, kit_begin, kit_end);
	tcase_add_test(t, without_a_handler_nothing_is_made_and_nothing_heard);
	tcase_add_test(t, worker_is_told_what_the_script_hears);
	tcase_add_test(t, question_has_the_facts_of_the_channel_and_the_request);
	tcase_add_test(t, every_fact_is_one_of_the_table);
	tcase_add_test(t, opened_is_told_once);
	tcase_add_test(t, closed_is_told_once_and_only_after_it_was_opened);
	tcase_add_test(t, variables_of_a_decision_are_checked);
	tcase_add_test(t, variables_are_bounded);
	tcase_add_test(t, refusal_gives_the_users_message);
	suite_add_tcase(s, t);
	return s;
}
