/* Decisions about opens and requests, and what is told. */
#include "tests/monitor/chan_kit.h"

static struct ipc_fds no_fds;
static struct msg opened;
static enum ssh_open_failure refused;
static char refused_text[LIMIT_TEXT_BYTES + 1], opened_host[LIMIT_HOST_BYTES + 1];

/* ---- what serve_chan.c would do ---- */

void chan_open(struct conn *c, struct mchan *ch, const struct msg *m)
{
	(void)c;
	(void)ch;
	opened = *m;
	if (m->type == MSG_open_tcp)
		ck_assert_int_eq(
		    bytes_to_str(opened_host, sizeof opened_host, m->u.open_tcp.host),
		    OK);
}

void chan_refuse(struct conn *c, struct mchan *ch, enum ssh_open_failure failure,
		 struct span text)
{
	refused = failure;
	ck_assert_int_eq(bytes_to_str(refused_text, sizeof refused_text, text), OK);
	chan_remove(c, ch);
}

void chan_tell_opened(struct conn *c, uint32_t chan, int fd,
		      enum ssh_open_failure failure, struct span text)
{
	struct mchan *ch = chan_find(c, chan);

	(void)fd;
	conn_tell(c, &MSG_OF(chan_opened, .chan = chan, .failure = (uint8_t)failure,
			     .text = text, .script = ch->policy->script != NULL));
}

static void begin(void)
{
	kit_begin();
	kit.hears = POLICY_BIT(POLICY_ON_channel_open_request) |
		    POLICY_BIT(POLICY_ON_channel_request) |
		    POLICY_BIT(POLICY_ON_channel_requested) |
		    POLICY_BIT(POLICY_ON_channel_eof) |
		    POLICY_BIT(POLICY_ON_channel_opened);
	opened.type = MSG_COUNT;
	refused = SSH_OPEN_OK;
}

static struct mchan *ask_open(const struct msg *m)
{
	struct mchan *ch = kit_channel(4, m);

	ck_assert_int_eq(open_ask(&kit.c, ch, m), OK);
	return ch;
}

static struct mchan *ask_open_tcp(void)
{
	return ask_open(
	    &MSG_OF(open_tcp, .chan = 4, .host = SPAN_LIT("db"), .port = 5432));
}

START_TEST(open_without_an_opinion_goes_its_way)
{
	ask_open_tcp();
	kit_fact_is(kit_asked(POLICY_ON_channel_open_request), "channel.host", "db");
	kit_answers(POLICY_NONE);
	ck_assert_int_eq(opened.type, MSG_open_tcp);
	ck_assert_str_eq(opened_host, "db");
	ck_assert_uint_eq(opened.u.open_tcp.port, 5432);
}
END_TEST

START_TEST(open_may_be_sent_elsewhere)
{
	ask_open_tcp();
	facts_str(&kit.answer, "host", SPAN_LIT("10.0.0.1"));
	facts_num(&kit.answer, "port", 99);
	kit_answers(POLICY_ACCEPT);
	ck_assert_str_eq(opened_host, "10.0.0.1");
	ck_assert_uint_eq(opened.u.open_tcp.port, 99);
}
END_TEST

