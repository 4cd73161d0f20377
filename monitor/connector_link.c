/*
 * Requests to the connector. What it answers for somebody who is gone is closed.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/link.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"
#include "monitor/serve_listen.h"

static enum err request_new(struct monitor *m, struct request **out)
{
	struct request *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_MEMORY;
	r->id = ++m->next_request;
	e = idmap_add(&m->requests, r->id, r);
	if (e != OK)
		free(r);
	else
		*out = r;
	return e;
}

static enum err request_send(struct monitor *m, const struct request *r,
			     const struct msg *msg)
{
	enum err e = link_tell(&m->connector.link, msg);

	if (e != OK)
		free(idmap_remove(&m->requests, r->id));
	return e;
}

static uint8_t family_of(const struct settings *set)
{
	switch (set->address_family) {
	case FAMILY_ANY:
		return 0;
	case FAMILY_INET:
		return 1;
	case FAMILY_INET6:
		return 2;
	}
	return 0;
}

enum err request_connect(struct conn *c, uint32_t chan, struct span host, uint32_t port,
			 uint64_t *id)
{
	const struct settings *set = c->work->set;
	struct request *r = NULL;
	enum err e = request_new(c->m, &r);

	if (e != OK)
		return e;
	r->c = c;
	r->chan = chan;
	*id = r->id;
	return request_send(c->m, r,
			    &MSG_OF(connect_tcp, .id = r->id, .host = host,
				    .port = port, .family = family_of(set),
				    .timeout_ms = set->connect_timeout_s * 1000));
}

enum err request_bind(struct mlisten *l, const char *host, uint32_t port)
{
	struct monitor *m = l->c->m;
	struct request *r = NULL;
	enum err e = request_new(m, &r);

	if (e != OK)
		return e;
	r->c = l->c;
	r->listen = l;
	l->request = r->id;
	e = request_send(m, r,
			 &MSG_OF(bind_tcp, .id = r->id, .host = span_str(host),
				 .port = port, .family = family_of(l->c->work->set)));
	if (e != OK)
		l->request = 0;
	return e;
}

void request_drop(struct monitor *m, uint64_t id)
{
	struct request *r = idmap_remove(&m->requests, id);
	struct msg msg;

	if (r == NULL)
		return;
	msg = r->listen != NULL ? MSG_OF(unbind, .id = id)
				: MSG_OF(connect_cancel, .id = id);
	if (link_tell(&m->connector.link, &msg) != OK)
		log_debug(
		    "the connector is busy: an answer will come that nobody waits for");
	free(r);
}

void requests_fail(struct monitor *m)
{
	struct request *r;

	for (size_t i = 0; i < m->requests.cap; i++) {
		r = m->requests.slot[i].thing;
		if (m->requests.slot[i].id == 0)
			continue;
		idmap_remove(&m->requests, r->id);
		if (r->listen != NULL)
			listen_done(r->listen, false, 0, SPAN_LIT("connector ended"));
		else
			chan_connected(r->c, r->chan, -1, SPAN_LIT("connector ended"));
		free(r);
		i--; /* the gap may have been closed from behind */
	}
}

enum err serve_connector_ready(struct connector *k, const struct msg_connector_ready *m,
			       struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	(void)k;
	log_info("sallyport-connector: layers: %s", printable(m->layers, &keep));
	return OK;
}

enum err serve_connected(struct connector *k, const struct msg_connected *m,
			 struct ipc_fds *fds)
{
	struct request *r = idmap_find(&k->link.m->requests, m->id);

	if (r == NULL) /* its channel was closed meanwhile */
		return OK;
	if (r->listen != NULL || (m->ok != 0) != (fds->n == 1))
		return ERR_FORBIDDEN;
	idmap_remove(&k->link.m->requests, m->id);
	chan_connected(r->c, r->chan, m->ok != 0 ? fds->fd[0] : -1, m->text);
	free(r);
	return OK;
}

enum err serve_bound(struct connector *k, const struct msg_bound *m,
		     struct ipc_fds *fds)
{
	struct request *r = idmap_find(&k->link.m->requests, m->id);

	(void)fds;
	if (r == NULL)
		return OK;
	if (r->listen == NULL)
		return ERR_FORBIDDEN;
	if (m->ok == 0)
		idmap_remove(&k->link.m->requests, m->id);
	listen_done(r->listen, m->ok != 0, m->port, m->text);
	if (m->ok == 0)
		free(r);
	return OK;
}

enum err serve_accepted(struct connector *k, const struct msg_accepted *m,
			struct ipc_fds *fds)
{
	const struct request *r = idmap_find(&k->link.m->requests, m->id);

	if (r == NULL)
		return OK;
	if (r->listen == NULL || fds->n != 1)
		return ERR_FORBIDDEN;
	conn_send(r->c,
		  &MSG_OF(incoming, .kind = INCOMING_TCP, .listen = r->listen->listen,
			  .origin = m->origin, .origin_port = m->origin_port),
		  fds->fd, 1);
	return OK;
}
