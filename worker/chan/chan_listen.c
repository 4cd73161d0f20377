/*
 * Listeners that the client asked for, and the channels that we open to it for what
 * they, or the agent and X11 sockets of its sessions, accepted. Source: RFC 4254 6.3.2,
 * 7.1, 7.2; PROTOCOL 2.4; draft-ietf-secsh-agent
 */
#include <stdlib.h>
#include <string.h>

#include "worker/chan/chan_private.h"

/* A listener, from the question to the monitor until it is stopped. */
struct listen {
	struct listen *next;
	uint32_t id;
	uint32_t port; /* asked for, then taken */
	bool is_unix, active;
	size_t name_n;
	uint8_t name[LIMIT_HOST_BYTES]; /* host or path as the client wrote it */
};

struct listens {
	struct listen *first;
	size_t n;
	uint32_t
	    next_id; /* never used twice: an answer that is late hits nobody else */
};

_Static_assert(LIMIT_PATH_BYTES <= LIMIT_HOST_BYTES, "a path fits where a host does");

static struct listen **find_id(struct listens *l, uint32_t id)
{
	struct listen **at = &l->first;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void forget(struct listens *l, struct listen **at)
{
	struct listen *gone = *at;

	*at = gone->next;
	free(gone);
	l->n--;
}

static enum err add(struct worker *w, struct span name, struct listen **out)
{
	struct listens *l = w->chans.listens;
	struct listen *new;

	if (l == NULL && (l = w->chans.listens = calloc(1, sizeof *l)) == NULL)
		return ERR_MEMORY;
	if (l->n >= LIMIT_LISTENS)
		return ERR_DENIED;
	new = calloc(1, sizeof *new);
	if (new == NULL)
		return ERR_MEMORY;
	if (name.n > 0)
		memcpy(new->name, name.p, name.n);
	new->name_n = name.n;
	new->id = l->next_id++;
	new->next = l->first;
	l->first = new;
	l->n++;
	*out = new;
	return OK;
}

static bool holds_nul(struct span s)
{
	return s.n > 0 && memchr(s.p, 0, s.n) != NULL;
}

enum err listen_tcp(struct worker *w, struct span host, uint32_t port, bool reply,
		    uint32_t *id)
{
	struct listen *l;
	enum err e;

	if (host.n > LIMIT_HOST_BYTES || holds_nul(host) || port > UINT16_MAX)
		return ERR_DENIED;
	if ((e = add(w, host, &l)) != OK)
		return e;
	l->port = port;
	*id = l->id;
	return worker_ask(w, &MSG_OF(listen_tcp, .listen = l->id, .reply = reply,
				     .host = host, .port = port));
}

enum err listen_unix(struct worker *w, struct span path, bool reply, uint32_t *id)
{
	struct listen *l;
	enum err e;

	if (path.n == 0 || path.n > LIMIT_PATH_BYTES || holds_nul(path))
		return ERR_DENIED;
	if ((e = add(w, path, &l)) != OK)
		return e;
	l->is_unix = true;
	*id = l->id;
	return worker_ask(
	    w, &MSG_OF(listen_unix, .listen = l->id, .reply = reply, .path = path));
}

static enum err stop(struct worker *w, bool is_unix, struct span name, uint32_t port)
{
	struct listens *all = w->chans.listens;
	struct listen **at;
	bool pending;
	uint32_t id;
	enum err e;

