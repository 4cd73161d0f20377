/*
 * Global requests. Their answers carry no number, so they go out in the order of the
 * requests, though some wait for the monitor and others do not. Source: RFC 4254 4,
 * 7.1; PROTOCOL 2.2, 2.4, 2.5
 */
#include <stdlib.h>
#include <string.h>

#include "worker/chan/chan_private.h"

enum { PORT_BYTES = 4 };

enum waits { WAITS_NOT, WAITS_LISTEN, WAITS_PROOFS };

/* A request whose answer has not gone out. */
struct global {
	struct global *next;
	enum waits waits;
	bool reply, ok;
	bool tell_port;    /* RFC 4254 7.1: port 0 was asked for */
	uint32_t listen;   /* what listen_result will name */
	uint32_t proofs;   /* still to come */
	struct wr payload; /* of REQUEST_SUCCESS; its storage is ours */
};

struct globals {
	struct global *first, *last;
	size_t n;
	uint32_t asked;    /* proofs of host keys so far */
	uint8_t *question; /* a request that the script decides about */
	size_t question_n;
	struct hold held; /* requests that came meanwhile */
};

static void drop_first(struct globals *all)
{
	struct global *g = all->first;

	all->first = g->next;
	if (all->first == NULL)
		all->last = NULL;
	all->n--;
	free(g->payload.p);
	free(g);
}

void globals_free(struct worker *w)
{
	struct globals *all = w->chans.globals;

	if (all == NULL)
		return;
	while (all->first != NULL)
		drop_first(all);
	hold_wipe(&all->held, &w->chans.held);
	free(all->question);
	free(all);
	w->chans.globals = NULL;
}

static enum err globals_new(struct worker *w)
{
	if (w->chans.globals == NULL)
		w->chans.globals = calloc(1, sizeof *w->chans.globals);
	return w->chans.globals == NULL ? ERR_MEMORY : OK;
}

static enum err send_answer(struct worker *w, const struct global *g)
{
	struct wr *p;

	if (!g->reply)
		return OK;
	p = transport_begin(&w->transport,
			    g->ok ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE);
	if (g->ok)
		wr_raw(p, (struct span){g->payload.p, g->payload.n});
	return transport_commit(&w->transport);
}

/* Sends the answers that are due: none overtakes one that waits. */
static enum err send_answers(struct worker *w)
{
	struct globals *all = w->chans.globals;
	enum err e = OK;

	while (e == OK && all->first != NULL && all->first->waits == WAITS_NOT) {
		e = send_answer(w, all->first);
		drop_first(all);
	}
	return e;
}

static enum err add(struct worker *w, const struct global *g)
{
	struct globals *all = w->chans.globals;
	struct global *new;

	if (g->waits == WAITS_NOT && (all == NULL || all->first == NULL))
		return send_answer(w, g);
	if (globals_new(w) != OK)
		return ERR_MEMORY;
	all = w->chans.globals;
	if (all->n >= LIMIT_GLOBALS)
		return ERR_BUDGET;
	new = malloc(sizeof *new);
	if (new == NULL)
		return ERR_MEMORY;
	*new = *g;
	if (all->last == NULL)
		all->first = new;
	else
		all->last->next = new;
	all->last = new;
	all->n++;
	return OK;
}

/* ---- requests: each reads to the end, and says in out how it is answered ---- */

typedef enum err global_fn(struct worker *w, struct rd *r, struct global *out);

static enum err answer_listen(enum err e, uint32_t id, struct global *out)
{
	if (e == ERR_DENIED)
		return OK;
	out->waits = WAITS_LISTEN;
	out->listen = id;
	return e;
}

static enum err answer_stop(enum err e, struct global *out)
{
	if (e == ERR_UNKNOWN)
		return OK;
	out->ok = true;
	return e;
}

static enum err global_forward_tcp(struct worker *w, struct rd *r, struct global *out)
{
	struct span host = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t port = rd_u32(r);
	uint32_t id = 0;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	out->tell_port = port == 0;
	e = listen_tcp(w, host, port, out->reply, &id);
	return answer_listen(e, id, out);
}

