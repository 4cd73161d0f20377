/* Versions, connections, what a handler is given, and that nothing passes between connections. */
#include <time.h>

#include "tests/policy/asker.h"

#define AUTH POLICY_ON_user_auth_request

static struct asker *begin(void)
{
	struct asker *k = calloc(1, sizeof *k);

	ck_assert_ptr_nonnull(k);
	asker_begin(k);
	return k;
}

static void end(struct asker *k)
{
	engine_free(k->e);
	free(k);
}

static bool reason_is(const struct asker *k, const char *text)
{
	return span_is(facts_get_str(k->answer, "reason", (struct span){0}), text);
}

START_TEST(loading_tells_handlers_and_owned_methods)
{
	struct asker *k = begin();

	ck_assert_int_eq(asker_load(k, 1,
				    "owns = { 'password', 'keyboard-interactive' }\n"
				    "function on_log() end function on_status() end\n"
				    "local function on_error() end"),
			 OK);
	ck_assert_uint_eq(k->loaded.handlers,
			  POLICY_BIT(POLICY_ON_log) | POLICY_BIT(POLICY_ON_status));
	ck_assert_str_eq(k->loaded.owns, "password,keyboard-interactive");
	ck_assert_int_eq(asker_load(k, 1, ""), ERR_RANGE);
	end(k);
}
END_TEST

static const struct {
	const char *text, *why;
} refused[] = {
    {"x = = 1",				  "t.lua:1: unexpected symbol near '='"},
    {"\nfunction on_auth() end",                 "on_auth: there is no such event"    },
    {"on_log = 1",			       "on_log is no function"              },
    {"owns = 'password'",                        "a list of methods in 'owns'"        },
    {"owns = { 1 }",			     "a method's name is no string"       },
    {"owns = { 'a,,b' }",                        "not a list of methods"              },
    {"\nerror('at start')",                      "t.lua:2: at start"                  },
    {"while true do end",                        "t.lua:1: does too much work"        },
    {"local s = ('x'):rep(6000000) s = s .. s",  "memory"                             },
    {"helper.call('x', 1)",                      "only in a handler"                  },
    {"\x1bLua",				  "t.lua"			      },
    {"local function f() return f(f()) end f()", "t.lua: uses more"                   },
};

START_TEST(a_bad_script_is_refused_with_its_line)
{
	struct asker *k = begin();

	ck_assert_int_eq(asker_load(k, 1, refused[_i].text), ERR_CONFIG);
	ck_assert_msg(strstr(k->loaded.why, refused[_i].why) != NULL, "%s",
		      k->loaded.why);
	ck_assert_int_eq(asker_load(k, 1, ""), OK);
	end(k);
}
END_TEST

START_TEST(what_no_version_is_there_for_is_refused)
{
	struct asker *k = begin();

	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ERROR);
	asker_body(k, "return accept{}");
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ACCEPT);
	ck_assert_int_eq(ask(k, AUTH, SPAN_LIT("\0\0\0\1")), POLICY_ERROR);
	ck_assert_int_eq(ask(k, POLICY_ON_service_request, (struct span){0}),
			 POLICY_NONE);
	engine_forget(k->e, 1);
	ck_assert_uint_eq(engine_conn_bytes(k->e, 1), 0);
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ERROR);
	engine_forget(k->e, 1);
	end(k);
}
END_TEST

START_TEST(globals_live_as_long_as_their_connection_and_are_seen_by_no_other)
{
	struct asker *k = begin();

	asker_body(
	    k,
	    "n = (n or 0) + 1 string_seen = string return accept{ reason = '' .. n }");
	for (int i = 1; i <= 3; i++)
		(void)ask(k, AUTH, (struct span){0});
	ck_assert(reason_is(k, "3"));
	ask_as(k, 2, AUTH, (struct span){0});
	ck_assert(reason_is(k, "1"));
	ck_assert_uint_gt(engine_conn_bytes(k->e, 1), 0);
	engine_drop(k->e, 1);
	ck_assert_uint_eq(engine_conn_bytes(k->e, 1), 0);
	(void)ask(k, AUTH, (struct span){0});
	ck_assert(reason_is(k, "1"));
	end(k);
}
END_TEST

