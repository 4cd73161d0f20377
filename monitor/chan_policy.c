/*
 * A channel as policy knows it. It is made only where a script hears of channels, so that
 * nobody else pays for it. A worker may lie about what it reports of a client: a script
 * learns it from nobody else, but what is granted is kept here, and a start that uses what
 * was not granted ends the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"

enum { FIRST_BYTES = 256, LENGTH_BYTES = 4 };

/* ---- who hears ---- */

static uint32_t when(bool yes, enum hears hears)
{
	return yes ? (uint32_t)hears : 0;
}

static bool hears_any(const struct conn *c)
{
	static const enum policy_event events[] = {
	    POLICY_ON_channel_open_request, POLICY_ON_channel_opened,
	    POLICY_ON_channel_request,      POLICY_ON_channel_requested,
	    POLICY_ON_channel_data_in,      POLICY_ON_channel_ready_to_send,
	    POLICY_ON_channel_eof,          POLICY_ON_channel_closed};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (policy_hears(c, events[i]))
			return true;
	return false;
}

uint32_t chan_policy_hears(const struct conn *c)
{
	/* whoever hears of channels must know those that we open, to hear of their ends */
	return when(policy_hears(c, POLICY_ON_channel_open_request), HEARS_OPEN) |
	       when(policy_hears(c, POLICY_ON_channel_request), HEARS_REQUEST) |
	       when(policy_hears(c, POLICY_ON_channel_requested), HEARS_REQUESTED) |
	       when(hears_any(c), HEARS_OPENED) |
	       when(policy_hears(c, POLICY_ON_channel_eof), HEARS_EOF) |
	       when(policy_hears(c, POLICY_ON_channel_ready_to_send), HEARS_READY);
}

/* ---- bytes that grow ---- */

static enum err grow(struct grown *g, size_t need, size_t max)
{
	size_t cap = g->cap == 0 ? FIRST_BYTES : g->cap;
	uint8_t *p;

	if (need > max - g->n)
		return ERR_NO_SPACE;
	while (cap - g->n < need)
		cap *= 2;
	if (cap == g->cap)
		return OK;
	p = realloc(g->p, cap);
	if (p == NULL)
		return ERR_MEMORY;
	g->p = p;
	g->cap = cap;
	return OK;
}

static enum err grown_raw(struct grown *g, struct span s, size_t max)
{
	enum err e = grow(g, s.n, max);

	if (e != OK || s.n == 0)
		return e;
	memcpy(g->p + g->n, s.p, s.n);
	g->n += s.n;
	return OK;
}

enum err grown_pair(struct grown *g, struct span name, struct span value)
{
	struct wr w;
	enum err e;

	if (name.n > LIMIT_ENV_BYTES || value.n > LIMIT_ENV_BYTES)
		return ERR_NO_SPACE;
	e = grow(g, name.n + value.n + 2 * LENGTH_BYTES, LIMIT_ENV_BYTES);
	if (e != OK)
		return e;
	w = (struct wr){.p = g->p, .n = g->n, .cap = g->cap};
	wr_bytes(&w, name);
	wr_bytes(&w, value);
	if (w.err == OK)
		g->n = w.n;
	return w.err;
}

static enum err add_variable(struct grown *g, struct span pair)
{
	const uint8_t *equals = pair.n == 0 ? NULL : memchr(pair.p, '=', pair.n);
	size_t name_n;

	if (equals == NULL || equals == pair.p || memchr(pair.p, 0, pair.n) != NULL)
		return ERR_RANGE;
	name_n = (size_t)(equals - pair.p);
	return grown_pair(g, (struct span){pair.p, name_n},
			  (struct span){equals + 1, pair.n - name_n - 1});
}

enum err grown_env(struct grown *g, struct span fields)
{
	struct fact env;
	struct rd r;
	enum err e = OK;

	if (!facts_find(fields, "env", &env) || env.type != FACT_LIST)
		return OK;
	r = RD(env.value);
	while (e == OK && r.left.n > 0 && rd_ok(&r)) {
		struct span pair = rd_bytes(&r, LIMIT_ENV_BYTES);

		if (rd_ok(&r))
			e = add_variable(g, pair);
	}
	return e == OK ? rd_end(&r) : e;
}

/* ---- a channel's life ---- */

enum err chan_policy_make(struct mchan *ch, const struct msg *open)
{
	struct facts_store f;
	struct chan_policy *p;
	enum err e = facts_begin(&f);

	if (e != OK)
		return e;
	p = calloc(1, sizeof *p);
	if (p == NULL) {
		e = ERR_MEMORY;
		goto out;
	}
	ch->policy = p;
	if (open->type == MSG_chan_event)
		chan_facts_type(&f.w, open->u.chan_event.type);
	else if (!chan_facts_open(&f.w, open))
		e = ERR_BUG;
	if (e == OK)
		e = f.w.err;
	if (e == OK)
		e = grown_raw(&p->facts, (struct span){f.w.p, f.w.n},
			      LIMIT_FACTS_BYTES);
out:
	facts_end(&f);
	return e;
}

