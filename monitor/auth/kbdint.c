/*
 * The conversation: which source, whose turn it is, what was asked. Answers come from a worker: they
 * are counted, bounded, handed to the source and wiped. Source: RFC 4256
 */
#include <unistd.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/auth/kbdint.h"
#include "monitor/auth_check.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"

/* In the order in which they are asked whether they apply. */
static const struct kbdint_source *const sources[] = {&kbdint_prompts, &kbdint_totp,
						      &kbdint_pam, &kbdint_password};

bool kbdint_offered(const struct conn *c)
{
	const struct settings *set = c->work->set;

	return set->kbd_interactive_authentication &&
	       (set->kbd_interactive_prompt.n > 0 || set->password_authentication ||
		auth_policy_prompts(c) || (set->use_pam && geteuid() == 0));
}

/* The first that serves this user, that the client named, and that AuthenticationMethods wants next. */
static const struct kbdint_source *source_find(const struct conn *c)
{
	const struct conn_work *w = c->work;
	struct span named = w->attempt.devices;

	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
		if (sources[i]->applies(c) &&
		    (named.n == 0 || names_has(named, span_str(sources[i]->name))) &&
		    auth_device_is_next(w, sources[i]->name))
			return sources[i];
	return NULL;
}

enum err kbdint_begin(struct conn *c)
{
	struct kbdint *k = &c->work->kbdint;
	const struct kbdint_source *source = source_find(c);

	if (!c->work->set->kbd_interactive_authentication || source == NULL)
		return ERR_DENIED;
	*k = (struct kbdint){.source = source, .state = KBDINT_THINKS};
	/* prompts are the same for those who cannot be let in */
	k->barred = auth_check_rules(c, METHOD_KBDINT) != OK;
	return source->begin(c);
}

enum err kbdint_ask(struct conn *c, const struct prompts *p)
{
	struct kbdint *k = &c->work->kbdint;
	uint8_t store[LIMIT_PROMPTS_BYTES];
	struct wr w = WR(store);
	struct span all;
	enum err e;

	if (k->state != KBDINT_THINKS)
		return ERR_FORBIDDEN;
	if (p->n > LIMIT_PROMPTS || p->name.n > LIMIT_PROMPT_NAME_BYTES ||
	    p->instruction.n > LIMIT_INSTRUCTION_BYTES)
		return ERR_NO_SPACE;
	if (k->rounds++ == LIMIT_KBDINT_ROUNDS)
		return ERR_BUDGET;
	for (size_t i = 0; i < p->n; i++) {
		wr_bytes(&w, p->at[i].text);
		wr_bool(&w, p->at[i].echo);
	}
	if ((e = wr_end(&w, &all)) != OK)
		return e;
	k->n_asked = (uint8_t)p->n;
	k->state = KBDINT_PROMPTED;
	auth_reply_banner(c);
	conn_tell(c,
		  &MSG_OF(auth_prompt, .name = p->name, .instruction = p->instruction,
			  .count = k->n_asked, .prompts = all));
	return ERR_AGAIN;
}

/* Takes the answers apart. Errors: as rd's: the worker lied */
static enum err answers_read(const struct msg_auth_answers *m,
			     struct span answer[LIMIT_PROMPTS])
{
	struct rd r = RD(m->answers);

	for (size_t i = 0; i < m->count; i++)
		answer[i] = rd_bytes(&r, LIMIT_ANSWERS_BYTES);
	return rd_end(&r);
}

enum err serve_auth_answers(struct conn *c, const struct msg_auth_answers *m,
			    struct ipc_fds *fds)
{
	struct kbdint *k = &c->work->kbdint;
	struct span answer[LIMIT_PROMPTS];
	enum err e;

	(void)fds;
	if (k->state != KBDINT_PROMPTED)
		return ERR_FORBIDDEN;
	if ((e = answers_read(m, answer)) != OK)
		return e;
	k->state = KBDINT_THINKS;
	k->tried = k->tried || m->count > 0;
	c->work->attempt.began_us = clock_us();
	e = ERR_DENIED;
	if (k->lost)
		e = ERR_SYSTEM;
	else if (m->count == k->n_asked) /* RFC 4256 3.4: else it is a failure */
		e = k->source->answered(c, answer, m->count);
	if (m->answers.n > 0)
		wipe((void *)(uintptr_t)m->answers.p, m->answers.n);
	if (e != ERR_AGAIN) {
		login_drop(c->work->helper); /* it waits for what does not come */
		c->work->helper = NULL;
		auth_decided(c, e);
	}
	return OK;
}

enum err kbdint_password_good(struct conn *c)
{
	const struct kbdint_source *source = c->work->kbdint.source;

	if (source == NULL)
		return ERR_DENIED;
	return source->password_good != NULL ? source->password_good(c) : OK;
}

bool kbdint_lose(struct conn *c)
{
	struct kbdint *k = &c->work->kbdint;

	k->lost = k->state == KBDINT_PROMPTED;
	return k->lost;
}

void kbdint_abandon(struct conn *c)
{
	struct conn_work *w = c->work;

	if (w->kbdint.state != KBDINT_PROMPTED)
		return;
	/* else a code could be tried, and its refusal not be waited for */
	if (w->kbdint.tried)
		auth_count_failure(c, "given up after an answer");
	login_drop(w->helper);
	w->helper = NULL;
	w->attempting = false;
	kbdint_wipe(c);
}

void kbdint_wipe(struct conn *c)
{
	struct kbdint *k = &c->work->kbdint;

	wipe(k, sizeof *k);
}
