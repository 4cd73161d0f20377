/*
 * A script's part in logins: the test is the policy process and the worker; the static rules are given.
 */
#include "monitor/account.h"
#include "monitor/auth/certopts.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/grants.h"
#include "tests/common/pk_vectors.h"
#include "tests/monitor/policy_kit.h"

#define ED_CERT "ssh-ed25519-cert-v01@openssh.com"

static struct {
	struct conn c;
	struct conn_work work;
	struct account account;
	int worker;
	uint64_t id; /* of the last question */
	uint8_t store[LIMIT_MSG_BYTES], fields[4096];
	struct wr w; /* fields of the next decision */
} f;

static void begin(const char *owns)
{
	int pair[2];

	memset(&f, 0, sizeof f);
	kit_begin(10);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, NULL, NULL), OK);
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	hears_script();
	says(&MSG_OF(policy_loaded, .version = 1, .ok = 1,
		     .handlers = POLICY_BIT(POLICY_ON_user_auth_request),
		     .owns = span_str(owns)));
	f.account =
	    (struct account){.found = true, .refs = 2, .uid = 1000, .is_virtual = true};
	f.c = (struct conn){
	    .m = &kit.m,
	    .id = 1,
	    .fd = -1,
	    .config = kit.m.config,
	    .script = kit.m.script,
	    .work = &f.work,
	    .remote = {"192.0.2.1", 1024}
        };
	f.work.link = (struct link){.sock = -1, .peer = MSG_WORKER, .state = IN_AUTH};
	f.work.set = kit.m.set;
	f.work.account = &f.account;
	(void)strcpy(f.work.user, "alice");
	f.work.user_claimed = true;
	ck_assert_int_eq(ipc_pair(pair), OK);
	f.worker = pair[1];
	ck_assert_int_eq(link_open(&f.work.link, &kit.m, pair[0], &f.c), OK);
	f.w = WR(f.fields);
}

static void end(void)
{
	policy_conn_over(&f.c);
	conn_auth_wipe(&f.c);
	link_close(&f.work.link);
	close(f.worker);
	kit_end();
}

/* The rules are through with an attempt. */
static void decided(enum auth_method method, enum err e)
{
	f.work.attempt = (struct attempt){.method = method,
					  .proof = true,
					  .secret = SPAN_LIT("hunter2"),
					  .key = pk_vector("ssh-ed25519", "blob"),
					  .began_us = clock_us()};
	f.work.attempting = true;
	auth_decided(&f.c, e);
}

/* The question that the process has; the facts are in out. */
static struct span question(void)
{
	struct msg m = hears(MSG_policy_ask);

	f.id = m.u.policy_ask.id;
	return m.u.policy_ask.facts;
}

static void says_verdict(enum policy_verdict v)
{
	says(&MSG_OF(policy_decision, .id = f.id, .verdict = (uint8_t)v,
		     .fields = {f.w.p, f.w.n}));
	f.w = WR(f.fields);
}

static void field_list(const char *name, const char *item)
{
	const struct span one = span_str(item);

	facts_list(&f.w, name, &one, 1);
}

/* What the worker is told; refusals come after their delay. */
static struct msg told(enum msg_type type)
{
	struct wr buf = WR(f.store);
	struct ipc_fds fds;
	struct msg m = {.type = MSG_COUNT};

	while (m.type != type) {
		while (f.work.delayed)
			ck_assert_int_eq(event_base_loop(kit.m.base, EVLOOP_ONCE), 0);
		ck_assert_msg(ipc_recv(f.worker, &buf, false, &m, &fds) == OK, "no %s",
			      msg_rules[type].name);
	}
	return m;
}

static struct msg_auth_result result(enum auth_verdict v)
{
	struct msg m = told(MSG_auth_result);

	ck_assert_uint_eq(m.u.auth_result.verdict, v);
	ck_assert(!f.work.attempting);
	return m.u.auth_result;
}

