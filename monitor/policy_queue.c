/*
 * What goes to the policy process, in order, and the questions that it has. Questions are kept until
 * they are answered: a process that dies is replaced, and the new one is asked again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/conn.h"
#include "monitor/metrics.h"
#include "monitor/policy_facts.h"
#include "monitor/policy_private.h"

static void list_take(struct policy_item *it)
{
	struct policy_list *l = it->list;

	if (l == NULL)
		return;
	*(it->prev != NULL ? &it->prev->next : &l->first) = it->next;
	*(it->next != NULL ? &it->next->prev : &l->last) = it->prev;
	it->prev = it->next = NULL;
	it->list = NULL;
}

void policy_item_move(struct policy_item *it, struct policy_list *to)
{
	list_take(it);
	it->list = to;
	it->prev = to->last;
	*(to->last != NULL ? &to->last->next : &to->first) = it;
	to->last = it;
}

void policy_item_move_first(struct policy_item *it, struct policy_list *to)
{
	list_take(it);
	it->list = to;
	it->next = to->first;
	*(to->first != NULL ? &to->first->prev : &to->last) = it;
	to->first = it;
}

/* Nobody waits for it any more. */
static void item_orphan(struct policy_item *it)
{
	if (it->c != NULL)
		it->c->policy_items--;
	it->c = NULL;
	it->done = NULL;
	if (event_initialized(&it->deadline))
		event_del(&it->deadline);
}

void policy_item_free(struct policy_item *it)
{
	item_orphan(it);
	list_take(it);
	it->p->n_items--;
	it->p->n_bytes -= it->n;
	wipe(it->bytes, it->n);
	free(it->bytes);
	free(it);
}

enum err policy_item_add(struct policy *p, enum policy_item_kind kind,
			 struct span bytes, struct policy_item **out)
{
	struct policy_item *it;

	/* what ends things is as much as there was, and small */
	if (kind != ITEM_DROP && kind != ITEM_FORGET &&
	    (p->n_items >= LIMIT_POLICY_QUEUE ||
	     bytes.n > LIMIT_POLICY_QUEUE_BYTES - p->n_bytes))
		return ERR_NO_SPACE;
	it = calloc(1, sizeof *it);
	if (it == NULL || (it->bytes = malloc(bytes.n + 1)) == NULL) {
		free(it);
		return ERR_MEMORY;
	}
	if (bytes.n > 0)
		memcpy(it->bytes, bytes.p, bytes.n);
	it->kind = kind;
	it->p = p;
	it->n = bytes.n;
	p->n_items++;
	p->n_bytes += bytes.n;
	policy_item_move(it, &p->waiting);
	*out = it;
	return OK;
}

void policy_item_answer(struct policy_item *it, const struct policy_answer *a)
{
	struct conn *c = it->c;
	policy_done_fn *done = it->done;
	void *ctx = it->ctx;

	if (it->kind == ITEM_ASK)
		metrics_decided(it->p->m, it->event, a->verdict, it->began_us);
	policy_item_free(it);
	if (done != NULL && c != NULL)
		done(c, a, ctx);
}

static struct policy_item *list_find(const struct policy_list *l, uint64_t id)
{
	for (struct policy_item *it = l->first; it != NULL; it = it->next)
		if (it->kind == ITEM_ASK && it->id == id)
			return it;
	return NULL;
}

struct policy_item *policy_question_find(struct policy *p, uint64_t id)
{
	struct policy_item *it = list_find(&p->running, id);

	return it != NULL ? it : list_find(&p->helped, id);
}

bool policy_hears(const struct conn *c, enum policy_event event)
{
	return c->script != NULL && (c->script->handlers & POLICY_BIT(event)) != 0;
}

/* The time is over. What was sent stays as a place in the order: the process may be at it. */
static void deadline_over(evutil_socket_t fd, short events, void *arg)
{
	struct policy_item *it = arg;
	struct policy *p = it->p;
	const struct policy_answer a = {.verdict = POLICY_ERROR,
					.where = SPAN_LIT("no answer in time")};
	struct conn *c = it->c;
	policy_done_fn *done = it->done;
	void *ctx = it->ctx;
	bool silent =
	    it == p->running.first && clock_ms() - p->heard_ms >= it->timeout_ms;

	(void)fd;
	(void)events;
	log_error("conn=%llu policy: on_%s: no answer within %u ms: refused",
		  (unsigned long long)it->conn, policy_events[it->event].name,
		  (unsigned)it->timeout_ms);
	metrics_decided(p->m, it->event, POLICY_ERROR, it->began_us);
	if (it->list == &p->running)
		item_orphan(it);
	else
		policy_item_free(it);
	if (done != NULL && c != NULL)
		done(c, &a, ctx);
	if (silent) {
		log_error("sallyport-policy does not answer: it is replaced");
		policy_restart(p, p->running.first);
	}
}

