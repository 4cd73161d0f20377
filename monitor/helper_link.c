/*
 * Programs of PolicyHelper. Each has a relay, a login helper that starts it and reads what it
 * writes; here only messages of the relay are read. Nobody waits for a program but those who asked:
 * calls have deadlines, and a program that dies is started again after a pause that grows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/helper_cache.h"
#include "monitor/helper_link.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"

#define MS_PER_S  1000
#define US_PER_MS 1000

/* A call under way. */
struct helper_call {
	struct helper *h;
	uint64_t id;   /* what the relay knows it by */
	uint64_t call; /* what the asker does */
	uint64_t conn;
	helper_done_fn *done; /* NULL: nobody waits for it */
	struct event deadline;
	uint32_t deadline_ms, cache_s;
	struct helper_key key;
	struct helper_call *next;
};

/* A program that was asked once. */
struct helper {
	struct monitor *m;
	char name[LIMIT_HELPER_NAME_BYTES + 1];
	struct login *login; /* its relay; NULL: it does not run */
	struct helper_call *calls;
	size_t n_calls;
	uint64_t began_ms, asked_ms;
	uint64_t again_ms; /* not started before */
	uint64_t pause_ms;
	unsigned silent; /* deadlines that passed since it answered last */
	bool retired;    /* of an older configuration: ends with its last call */
	bool clean;      /* it ended with status 0 */
	char ended[LIMIT_TEXT_BYTES + 1];
	uint64_t log_tick;
	uint32_t logged;
	struct helper *next;
};

struct helpers {
	struct helper *first;
	struct helper_cache cache;
	uint64_t next_id;
};

/* ---- calls ---- */

/* Tells the asker. It stands in no list any more: whoever is told may ask again at once. */
static void call_tell(struct helper_call *call, bool ok, struct span text)
{
	METRIC_COUNT(call->h->m, helper_calls_total,
		     ok ? METRIC_HELPER_OK : METRIC_HELPER_FAILED, 0);
	call->h->n_calls--;
	event_del(&call->deadline);
	if (call->done != NULL)
		call->done(call->h->m, call->call, ok, text);
	free(call);
}

static void call_end(struct helper_call *call, bool ok, struct span text)
{
	struct helper_call **p = &call->h->calls;

	while (*p != call)
		p = &(*p)->next;
	*p = call->next;
	call_tell(call, ok, text);
}

static void calls_fail(struct helper *h, const char *why)
{
	struct helper_call *call;

	while ((call = h->calls) != NULL) {
		h->calls = call->next;
		call_tell(call, false, span_str(why));
	}
}

static struct helper_call *call_find(const struct helper *h, uint64_t id)
{
	struct helper_call *call = h->calls;

	while (call != NULL && call->id != id)
		call = call->next;
	return call;
}

/* ---- programs ---- */

/* Its relay finds the link closed, and ends the program in its own time. */
static void helper_let_go(struct helper *h)
{
	login_drop(h->login);
	h->login = NULL;
	h->silent = 0;
}

static void helper_free(struct helper *h)
{
	struct helper **p = &h->m->helpers->first;

	while (*p != h)
		p = &(*p)->next;
	*p = h->next;
	free(h);
}

static bool is_over(const struct helper *h)
{
	return h->retired && h->calls == NULL;
}

static struct helper *helper_find(struct monitor *m, struct span name)
{
	struct helper *h = m->helpers->first;

	while (h != NULL && (h->retired || !span_is(name, h->name)))
		h = h->next;
	return h;
}

static const struct policy_helper *row_find(const struct settings *set,
					    struct span name)
{
	for (size_t i = 0; i < set->policy_helper.n; i++)
		if (span_is(name, set->policy_helper.item[i].name))
			return &set->policy_helper.item[i];
	return NULL;
}

static struct helper *helper_new(struct monitor *m, const struct policy_helper *row)
{
	struct helper *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->m = m;
	(void)snprintf(h->name, sizeof h->name, "%s", row->name);
	h->next = m->helpers->first;
	m->helpers->first = h;
	return h;
}

static enum err helper_start(struct helper *h, const struct policy_helper *row)
{
	uint8_t store[LIMIT_HELPER_ARGV_BYTES];
	struct wr w = WR(store);
	struct span argv;
	struct msg m;
	enum err e;

	for (const char *const *word = row->argv; *word != NULL; word++)
		wr_str(&w, *word);
	e = wr_end(&w, &argv);
	if (e != OK)
		return e;
	m = MSG_OF(helper_start, .name = span_str(h->name),
		   .user = span_str(h->m->set->policy_helper_user), .argv = argv);
	e = login_open(h->m, IN_HELPER, &m, &h->login);
	if (e != OK)
		return e;
	h->login->helper = h;
	h->began_ms = clock_ms();
	h->clean = false;
	h->ended[0] = '\0';
	log_verbose("helper=%s started: %s", h->name, row->argv[0]);
	return OK;
}

