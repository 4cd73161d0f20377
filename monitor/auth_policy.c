/*
 * Questions about logins, and what becomes of the answers. A secret is in a question only where the script
 * judges it; a fingerprint is verified only where the signature was. Source: RFC 4252, RFC 4256
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/account.h"
#include "monitor/auth_check.h"
#include "monitor/auth_key.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/grants.h"
#include "monitor/policy_facts.h"
#include "monitor/policy_link.h"
#include "monitor/script.h"

/* Facts of an attempt, its key or password with them. */
#define FACTS_BYTES (LIMIT_ANSWERS_BYTES + LIMIT_PK_BLOB_BYTES + LIMIT_PASSWORD_BYTES)

bool auth_policy_owns(const struct conn *c, enum auth_method method)
{
	return policy_hears(c, POLICY_ON_user_auth_request) &&
	       script_owns(c->script, auth_method_name(method));
}

/* Answers to a script's or an operator's own prompts: nobody else can judge them. */
static bool judges_answers(const struct conn *c)
{
	return c->work->attempt.method == METHOD_KBDINT &&
	       c->work->kbdint.source == &kbdint_prompts;
}

static struct auth_policy *state_of(struct conn *c)
{
	if (c->work->policy == NULL)
		c->work->policy = calloc(1, sizeof *c->work->policy);
	return c->work->policy;
}

/* ---- facts ---- */

static void add_common(struct wr *w, const struct conn *c)
{
	facts_str(w, "auth.user", span_str(c->work->user));
	facts_str(w, "auth.service", SPAN_LIT("ssh-connection"));
}

static void add_attempt(struct wr *w, const struct conn *c)
{
	const struct attempt *a = &c->work->attempt;

	add_common(w, c);
	facts_str(w, "auth.method", span_str(auth_method_name(a->method)));
	facts_bool(w, "auth.verified.credential", a->rules == OK);
	if (a->method == METHOD_PUBLICKEY)
		policy_facts_key(w, c);
	if (a->method == METHOD_PASSWORD && auth_policy_owns(c, METHOD_PASSWORD))
		facts_str(w, "auth.param", a->secret);
}

static void add_answer(struct wr *w, const struct conn *c, struct span answer)
{
	const struct auth_policy *s = c->work->policy;
	char method[LIMIT_NAME_BYTES];

	(void)snprintf(method, sizeof method, "keyboard-interactive-%zu", s->at + 1);
	add_common(w, c);
	facts_str(w, "auth.method", span_str(method));
	facts_str(w, "auth.param", answer);
	facts_num(w, "auth.response_index", s->at + 1);
	facts_num(w, "auth.response_count", s->n_answers);
}

/* ---- what a decision has beside its verdict ---- */

static void forget(uint8_t **p, size_t *n)
{
	if (*p != NULL)
		wipe(*p, *n);
	free(*p);
	*p = NULL;
	*n = 0;
}

static void keep(uint8_t **p, size_t *n, struct span s)
{
	forget(p, n);
	*p = malloc(s.n + 1);
	if (*p == NULL)
		return;
	if (s.n > 0)
		memcpy(*p, s.p, s.n);
	*n = s.n;
}

/* Banner and message are shown the same way; each ends its line. */
static void take_notice(struct auth_policy *s, const struct policy_answer *a)
{
	struct span banner = facts_get_str(a->fields, "banner", (struct span){0});
	struct span text = facts_get_str(a->fields, "message", (struct span){0});
	struct wr w = {.cap = LIMIT_BANNER_BYTES};
	uint8_t *store;

	if (banner.n + text.n == 0)
		return;
	store = malloc(LIMIT_BANNER_BYTES);
	if (store == NULL)
		return;
	w.p = store;
	wr_raw(&w, banner);
	if (text.n > 0) {
		wr_raw(&w, text);
		wr_raw(&w, SPAN_LIT("\r\n"));
	}
	/* the banner alone fits */
	keep(&s->notice, &s->notice_n, w.err == OK ? (struct span){w.p, w.n} : banner);
	free(store);
}

static void take_available(struct auth_policy *s, struct span fields)
{
	struct wr w = {.p = (uint8_t *)s->available, .cap = LIMIT_METHODS_BYTES};
	struct fact f;
	struct rd r;

	if (!facts_find(fields, "available_methods", &f))
		return;
	r = RD(f.value);
	while (r.left.n > 0) {
		wr_raw(&w, w.n > 0 ? SPAN_LIT(",") : (struct span){0});
		wr_raw(&w, rd_bytes(&r, r.left.n));
	}
	/* what does not fit or is no name-list leaves nothing that can continue */
	if (w.err != OK || !names_valid((struct span){w.p, w.n}))
		w.n = 0;
	s->available[w.n] = '\0';
	s->has_available = true;
}

static void take_prompts(struct auth_policy *s, struct span fields)
{
	struct fact f;

	if (facts_find(fields, "prompts", &f) || facts_find(fields, "instruction", &f))
		keep(&s->prompts, &s->prompts_n, fields);
}