static struct span all_facts(const struct conn *c, enum policy_event event,
			     struct span facts, struct wr *w)
{
	struct span all = {0};

	policy_facts_conn(w, c, event);
	wr_raw(w, facts);
	if (wr_end(w, &all) != OK)
		return (struct span){0};
	return all;
}

static enum err add_of_conn(struct conn *c, enum policy_item_kind kind,
			    enum policy_event event, struct span facts,
			    struct policy_item **out)
{
	uint8_t *store;
	struct wr w;
	struct span all;
	enum err e;

	if (!policy_hears(c, event))
		return ERR_FORBIDDEN;
	if (c->policy_items >= LIMIT_POLICY_CONN_ITEMS)
		return ERR_NO_SPACE;
	store = malloc(LIMIT_FACTS_BYTES);
	if (store == NULL)
		return ERR_MEMORY;
	w = (struct wr){.p = store, .cap = LIMIT_FACTS_BYTES};
	all = all_facts(c, event, facts, &w);
	e = all.n == 0 ? ERR_NO_SPACE : policy_item_add(c->m->policy, kind, all, out);
	wipe(store, w.n);
	free(store);
	if (e != OK)
		return e;
	(*out)->c = c;
	(*out)->conn = c->id;
	(*out)->version = c->script->version;
	(*out)->event = event;
	c->policy_items++;
	c->policy_used = true;
	return OK;
}

enum err policy_ask(struct conn *c, enum policy_event event, struct span facts,
		    policy_done_fn *done, void *ctx)
{
	uint32_t timeout_s = config_settings(c->config)->policy_timeout_s;
	const struct timeval tv = {.tv_sec = (time_t)timeout_s};
	struct policy_item *it = NULL;
	enum err e = add_of_conn(c, ITEM_ASK, event, facts, &it);

	if (e != OK)
		return e;
	if (c->m->follower != NULL)
		c->m->follower(c, event, facts);
	it->id = ++it->p->next_id;
	it->done = done;
	it->ctx = ctx;
	it->timeout_ms = timeout_s * 1000;
	it->began_us = clock_us();
	if (evtimer_assign(&it->deadline, c->m->base, deadline_over, it) != 0 ||
	    event_add(&it->deadline, &tv) != 0) {
		policy_item_free(it);
		return ERR_SYSTEM;
	}
	policy_pump(it->p);
	return OK;
}

enum err policy_tell_paced(struct conn *c, enum policy_event event, struct span facts,
			   policy_done_fn *sent, void *ctx)
{
	struct policy_item *it = NULL;
	enum err e = add_of_conn(c, ITEM_TELL, event, facts, &it);

	if (e != OK)
		return e;
	it->done = sent;
	it->ctx = ctx;
	policy_pump_soon(it->p);
	return OK;
}

void policy_tell(struct conn *c, enum policy_event event, struct span facts)
{
	struct policy_item *it = NULL;
	enum err e;

	if (c->m->follower != NULL)
		c->m->follower(c, event, facts);
	if (!policy_hears(c, event))
		return;
	e = add_of_conn(c, ITEM_TELL, event, facts, &it);
	if (e == OK)
		policy_pump(it->p);
	else
		log_error("conn=%llu policy: on_%s is not told: %s",
			  (unsigned long long)c->id, policy_events[event].name,
			  err_text(e));
}

/* Its questions: what was sent stays as a place in the order, but for those that a drop ends. */
static void forget_conn(struct policy_list *l, const struct conn *c, bool keep)
{
	struct policy_item *it, *next;

	for (it = l->first; it != NULL; it = next) {
		next = it->next;
		if (it->c != c)
			continue;
		if (keep || it->kind != ITEM_ASK)
			item_orphan(it);
		else
			policy_item_free(it);
	}
}

void policy_conn_over(struct conn *c)
{
	struct policy *p = c->m->policy;
	struct policy_item *it = NULL;

	if (!c->policy_used)
		return;
	if (c->policy_items > 0) {
		forget_conn(&p->waiting, c, false);
		forget_conn(&p->running, c, true);
		forget_conn(&p->helped, c, false);
		forget_conn(&p->refused, c, true);
	}
	c->policy_used = false;
	if (p->link.sock < 0) /* the next one knows nothing of it */
		return;
	if (policy_item_add(p, ITEM_DROP, (struct span){0}, &it) != OK)
		return;
	it->conn = c->id;
	policy_pump(p);
}

void policy_helped(struct monitor *m, uint64_t call, bool ok, struct span text)
{
	struct policy_item *it = NULL;

	if (m->policy == NULL)
		return;
	if (policy_item_add(m->policy, ITEM_HELPED, text, &it) != OK) {
		log_error("policy: a helper's answer is lost: no room");
		return;
	}
	it->id = call;
	it->ok = ok;
	policy_pump(m->policy);
}