/* It died: the longer it keeps dying, the longer it is left alone. */
static void helper_pause(struct helper *h)
{
	uint64_t now = clock_ms();

	if (now - h->began_ms >= LIMIT_HELPER_PAUSE_MOST_MS || h->pause_ms == 0)
		h->pause_ms = LIMIT_HELPER_PAUSE_MS;
	else if (h->pause_ms < LIMIT_HELPER_PAUSE_MOST_MS)
		h->pause_ms *= 2;
	if (h->pause_ms > LIMIT_HELPER_PAUSE_MOST_MS)
		h->pause_ms = LIMIT_HELPER_PAUSE_MOST_MS;
	h->again_ms = now + h->pause_ms;
}

void helper_lost(struct login *l, enum err e, const char *what)
{
	struct helper *h = l->helper;
	bool well = h->clean && h->calls == NULL;

	h->login = NULL;
	h->silent = 0;
	if (well || is_over(h)) {
		log_verbose("helper=%s ended", h->name);
		h->pause_ms = 0;
	} else {
		helper_pause(h);
		log_error("helper=%s %s%s%s; not started again for %llu s", h->name,
			  h->ended[0] != '\0' ? h->ended : err_text(e),
			  what != NULL ? ": " : "", what != NULL ? what : "",
			  (unsigned long long)(h->pause_ms / MS_PER_S));
	}
	calls_fail(h, "the program ended");
	if (h->retired)
		helper_free(h);
}

/* ---- asking ---- */

static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct helper_call *call = arg;
	struct helper *h = call->h;
	bool hangs = ++h->silent >= LIMIT_HELPER_SILENT && h->login != NULL;

	(void)fd;
	(void)events;
	log_info("helper=%s conn=%llu no answer within %lu ms", h->name,
		 (unsigned long long)call->conn, (unsigned long)call->deadline_ms);
	call_end(call, false, SPAN_LIT("deadline"));
	if (hangs) {
		log_error("helper=%s %u calls in a row were not answered: it is ended",
			  h->name, LIMIT_HELPER_SILENT);
		helper_let_go(h);
		helper_pause(h);
		calls_fail(h, "the program hung");
	}
	if (!is_over(h))
		return;
	helper_let_go(h);
	helper_free(h);
}

static size_t calls_of(const struct monitor *m, uint64_t conn)
{
	size_t n = 0;

	for (const struct helper *h = m->helpers->first; h != NULL; h = h->next)
		for (const struct helper_call *c = h->calls; c != NULL; c = c->next)
			n += c->conn == conn;
	return n;
}

static enum err call_send(struct helper *h, struct helper_call *call,
			  struct span request)
{
	const struct timeval wait = {call->deadline_ms / MS_PER_S,
				     (call->deadline_ms % MS_PER_S) * US_PER_MS};
	struct msg m = MSG_OF(helper_ask, .call = call->id, .conn = call->conn,
			      .request = request, .deadline_ms = call->deadline_ms);
	enum err e;

	if (evtimer_assign(&call->deadline, h->m->base, on_deadline, call) != 0 ||
	    evtimer_add(&call->deadline, &wait) != 0)
		return ERR_SYSTEM;
	e = link_tell(&h->login->link, &m);
	if (e != OK) {
		event_del(&call->deadline);
		return e;
	}
	call->next = h->calls;
	h->calls = call;
	h->n_calls++;
	h->asked_ms = clock_ms();
	return OK;
}

uint32_t helper_deadline_ms(const struct monitor *m, uint32_t named_ms)
{
	const uint32_t most_ms = LIMIT_HELPER_DEADLINE_S * MS_PER_S;

	if (named_ms == 0)
		return m->set->policy_helper_timeout_s * MS_PER_S;
	return named_ms < most_ms ? named_ms : most_ms;
}

static enum err call_make(struct helper *h, const struct helper_question *q,
			  helper_done_fn *done, const struct helper_key *key)
{
	struct helper_call *call = calloc(1, sizeof *call);
	enum err e;

	if (call == NULL)
		return ERR_MEMORY;
	*call = (struct helper_call){.h = h,
				     .id = ++h->m->helpers->next_id,
				     .call = q->call,
				     .conn = q->conn,
				     .done = done,
				     .deadline_ms =
					 helper_deadline_ms(h->m, q->deadline_ms),
				     .cache_s = q->cache_s,
				     .key = *key};
	if (call->cache_s > LIMIT_HELPER_CACHE_S)
		call->cache_s = LIMIT_HELPER_CACHE_S;
	e = call_send(h, call, q->request);
	if (e != OK)
		free(call);
	return e;
}

