/*
 * Listeners. As sshd does: SO_REUSEADDR, each family a socket of its own (RFC 4254 7.1 tells the
 * meaning of "", "localhost" and port 0). What is accepted is handed to the monitor at once.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/connector/bind.h"

struct bind {
	LIST_ENTRY(bind) entry;
	struct binds *all;
	uint64_t id;
	struct {
		int fd;
		struct event *readable;
	} socks[2];
	size_t n;
	struct event *resume; /* set while there were no descriptors left */
};

enum err bind_addrs(const struct msg_bind_tcp *m, union addr out[2], size_t *n)
{
	char host[LIMIT_HOST_BYTES + 1];
	bool all = m->host.n == 0 || span_is(m->host, "*");
	enum addr_family family = (enum addr_family)m->family;
	size_t i = 0;

	if (bytes_to_str(host, sizeof host, m->host) != OK)
		return ERR_UNKNOWN;
	if (!all && !addr_is_localhost(host)) {
		*n = 1;
		return addr_parse(host, m->port, family, &out[0]);
	}
	if (family != ADDR_INET6)
		out[i++] =
		    all ? addr_all(AF_INET, m->port) : addr_loopback(AF_INET, m->port);
	if (family != ADDR_INET)
		out[i++] = all ? addr_all(AF_INET6, m->port)
			       : addr_loopback(AF_INET6, m->port);
	*n = i;
	return OK;
}

static void bind_free(struct bind *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->socks[i].readable != NULL)
			event_free(b->socks[i].readable);
		close(b->socks[i].fd);
	}
	if (b->resume != NULL)
		event_free(b->resume);
	LIST_REMOVE(b, entry);
	b->all->n--;
	free(b);
}

static void bind_watch(struct bind *b, bool watch)
{
	for (size_t i = 0; i < b->n; i++) {
		if (watch)
			event_add(b->socks[i].readable, NULL);
		else
			event_del(b->socks[i].readable);
	}
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct bind *b = arg;

	(void)fd;
	(void)what;
	event_free(b->resume);
	b->resume = NULL;
	if (!link_stalled(b->all->link))
		bind_watch(b, true);
}

/* Out of descriptors: the connection stays in the queue; asking again at once would only spin. */
static void bind_rest(struct bind *b)
{
	struct timeval pause = {.tv_sec = LIMIT_ACCEPT_PAUSE_S};

	b->resume = event_new(b->all->base, -1, 0, on_resume, b);
	if (b->resume == NULL || event_add(b->resume, &pause) != 0)
		return;
	log_error("connector: no descriptors left to accept with; trying again in %d s",
		  LIMIT_ACCEPT_PAUSE_S);
	bind_watch(b, false);
}

