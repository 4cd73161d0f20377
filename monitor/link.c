/*
 * The one way in from our own processes. A worker may lie: what it sends is decoded with bounds,
 * checked against its state and budget (msg.def), and only then served.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/control_link.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/metrics_link.h"
#include "monitor/policy_link.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"
#include "monitor/token_link.h"

enum err link_permit(struct link *l, enum msg_type type)
{
	enum err e = msg_permit(type, l->peer, l->state, l->sent);

	if (e == OK)
		l->sent[type]++;
	return e;
}

/* The owner decides what the end of a link means; e tells why. The link may be freed after. */
static void link_gone(struct link *l, enum err e, const char *what)
{
	switch (l->peer) {
	case MSG_WORKER:
		conn_lost(l->owner, e, what);
		return;
	case MSG_FORK:
		fork_server_lost(l->owner, e, what);
		return;
	case MSG_CONNECTOR:
		connector_lost(l->owner, e, what);
		return;
	case MSG_LOGIN:
		login_lost(l->owner, e, what);
		return;
	case MSG_POLICY:
		policy_lost(l->owner, e, what);
		return;
	case MSG_CONTROL:
		control_lost(l->owner, e, what);
		return;
	case MSG_METRICS:
		metrics_lost(l->owner, e, what);
		return;
	case MSG_TOKEN:
		token_lost(l->owner, e, what);
		return;
	case MSG_PEER_COUNT:
		return;
	}
}

/*
 * Serves one message: all others have their turn before the next of this process, and no call is
 * spent on finding that there is none. Gives ERR_AGAIN where none is there.
 */
static enum err serve_one(struct link *l, const char **what)
{
	struct wr buf = {.p = l->m->ipc_bytes, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds = {.n = 0};
	struct msg msg = {.type = MSG_COUNT};
	enum err e = ipc_recv(l->sock, &buf, false, &msg, &fds);

	if (e != OK)
		return e;
	*what = msg_rules[msg.type].name;
	if (l->peer != MSG_WORKER || conn_hears(l->owner, msg.type)) {
		e = link_permit(l, msg.type);
		if (e == OK)
			e = serve(l, &msg, &fds);
	}
	ipc_fds_close(&fds);
	return e;
}

static void link_readable(evutil_socket_t sock, short events, void *arg)
{
	struct link *l = arg;
	const char *what = NULL;
	enum err e = serve_one(l, &what);

	(void)sock;
	(void)events;
	if (e != OK && e != ERR_AGAIN)
		link_gone(l, e, what);
}

/* Room for the answers to all that a client may ask for at once; without it there is room for half. */
static void link_widen(const struct link *l)
{
	const int bytes = LIMIT_LINK_BYTES;

	if (l->peer != MSG_FORK && l->peer != MSG_LOGIN &&
	    setsockopt(l->sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0)
		log_debug("a socket's buffer could not be made larger");
}

enum err link_open(struct link *l, struct monitor *m, int sock, void *owner)
{
	l->m = m;
	l->sock = sock;
	l->owner = owner;
	link_widen(l);
	if (event_assign(&l->ev, m->base, sock, EV_READ | EV_PERSIST, link_readable,
			 l) != 0 ||
	    event_add(&l->ev, NULL) != 0) {
		close(sock);
		l->sock = -1;
		return ERR_SYSTEM;
	}
	return OK;
}

void link_close(struct link *l)
{
	if (l->m == NULL || l->sock < 0)
		return;
	event_del(&l->ev);
	close(l->sock);
	l->sock = -1;
}

enum err link_send(struct link *l, const struct msg *m, const int *fds, size_t n_fds)
{
	return l->sock < 0 ? ERR_CLOSED : ipc_send(l->sock, m, fds, n_fds, false);
}

enum err link_tell(struct link *l, const struct msg *m)
{
	return link_send(l, m, NULL, 0);
}