static enum err global_cancel_tcp(struct worker *w, struct rd *r, struct global *out)
{
	struct span host = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t port = rd_u32(r);
	enum err e = rd_end(r);

	return e == OK ? answer_stop(listen_tcp_stop(w, host, port), out) : e;
}

static enum err global_forward_unix(struct worker *w, struct rd *r, struct global *out)
{
	struct span path = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t id = 0;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	e = listen_unix(w, path, out->reply, &id);
	return answer_listen(e, id, out);
}

static enum err global_cancel_unix(struct worker *w, struct rd *r, struct global *out)
{
	struct span path = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e = rd_end(r);

	return e == OK ? answer_stop(listen_unix_stop(w, path), out) : e;
}

static enum err global_no_more_sessions(struct worker *w, struct rd *r,
					struct global *out)
{
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	w->chans.no_more_sessions = true;
	out->ok = true;
	return OK;
}

static enum err global_hostkeys_prove(struct worker *w, struct rd *r,
				      struct global *out)
{
	uint32_t n = 0;
	enum err e;

	if (globals_new(w) != OK)
		return ERR_MEMORY;
	e = hostkeys_prove(w, r, &w->chans.globals->asked, &n);
	if (e == ERR_DENIED)
		return OK;
	out->ok = true;
	out->proofs = n;
	out->waits = n > 0 ? WAITS_PROOFS : WAITS_NOT;
	return e;
}

/* The monitor decides about listeners when it is asked for them. */
static const struct known {
	const char *name;
	global_fn *fn;
	bool asks; /* the script is asked here */
} globals[] = {
    {"cancel-streamlocal-forward@openssh.com", global_cancel_unix,      true },
    {"cancel-tcpip-forward",                   global_cancel_tcp,       true },
    {"hostkeys-prove-00@openssh.com",          global_hostkeys_prove,   false},
    {"no-more-sessions@openssh.com",           global_no_more_sessions, false},
    {"streamlocal-forward@openssh.com",        global_forward_unix,     false},
    {"tcpip-forward",			  global_forward_tcp,      false},
};

static const struct known *global_find(struct span name)
{
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
		if (span_is(name, globals[i].name))
			return &globals[i];
	return NULL; /* keepalive@openssh.com too: any answer will do, sshd's is a failure */
}

/* ---- what the script decides: the rest waits, so that answers keep their order ---- */

static enum err ask(struct worker *w, struct span request,
		    const struct asked_request *q)
{
	struct global no = {.reply = q->reply};
	struct globals *all;

	if (q->payload.n > LIMIT_REQUEST_BYTES)
		return add(w, &no);
	if (globals_new(w) != OK)
		return ERR_MEMORY;
	all = w->chans.globals;
	all->question = malloc(request.n);
	if (all->question == NULL)
		return ERR_MEMORY;
	memcpy(all->question, request.p, request.n);
	all->question_n = request.n;
	return worker_ask(w, &MSG_OF(chan_request, .global = 1, .name = q->name,
				     .reply = q->reply, .payload = q->payload));
}

static enum err tell(struct worker *w, const struct asked_request *q)
{
	if ((w->granted.hears & HEARS_REQUESTED) == 0 ||
	    q->payload.n > LIMIT_REQUEST_BYTES)
		return OK;
	return worker_ask(w, &MSG_OF(chan_requested, .global = 1, .name = q->name,
				     .reply = q->reply, .payload = q->payload));
}

static enum err take(struct worker *w, struct span request, bool decided)
{
	struct rd r = RD(request);
	struct asked_request q = {0};
	struct global g = {0};
	const struct known *row;
	enum err e;

	q.name = rd_bytes(&r, LIMIT_TEXT_BYTES);
	g.reply = q.reply = rd_bool(&r);
	q.payload = r.left;
	if (!rd_ok(&r))
		return rd_end(&r);
	row = global_find(q.name);
	if (!decided && row != NULL && row->asks &&
	    (w->granted.hears & HEARS_REQUEST) != 0)
		return ask(w, request, &q);
	if (row != NULL && (e = row->fn(w, &r, &g)) != OK)
		return e;
	if ((e = add(w, &g)) != OK)
		return e;
	return row != NULL && row->asks && g.ok ? tell(w, &q) : OK;
}

