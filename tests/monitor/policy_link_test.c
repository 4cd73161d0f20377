/*
 * The link to the policy process: the real monitor's side, and this test as the process. Whatever it does,
 * dies of, or says, each question has one answer.
 */
#include "tests/monitor/policy_kit.h"

enum { ANSWERS = 64 };

static struct {
	struct conn c[2];
	enum policy_verdict verdict[ANSWERS]; /* by the number given as ctx */
	int answered[ANSWERS];
	char where[LIMIT_WHERE_BYTES + 1];
	int loads;
	enum err loaded;
} f;

static void decides(uint64_t id, enum policy_verdict v)
{
	says(&MSG_OF(policy_decision, .id = id, .verdict = (uint8_t)v,
		     .where = SPAN_LIT("p.lua:7")));
}

/* ---- the monitor's end ---- */

static void done(struct conn *c, const struct policy_answer *a, void *ctx)
{
	size_t i = (size_t)(uintptr_t)ctx;

	ck_assert(c == &f.c[0] || c == &f.c[1]);
	f.answered[i]++;
	f.verdict[i] = a->verdict;
	ck_assert_int_eq(bytes_to_str(f.where, sizeof f.where, a->where), OK);
}

static void loaded(struct monitor *m, enum err e, void *ctx)
{
	ck_assert_ptr_eq(m, &kit.m);
	ck_assert_ptr_eq(ctx, &f);
	f.loads++;
	f.loaded = e;
}

static void asks(size_t c, size_t i)
{
	uint8_t store[64];
	struct wr w = WR(store);

	facts_str(&w, "auth.method", SPAN_LIT("password"));
	ck_assert_int_eq(policy_ask(&f.c[c], POLICY_ON_user_auth_request,
				    (struct span){w.p, w.n}, done,
				    (void *)(uintptr_t)i),
			 OK);
	ck_assert_int_eq(f.answered[i], 0);
}

static void assert_answer(size_t i, enum policy_verdict v)
{
	ck_assert_int_eq(f.answered[i], 1);
	ck_assert_str_eq(policy_verdict_name(f.verdict[i]), policy_verdict_name(v));
}

static void begin(size_t n)
{
	memset(&f, 0, sizeof f);
	kit_begin(n);
	for (size_t i = 0; i < 2; i++)
		f.c[i] = (struct conn){
		    .m = &kit.m,
		    .id = i + 1,
		    .fd = -1,
		    .config = kit.m.config,
		    .script = kit.m.script,
		    .remote = {"192.0.2.1", 1024}
                };
}

/* The script is compiled, and has one handler. */
static void begin_loaded(void)
{
	begin(100);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), OK);
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	hears_script();
	says(&MSG_OF(policy_loaded, .version = 1, .ok = 1,
		     .handlers = POLICY_BIT(POLICY_ON_user_auth_request) |
				 POLICY_BIT(POLICY_ON_channel_data_in),
		     .owns = SPAN_LIT("password")));
	ck_assert_int_eq(f.loads, 1);
	ck_assert_int_eq(f.loaded, OK);
}

static void end(void)
{
	for (size_t i = 0; i < 2; i++) {
		policy_conn_over(&f.c[i]);
		ck_assert_uint_eq(f.c[i].policy_items, 0);
	}
	kit_end();
}

/* ---- questions ---- */

START_TEST(a_question_has_the_facts_of_its_connection)
{
	struct fact fact;
	struct msg m;

	begin_loaded();
	asks(0, 1);
	m = hears(MSG_policy_ask);
	ck_assert_uint_eq(m.u.policy_ask.conn, 1);
	ck_assert_uint_eq(m.u.policy_ask.version, 1);
	ck_assert_uint_eq(m.u.policy_ask.event, POLICY_ON_user_auth_request);
	ck_assert_uint_gt(m.u.policy_ask.now_s, 1600000000);
	ck_assert(facts_find(m.u.policy_ask.facts, "conn.verified.source", &fact));
	ck_assert(span_is(fact.value, "192.0.2.1"));
	ck_assert(facts_find(m.u.policy_ask.facts, "auth.method", &fact));
	ck_assert(!facts_find(m.u.policy_ask.facts, "conn.verified.user", &fact));
	decides(m.u.policy_ask.id, POLICY_ACCEPT);
	assert_answer(1, POLICY_ACCEPT);
	ck_assert_str_eq(f.where, "p.lua:7");
	/* once is enough */
	decides(m.u.policy_ask.id, POLICY_REFUSE);
	assert_answer(1, POLICY_ACCEPT);
	end();
}
END_TEST