START_TEST(many_connections_have_a_state_each)
{
	struct asker *k = begin();

	asker_body(k, "n = (n or 0) + 1 return accept{ reason = '' .. n }");
	for (uint64_t round = 1; round <= 2; round++)
		for (uint64_t conn = 1; conn <= 500; conn++) {
			ask_as(k, conn * 64, AUTH, (struct span){0});
			ck_assert(reason_is(k, round == 1 ? "1" : "2"));
		}
	for (uint64_t conn = 1; conn <= 500; conn += 2)
		engine_drop(k->e, conn * 64);
	ck_assert_uint_eq(engine_conn_bytes(k->e, 64), 0);
	ck_assert_uint_ne(engine_conn_bytes(k->e, 128), 0);
	end(k);
}
END_TEST

START_TEST(facts_become_tables_in_tables)
{
	static uint8_t buf[4096];
	struct asker *k = begin();
	struct wr w = WR(buf);
	struct span item[] = {SPAN_LIT("one"), SPAN_LIT("two")}, all = {0};

	facts_num(&w, "conn.id", 17);
	facts_str(&w, "conn.verified.source", SPAN_LIT("192.0.2.7"));
	facts_list(&w, "conn.verified.groups", item, 2);
	facts_str(&w, "auth.method", SPAN_LIT("publickey"));
	facts_bool(&w, "auth.verified.credential", true);
	facts_num(&w, "auth.verified.cert_serial", UINT64_MAX);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	asker_body(
	    k,
	    "assert(conn.id == 17 and math.type(conn.id) == 'integer')\n"
	    "assert(conn.verified.source == '192.0.2.7')\n"
	    "assert(#conn.verified.groups == 2 and conn.verified.groups[2] == 'two')\n"
	    "assert(auth.method == 'publickey' and auth.verified.credential == true)\n"
	    "assert(auth.verified.cert_serial == '18446744073709551615')\n"
	    "assert(auth.verified.fingerprint == nil and conn.user.totp_secret == "
	    "nil)\n"
	    "assert(auth.claimed.fingerprint == nil and conn.claimed.user == nil)");
	ck_assert_msg(ask(k, AUTH, all) == POLICY_NONE, "%s", k->where);
	end(k);
}
END_TEST

START_TEST(data_is_the_string_itself_and_actions_are_told)
{
	static uint8_t buf[256];
	struct asker *k = begin();
	struct wr w = WR(buf);
	struct engine_question q = {
	    .version = 1, .conn = 9, .event = POLICY_ON_channel_data_in};

	facts_num(&w, "channel.id", 5);
	facts_str(&w, "data.bytes", SPAN_LIT("ping"));
	ck_assert_int_eq(wr_end(&w, &q.facts), OK);
	ck_assert_int_eq(
	    asker_load(k, 1,
		       "function on_channel_data_in(conn, channel, data)\n"
		       "assert(data == 'ping')\n"
		       "channel:set_record_length(4) channel:eof()\n"
		       "channel:close() conn:rekey() conn:disconnect('bye')\n"
		       "channel:send(data .. ' pong') end"),
	    OK);
	engine_ask(k->e, &q);
	ck_assert_msg(k->notes == 0, "%s", k->note);
	ck_assert_uint_eq(k->answers, 0);
	ck_assert_uint_eq(k->actions, 6);
	ck_assert_int_eq(k->action, POLICY_SEND);
	ck_assert_uint_eq(k->channel, 5);
	ck_assert_str_eq(k->data, "ping pong");
	end(k);
}
END_TEST

START_TEST(a_state_can_be_made_ahead_once)
{
	struct asker *k = begin();

	ck_assert(!engine_prepare(k->e));
	asker_body(k, "return accept{}");
	ck_assert(!engine_prepare(k->e)); /* loading left one */
	(void)ask(k, AUTH, (struct span){0});
	ck_assert(engine_prepare(k->e) && !engine_prepare(k->e));
	ask_as(k, 2, AUTH, (struct span){0});
	ck_assert_int_eq(k->verdict, POLICY_ACCEPT);
	end(k);
}
END_TEST

static struct span twenty_facts(void)
{
	static uint8_t buf[4096];
	struct wr w = WR(buf);
	struct span key =
			SPAN_LIT("SHA256:0123456789012345678901234567890123456789012"),
		    all = {0};

