/*
 * Attempts as a lying worker makes them.
 */
#include "common/log.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "tests/unit.h"

/* A connection whose worker nobody listens to; no helper can be had, so that each attempt is refused. */
struct scene {
	struct monitor m;
	struct settings set;
	struct conn_work work;
	struct conn c;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){
	    .set = {.max_auth_tries = 6, .password_authentication = true}
        };
	log_level_set(LOG_QUIET_ALL);
	s->m.base = event_base_new();
	ck_assert_ptr_nonnull(s->m.base);
	s->m.set = &s->set;
	s->work.link = (struct link){.sock = -1, .peer = MSG_WORKER, .state = IN_AUTH};
	s->work.set = &s->set;
	s->c = (struct conn){.m = &s->m, .fd = -1, .work = &s->work};
	/* what it cannot be told is no reason to end it here */
	s->work.doomed = true;
}

static void scene_close(struct scene *s)
{
	conn_auth_wipe(&s->c);
	event_base_free(s->m.base);
}

static enum err try_password(struct scene *s)
{
	const struct msg_auth_password m = {.user = SPAN_LIT("alice"),
					    .service = SPAN_LIT("ssh-connection"),
					    .password = SPAN_LIT("secret")};

	return serve_auth_password(&s->c, &m, NULL);
}

START_TEST(a_refusal_is_held_back)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(s.work.delayed);
	ck_assert_uint_eq(s.work.failures, 1);
	scene_close(&s);
}
END_TEST

START_TEST(an_attempt_while_a_refusal_is_held_back_is_forbidden)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_int_eq(try_password(&s), ERR_FORBIDDEN);
	ck_assert_uint_eq(s.work.failures, 1);
	scene_close(&s);
}
END_TEST

START_TEST(an_attempt_after_the_answer_is_taken)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_int_eq(event_base_dispatch(s.m.base), 1); /* until no timer is left */
	ck_assert(!s.work.delayed);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_uint_eq(s.work.failures, 2);
	scene_close(&s);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_flow");
	TCase *t = tcase_create("attempts");

	tcase_add_test(t, a_refusal_is_held_back);
	tcase_add_test(t, an_attempt_while_a_refusal_is_held_back_is_forbidden);
	tcase_add_test(t, an_attempt_after_the_answer_is_taken);
	suite_add_tcase(s, t);
	return s;
}