START_TEST(what_has_no_handler_is_not_asked)
{
	begin_loaded();
	ck_assert_int_eq(policy_ask(&f.c[0], POLICY_ON_connection_request,
				    (struct span){0}, done, NULL),
			 ERR_FORBIDDEN);
	policy_tell(&f.c[0], POLICY_ON_connected, (struct span){0});
	f.c[1].script = NULL;
	ck_assert(!policy_hears(&f.c[1], POLICY_ON_user_auth_request));
	policy_conn_over(&f.c[0]);
	hears_nothing();
	end();
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_a_refusal)
{
	uint8_t store[64];
	struct wr w = WR(store);
	uint64_t id;

	begin_loaded();
	asks(0, 1);
	id = hears(MSG_policy_ask).u.policy_ask.id;
	facts_str(&w, "shell", SPAN_LIT("/bin/sh"));
	says(&MSG_OF(policy_decision, .id = id, .verdict = POLICY_ACCEPT,
		     .fields = {w.p, w.n}));
	assert_answer(1, POLICY_ERROR);
	end();
}
END_TEST

START_TEST(who_is_gone_gets_no_answer)
{
	uint64_t id;

	begin_loaded();
	asks(0, 1);
	asks(1, 2);
	id = hears(MSG_policy_ask).u.policy_ask.id;
	policy_conn_over(&f.c[0]);
	ck_assert_uint_eq(f.c[0].policy_items, 0);
	decides(id, POLICY_ACCEPT);
	ck_assert_int_eq(f.answered[1], 0);
	decides(hears(MSG_policy_ask).u.policy_ask.id, POLICY_ACCEPT);
	assert_answer(2, POLICY_ACCEPT);
	ck_assert_uint_eq(hears(MSG_policy_drop).u.policy_drop.conn, 1);
	end();
}
END_TEST

START_TEST(without_an_answer_in_time_it_is_a_refusal)
{
	uint64_t id;

	begin_loaded();
	asks(0, 1);
	id = hears(MSG_policy_ask).u.policy_ask.id;
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	assert_answer(1, POLICY_ERROR);
	ck_assert_int_eq(kit.starts, 1); /* it was heard of just now, by our clock */
	decides(id, POLICY_ACCEPT);
	assert_answer(1, POLICY_ERROR);
	end();
}
END_TEST

START_TEST(a_process_that_is_silent_is_replaced)
{
	begin_loaded();
	asks(0, 1);
	(void)hears(MSG_policy_ask);
	kit.now_ms += 1000;
	ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
	assert_answer(1, POLICY_ERROR);
	ck_assert_int_eq(kit.starts, 2);
	hears_script();
	end();
}
END_TEST

/* ---- death ---- */

START_TEST(a_death_refuses_one_question_and_asks_the_others_again)
{
	begin_loaded();
	asks(0, 1);
	asks(1, 2);
	asks(0, 3);
	says(&MSG_OF(policy_share_set, .key = SPAN_LIT("k"), .value = SPAN_LIT("v")));
	dies();
	ck_assert_int_eq(kit.starts, 2);
	assert_answer(1, POLICY_ERROR);
	ck_assert_int_eq(f.answered[2] + f.answered[3], 0);
	hears_script();
	ck_assert(span_is(hears(MSG_policy_share).u.policy_share.value, "v"));
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	ck_assert_uint_eq(hears(MSG_policy_ask).u.policy_ask.conn, 2);
	decides(2, POLICY_ACCEPT);
	decides(hears(MSG_policy_ask).u.policy_ask.id, POLICY_REFUSE);
	assert_answer(2, POLICY_ACCEPT);
	assert_answer(3, POLICY_REFUSE);
	end();
}
END_TEST

START_TEST(a_question_is_asked_twice_at_most)
{
	begin_loaded();
	for (size_t i = 1; i <= 3; i++)
		asks(0, i);
	dies();
	assert_answer(1, POLICY_ERROR);
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	dies();
	assert_answer(2, POLICY_ERROR);
	assert_answer(3, POLICY_ERROR);
	ck_assert_int_eq(kit.starts, 3);
	end();
}
END_TEST

START_TEST(who_is_stuck_says_which_question_is_to_blame)
{
	uint64_t first;

	begin_loaded();
	asks(0, 1);
	asks(0, 2);
	first = hears(MSG_policy_ask).u.policy_ask.id;
	says(&MSG_OF(policy_stuck, .id = first + 1, .where = SPAN_LIT("p.lua:3")));
	assert_answer(2, POLICY_ERROR);
	ck_assert_int_eq(f.answered[1], 0);
	ck_assert_int_eq(kit.starts, 2);
	/* of an event that was told: nobody's */
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	asks(0, 3);
	says(&MSG_OF(policy_stuck, .where = SPAN_LIT("p.lua:3")));
	ck_assert_int_eq(f.answered[3], 0);
	assert_answer(1, POLICY_ERROR); /* it was asked again before */
	end();
}
END_TEST

