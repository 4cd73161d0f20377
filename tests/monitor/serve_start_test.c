/* Starts of sessions: asked, granted, refused; a worker that uses what nobody granted. */
#include "tests/monitor/chan_kit.h"

static struct ipc_fds no_fds;
static struct mchan *ch;
static unsigned started, failed;
static char instead_of[LIMIT_TEXT_BYTES + 1];
static enum err start_fails;

/* ---- what serve_session.c would do ---- */

enum err session_start(struct conn *c, struct mchan *session,
		       const struct msg_session_start *m, struct span instead)
{
	(void)c;
	ck_assert_ptr_eq(session, ch);
	ck_assert_uint_eq(m->chan, 4);
	ck_assert_int_eq(bytes_to_str(instead_of, sizeof instead_of, instead), OK);
	started++;
	return start_fails;
}

void session_log(const struct conn *c, const struct msg_session_start *m)
{
	(void)c;
	(void)m;
}

void session_not_started(struct conn *c, uint32_t chan, enum err e)
{
	(void)c;
	(void)chan;
	(void)e;
	failed++;
}

static void hear(uint32_t hears)
{
	kit_begin();
	kit.hears = hears;
	kit.work.permits = PERMIT_SESSION | PERMIT_PTY;
	ch = kit_channel(4, &MSG_OF(open_session, .chan = 4));
	started = failed = 0;
	start_fails = OK;
}

static void begin(void)
{
	hear(POLICY_BIT(POLICY_ON_channel_request) |
	     POLICY_BIT(POLICY_ON_channel_requested));
}

static enum err start(uint8_t pty)
{
	struct msg_session_start m = {.chan = 4,
				      .kind = SESSION_EXEC,
				      .reply = 1,
				      .command = SPAN_LIT("git-x"),
				      .pty = pty};

	return serve_session_start(&kit.c, &m, &no_fds);
}

START_TEST(start_goes_its_way_at_once_where_nobody_hears)
{
	kit_end();
	hear(0);
	ck_assert_int_eq(start(1), OK);
	ck_assert_uint_eq(started, 1);
	session_granted(&kit.c, ch);
	kit_quiet();
}
END_TEST

START_TEST(start_is_asked_about_and_told_once_it_runs)
{
	struct span f;

	ck_assert_int_eq(start(0), OK);
	ck_assert_uint_eq(started, 0);
	f = kit_asked(POLICY_ON_channel_request);
	kit_fact_is(f, "request.type", "exec");
	kit_fact_is(f, "request.command", "git-x");
	ck_assert(facts_get_bool(f, "request.want_reply", false));
	kit_answers(POLICY_NONE);
	ck_assert_uint_eq(started, 1);
	ck_assert_str_eq(instead_of, "");
	kit_quiet(); /* it does not run yet */
	session_granted(&kit.c, ch);
	kit_fact_is(kit_told(POLICY_ON_channel_requested), "request.command", "git-x");
	session_granted(&kit.c, ch);
	kit_quiet();
}
END_TEST

START_TEST(start_is_told_where_the_script_only_listens)
{
	kit_end();
	hear(POLICY_BIT(POLICY_ON_channel_requested));
	ck_assert_int_eq(start(1), OK);
	ck_assert_uint_eq(started, 1);
	session_granted(&kit.c, ch);
	kit_told(POLICY_ON_channel_requested);
}
END_TEST

START_TEST(script_may_run_another_command_with_its_variables)
{
	const struct span env[] = {SPAN_LIT("ROLE=guest")};

	ck_assert_int_eq(start(0), OK);
	facts_str(&kit.answer, "command", SPAN_LIT("/usr/bin/menu"));
	facts_list(&kit.answer, "env", env, 1);
	kit_answers(POLICY_ACCEPT);
	ck_assert_str_eq(instead_of, "/usr/bin/menu");
	ck_assert_uint_gt(ch->policy->env_set.n, 0);
}
END_TEST