enum err chan_policy_begin(struct conn *c, struct mchan *ch, const struct msg *open)
{
	return hears_any(c) || c->m->follower != NULL ? chan_policy_make(ch, open) : OK;
}

void chan_policy_wipe(struct conn *c, struct mchan *ch)
{
	struct chan_policy *p = ch->policy;

	if (p == NULL)
		return;
	chan_script_free(c, p->script);
	question_wipe(&p->question);
	kept_free(&p->start);
	free(p->facts.p);
	free(p->env.p);
	free(p->env_set.p);
	free(p);
	ch->policy = NULL;
}

bool chan_is_busy(const struct mchan *ch)
{
	return ch->policy != NULL &&
	       (ch->policy->question.id != 0 || ch->policy->script != NULL);
}

struct mchan *chan_policy_find(const struct conn *c, const void *ctx)
{
	struct mchan *ch = c->work->chans;

	while (ch != NULL &&
	       !(ch->policy != NULL && question_is(&ch->policy->question, ctx)))
		ch = ch->next;
	return ch;
}

/* ---- facts ---- */

void chan_policy_facts(struct wr *w, const struct mchan *ch)
{
	const struct chan_policy *p = ch->policy;

	facts_num(w, "channel.id", ch->chan);
	wr_raw(w, (struct span){p->facts.p, p->facts.n});
	facts_num(w, "channel.bytes_sent", p->sent);
	facts_num(w, "channel.bytes_received", p->received);
	facts_num(w, "channel.record_length", p->record);
	facts_bool(w, "channel.ready_to_send", p->ready);
}

static void facts_global(struct wr *w)
{
	facts_num(w, "channel.id", 0);
	facts_str(w, "channel.type", SPAN_LIT("global"));
}

/* ---- questions ---- */

static enum err ask(struct conn *c, struct question *question,
		    const struct request_facts *q, struct facts_store *f,
		    struct asks *asks)
{
	if (q != NULL)
		chan_facts_request(&f->w, q);
	asks->facts = f;
	return question_ask(c, question, asks);
}

enum err chan_policy_ask(struct conn *c, struct mchan *ch,
			 const struct request_facts *q, struct asks *asks)
{
	struct facts_store f;
	enum err e;

	if (ch->policy->question.id != 0)
		return ERR_FORBIDDEN;
	if ((e = facts_begin(&f)) != OK)
		return e;
	chan_policy_facts(&f.w, ch);
	e = ask(c, &ch->policy->question, q, &f, asks);
	facts_end(&f);
	return e;
}

enum err chan_policy_ask_global(struct conn *c, struct question *question,
				const struct request_facts *q, struct asks *asks)
{
	struct facts_store f;
	enum err e = facts_begin(&f);

	if (e != OK)
		return e;
	facts_global(&f.w);
	e = ask(c, question, q, &f, asks);
	facts_end(&f);
	return e;
}

/* ---- what is told ---- */

static void tell(struct conn *c, enum policy_event event, struct facts_store *f)
{
	if (f->w.err == OK)
		policy_tell(c, event, (struct span){f->w.p, f->w.n});
	else
		log_error("conn=%llu policy is not told of on_%s: too long",
			  (unsigned long long)c->id, policy_events[event].name);
	facts_end(f);
}

void chan_policy_tell(struct conn *c, const struct mchan *ch, enum policy_event event,
		      const struct request_facts *q)
{
	struct facts_store f;
	bool heard = c->m->follower != NULL || policy_hears(c, event);

	if (ch->policy == NULL || !heard || facts_begin(&f) != OK)
		return;
	chan_policy_facts(&f.w, ch);
	if (q != NULL)
		chan_facts_request(&f.w, q);
	tell(c, event, &f);
}

void chan_policy_tell_global(struct conn *c, const struct request_facts *q)
{
	struct facts_store f;

	if (!policy_hears(c, POLICY_ON_channel_requested) || facts_begin(&f) != OK)
		return;
	facts_global(&f.w);
	chan_facts_request(&f.w, q);
	tell(c, POLICY_ON_channel_requested, &f);
}

void chan_policy_opened(struct conn *c, struct mchan *ch)
{
	if (ch->policy == NULL || ch->policy->opened)
		return;
	ch->policy->opened = ch->policy->ready = true;
	chan_policy_tell(c, ch, POLICY_ON_channel_opened, NULL);
}

void chan_policy_closed(struct conn *c, struct mchan *ch)
{
	if (ch->policy == NULL || !ch->policy->opened)
		return;
	ch->policy->opened = ch->policy->ready = false;
	chan_policy_tell(c, ch, POLICY_ON_channel_closed, NULL);
}

/* ---- answers ---- */

bool chan_policy_agrees(const struct policy_answer *a)
{
	return a->verdict == POLICY_NONE || a->verdict == POLICY_ACCEPT;
}

struct span chan_policy_refused(const struct conn *c, const struct policy_answer *a,
				const char *what)
{
	log_info("conn=%llu user=%s %s refused by policy", (unsigned long long)c->id,
		 c->work->user_shown, what);
	return facts_get_str(a->fields, "message", (struct span){0});
}
