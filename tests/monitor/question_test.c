/* Questions: found again by number, the message kept whole, nothing left behind. */
#include "tests/monitor/chan_kit.h"

static const struct policy_answer *heard;
static void *heard_ctx;

static void done(struct conn *c, const struct policy_answer *a, void *ctx)
{
	(void)c;
	heard = a;
	heard_ctx = ctx;
}

static void ask(struct question *q, const struct msg *keep)
{
	struct facts_store f;
	struct asks asks = {.event = POLICY_ON_channel_request,
			    .facts = &f,
			    .keep = keep,
			    .done = done};

	ck_assert_int_eq(facts_begin(&f), OK);
	facts_num(&f.w, "channel.id", 7);
	ck_assert_int_eq(question_ask(&kit.c, q, &asks), kit.ask_fails);
	facts_end(&f);
}

START_TEST(answer_finds_its_question_and_the_message)
{
	struct question one = {0}, two = {0};
	struct kept_msg kept;

	ask(&one, &MSG_OF(open_unix, .chan = 3, .path = SPAN_LIT("/a")));
	ask(&two, NULL);
	kit_answers(POLICY_ACCEPT);
	ck_assert(question_is(&one, heard_ctx) && !question_is(&two, heard_ctx));
	question_end(&one, &kept);
	ck_assert_int_eq(kept.msg.type, MSG_open_unix);
	ck_assert(span_is(kept.msg.u.open_unix.path, "/a"));
	kept_free(&kept);
	ck_assert(!question_is(&one, heard_ctx)); /* it is answered once */
	kit_answers(POLICY_ACCEPT);
	ck_assert(question_is(&two, heard_ctx));
	question_end(&two, &kept);
	ck_assert_int_eq(kept.msg.type, MSG_COUNT);
	kept_free(&kept);
}
END_TEST

START_TEST(answer_to_a_question_that_is_gone_finds_nothing)
{
	struct question q = {0};

	ask(&q, &MSG_OF(open_session, .chan = 1));
	question_wipe(&q);
	kit_answers(POLICY_ACCEPT);
	ck_assert(!question_is(&q, heard_ctx));
	ck_assert(!question_is(&q, NULL));
}
END_TEST

START_TEST(question_that_cannot_be_asked_keeps_nothing)
{
	struct question q = {0};

	kit.ask_fails = ERR_CLOSED;
	ask(&q, &MSG_OF(open_session, .chan = 1));
	ck_assert_uint_eq(q.id, 0);
	ck_assert_ptr_null(q.asked);
}
END_TEST

START_TEST(facts_beyond_their_bound_are_not_asked)
{
	static uint8_t much[LIMIT_FACTS_BYTES];
	struct question q = {0};
	struct facts_store f;
	struct asks asks = {
	    .event = POLICY_ON_channel_request, .facts = &f, .done = done};

	ck_assert_int_eq(facts_begin(&f), OK);
	facts_str(&f.w, "request.payload", SPAN_OF(much));
	ck_assert_int_eq(question_ask(&kit.c, &q, &asks), ERR_NO_SPACE);
	facts_end(&f);
	kit_quiet();
}
END_TEST

START_TEST(kept_make_replaces_what_was_kept)
{
	struct kept_msg kept = {0};

	ck_assert_int_eq(kept_make(&MSG_OF(open_session, .chan = 1), &kept), OK);
	ck_assert_int_eq(kept_make(&MSG_OF(open_session, .chan = 2), &kept), OK);
	ck_assert_uint_eq(kept.msg.u.open_session.chan, 2);
	kept_free(&kept);
	kept_free(&kept);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_question");
	TCase *t = tcase_create("question");

	tcase_add_checked_fixture(t, kit_begin, kit_end);
	tcase_add_test(t, answer_finds_its_question_and_the_message);
	tcase_add_test(t, answer_to_a_question_that_is_gone_finds_nothing);
	tcase_add_test(t, question_that_cannot_be_asked_keeps_nothing);
	tcase_add_test(t, facts_beyond_their_bound_are_not_asked);
	tcase_add_test(t, kept_make_replaces_what_was_kept);
	suite_add_tcase(s, t);
	return s;
}