START_TEST(refusal_shows_the_message)
{
	struct msg m;

	ck_assert_int_eq(start(0), OK);
	facts_str(&kit.answer, "message", SPAN_LIT("git only"));
	kit_answers(_i == 0 ? POLICY_REFUSE : POLICY_ERROR);
	m = kit_sent(MSG_session_started);
	ck_assert_uint_eq(m.u.session_started.ok, 0);
	ck_assert(span_is(m.u.session_started.message, "git only"));
	ck_assert_uint_eq(started, 0);
	ck_assert_int_eq(start(0), OK); /* it may try again */
}
END_TEST

START_TEST(script_may_be_the_program)
{
	ck_assert_int_eq(start(0), OK);
	facts_str(&kit.answer, "route", SPAN_LIT("script"));
	kit_answers(POLICY_ACCEPT);
	ck_assert_uint_eq(kit_sent(MSG_session_started).u.session_started.script, 1);
	kit_told(POLICY_ON_channel_requested);
	ck_assert_ptr_nonnull(ch->policy->script);
	ck_assert_uint_eq(started, 0);
	ck_assert_int_eq(start(0), ERR_FORBIDDEN); /* it runs already */
}
END_TEST

START_TEST(session_that_was_opened_to_the_script_starts_there)
{
	if (_i == 1) {
		kit_end();
		hear(POLICY_BIT(POLICY_ON_channel_open_request));
	}
	ch->policy->to_script = true;
	ck_assert_int_eq(start(0), OK);
	if (_i == 0)
		kit_answers(POLICY_NONE);
	ck_assert_uint_eq(kit_sent(MSG_session_started).u.session_started.script, 1);
	ck_assert_uint_eq(started, 0);
}
END_TEST

START_TEST(start_that_uses_what_was_not_granted_is_refused)
{
	ck_assert_int_eq(start(1), ERR_FORBIDDEN);
	ch->policy->pty = true;
	ck_assert_int_eq(start(1), OK);
	ck_assert_int_eq(start(1), ERR_FORBIDDEN); /* while it is decided */
}
END_TEST

START_TEST(terminal_that_no_rule_permits_is_refused_politely)
{
	kit.work.permits = PERMIT_SESSION;
	ck_assert_int_eq(start(1), OK);
	ck_assert_uint_eq(kit_sent(MSG_session_started).u.session_started.ok, 0);
}
END_TEST

START_TEST(answer_after_the_channel_closed_starts_nothing)
{
	ck_assert_int_eq(start(0), OK);
	chan_remove(&kit.c, ch);
	kit_answers(POLICY_ACCEPT);
	ck_assert_uint_eq(started, 0);
	kit_quiet();
}
END_TEST

START_TEST(start_that_cannot_be_asked_about_fails)
{
	kit.ask_fails = ERR_CLOSED;
	ck_assert_int_eq(start(0), OK);
	ck_assert_uint_eq(failed, 1);
}
END_TEST

START_TEST(environment_of_a_liar_ends_the_connection)
{
	start_fails = ERR_TRUNCATED;
	ck_assert_int_eq(start(0), OK);
	kit_answers(POLICY_NONE);
	ck_assert_int_eq(kit.failed, ERR_TRUNCATED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_serve_start");
	TCase *t = tcase_create("start");

	tcase_add_checked_fixture(t, begin, kit_end);
	tcase_add_test(t, start_goes_its_way_at_once_where_nobody_hears);
	tcase_add_test(t, start_is_asked_about_and_told_once_it_runs);
	tcase_add_test(t, start_is_told_where_the_script_only_listens);
	tcase_add_test(t, script_may_run_another_command_with_its_variables);
	tcase_add_loop_test(t, refusal_shows_the_message, 0, 2);
	tcase_add_test(t, script_may_be_the_program);
	tcase_add_loop_test(t, session_that_was_opened_to_the_script_starts_there, 0,
			    2);
	tcase_add_test(t, start_that_uses_what_was_not_granted_is_refused);
	tcase_add_test(t, terminal_that_no_rule_permits_is_refused_politely);
	tcase_add_test(t, answer_after_the_channel_closed_starts_nothing);
	tcase_add_test(t, start_that_cannot_be_asked_about_fails);
	tcase_add_test(t, environment_of_a_liar_ends_the_connection);
	suite_add_tcase(s, t);
	return s;
}
