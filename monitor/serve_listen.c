/*
 * Listening for clients: the connector binds TCP, a login helper binds unix sockets with the
 * rights of the account. What they accept travels to the worker as a descriptor.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/chan_policy.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/decide.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/metrics.h"
#include "monitor/permit.h"
#include "monitor/serve.h"
#include "monitor/serve_listen.h"

static void tell_result(struct conn *c, uint32_t listen, bool ok, uint32_t port,
			struct span text)
{
	conn_tell(c, &MSG_OF(listen_result, .listen = listen, .ok = ok, .port = port,
			     .text = text));
}

static struct mlisten *listen_find(const struct conn *c, uint32_t listen)
{
	struct mlisten *l = c->work->listens;

	while (l != NULL && l->listen != listen)
		l = l->next;
	return l;
}

static struct mlisten *listen_add(struct conn *c, uint32_t listen)
{
	struct mlisten *l;

	if (c->work->n_listens >= LIMIT_LISTENS || listen_find(c, listen) != NULL)
		return NULL;
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return NULL;
	*l = (struct mlisten){.c = c, .listen = listen, .next = c->work->listens};
	c->work->listens = l;
	c->work->n_listens++;
	METRIC_MORE(c->m, listeners);
	return l;
}

void listen_remove(struct mlisten *l)
{
	struct conn_work *w = l->c->work;
	struct mlisten **p = &w->listens;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	w->n_listens--;
	METRIC_LESS(l->c->m, listeners);
	request_drop(l->c->m, l->request);
	login_drop(l->login);
	question_wipe(&l->question);
	kept_free(&l->start);
	free(l);
}

/* ---- where the script hears of it ---- */

/* The request again as the client sent it: listen_tcp or listen_unix. */
static void facts_of(const struct msg *m, struct wr *payload, struct request_facts *q)
{
	if (m->type == MSG_listen_tcp) {
		q->name = SPAN_LIT("tcpip-forward");
		q->reply = m->u.listen_tcp.reply != 0;
		wr_bytes(payload, m->u.listen_tcp.host);
		wr_u32(payload, m->u.listen_tcp.port);
	} else {
		q->name = SPAN_LIT("streamlocal-forward@openssh.com");
		q->reply = m->u.listen_unix.reply != 0;
		wr_bytes(payload, m->u.listen_unix.path);
	}
	q->payload = (struct span){payload->p, payload->n};
}

enum { PAYLOAD_BYTES = LIMIT_HOST_BYTES + LIMIT_NAME_BYTES };

/* It was granted: its message was kept until now. */
static void listen_granted(struct mlisten *l)
{
	uint8_t bytes[PAYLOAD_BYTES];
	struct wr payload = WR(bytes);
	struct request_facts q = {0};

	if (l->start.bytes == NULL)
		return;
	facts_of(&l->start.msg, &payload, &q);
	chan_policy_tell_global(l->c, &q);
	kept_free(&l->start);
}

void listen_done(struct mlisten *l, bool ok, uint32_t port, struct span text)
{
	struct printable why;
	struct conn *c = l->c;

	if (!ok)
		log_info("conn=%llu user=%s not listening: %s",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(text, &why));
	if (!l->told)
		tell_result(c, l->listen, ok, port, (struct span){0});
	l->told = true;
	if (ok)
		listen_granted(l);
	if (ok)
		return;
	l->request = 0;
	listen_remove(l);
}

void listen_lost(struct mlisten *l)
{
	listen_done(l, false, 0, SPAN_LIT("its helper ended"));
}

/* ---- asked for ---- */

static void bind_tcp(struct mlisten *l, const struct msg_listen_tcp *m)
{
	char host[LIMIT_HOST_BYTES + 1];

	if (bytes_to_str(host, sizeof host, m->host) != OK ||
	    request_bind(l, permit_bind_host(l->c->work->set->gateway_ports, host),
			 m->port) != OK)
		listen_done(l, false, 0, SPAN_LIT("connector not available"));
}

