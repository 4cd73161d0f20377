/*
 * Listening for clients: the connector binds TCP, a login helper binds unix sockets with the
 * rights of the account. What they accept travels to the worker as a descriptor.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/decide.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
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
	request_drop(l->c->m, l->request);
	login_drop(l->login);
	free(l);
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
		return;
	l->request = 0;
	listen_remove(l);
}

void listen_lost(struct mlisten *l)
{
	listen_done(l, false, 0, SPAN_LIT("its helper ended"));
}

enum err serve_listen_tcp(struct conn *c, const struct msg_listen_tcp *m,
			  struct ipc_fds *fds)
{
	char host[LIMIT_HOST_BYTES + 1];
	struct printable shown;
	struct mlisten *l;

	(void)fds;
	if (decide_listen_tcp(c, m->host, m->port) != OK ||
	    bytes_to_str(host, sizeof host, m->host) != OK) {
		log_info("conn=%llu user=%s refused to listen on %s port %u",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->host, &shown), (unsigned)m->port);
		tell_result(c, m->listen, false, 0, (struct span){0});
		return OK;
	}
	l = listen_add(c, m->listen);
	if (l == NULL) {
		tell_result(c, m->listen, false, 0, (struct span){0});
		return OK;
	}
	if (request_bind(l, permit_bind_host(c->work->set->gateway_ports, host),
			 m->port) != OK)
		listen_done(l, false, 0, SPAN_LIT("connector not available"));
	return OK;
}

enum err serve_listen_unix(struct conn *c, const struct msg_listen_unix *m,
			   struct ipc_fds *fds)
{
	struct msg msg =
	    MSG_OF(unix_bind, .user = span_str(c->work->account->user), .path = m->path,
		   .mask = c->work->set->stream_local_bind_mask,
		   .unlink = c->work->set->stream_local_bind_unlink);
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
	if (login_open(c->m, IN_UNIX, &msg, &l->login) != OK) {
		listen_done(l, false, 0, SPAN_LIT("no helper"));
		return OK;
	}
	l->login->c = c;
	l->login->listen = l;
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