enum err recv_global_request(struct worker *w, struct rd *r)
{
	struct span request = rd_rest(r);
	struct globals *all = w->chans.globals;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (all != NULL && all->question != NULL)
		return hold_put(&all->held, &w->chans.held, request);
	return take(w, request, false);
}

/* Takes what waited, up to the next that has to wait. */
static enum err resume(struct worker *w)
{
	struct globals *all = w->chans.globals;
	struct hold held;
	struct rd r;
	enum err e = OK;

	hold_move(&all->held, &w->chans.held, &held);
	r = RD(((struct span){held.p, held.n}));
	while (e == OK && r.left.n > 0) {
		struct span request = rd_bytes(&r, LIMIT_CHAN_HELD_BYTES);

		if (!rd_ok(&r))
			e = rd_end(&r);
		else if (all->question != NULL)
			e = hold_put(&all->held, &w->chans.held, request);
		else
			e = take(w, request, false);
	}
	free(held.p);
	return e;
}

enum err global_decided(struct worker *w, const struct msg_chan_request_result *m)
{
	struct globals *all = w->chans.globals;
	struct global no = {0};
	uint8_t *question;
	struct rd r;
	enum err e;

	if (all == NULL || all->question == NULL)
		return OK;
	question = all->question;
	all->question = NULL;
	r = RD(((struct span){question, all->question_n}));
	if (m->verdict != REQUEST_REFUSED) {
		e = take(w, r.left, true);
	} else {
		rd_bytes(&r, LIMIT_TEXT_BYTES);
		no.reply = rd_bool(&r);
		e = add(w, &no);
	}
	free(question);
	return e == OK ? resume(w) : e;
}

/* ---- answers of the monitor ---- */

enum err global_listen_result(struct worker *w, const struct msg_listen_result *m)
{
	struct globals *all = w->chans.globals;
	struct global *g = all == NULL ? NULL : all->first;
	uint8_t *p;

	while (g != NULL && !(g->waits == WAITS_LISTEN && g->listen == m->listen))
		g = g->next;
	if (g == NULL)
		return OK;
	g->waits = WAITS_NOT;
	g->ok = m->ok != 0;
	if (g->ok && g->tell_port) {
		if ((p = malloc(PORT_BYTES)) == NULL)
			return ERR_MEMORY;
		g->payload = (struct wr){.p = p, .cap = PORT_BYTES};
		wr_u32(&g->payload, m->port);
	}
	return send_answers(w);
}

/* Proofs come in the order in which they were asked for. */
enum err on_hostkey_proved(struct worker *w, const struct msg_hostkey_proved *m,
			   struct ipc_fds *fds)
{
	struct globals *all = w->chans.globals;
	struct global *g = all == NULL ? NULL : all->first;
	size_t cap;
	uint8_t *p;

	(void)fds;
	while (g != NULL && g->waits != WAITS_PROOFS)
		g = g->next;
	if (g == NULL)
		return OK;
	cap = g->payload.cap + sizeof(uint32_t) + m->signature.n;
	p = realloc(g->payload.p, cap);
	if (p == NULL)
		return ERR_MEMORY;
	g->payload.p = p;
	g->payload.cap = cap;
	wr_bytes(&g->payload, m->signature);
	if (m->signature.n == 0)
		g->ok = false;
	if (--g->proofs > 0)
		return OK;
	g->waits = WAITS_NOT;
	return send_answers(w);
}

/*
 * ---- answers to requests of ours: keepalives, whatever the client made of them ----
 */

enum err recv_request_success(struct worker *w, struct rd *r)
{
	(void)w;
	rd_rest(r);
	return rd_end(r);
}

enum err recv_request_failure(struct worker *w, struct rd *r)
{
	(void)w;
	return rd_end(r);
}