/* Finds or starts the program; NULL: it cannot be had, and *why says so. */
static struct helper *helper_ready(struct monitor *m, const struct helper_question *q,
				   const char **why)
{
	const struct policy_helper *row = row_find(m->set, q->name);
	struct helper *h = helper_find(m, q->name);

	*why = "no PolicyHelper has this name";
	if (row == NULL)
		return NULL;
	if (h == NULL)
		h = helper_new(m, row);
	*why = "the program cannot be started";
	if (h == NULL)
		return NULL;
	if (h->login == NULL && clock_ms() < h->again_ms) {
		*why = "the program ended and is not started again yet";
		return NULL;
	}
	if (h->login == NULL && helper_start(h, row) != OK) {
		log_error("helper=%s cannot be started", h->name);
		return NULL;
	}
	*why = "too many calls are under way";
	return h->n_calls < LIMIT_HELPER_CALLS &&
		       calls_of(m, q->conn) < LIMIT_HELPER_CONN_CALLS
		   ? h
		   : NULL;
}

void helper_call(struct monitor *m, const struct helper_question *q,
		 helper_done_fn *done)
{
	struct helper_key key;
	struct span kept;
	const char *why = "out of memory";
	struct helper *h = NULL;

	if (m->helpers == NULL)
		m->helpers = calloc(1, sizeof *m->helpers);
	if (m->helpers == NULL || helper_key_make(q->name, q->request, &key) != OK) {
		done(m, q->call, false, span_str(why));
		return;
	}
	if (q->cache_s > 0 &&
	    helper_cache_get(&m->helpers->cache, &key, clock_ms(), &kept)) {
		METRIC_COUNT(m, helper_calls_total, METRIC_HELPER_CACHED, 0);
		done(m, q->call, true, kept);
		return;
	}
	h = helper_ready(m, q, &why);
	if (h != NULL && call_make(h, q, done, &key) == OK)
		return;
	if (h != NULL)
		why = "the program is too busy";
	done(m, q->call, false, span_str(why));
}

/* ---- what a relay says ---- */

enum err serve_helper_answer(struct login *l, const struct msg_helper_answer *m,
			     struct ipc_fds *fds)
{
	struct helper *h = l->helper;
	struct helper_call *call = call_find(h, m->call);

	(void)fds;
	h->silent = 0;
	if (call == NULL) {
		log_verbose("helper=%s an answer came too late", h->name);
		return OK;
	}
	if (m->ok != 0 && call->cache_s > 0 && !h->retired)
		helper_cache_put(&h->m->helpers->cache, &call->key,
				 clock_ms() + (uint64_t)call->cache_s * MS_PER_S,
				 m->text);
	call_end(call, m->ok != 0, m->text);
	return is_over(h) ? ERR_CLOSED : OK;
}

enum err serve_helper_log(struct login *l, const struct msg_helper_log *m,
			  struct ipc_fds *fds)
{
	struct helper *h = l->helper;
	struct printable keep;

	(void)fds;
	/* the relay counts too; it reads foreign bytes, so it is not believed to */
	if (h->log_tick != h->m->ticks)
		h->logged = 0;
	h->log_tick = h->m->ticks;
	if (h->logged++ < LIMIT_HELPER_LOGS * 2)
		log_line((enum log_level)m->level, "helper=%s %s", h->name,
			 printable(m->text, &keep));
	return OK;
}

enum err serve_helper_ended(struct login *l, const struct msg_helper_ended *m,
			    struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	l->helper->clean = m->clean != 0;
	(void)snprintf(l->helper->ended, sizeof l->helper->ended, "%s",
		       printable(m->text, &keep));
	return OK;
}

/* ---- all of them ---- */

void helpers_forget(struct monitor *m)
{
	for (struct helper *h = m->helpers != NULL ? m->helpers->first : NULL;
	     h != NULL; h = h->next)
		for (struct helper_call *c = h->calls; c != NULL; c = c->next)
			c->done = NULL;
}

void helpers_reload(struct monitor *m)
{
	struct helper *next;

	if (m->helpers == NULL)
		return;
	helper_cache_wipe(&m->helpers->cache);
	for (struct helper *h = m->helpers->first; h != NULL; h = next) {
		next = h->next;
		h->retired = true;
		if (h->calls != NULL)
			continue;
		helper_let_go(h);
		helper_free(h);
	}
}

void helpers_tick(struct monitor *m)
{
	uint64_t now = clock_ms();

	for (struct helper *h = m->helpers != NULL ? m->helpers->first : NULL;
	     h != NULL; h = h->next) {
		if (h->login == NULL || h->calls != NULL ||
		    now - h->asked_ms < LIMIT_HELPER_IDLE_S * MS_PER_S)
			continue;
		log_verbose("helper=%s ends: nobody asked it for long", h->name);
		helper_let_go(h);
	}
}

void helpers_wipe(struct monitor *m)
{
	struct helper *h;

	if (m->helpers == NULL)
		return;
	helpers_forget(m);
	while ((h = m->helpers->first) != NULL) {
		m->helpers->first = h->next;
		calls_fail(h, "");
		helper_let_go(h);
		free(h);
	}
	helper_cache_wipe(&m->helpers->cache);
	free(m->helpers);
	m->helpers = NULL;
}
