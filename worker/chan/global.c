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
	uint32_t asked; /* proofs of host keys so far */
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

void globals_free(struct globals *all)
{
	while (all != NULL && all->first != NULL)
		drop_first(all);
	free(all);
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
	if (all == NULL && (all = w->chans.globals = calloc(1, sizeof *all)) == NULL)
		return ERR_MEMORY;
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
	e = listen_tcp(w, host, port, &id);
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
	e = listen_unix(w, path, &id);
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
	struct globals *all = w->chans.globals;
	uint32_t n = 0;
	enum err e;

	if (all == NULL && (all = w->chans.globals = calloc(1, sizeof *all)) == NULL)
		return ERR_MEMORY;
	e = hostkeys_prove(w, r, &all->asked, &n);
	if (e == ERR_DENIED)
		return OK;
	out->ok = true;
	out->proofs = n;
	out->waits = n > 0 ? WAITS_PROOFS : WAITS_NOT;
	return e;
}

static const struct {
	const char *name;
	global_fn *fn;
} globals[] = {
    {"cancel-streamlocal-forward@openssh.com", global_cancel_unix     },
    {"cancel-tcpip-forward",                   global_cancel_tcp      },
    {"hostkeys-prove-00@openssh.com",          global_hostkeys_prove  },
    {"no-more-sessions@openssh.com",           global_no_more_sessions},
    {"streamlocal-forward@openssh.com",        global_forward_unix    },
    {"tcpip-forward",			  global_forward_tcp     },
};

static global_fn *global_find(struct span name)
{
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
		if (span_is(name, globals[i].name))
			return globals[i].fn;
	return NULL; /* keepalive@openssh.com too: any answer will do, sshd's is a failure */
}

enum err recv_global_request(struct worker *w, struct rd *r)
{
	struct span name = rd_bytes(r, LIMIT_TEXT_BYTES);
	bool reply = rd_bool(r);
	struct rd rest = RD(rd_rest(r));
	struct global g = {.reply = reply};
	global_fn *fn;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	fn = global_find(name);
	if (fn != NULL && (e = fn(w, &rest, &g)) != OK)
		return e;
	return add(w, &g);
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