START_TEST(a_process_that_cannot_start_is_tried_each_second)
{
	begin_loaded();
	kit.missing = true;
	dies();
	asks(0, 1);
	kit.missing = false;
	policy_tick(&kit.m);
	hears_script();
	decides(hears(MSG_policy_ask).u.policy_ask.id, POLICY_ACCEPT);
	assert_answer(1, POLICY_ACCEPT);
	/* one that dies before it is ready is not started again at once */
	dies();
	ck_assert_int_eq(kit.starts, 2);
	end();
}
END_TEST

/* ---- helpers, what is told ---- */

START_TEST(a_question_that_waits_for_a_helper_is_not_to_blame)
{
	begin_loaded();
	asks(0, 1);
	asks(1, 2);
	says(&MSG_OF(policy_help, .call = 9, .conn = 1, .name = SPAN_LIT("ldap"),
		     .deadline_ms = 5000));
	dies();
	assert_answer(2, POLICY_ERROR);
	ck_assert_int_eq(f.answered[1], 0);
	end();
}
END_TEST

START_TEST(a_call_is_answered)
{
	struct msg m;

	begin_loaded();
	asks(0, 1);
	(void)hears(MSG_policy_ask);
	says(&MSG_OF(policy_help, .call = 9, .conn = 1, .name = SPAN_LIT("nobody")));
	m = hears(MSG_policy_helped);
	ck_assert_uint_eq(m.u.policy_helped.call, 9);
	ck_assert_uint_eq(m.u.policy_helped.ok, 0);
	decides(1, POLICY_ACCEPT);
	assert_answer(1, POLICY_ACCEPT);
	end();
}
END_TEST

START_TEST(what_is_told_with_a_pace_says_when_the_next_may_come)
{
	begin_loaded();
	ck_assert_int_eq(policy_tell_paced(&f.c[0], POLICY_ON_channel_data_in,
					   (struct span){0}, done, NULL),
			 OK);
	ck_assert_int_eq(f.answered[0], 0);
	ck_assert_uint_eq(hears(MSG_policy_ask).u.policy_ask.id, 0);
	assert_answer(0, POLICY_NONE);
	end();
}
END_TEST

START_TEST(a_connection_has_a_bound)
{
	static uint8_t much[LIMIT_FACTS_BYTES];
	enum err e = OK;
	uint32_t n = 0;

	begin_loaded();
	while (e == OK && n <= LIMIT_POLICY_CONN_ITEMS) {
		e = policy_ask(&f.c[0], POLICY_ON_user_auth_request, (struct span){0},
			       done, NULL);
		n += e == OK;
	}
	ck_assert_int_eq(e, ERR_NO_SPACE);
	ck_assert_uint_eq(n, LIMIT_POLICY_CONN_ITEMS);
	ck_assert_int_eq(policy_ask(&f.c[1], POLICY_ON_user_auth_request,
				    (struct span){much, sizeof much}, done, NULL),
			 ERR_NO_SPACE);
	asks(1, 2);
	end();
}
END_TEST

START_TEST(the_last_user_of_a_version_has_it_forgotten)
{
	struct script *s = NULL;

	begin_loaded();
	ck_assert_int_eq(script_read(&kit.m, kit.m.set, &s), OK);
	ck_assert_int_eq(policy_load(&kit.m, s, loaded, &f), OK);
	ck_assert_uint_eq(hears(MSG_policy_script).u.policy_script.version, 2);
	script_unref(s);
	ck_assert_uint_eq(hears(MSG_policy_forget).u.policy_forget.version, 2);
	says(&MSG_OF(policy_loaded, .version = 2, .ok = 1));
	ck_assert_int_eq(f.loads, 1);
	end();
}
END_TEST

static void add_questions(TCase *t)
{
	tcase_add_test(t, a_question_has_the_facts_of_its_connection);
	tcase_add_test(t, what_has_no_handler_is_not_asked);
	tcase_add_test(t, an_answer_that_does_not_fit_is_a_refusal);
	tcase_add_test(t, who_is_gone_gets_no_answer);
	tcase_add_test(t, without_an_answer_in_time_it_is_a_refusal);
	tcase_add_test(t, a_process_that_is_silent_is_replaced);
	tcase_add_test(t, what_is_told_with_a_pace_says_when_the_next_may_come);
	tcase_add_test(t, a_connection_has_a_bound);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_policy_link");
	TCase *t = tcase_create("policy_link");

	add_questions(t);
	tcase_add_test(t, a_death_refuses_one_question_and_asks_the_others_again);
	tcase_add_test(t, a_question_is_asked_twice_at_most);
	tcase_add_test(t, who_is_stuck_says_which_question_is_to_blame);
	tcase_add_test(t, a_process_that_cannot_start_is_tried_each_second);
	tcase_add_test(t, a_question_that_waits_for_a_helper_is_not_to_blame);
	tcase_add_test(t, a_call_is_answered);
	tcase_add_test(t, the_last_user_of_a_version_has_it_forgotten);
	suite_add_tcase(s, t);
	return s;
}