/* Each code that the script found good counts once, for whichever connection. */
static enum err take_codes(struct conn *c, struct span fields)
{
	uint8_t store[LIMIT_TEXT_BYTES * 2];
	uint64_t now_s = (uint64_t)time(NULL);
	struct fact f;
	struct rd r;
	enum err e = OK;

	if (!facts_find(fields, "totp_used", &f))
		return OK;
	r = RD(f.value);
	while (e == OK && r.left.n > 0) {
		struct wr w = WR(store);

		wr_raw(&w, SPAN_LIT("script:")); /* no user's name has it */
		wr_raw(&w, rd_bytes(&r, r.left.n));
		e = w.err != OK
			? ERR_DENIED
			: totp_seen_take(&c->m->totp_seen, (struct span){w.p, w.n}, 1,
					 now_s, now_s + LIMIT_TOTP_KEPT_S);
	}
	if (e != OK)
		log_info("conn=%llu user=%s policy: the code was used before: refused",
			 (unsigned long long)c->id, c->work->user_shown);
	return e;
}

/* What an accepting decision asks for must be had whole. */
static enum err take_grants(struct conn *c, struct span fields)
{
	const char *why = "";
	enum err e = grants_check(c, fields, &why);

	if (e != OK) {
		log_info("conn=%llu user=%s policy: refused: %s",
			 (unsigned long long)c->id, c->work->user_shown, why);
		return e;
	}
	e = take_codes(c, fields);
	return e == OK ? grants_keep(c, fields) : e;
}

/* ---- the verdict ---- */

/* The script judged the credential: the rules about users hold all the same. */
static enum err alone_may(struct conn *c)
{
	enum auth_method method = c->work->attempt.method;
	enum err e = method == METHOD_PUBLICKEY ? auth_key_alone(c) : OK;

	return e == OK ? auth_check_rules(c, method) : e;
}

static bool blocked(const struct conn *c)
{
	enum auth_method method = c->work->attempt.method;
	struct span methods;

	return method != METHOD_NONE && auth_policy_available(c, &methods) &&
	       !names_has(methods, span_str(auth_method_name(method)));
}

static enum err combine(struct conn *c, enum policy_verdict v)
{
	struct attempt *a = &c->work->attempt;

	if (blocked(c))
		return ERR_DENIED;
	switch (v) {
	case POLICY_NONE:
		return a->rules;
	case POLICY_ACCEPT:
	case POLICY_PARTIAL:
		return auth_policy_owns(c, a->method) || judges_answers(c)
			   ? alone_may(c)
			   : a->rules;
	case POLICY_REFUSE:
	case POLICY_ERROR:
	case POLICY_VERDICT_COUNT:
		break;
	}
	return ERR_DENIED;
}

/*
 * A refusal is told as the script wants it; what it grants is told where the rules agree only: so that
 * nobody learns from it what they are.
 */
static enum err take(struct conn *c, const struct policy_answer *a, enum err e)
{
	struct auth_policy *s = state_of(c);
	bool probe =
	    c->work->attempt.method == METHOD_PUBLICKEY && !c->work->attempt.proof;

	if (s == NULL)
		return ERR_MEMORY;
	if (a->verdict == POLICY_REFUSE)
		c->work->tried = true; /* a failed authentication: PerSourcePenalties */
	if (e == OK && !probe && a->verdict != POLICY_NONE)
		e = take_grants(c, a->fields);
	if (e != OK && a->verdict != POLICY_REFUSE)
		return e;
	if (e == OK && !probe)
		auth_policy_step(c);
	take_notice(s, a);
	take_available(s, a->fields);
	take_prompts(s, a->fields);
	return e;
}

static void answered(struct conn *c, const struct policy_answer *a, void *ctx)
{
	const struct auth_policy *s = c->work->policy;
	bool partial =
	    a->verdict == POLICY_PARTIAL ||
	    (judges_answers(c) && s != NULL && s->partial && a->verdict == POLICY_NONE);
	enum err e = combine(c, a->verdict);

	(void)ctx;
	e = take(c, a, e);
	auth_concluded(c, e, partial);
}

bool auth_policy_ask(struct conn *c, enum err e)
{
	struct attempt *a = &c->work->attempt;
	uint8_t store[FACTS_BYTES];
	struct wr w = WR(store);
	enum err asked;

	if (!policy_hears(c, POLICY_ON_user_auth_request))
		return false;
	if (a->method == METHOD_PUBLICKEY && !a->proof &&
	    !auth_policy_owns(c, METHOD_PUBLICKEY))
		return false;
	a->rules = e;
	add_attempt(&w, c);
	asked = w.err != OK ? ERR_NO_SPACE
			    : policy_ask(c, POLICY_ON_user_auth_request,
					 (struct span){w.p, w.n}, answered, NULL);
	wipe(store, w.n);
	if (asked == OK)
		return true;
	log_error("conn=%llu policy: on_user_auth_request is not asked: %s: refused",
		  (unsigned long long)c->id, err_text(asked));
	auth_concluded(c, ERR_SYSTEM, false);
	return true;
}