	facts_num(&w, "conn.id", 17);
	facts_str(&w, "conn.verified.source", SPAN_LIT("192.0.2.7"));
	facts_num(&w, "conn.verified.source_port", 50000);
	facts_str(&w, "conn.verified.local_address", SPAN_LIT("192.0.2.1"));
	facts_num(&w, "conn.verified.local_port", 22);
	facts_list(&w, "conn.verified.fingerprints", &key, 1);
	facts_list(&w, "conn.verified.methods", &key, 1);
	facts_num(&w, "conn.verified.attempts", 0);
	facts_list(&w, "conn.verified.groups", &key, 1);
	facts_str(&w, "conn.claimed.user", SPAN_LIT("alice"));
	facts_str(&w, "conn.claimed.client_version", SPAN_LIT("SSH-2.0-OpenSSH_9.2"));
	facts_str(&w, "conn.user.name", SPAN_LIT("alice"));
	facts_str(&w, "auth.user", SPAN_LIT("alice"));
	facts_str(&w, "auth.service", SPAN_LIT("ssh-connection"));
	facts_str(&w, "auth.method", SPAN_LIT("publickey"));
	facts_str(&w, "auth.param", key);
	facts_str(&w, "auth.key_algorithm", SPAN_LIT("ssh-ed25519"));
	facts_str(&w, "auth.claimed.fingerprint", key);
	facts_str(&w, "auth.verified.fingerprint", key);
	facts_bool(&w, "auth.verified.credential", true);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	return all;
}

/*
 * The aim is 50 us of CPU a decision, the connection's state included, and 32 KiB for an idle
 * one. The bound here leaves room for sanitizers and a busy machine; the figures are printed.
 */
START_TEST(a_decision_is_cheap_its_state_included)
{
	enum { ROUNDS = 2000, MOST_US = 2000, MOST_BYTES = 32 * 1024 };
	struct asker *k = begin();
	struct span facts = twenty_facts();
	size_t bytes = 0;
	clock_t t0;
	double us;

	asker_body(
	    k,
	    "if auth.method == 'none' then\n"
	    "  return refuse{ available_methods = { 'publickey' }, banner = 'hello\\n' "
	    "}\n"
	    "elseif auth.method == 'publickey' and auth.verified.fingerprint then\n"
	    "  if net.within(conn.verified.source, '10.0.0.0/8', '192.0.2.0/24') and\n"
	    "     str.glob(auth.user, 'al*') and time.between('08:00', '18:00') then\n"
	    "    return accept{ permit_open = { '10.1.0.1:22' }, idle_s = 600 }\n"
	    "  end\n"
	    "  return partial{ available_methods = { 'keyboard-interactive' },\n"
	    "    prompts = { instruction = 'second factor', { 'code: ', echo = true } "
	    "} }\n"
	    "elseif auth.method == 'keyboard-interactive-1' then\n"
	    "  return totp.verify(conn.user.totp_secret, auth.param) and accept{} or\n"
	    "    refuse{ reason = 'wrong code' }\n"
	    "end");
	t0 = clock();
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		ask_as(k, i, AUTH, facts);
		ck_assert_int_eq(k->verdict, POLICY_ACCEPT);
		bytes = engine_conn_bytes(k->e, i);
		engine_drop(k->e, i);
	}
	us = (double)(clock() - t0) * 1e6 / CLOCKS_PER_SEC / ROUNDS;
	printf("policy: %.1f us a decision with its state, %zu bytes idle\n", us,
	       bytes);
	ck_assert(us < MOST_US);
	ck_assert_uint_le(bytes, MOST_BYTES);
	t0 = clock();
	for (int i = 0; i < ROUNDS; i++)
		ask_as(k, 1, AUTH, facts);
	us = (double)(clock() - t0) * 1e6 / CLOCKS_PER_SEC / ROUNDS;
	printf("policy: %.1f us a decision in a state that is there, %zu bytes\n", us,
	       engine_conn_bytes(k->e, 1));
	ck_assert(us < MOST_US);
	ck_assert_uint_le(engine_conn_bytes(k->e, 1), LIMIT_STATE_REST_BYTES * 2);
	end(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_engine");
	TCase *t = tcase_create("engine");

	tcase_add_test(t, loading_tells_handlers_and_owned_methods);
	tcase_add_loop_test(t, a_bad_script_is_refused_with_its_line, 0,
			    (int)(sizeof refused / sizeof *refused));
	tcase_add_test(t, what_no_version_is_there_for_is_refused);
	tcase_add_test(
	    t, globals_live_as_long_as_their_connection_and_are_seen_by_no_other);
	tcase_add_test(t, many_connections_have_a_state_each);
	tcase_add_test(t, facts_become_tables_in_tables);
	tcase_add_test(t, data_is_the_string_itself_and_actions_are_told);
	tcase_add_test(t, a_state_can_be_made_ahead_once);
	tcase_add_test(t, a_decision_is_cheap_its_state_included);
	suite_add_tcase(s, t);
	return s;
}