static void on_connection(evutil_socket_t sock, short what, void *arg)
{
	struct bind *b = arg;
	struct reply r = {.type = MSG_accepted, .id = b->id, .fd = -1};
	char host[ADDR_TEXT_BYTES];
	union addr from = {0};
	socklen_t n = sizeof from;
	int on = 1;

	(void)what;
	r.fd = accept4((int)sock, &from.sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (r.fd < 0) {
		if (b->resume == NULL && (errno == EMFILE || errno == ENFILE ||
					  errno == ENOBUFS || errno == ENOMEM))
			bind_rest(b);
		return;
	}
	if (setsockopt(r.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		log_debug("connector: TCP_NODELAY refused");
	addr_host_text(&from, host);
	reply_text(&r, "%s", host);
	r.port = addr_port(&from);
	link_reply(b->all->link, &r);
}

/* Gives the socket, or -1 with errno. */
static int listen_on(const union addr *a)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int error;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (a->sa.sa_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
	    bind(fd, &a->sa, addr_bytes(a)) == 0 && listen(fd, LIMIT_BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static uint32_t port_of(int fd)
{
	union addr a = {0};
	socklen_t n = sizeof a;

	return getsockname(fd, &a.sa, &n) == 0 ? addr_port(&a) : 0;
}

static bool family_missing(int error)
{
	return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

static void bind_close(struct bind *b)
{
	while (b->n > 0)
		close(b->socks[--b->n].fd);
}

/*
 * Opens a socket for each address, all on the port of the first one.
 * Gives: 0, or what went wrong
 */
static int bind_open(struct bind *b, union addr *addrs, size_t n, uint32_t *port)
{
	int error = 0;

	for (size_t i = 0; i < n; i++) {
		int fd;

		if (b->n > 0)
			addr_port_set(&addrs[i], *port);
		fd = listen_on(&addrs[i]);
		if (fd >= 0) {
			b->socks[b->n++].fd = fd;
			*port = port_of(fd);
			continue;
		}
		error = errno;
		if (n == 1 || !family_missing(error)) {
			bind_close(b);
			return error;
		}
	}
	return b->n > 0 ? 0 : error;
}

/* A port that is free in one family may be taken in the other: another one is tried then. */
static int bind_open_any(struct bind *b, union addr *addrs, size_t n, uint32_t *port)
{
	bool any = addr_port(&addrs[0]) == 0;
	int error = EADDRINUSE;

	for (int i = 0; i < LIMIT_BIND_TRIES && error == EADDRINUSE; i++) {
		for (size_t j = 0; any && j < n; j++)
			addr_port_set(&addrs[j], 0);
		error = bind_open(b, addrs, n, port);
		if (!any)
			break;
	}
	return error;
}

static bool bind_events(struct bind *b)
{
	for (size_t i = 0; i < b->n; i++) {
		b->socks[i].readable =
		    event_new(b->all->base, b->socks[i].fd, EV_READ | EV_PERSIST,
			      on_connection, b);
		if (b->socks[i].readable == NULL ||
		    event_add(b->socks[i].readable, NULL) != 0)
			return false;
	}
	return true;
}

/* Gives NULL where it may listen, else why not. */
static const char *bind_try(struct binds *all, const struct msg_bind_tcp *m,
			    uint32_t *port)
{
	union addr addrs[2];
	size_t n = 0;
	struct bind *b;
	int error;

	if (all->n >= LIMIT_BINDS)
		return "too many listeners";
	if (bind_addrs(m, addrs, &n) != OK)
		return "listening is possible on an address, * or localhost only";
	b = calloc(1, sizeof *b);
	if (b == NULL)
		return err_text(ERR_MEMORY);
	b->all = all;
	b->id = m->id;
	LIST_INSERT_HEAD(&all->list, b, entry);
	all->n++;
	error = bind_open_any(b, addrs, n, port);
	if (error == 0 && bind_events(b))
		return NULL;
	bind_free(b);
	return error != 0 ? addr_error_text(error) : err_text(ERR_MEMORY);
}

void bind_begin(struct binds *all, const struct msg_bind_tcp *m)
{
	struct reply r = {.type = MSG_bound, .id = m->id, .port = m->port, .fd = -1};
	const char *why = bind_try(all, m, &r.port);

	r.ok = why == NULL;
	if (why != NULL)
		reply_text(&r, "%.*s:%u: %s", (int)m->host.n, (const char *)m->host.p,
			   m->port, why);
	link_reply(all->link, &r);
}

void bind_end(struct binds *all, uint64_t id)
{
	struct bind *b;

	LIST_FOREACH(b, &all->list, entry)
	{
		if (b->id == id) {
			bind_free(b);
			return;
		}
	}
}

void binds_pause(struct binds *all, bool pause)
{
	struct bind *b;

	LIST_FOREACH(b, &all->list, entry)
	if (b->resume == NULL)
		bind_watch(b, !pause);
}

void binds_wipe(struct binds *all)
{
	struct bind *next;

	for (struct bind *b = LIST_FIRST(&all->list); b != NULL; b = next) {
		next = LIST_NEXT(b, entry);
		bind_free(b);
	}
}