static void bind_unix(struct mlisten *l, const struct msg_listen_unix *m)
{
	struct conn *c = l->c;
	struct msg msg =
	    MSG_OF(unix_bind, .user = span_str(c->work->account->user), .path = m->path,
		   .mask = c->work->set->stream_local_bind_mask,
		   .unlink = c->work->set->stream_local_bind_unlink);

	if (login_open(c->m, IN_UNIX, &msg, &l->login) != OK) {
		listen_done(l, false, 0, SPAN_LIT("no helper"));
		return;
	}
	l->login->c = c;
	l->login->listen = l;
}

static void bind_it(struct mlisten *l, const struct msg *m)
{
	if (m->type == MSG_listen_tcp)
		bind_tcp(l, &m->u.listen_tcp);
	else
		bind_unix(l, &m->u.listen_unix);
}

static void listen_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mlisten *l = c->work->listens;

	while (l != NULL && !question_is(&l->question, ctx))
		l = l->next;
	if (l == NULL)
		return;
	question_end(&l->question, &l->start);
	if (chan_policy_agrees(a)) {
		bind_it(l, &l->start.msg);
		return;
	}
	chan_policy_refused(c, a, "listener");
	listen_done(l, false, 0, SPAN_LIT("refused by policy"));
}

static enum err listen_ask(struct mlisten *l, const struct msg *m)
{
	uint8_t bytes[PAYLOAD_BYTES];
	struct wr payload = WR(bytes);
	struct request_facts q = {0};
	struct asks asks = {
	    .event = POLICY_ON_channel_request, .keep = m, .done = listen_decided};

	facts_of(m, &payload, &q);
	return chan_policy_ask_global(l->c, &l->question, &q, &asks);
}

/* Permitted: the script may have a say, or hear of it. */
static void listen_begin(struct mlisten *l, const struct msg *m)
{
	enum err e = OK;

	if (policy_hears(l->c, POLICY_ON_channel_request)) {
		e = listen_ask(l, m);
		if (e != OK)
			listen_done(l, false, 0, span_str(err_text(e)));
		return;
	}
	if (policy_hears(l->c, POLICY_ON_channel_requested))
		e = kept_make(m, &l->start);
	if (e == OK)
		bind_it(l, m);
	else
		listen_done(l, false, 0, span_str(err_text(e)));
}

enum err serve_listen_tcp(struct conn *c, const struct msg_listen_tcp *m,
			  struct ipc_fds *fds)
{
	struct printable shown;
	struct mlisten *l;

	(void)fds;
	if (decide_listen_tcp(c, m->host, m->port) != OK) {
		log_info("conn=%llu user=%s refused to listen on %s port %u",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->host, &shown), (unsigned)m->port);
		tell_result(c, m->listen, false, 0, (struct span){0});
		return OK;
	}
	l = listen_add(c, m->listen);
	if (l == NULL)
		tell_result(c, m->listen, false, 0, (struct span){0});
	else
		listen_begin(l, &(struct msg){MSG_listen_tcp, {.listen_tcp = *m}});
	return OK;
}

enum err serve_listen_unix(struct conn *c, const struct msg_listen_unix *m,
			   struct ipc_fds *fds)
{
	struct printable path;
	struct mlisten *l = NULL;

	(void)fds;
	if ((c->work->permits & PERMIT_UNIX_LISTEN) != 0)
		l = listen_add(c, m->listen);
	if (l == NULL) {
		log_info("conn=%llu user=%s refused to listen on %s",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->path, &path));
		tell_result(c, m->listen, false, 0, (struct span){0});
		return OK;
	}
	listen_begin(l, &(struct msg){MSG_listen_unix, {.listen_unix = *m}});
	return OK;
}

enum err serve_unix_bound(struct login *helper, const struct msg_unix_bound *m,
			  struct ipc_fds *fds)
{
	(void)fds;
	if (helper->listen == NULL || helper->c == NULL || helper->answered)
		return ERR_FORBIDDEN;
	helper->answered = true;
	if (m->ok != 0) {
		listen_done(helper->listen, true, 0, m->text);
		return OK;
	}
	helper->listen->login = NULL;
	listen_done(helper->listen, false, 0, m->text);
	helper->c = NULL;
	return ERR_CLOSED;
}

enum err serve_listen_stop(struct conn *c, const struct msg_listen_stop *m,
			   struct ipc_fds *fds)
{
	struct mlisten *l = listen_find(c, m->listen);

	(void)fds;
	if (l != NULL)
		listen_remove(l);
	return OK;
}