START_TEST(open_is_refused_with_the_scripts_message)
{
	ask_open_tcp();
	facts_str(&kit.answer, "message", SPAN_LIT("only 10.1.0.0/16"));
	kit_answers(POLICY_REFUSE);
	ck_assert_int_eq(refused, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	ck_assert_str_eq(refused_text, "only 10.1.0.0/16");
	ck_assert_int_eq(opened.type, MSG_COUNT);
}
END_TEST

START_TEST(script_that_fails_opens_nothing)
{
	static const enum policy_verdict verdicts[] = {POLICY_ERROR, POLICY_PARTIAL};

	ask_open_tcp();
	kit_answers(verdicts[_i]);
	ck_assert_int_eq(refused, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	ck_assert_int_eq(opened.type, MSG_COUNT);
}
END_TEST

START_TEST(route_refuse_refuses)
{
	ask_open_tcp();
	facts_str(&kit.answer, "route", SPAN_LIT("refuse"));
	kit_answers(POLICY_ACCEPT);
	ck_assert_int_eq(refused, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
}
END_TEST

START_TEST(route_script_makes_the_script_the_peer)
{
	const struct mchan *ch =
	    ask_open(&MSG_OF(open_other, .chan = 4, .type = SPAN_LIT("x")));

	facts_str(&kit.answer, "route", SPAN_LIT("script"));
	facts_num(&kit.answer, "record_length", 8);
	kit_answers(POLICY_ACCEPT);
	ck_assert_uint_eq(kit_sent(MSG_chan_record).u.chan_record.bytes, 8);
	ck_assert_uint_eq(kit_sent(MSG_chan_opened).u.chan_opened.script, 1);
	ck_assert_ptr_nonnull(ch->policy->script);
}
END_TEST

START_TEST(session_goes_to_the_script_once_it_starts)
{
	const struct mchan *ch = ask_open(&MSG_OF(open_session, .chan = 4));

	facts_str(&kit.answer, "route", SPAN_LIT("script"));
	kit_answers(POLICY_ACCEPT);
	ck_assert_uint_eq(kit_sent(MSG_chan_opened).u.chan_opened.script, 0);
	ck_assert(ch->policy->to_script && ch->policy->script == NULL);
}
END_TEST

START_TEST(answer_about_a_channel_that_is_gone_is_passed_over)
{
	chan_remove(&kit.c, ask_open_tcp());
	kit_answers(POLICY_ACCEPT);
	ck_assert_int_eq(opened.type, MSG_COUNT);
	ck_assert_int_eq(refused, SSH_OPEN_OK);
	kit_quiet();
}
END_TEST

/* ---- requests ---- */

static struct mchan *session_open(void)
{
	return kit_channel(4, &MSG_OF(open_session, .chan = 4));
}

static enum err request(const char *name, struct span payload)
{
	struct msg_chan_request m = {
	    .chan = 4, .name = span_str(name), .reply = 1, .payload = payload};

	return serve_chan_request(&kit.c, &m, &no_fds);
}

static void expect_verdict(enum request_verdict verdict)
{
	struct msg m = kit_sent(MSG_chan_request_result);

	ck_assert_uint_eq(m.u.chan_request_result.chan, 4);
	ck_assert_uint_eq(m.u.chan_request_result.verdict, verdict);
}

START_TEST(grants_are_kept_and_refusals_are_not)
{
	const struct mchan *ch = session_open();

	ck_assert_int_eq(request("pty-req", SPAN_LIT("")), OK);
	kit_answers(POLICY_REFUSE);
	expect_verdict(REQUEST_REFUSED);
	ck_assert(!ch->policy->pty);
	ck_assert_int_eq(request("pty-req", SPAN_LIT("")), OK);
	kit_answers(POLICY_NONE);
	expect_verdict(REQUEST_AS_EVER);
	ck_assert(ch->policy->pty && !ch->policy->agent && !ch->policy->x11);
	ck_assert_int_eq(request("auth-agent-req@openssh.com", SPAN_LIT("")), OK);
	kit_answers(POLICY_ACCEPT);
	expect_verdict(REQUEST_GRANTED);
	ck_assert(ch->policy->agent);
	ck_assert_int_eq(request("signal", SPAN_LIT("\0\0\0\3INT")), OK);
	kit_answers(POLICY_ACCEPT);
	expect_verdict(REQUEST_GRANTED);
	ck_assert_uint_eq(ch->policy->signals, 1);
}
END_TEST

START_TEST(variable_is_kept_as_asked_or_as_the_script_sets_it)
{
	const struct span env = SPAN_LIT("\0\0\0\1A\0\0\0\1b");
	const struct span instead[] = {SPAN_LIT("A=other")};
	const struct mchan *ch = session_open();
	struct rd r;

	ck_assert_int_eq(request("env", env), OK);
	kit_answers(POLICY_NONE);
	ck_assert_uint_eq(ch->policy->env.n, env.n);
	ck_assert_mem_eq(ch->policy->env.p, env.p, env.n);
	ck_assert_int_eq(request("env", env), OK);
	facts_list(&kit.answer, "env", instead, 1);
	kit_answers(POLICY_ACCEPT);
	ck_assert_uint_eq(ch->policy->env.n, env.n);
	r = RD(((struct span){ch->policy->env_set.p, ch->policy->env_set.n}));
	ck_assert(span_is(rd_bytes(&r, 64), "A") && span_is(rd_bytes(&r, 64), "other"));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(malformed_variable_is_refused)
{
	session_open();
	ck_assert_int_eq(request("env", SPAN_LIT("\0\0\0\1A")), OK);
	kit_answers(POLICY_ACCEPT);
	expect_verdict(REQUEST_REFUSED);
}
END_TEST

START_TEST(message_travels_with_the_refusal)
{
	struct msg m;

	session_open();
	ck_assert_int_eq(request("x", SPAN_LIT("")), OK);
	facts_str(&kit.answer, "message", SPAN_LIT("no x"));
	kit_answers(POLICY_REFUSE);
	m = kit_sent(MSG_chan_request_result);
	ck_assert(span_is(m.u.chan_request_result.message, "no x"));
}
END_TEST

START_TEST(worker_that_asks_what_it_may_not_is_refused)
{
	struct msg_chan_request global = {.global = 1, .name = SPAN_LIT("x")};

	ck_assert_int_eq(request("x", SPAN_LIT("")), ERR_FORBIDDEN); /* no channel */
	session_open();
	ck_assert_int_eq(request("x", SPAN_LIT("")), OK);
	ck_assert_int_eq(request("x", SPAN_LIT("")), ERR_FORBIDDEN); /* one at a time */
	ck_assert_int_eq(serve_chan_request(&kit.c, &global, &no_fds), OK);
	ck_assert_int_eq(serve_chan_request(&kit.c, &global, &no_fds), ERR_FORBIDDEN);
	kit.hears = POLICY_BIT(POLICY_ON_channel_opened);
	ck_assert_int_eq(request("x", SPAN_LIT("")), ERR_FORBIDDEN); /* no handler */
}
END_TEST

START_TEST(request_that_cannot_be_asked_about_is_refused_politely)
{
	session_open();
	kit.ask_fails = ERR_CLOSED;
	ck_assert_int_eq(request("x", SPAN_LIT("")), OK);
	expect_verdict(REQUEST_REFUSED);
}
END_TEST

START_TEST(global_request_is_decided)
{
	struct msg_chan_request m = {.global = 1,
				     .name = SPAN_LIT("cancel-tcpip-forward"),
				     .payload = SPAN_LIT("\0\0\0\1h\0\0\0\7")};
	struct span f;
	struct msg sent;

	ck_assert_int_eq(serve_chan_request(&kit.c, &m, &no_fds), OK);
	f = kit_asked(POLICY_ON_channel_request);
	kit_fact_is(f, "channel.type", "global");
	kit_fact_is(f, "request.host", "h");
	ck_assert_uint_eq(facts_get_num(f, "request.port", 0), 7);
	kit_answers(POLICY_REFUSE);
	sent = kit_sent(MSG_chan_request_result);
	ck_assert_uint_eq(sent.u.chan_request_result.global, 1);
	ck_assert_uint_eq(sent.u.chan_request_result.verdict, REQUEST_REFUSED);
}
END_TEST

/* ---- what is told ---- */

static enum err event(uint32_t chan, enum chan_event e)
{
	struct msg_chan_event m = {.chan = chan,
				   .event = (uint8_t)e,
				   .type = e == CHAN_EVENT_OPENED
					       ? SPAN_LIT("forwarded-tcpip")
					       : (struct span){0},
				   .sent = 5,
				   .received = 6};

	return serve_chan_event(&kit.c, &m, &no_fds);
}

START_TEST(events_are_told_with_their_counts)
{
	struct span f;

	session_open();
	ck_assert_int_eq(event(4, CHAN_EVENT_EOF), OK);
	f = kit_told(POLICY_ON_channel_eof);
	ck_assert_uint_eq(facts_get_num(f, "channel.bytes_sent", 0), 5);
	ck_assert_uint_eq(facts_get_num(f, "channel.bytes_received", 0), 6);
	ck_assert_int_eq(event(4, CHAN_EVENT_READY), ERR_FORBIDDEN); /* no handler */
	ck_assert_int_eq(event(9, CHAN_EVENT_EOF), ERR_FORBIDDEN);
	ck_assert_int_eq(event(4, CHAN_EVENT_OPENED), ERR_FORBIDDEN); /* it is there */
}
END_TEST

START_TEST(channel_that_we_opened_is_known_from_then_on)
{
	ck_assert_int_eq(event(7, CHAN_EVENT_OPENED), OK);
	kit_fact_is(kit_told(POLICY_ON_channel_opened), "channel.type",
		    "forwarded-tcpip");
	ck_assert_int_eq(event(7, CHAN_EVENT_EOF), OK);
	kit_told(POLICY_ON_channel_eof);
}
END_TEST

START_TEST(granted_requests_are_told)
{
	struct msg_chan_requested m = {
	    .chan = 4, .name = SPAN_LIT("signal"), .payload = SPAN_LIT("\0\0\0\3INT")};

	session_open();
	ck_assert_int_eq(serve_chan_requested(&kit.c, &m, &no_fds), OK);
	kit_fact_is(kit_told(POLICY_ON_channel_requested), "request.signal", "INT");
	m.chan = 8;
	ck_assert_int_eq(serve_chan_requested(&kit.c, &m, &no_fds), ERR_FORBIDDEN);
	m.global = 1;
	ck_assert_int_eq(serve_chan_requested(&kit.c, &m, &no_fds), OK);
	kit_fact_is(kit_told(POLICY_ON_channel_requested), "channel.type", "global");
	kit.hears = POLICY_BIT(POLICY_ON_channel_opened);
	ck_assert_int_eq(serve_chan_requested(&kit.c, &m, &no_fds), ERR_FORBIDDEN);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_serve_request");
	TCase *t = tcase_create("request");

	tcase_add_checked_fixture(t, begin, kit_end);
	tcase_add_test(t, open_without_an_opinion_goes_its_way);
	tcase_add_test(t, open_may_be_sent_elsewhere);
	tcase_add_test(t, open_is_refused_with_the_scripts_message);
	tcase_add_loop_test(t, script_that_fails_opens_nothing, 0, 2);
	tcase_add_test(t, route_refuse_refuses);
	tcase_add_test(t, route_script_makes_the_script_the_peer);
	tcase_add_test(t, session_goes_to_the_script_once_it_starts);
	tcase_add_test(t, answer_about_a_channel_that_is_gone_is_passed_over);
	tcase_add_test(t, grants_are_kept_and_refusals_are_not);
	tcase_add_test(t, variable_is_kept_as_asked_or_as_the_script_sets_it);
	tcase_add_test(t, malformed_variable_is_refused);
	tcase_add_test(t, message_travels_with_the_refusal);
	tcase_add_test(t, worker_that_asks_what_it_may_not_is_refused);
	tcase_add_test(t, request_that_cannot_be_asked_about_is_refused_politely);
	tcase_add_test(t, global_request_is_decided);
	tcase_add_test(t, events_are_told_with_their_counts);
	tcase_add_test(t, channel_that_we_opened_is_known_from_then_on);
	tcase_add_test(t, granted_requests_are_told);
	suite_add_tcase(s, t);
	return s;
}