START_TEST(the_stricter_answer_wins)
{
	static const struct {
		enum err rules;
		enum policy_verdict script;
		enum auth_verdict want;
	} rows[] = {
	    {OK,         POLICY_NONE,    AUTH_SUCCESS},
	    {OK,         POLICY_ACCEPT,  AUTH_SUCCESS},
	    {OK,         POLICY_PARTIAL, AUTH_PARTIAL},
	    {OK,         POLICY_REFUSE,  AUTH_FAILURE},
	    {OK,         POLICY_ERROR,   AUTH_FAILURE},
	    {ERR_DENIED, POLICY_NONE,    AUTH_FAILURE},
	    {ERR_DENIED, POLICY_ACCEPT,  AUTH_FAILURE},
	    {ERR_DENIED, POLICY_PARTIAL, AUTH_FAILURE},
	    {ERR_DENIED, POLICY_REFUSE,  AUTH_FAILURE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin("");
		decided(METHOD_PASSWORD, rows[i].rules);
		ck_assert(f.work.attempting);
		(void)question();
		says_verdict(rows[i].script);
		(void)result(rows[i].want);
		ck_assert(f.work.user_known == (rows[i].want == AUTH_SUCCESS));
		ck_assert_uint_eq(f.work.failures, rows[i].want == AUTH_FAILURE);
		end();
	}
}
END_TEST

START_TEST(a_script_does_not_see_what_it_did_not_ask_for)
{
	struct span facts;
	struct fact fact;

	begin("");
	decided(METHOD_PASSWORD, OK);
	facts = question();
	ck_assert(!facts_find(facts, "auth.param", &fact));
	ck_assert(facts_get_bool(facts, "auth.verified.credential", false));
	ck_assert(span_is(facts_get_str(facts, "auth.user", SPAN_LIT("")), "alice"));
	ck_assert(!facts_find(facts, "conn.verified.user", &fact));
	end();
	begin("password");
	decided(METHOD_PASSWORD, ERR_DENIED);
	facts = question();
	ck_assert(span_is(facts_get_str(facts, "auth.param", SPAN_LIT("")), "hunter2"));
	ck_assert(!facts_get_bool(facts, "auth.verified.credential", true));
	end();
}
END_TEST

START_TEST(an_owner_judges_the_credential_and_the_rules_hold)
{
	begin("password");
	decided(METHOD_PASSWORD, ERR_DENIED);
	(void)question();
	says_verdict(POLICY_ACCEPT);
	(void)result(AUTH_SUCCESS);
	end();
	begin("password");
	f.account.found = false;
	decided(METHOD_PASSWORD, ERR_DENIED);
	(void)question();
	says_verdict(POLICY_ACCEPT);
	(void)result(AUTH_FAILURE);
	end();
	begin("password");
	decided(METHOD_PASSWORD, ERR_DENIED);
	(void)question();
	says_verdict(POLICY_NONE);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

START_TEST(a_key_without_its_signature_opens_nothing)
{
	struct span facts;
	struct fact fact;

	begin("publickey");
	decided(METHOD_PUBLICKEY, ERR_UNKNOWN);
	facts = question();
	ck_assert(facts_find(facts, "auth.claimed.fingerprint", &fact));
	ck_assert(!facts_find(facts, "auth.verified.fingerprint", &fact));
	says_verdict(POLICY_ACCEPT);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

/* The rules are through with a certificate, which they took if they know its authority. */
static struct span cert_asked(bool proved, bool taken, struct cert *cert)
{
	struct span blob = pk_vector(ED_CERT, "blob");

	ck_assert_int_eq(cert_parse(blob, cert), OK);
	f.work.attempt = (struct attempt){.method = METHOD_PUBLICKEY,
					  .proof = true,
					  .key_good = proved,
					  .key = blob,
					  .began_us = clock_us()};
	f.work.attempting = true;
	if (taken) {
		f.work.tried_key = calloc(1, sizeof *f.work.tried_key);
		ck_assert_ptr_nonnull(f.work.tried_key);
		ck_assert_int_eq(key_cert_new(cert, &f.work.tried_key->cert), OK);
	}
	auth_decided(&f.c, proved && taken ? OK : ERR_DENIED);
	return question();
}

START_TEST(what_a_certificate_says_is_told_once_it_is_proved)
{
	char print[PK_FINGERPRINT_BYTES];
	struct cert cert;
	struct span facts, items;
	struct fact fact;

	begin("");
	facts = cert_asked(true, true, &cert);
	ck_assert(span_equal(
	    facts_get_str(facts, "auth.verified.cert_key_id", (struct span){0}),
	    cert.key_id));
	ck_assert_uint_eq(facts_get_num(facts, "auth.verified.cert_serial", 0),
			  cert.serial);
	ck_assert(facts_find(facts, "auth.verified.cert_principals", &fact));
	items = cert.principals;
	ck_assert(items.n > 0 && span_equal(fact.value, items));
	ck_assert_int_eq(pk_fingerprint(cert.ca, print), OK);
	ck_assert(span_is(
	    facts_get_str(facts, "auth.verified.cert_ca", (struct span){0}), print));
	says_verdict(POLICY_REFUSE);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

START_TEST(what_a_certificate_claims_is_no_fact)
{
	static const struct {
		bool proved, taken;
	} doubts[] = {
	    {false, true },
            {true,  false},
            {false, false}
        };
	struct cert cert;
	struct fact fact;

	for (size_t i = 0; i < sizeof doubts / sizeof doubts[0]; i++) {
		struct span facts;

		begin("");
		facts = cert_asked(doubts[i].proved, doubts[i].taken, &cert);
		ck_assert(!facts_find(facts, "auth.verified.cert_key_id", &fact));
		ck_assert(!facts_find(facts, "auth.verified.cert_serial", &fact));
		ck_assert(!facts_find(facts, "auth.verified.cert_principals", &fact));
		ck_assert(!facts_find(facts, "auth.verified.cert_ca", &fact));
		says_verdict(POLICY_ACCEPT);
		(void)result(AUTH_FAILURE);
		end();
	}
}
END_TEST

START_TEST(offered_keys_are_not_asked_about)
{
	begin("");
	f.work.attempt = (struct attempt){.method = METHOD_PUBLICKEY};
	f.work.attempting = true;
	auth_decided(&f.c, OK);
	(void)result(AUTH_KEY_WOULD_DO);
	hears_nothing();
	end();
}
END_TEST

START_TEST(methods_that_can_continue_are_told_and_hold)
{
	begin("");
	field_list("available_methods", "publickey");
	facts_str(&f.w, "banner", SPAN_LIT("hello\n"));
	facts_str(&f.w, "message", SPAN_LIT("keys only"));
	decided(METHOD_NONE, ERR_DENIED);
	(void)question();
	says_verdict(POLICY_REFUSE);
	{
		struct msg_auth_result r = result(AUTH_FAILURE);

		ck_assert(span_is(r.methods, "publickey"));
		ck_assert(span_is(r.banner, "hello\nkeys only\r\n"));
	}
	decided(METHOD_PASSWORD, OK);
	(void)question();
	says_verdict(POLICY_ACCEPT);
	ck_assert_uint_eq(result(AUTH_FAILURE).banner.n, 0);
	end();
}
END_TEST

START_TEST(what_is_granted_holds_after_the_login)
{
	begin("");
	facts_num(&f.w, "max_sessions", 1);
	facts_bool(&f.w, "forwarding", false);
	decided(METHOD_PASSWORD, OK);
	(void)question();
	says_verdict(POLICY_ACCEPT);
	{
		struct msg m = told(MSG_granted);

		ck_assert_uint_eq(m.u.granted.sessions, 1);
		ck_assert_uint_eq(m.u.granted.permits & (PERMIT_TCP | PERMIT_LISTEN),
				  0);
	}
	end();
	begin("");
	field_list("source", "198.51.100.0/24");
	decided(METHOD_PASSWORD, OK);
	(void)question();
	says_verdict(POLICY_ACCEPT);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

START_TEST(a_code_counts_once)
{
	begin("");
	for (int i = 0; i < 2; i++) {
		field_list("totp_used", "alice 123456");
		decided(METHOD_PASSWORD, OK);
		(void)question();
		says_verdict(POLICY_PARTIAL);
		(void)result(i == 0 ? AUTH_PARTIAL : AUTH_FAILURE);
	}
	end();
}
END_TEST

/* ---- conversations ---- */

static void converses(void)
{
	field_list("prompts", "code: ");
	field_list("prompts_echo", "1");
	facts_str(&f.w, "instruction", SPAN_LIT("second factor"));
	decided(METHOD_PASSWORD, OK);
	(void)question();
	says_verdict(POLICY_PARTIAL);
	(void)result(AUTH_PARTIAL);
	ck_assert(auth_policy_prompts(&f.c));
	f.work.attempt =
	    (struct attempt){.method = METHOD_KBDINT, .began_us = clock_us()};
	f.work.attempting = true;
	ck_assert_int_eq(kbdint_begin(&f.c), ERR_AGAIN);
}

static struct span answers(size_t n, const char *text)
{
	const struct span one = span_str(text);
	const struct span answer[] = {one, one};

	ck_assert_int_eq(auth_policy_answers(&f.c, answer, n), ERR_AGAIN);
	return question();
}

START_TEST(a_script_asks_and_judges_each_answer)
{
	struct span facts;
	struct msg m;

	begin("");
	converses();
	m = told(MSG_auth_prompt);
	ck_assert(span_is(m.u.auth_prompt.instruction, "second factor"));
	ck_assert_uint_eq(m.u.auth_prompt.count, 1);
	facts = answers(2, "123456");
	ck_assert(span_is(facts_get_str(facts, "auth.method", SPAN_LIT("")),
			  "keyboard-interactive-1"));
	ck_assert(span_is(facts_get_str(facts, "auth.param", SPAN_LIT("")), "123456"));
	says_verdict(POLICY_ACCEPT);
	facts = question();
	ck_assert(span_is(facts_get_str(facts, "auth.method", SPAN_LIT("")),
			  "keyboard-interactive-2"));
	ck_assert_uint_eq(facts_get_num(facts, "auth.response_count", 0), 2);
	says_verdict(POLICY_NONE);
	facts = question();
	ck_assert(span_is(facts_get_str(facts, "auth.method", SPAN_LIT("")),
			  "keyboard-interactive"));
	ck_assert(facts_get_bool(facts, "auth.verified.credential", false));
	says_verdict(POLICY_NONE);
	(void)result(AUTH_SUCCESS);
	end();
}
END_TEST

START_TEST(any_refusal_refuses_a_conversation)
{
	begin("");
	converses();
	(void)answers(2, "123456");
	says_verdict(POLICY_ACCEPT);
	(void)question();
	says_verdict(POLICY_REFUSE);
	hears_nothing();
	(void)told(MSG_auth_prompt);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

START_TEST(silence_does_not_accept_a_conversation)
{
	begin("");
	converses();
	(void)answers(1, "123456");
	says_verdict(POLICY_NONE);
	ck_assert(!facts_get_bool(question(), "auth.verified.credential", true));
	says_verdict(POLICY_NONE);
	(void)told(MSG_auth_prompt);
	(void)result(AUTH_FAILURE);
	end();
}
END_TEST

START_TEST(a_death_while_it_decides_is_a_refusal)
{
	begin("");
	decided(METHOD_PASSWORD, OK);
	(void)question();
	dies();
	(void)result(AUTH_FAILURE);
	ck_assert(!f.work.user_known);
	end();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_policy");
	TCase *t = tcase_create("auth_policy");

	tcase_add_test(t, the_stricter_answer_wins);
	tcase_add_test(t, a_script_does_not_see_what_it_did_not_ask_for);
	tcase_add_test(t, an_owner_judges_the_credential_and_the_rules_hold);
	tcase_add_test(t, a_key_without_its_signature_opens_nothing);
	tcase_add_test(t, what_a_certificate_says_is_told_once_it_is_proved);
	tcase_add_test(t, what_a_certificate_claims_is_no_fact);
	tcase_add_test(t, offered_keys_are_not_asked_about);
	tcase_add_test(t, methods_that_can_continue_are_told_and_hold);
	tcase_add_test(t, what_is_granted_holds_after_the_login);
	tcase_add_test(t, a_code_counts_once);
	tcase_add_test(t, a_script_asks_and_judges_each_answer);
	tcase_add_test(t, any_refusal_refuses_a_conversation);
	tcase_add_test(t, silence_does_not_accept_a_conversation);
	tcase_add_test(t, a_death_while_it_decides_is_a_refusal);
	suite_add_tcase(s, t);
	return s;
}