	if (all == NULL)
		return ERR_UNKNOWN;
	for (at = &all->first; *at != NULL; at = &(*at)->next) {
		const struct listen *l = *at;

		if (l->is_unix == is_unix && l->port == port &&
		    span_equal((struct span){l->name, l->name_n}, name))
			break;
	}
	if (*at == NULL)
		return ERR_UNKNOWN;
	id = (*at)->id;
	pending = !(*at)->active;
	forget(all, at);
	if ((e = worker_ask(w, &MSG_OF(listen_stop, .listen = id))) != OK || !pending)
		return e;
	/* the monitor owes no result of what was stopped before it began */
	return global_listen_result(w, &(struct msg_listen_result){.listen = id});
}

enum err listen_tcp_stop(struct worker *w, struct span host, uint32_t port)
{
	return stop(w, false, host, port);
}

enum err listen_unix_stop(struct worker *w, struct span path)
{
	return stop(w, true, path, 0);
}

void listens_free(struct listens *l)
{
	while (l != NULL && l->first != NULL)
		forget(l, &l->first);
	free(l);
}

enum err on_listen_result(struct worker *w, const struct msg_listen_result *m,
			  struct ipc_fds *fds)
{
	struct listens *all = w->chans.listens;
	struct listen **at = all == NULL ? NULL : find_id(all, m->listen);

	(void)fds;
	if (at != NULL && *at != NULL) { /* else it was cancelled meanwhile */
		(*at)->active = m->ok != 0;
		if (!(*at)->is_unix)
			(*at)->port = m->port;
		if (m->ok == 0)
			forget(all, at);
	}
	return global_listen_result(w, m);
}

/* ---- what was accepted ---- */

/*
 * Begins the open. Errors: ERR_NO_SPACE as many as there may be: this one was closed,
 * and that is all
 */
static enum err offer(struct worker *w, const char *type, struct ipc_fds *fds,
		      struct wr **packet)
{
	int fd = ipc_fd_take(fds, 0);

	if (fd < 0)
		return ERR_NO_SPACE;
	return chan_offer(w, type, fd, packet);
}

/* RFC 4254 7.2: host as the client asked for it, and the port that was taken. */
static enum err offer_tcp(struct worker *w, const struct listen *l,
			  const struct msg_incoming *m, struct ipc_fds *fds)
{
	struct wr *p;
	enum err e = offer(w, "forwarded-tcpip", fds, &p);

	if (e != OK)
		return e;
	wr_bytes(p, (struct span){l->name, l->name_n});
	wr_u32(p, l->port);
	wr_bytes(p, m->origin);
	wr_u32(p, m->origin_port);
	return transport_commit(&w->transport);
}

static enum err offer_unix(struct worker *w, const struct listen *l,
			   struct ipc_fds *fds)
{
	struct wr *p;
	enum err e = offer(w, "forwarded-streamlocal@openssh.com", fds, &p);

	if (e != OK)
		return e;
	wr_bytes(p, (struct span){l->name, l->name_n});
	wr_str(p, ""); /* reserved */
	return transport_commit(&w->transport);
}

static enum err incoming_listen(struct worker *w, const struct msg_incoming *m,
				struct ipc_fds *fds)
{
	struct listens *all = w->chans.listens;
	const struct listen *l = all == NULL ? NULL : *find_id(all, m->listen);

	if (l == NULL || !l->active || l->is_unix != (m->kind == INCOMING_UNIX))
		return OK; /* accepted before the monitor heard that we stopped */
	return l->is_unix ? offer_unix(w, l, fds) : offer_tcp(w, l, m, fds);
}

static enum err incoming_session(struct worker *w, const struct msg_incoming *m,
				 struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->listen, CHAN_OPEN);
	bool x11 = m->kind == INCOMING_X11;
	struct wr *p;
	enum err e;

	if (c == NULL || c->session == NULL || !session_began(c->session) ||
	    !(x11 ? c->session->x11 : c->session->agent))
		return OK;
	if ((e = offer(w, x11 ? "x11" : "auth-agent@openssh.com", fds, &p)) != OK)
		return e;
	if (x11) {
		wr_bytes(p, m->origin);
		wr_u32(p, m->origin_port);
	}
	return transport_commit(&w->transport);
}

enum err on_incoming(struct worker *w, const struct msg_incoming *m,
		     struct ipc_fds *fds)
{
	bool session = m->kind == INCOMING_AGENT || m->kind == INCOMING_X11;
	enum err e = session ? incoming_session(w, m, fds) : incoming_listen(w, m, fds);

	if (e == ERR_NO_SPACE) {
		log_debug("accepted connection closed: too many channels wait");
		return OK;
	}
	return e;
}