/* ---- conversations ---- */

bool auth_policy_prompts(const struct conn *c)
{
	return policy_hears(c, POLICY_ON_user_auth_request) &&
	       c->work->policy != NULL && c->work->policy->prompts != NULL;
}

enum err auth_policy_begin(struct conn *c)
{
	const struct auth_policy *s = c->work->policy;
	struct span fields = {s->prompts, s->prompts_n};
	struct prompts ask = {
	    .instruction = facts_get_str(fields, "instruction", (struct span){0})};
	struct fact text = {0}, echo = {0};
	struct rd texts, echoes;

	if (facts_find(fields, "prompts", &text))
		(void)facts_find(fields, "prompts_echo", &echo);
	texts = RD(text.value);
	echoes = RD(echo.value);
	while (texts.left.n > 0 && ask.n < LIMIT_PROMPTS) {
		struct prompt *p = &ask.at[ask.n++];

		p->text = rd_bytes(&texts, texts.left.n);
		p->echo =
		    echoes.left.n > 0 && span_is(rd_bytes(&echoes, echoes.left.n), "1");
	}
	return texts.left.n > 0 ? ERR_NO_SPACE : kbdint_ask(c, &ask);
}

static enum err answer_ask(struct conn *c);

static void answer_judged(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct auth_policy *s = c->work->policy;
	bool good = a->verdict == POLICY_ACCEPT || a->verdict == POLICY_PARTIAL;
	enum err e = OK;

	(void)ctx;
	if (a->verdict == POLICY_REFUSE || a->verdict == POLICY_ERROR)
		e = take(c, a, ERR_DENIED);
	else if (good)
		e = take_grants(c, a->fields);
	if (e != OK) {
		forget(&s->answers, &s->answers_n);
		auth_concluded(c, e, false);
		return;
	}
	s->accepted = s->accepted || good;
	s->partial = s->partial || a->verdict == POLICY_PARTIAL;
	s->at++;
	e = answer_ask(c);
	if (e != ERR_AGAIN)
		auth_decided(c, e);
}

/* Asks about the next answer. Gives: ERR_AGAIN; where there is none OK if one was accepted */
static enum err answer_ask(struct conn *c)
{
	struct auth_policy *s = c->work->policy;
	struct rd r = RD(((struct span){s->answers, s->answers_n}));
	uint8_t store[FACTS_BYTES];
	struct wr w = WR(store);
	struct span answer = {0};
	enum err e;

	if (s->at == s->n_answers) {
		forget(&s->answers, &s->answers_n);
		return s->accepted ? OK : ERR_DENIED;
	}
	for (size_t i = 0; i <= s->at; i++)
		answer = rd_bytes(&r, s->answers_n);
	add_answer(&w, c, answer);
	e = w.err != OK ? ERR_NO_SPACE
			: policy_ask(c, POLICY_ON_user_auth_request,
				     (struct span){w.p, w.n}, answer_judged, NULL);
	wipe(store, w.n);
	return e == OK ? ERR_AGAIN : ERR_SYSTEM;
}

enum err auth_policy_answers(struct conn *c, const struct span *answer, size_t n)
{
	struct auth_policy *s;
	struct wr w = {.cap = LIMIT_ANSWERS_BYTES};

	if (!policy_hears(c, POLICY_ON_user_auth_request))
		return ERR_DENIED;
	s = state_of(c);
	if (s == NULL || (w.p = malloc(LIMIT_ANSWERS_BYTES)) == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++)
		wr_bytes(&w, answer[i]);
	forget(&s->answers, &s->answers_n);
	s->answers = w.p;
	s->answers_n = w.n;
	s->n_answers = w.err == OK ? n : 0;
	s->at = 0;
	s->accepted = s->partial = false;
	return answer_ask(c);
}

/* ---- what others want to know ---- */

bool auth_policy_available(const struct conn *c, struct span *out)
{
	const struct auth_policy *s = c->work->policy;

	if (s == NULL || !s->has_available)
		return false;
	*out = span_str(s->available);
	return true;
}

void auth_policy_step(struct conn *c)
{
	struct auth_policy *s = c->work->policy;

	if (s == NULL)
		return;
	s->has_available = false;
	forget(&s->prompts, &s->prompts_n);
}

struct span auth_policy_notice(struct conn *c)
{
	struct auth_policy *s = c->work->policy;

	if (s == NULL || s->notice == NULL)
		return (struct span){0};
	return (struct span){s->notice, s->notice_n};
}

void auth_policy_shown(struct conn *c)
{
	if (c->work->policy != NULL)
		forget(&c->work->policy->notice, &c->work->policy->notice_n);
}

void auth_policy_wipe(struct conn *c)
{
	struct auth_policy *s = c->work->policy;

	if (s == NULL)
		return;
	forget(&s->prompts, &s->prompts_n);
	forget(&s->notice, &s->notice_n);
	forget(&s->answers, &s->answers_n);
	free(s);
	c->work->policy = NULL;
}
