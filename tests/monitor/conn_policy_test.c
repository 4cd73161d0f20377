/*
 * A connection before its client speaks, and at its end, with the test as its policy process and its client.
 */
#include <errno.h>
#include <sys/socket.h>

#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "tests/monitor/policy_kit.h"

static struct {
	int client;
	uint64_t id; /* of the last question */
	char text[256];
} f;

static void quiet(void *ctx, enum log_level level, const char *line)
{
	(void)ctx, (void)level, (void)line;
}

/* The gateway has a script with these handlers, and a client connects. */
static void begin(uint32_t handlers)
{
	struct arrival a = {
	    .remote = {"192.0.2.1", 1024},
              .local = {"192.0.2.2", 22  }
        };
	int pair[2];

	memset(&f, 0, sizeof f);
	kit_begin(10);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, NULL, NULL), OK);
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	hears_script();
	says(&MSG_OF(policy_loaded, .version = 1, .ok = 1, .handlers = handlers));
	kit.m.ring = calloc(1, sizeof *kit.m.ring);
	ck_assert_ptr_nonnull(kit.m.ring);
	kit.m.ring->refs = 1;
	(void)strcpy(kit.m.ring->ident, "SSH-2.0-x\r\n");
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	f.client = pair[1];
	a.fd = pair[0];
	ck_assert_int_eq(conn_begin(&kit.m, &a), OK);
	turns();
}

static void end(void)
{
	close(f.client);
	turns();
	ck_assert_uint_eq(kit.m.n_conns, 0);
	free(kit.m.ring);
	kit_end();
}

/* What the client has got by now; NULL: it is closed. */
static const char *client_reads(void)
{
	ssize_t n;

	turns();
	n = read(f.client, f.text, sizeof f.text - 1);
	ck_assert(n >= 0 || errno == EAGAIN);
	if (n == 0)
		return NULL;
	f.text[n < 0 ? 0 : n] = '\0';
	return f.text;
}

static struct span hears_event(enum policy_event event)
{
	struct msg m = hears(MSG_policy_ask);

	ck_assert_str_eq(policy_events[m.u.policy_ask.event].name,
			 policy_events[event].name);
	f.id = m.u.policy_ask.id;
	return m.u.policy_ask.facts;
}

static void hears_end(uint64_t code)
{
	struct span facts = hears_event(POLICY_ON_disconnected);

	ck_assert_uint_eq(f.id, 0);
	ck_assert_uint_eq(facts_get_num(facts, "ending.status_code", 1), code);
	ck_assert_uint_eq(hears(MSG_policy_drop).u.policy_drop.conn, 1);
}

static const uint32_t both =
    POLICY_BIT(POLICY_ON_connection_request) | POLICY_BIT(POLICY_ON_disconnected);

START_TEST(without_a_handler_nobody_is_asked)
{
	begin(POLICY_BIT(POLICY_ON_user_auth_request));
	ck_assert_str_eq(client_reads(), "SSH-2.0-x\r\n");
	close(f.client);
	hears_nothing();
	end();
}
END_TEST

START_TEST(a_client_is_greeted_once_it_is_accepted)
{
	struct span facts;

	begin(both);
	ck_assert_str_eq(client_reads(), "");
	facts = hears_event(POLICY_ON_connection_request);
	ck_assert(span_is(facts_get_str(facts, "conn.verified.source", SPAN_LIT("")),
			  "192.0.2.1"));
	ck_assert_uint_eq(facts_get_num(facts, "conn.verified.local_port", 0), 22);
	says(&MSG_OF(policy_decision, .id = f.id, .verdict = POLICY_ACCEPT));
	ck_assert_str_eq(client_reads(), "SSH-2.0-x\r\n");
	close(f.client);
	turns();
	hears_end(CODE_OK);
	end();
}
END_TEST

START_TEST(a_client_that_is_refused_learns_what_the_script_says)
{
	uint8_t store[64];
	struct wr w = WR(store);

	begin(both);
	(void)hears_event(POLICY_ON_connection_request);
	facts_str(&w, "message", SPAN_LIT("come back\ntomorrow"));
	says(&MSG_OF(policy_decision, .id = f.id, .verdict = POLICY_REFUSE,
		     .fields = {w.p, w.n}));
	ck_assert_str_eq(client_reads(), "come back\\012tomorrow\r\n");
	ck_assert_ptr_null(client_reads());
	hears_end(CODE_DENIED);
	end();
}
END_TEST

START_TEST(a_script_that_fails_refuses)
{
	begin(both);
	(void)hears_event(POLICY_ON_connection_request);
	says(&MSG_OF(policy_decision, .id = f.id, .verdict = POLICY_ERROR));
	ck_assert_ptr_null(client_reads());
	end();
}
END_TEST

START_TEST(a_script_may_end_it)
{
	begin(both);
	(void)hears_event(POLICY_ON_connection_request);
	says(&MSG_OF(policy_action, .conn = 1, .action = POLICY_DISCONNECT));
	ck_assert_ptr_null(client_reads());
	/* what comes for it now is for nobody */
	says(&MSG_OF(policy_action, .conn = 1, .action = POLICY_DISCONNECT));
	says(&MSG_OF(policy_decision, .id = f.id, .verdict = POLICY_ACCEPT));
	end();
}
END_TEST

START_TEST(log_lines_are_told_but_for_those_about_scripts)
{
	struct span facts;

	begin(POLICY_BIT(POLICY_ON_log));
	log_open(quiet, NULL, LOG_INFO_LEVEL);
	log_info("conn=1 policy: not this");
	log_info("nor this");
	log_info("nor this, it is of nobody: conn=1 user=\"conn=1\"");
	log_verbose("conn=1 nor this: it is not written");
	log_error("event=x conn=1 this one");
	log_info("conn=2 nor this");
	facts = hears_event(POLICY_ON_log);
	ck_assert_uint_eq(facts_get_num(facts, "line.level", 0), 1);
	ck_assert(span_is(facts_get_str(facts, "line.message", SPAN_LIT("")),
			  "event=x conn=1 this one"));
	hears_nothing();
	log_info("conn=1 Failed none for x policy: a client does not hide its lines");
	(void)hears_event(POLICY_ON_log);
	ck_assert_str_eq(client_reads(), "SSH-2.0-x\r\n");
	log_level_set(LOG_QUIET_ALL);
	end();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_conn_policy");
	TCase *t = tcase_create("conn_policy");

	tcase_add_test(t, without_a_handler_nobody_is_asked);
	tcase_add_test(t, a_client_is_greeted_once_it_is_accepted);
	tcase_add_test(t, a_client_that_is_refused_learns_what_the_script_says);
	tcase_add_test(t, a_script_that_fails_refuses);
	tcase_add_test(t, a_script_may_end_it);
	tcase_add_test(t, log_lines_are_told_but_for_those_about_scripts);
	suite_add_tcase(s, t);
	return s;
}
