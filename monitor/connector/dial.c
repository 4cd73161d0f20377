/*
 * One `struct dial` is one connect_tcp. A connect to a host that is near ends within the request
 * itself: no event is made for it. Trusts the monitor's bounds; host is a foreign name.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/connector/dial.h"

struct dial {
	LIST_ENTRY(dial) entry;
	struct dials *all;
	uint64_t id;
	uint64_t deadline_ms;
	uint32_t port;
	union addr addrs[LIMIT_CONNECT_ADDRESSES];
	size_t n_addrs, i_addr;
	int fd;             /* -1: none is being connected */
	struct event *wait; /* for the connection, or for the name with its deadline */
	struct resolve_query *query;
	bool cancelled;
	char host[LIMIT_HOST_BYTES + 1];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct timeval timeval_ms(uint64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000),
				.tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

static void dial_free(struct dial *d)
{
	if (d->wait != NULL)
		event_free(d->wait);
	if (d->fd >= 0)
		close(d->fd);
	LIST_REMOVE(d, entry);
	d->all->n--;
	free(d);
}

static void dial_fail(struct dial *d, const char *why)
{
	struct reply r = {.type = MSG_connected, .id = d->id, .fd = -1};

	reply_text(&r, "%s:%u: %s", d->host, d->port, why);
	link_reply(d->all->link, &r);
	dial_free(d);
}

static void dial_succeed(struct dial *d)
{
	struct reply r = {.type = MSG_connected, .id = d->id, .fd = d->fd, .ok = true};
	char text[ADDR_TEXT_BYTES];
	int on = 1;

	/* a keystroke must not wait for the acknowledgement of the one before */
	if (setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		log_debug("connector: TCP_NODELAY refused");
	addr_text(&d->addrs[d->i_addr], text);
	reply_text(&r, "%s", text);
	d->fd = -1; /* moved */
	link_reply(d->all->link, &r);
	dial_free(d);
}

static void on_wait(evutil_socket_t fd, short what, void *arg);

/*
 * Waits for the connection. An address that does not answer may use no more than its share of
 * what is left, so that the ones after it are tried too.
 */
static void dial_wait(struct dial *d, uint64_t now)
{
	uint64_t left = d->deadline_ms > now ? d->deadline_ms - now : 1;
	struct timeval share = timeval_ms(left / (d->n_addrs - d->i_addr));

	d->wait = event_new(d->all->base, d->fd, EV_WRITE, on_wait, d);
	if (d->wait == NULL || event_add(d->wait, &share) != 0)
		dial_fail(d, err_text(ERR_MEMORY));
}

/*
 * Connects to the address at hand.
 * Gives: 0 connected, EINPROGRESS wait, else what went wrong
 */
static int dial_connect(struct dial *d)
{
	const union addr *a = &d->addrs[d->i_addr];

	d->fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return errno;
	if (connect(d->fd, &a->sa, addr_bytes(a)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	/* on this host the answer is there when the first call returns: ask before waiting */
	if (connect(d->fd, &a->sa, addr_bytes(a)) == 0)
		return 0;
	return errno == EALREADY ? EINPROGRESS : errno;
}

/* Tries addresses from the one at hand until one connects, must be waited for, or none is left. */
static void dial_try(struct dial *d)
{
	uint64_t now = now_ms();
	int error = EADDRNOTAVAIL;

	for (; d->i_addr < d->n_addrs; d->i_addr++) {
		error = now >= d->deadline_ms ? ETIMEDOUT : dial_connect(d);
		if (error == 0) {
			dial_succeed(d);
			return;
		}
		if (error == EINPROGRESS) {
			dial_wait(d, now);
			return;
		}
		if (d->fd >= 0)
			close(d->fd);
		d->fd = -1;
	}
	dial_fail(d, addr_error_text(error));
}

static void dial_next(struct dial *d)
{
	event_free(d->wait);
	d->wait = NULL;
	close(d->fd);
	d->fd = -1;
	d->i_addr++;
	dial_try(d);
}

static void on_wait(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	int error = 0;
	socklen_t n = sizeof error;

	if ((what & EV_TIMEOUT) != 0)
		error = ETIMEDOUT;
	else if (getsockopt((int)fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error == 0)
		dial_succeed(d);
	else if (d->i_addr + 1 < d->n_addrs)
		dial_next(d);
	else
		dial_fail(d, addr_error_text(error));
}

static void on_resolved(void *ctx, int error, const union addr *addrs, size_t n)
{
	struct dial *d = ctx;

	d->query = NULL;
	if (d->wait != NULL)
		event_free(d->wait);
	d->wait = NULL;
	if (d->cancelled) {
		dial_free(d);
		return;
	}
	if (n == 0) {
		dial_fail(d, resolve_error_text(error));
		return;
	}
	for (size_t i = 0; i < n; i++)
		d->addrs[i] = addrs[i];
	d->n_addrs = n;
	dial_try(d);
}

/* The name took all of the time. on_resolved still comes for the question, and frees. */
static void on_resolve_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	struct reply r = {.type = MSG_connected, .id = d->id, .fd = -1};

	(void)fd;
	(void)what;
	reply_text(&r, "%s:%u: the name was not resolved in time", d->host, d->port);
	d->cancelled = true;
	resolve_cancel(d->query);
	link_reply(d->all->link, &r);
}

static void dial_resolve(struct dial *d, enum addr_family family)
{
	struct timeval left = timeval_ms(d->deadline_ms - now_ms());
	struct resolve_ask ask = {.host = d->host,
				  .port = d->port,
				  .family = family,
				  .done = on_resolved,
				  .ctx = d};

	d->wait = event_new(d->all->base, -1, 0, on_resolve_timeout, d);
	if (d->wait == NULL || event_add(d->wait, &left) != 0 ||
	    resolver_ask(d->all->resolver, &ask, &d->query) != OK)
		dial_fail(d, err_text(ERR_MEMORY));
}

static struct dial *dial_new(struct dials *all, const struct msg_connect_tcp *m)
{
	struct dial *d = calloc(1, sizeof *d);
	uint32_t ms = m->timeout_ms;

	if (d == NULL)
		return NULL;
	if (ms == 0 || ms > LIMIT_CONNECT_MS)
		ms = LIMIT_CONNECT_MS;
	d->all = all;
	d->id = m->id;
	d->port = m->port;
	d->fd = -1;
	d->deadline_ms = now_ms() + ms;
	LIST_INSERT_HEAD(&all->list, d, entry);
	all->n++;
	return d;
}

static void refuse(struct dials *all, uint64_t id, const char *why)
{
	struct reply r = {.type = MSG_connected, .id = id, .fd = -1};

	reply_text(&r, "%s", why);
	link_reply(all->link, &r);
}

void dial_begin(struct dials *all, const struct msg_connect_tcp *m)
{
	struct dial *d;

	if (all->n >= LIMIT_CONNECTS) {
		refuse(all, m->id, "too many connections are being made");
		return;
	}
	d = dial_new(all, m);
	if (d == NULL) {
		refuse(all, m->id, err_text(ERR_MEMORY));
		return;
	}
	if (bytes_to_str(d->host, sizeof d->host, m->host) != OK ||
	    d->host[0] == '\0') {
		dial_fail(d, "no such host");
		return;
	}
	if (addr_parse(d->host, d->port, (enum addr_family)m->family, &d->addrs[0]) ==
	    OK) {
		d->n_addrs = 1;
		dial_try(d);
		return;
	}
	dial_resolve(d, (enum addr_family)m->family);
}

/* A dial whose name is being resolved must live until evdns has let go of it. */
static void dial_drop(struct dial *d)
{
	if (d->query == NULL) {
		dial_free(d);
		return;
	}
	d->cancelled = true;
	resolve_cancel(d->query);
}

void dial_cancel(struct dials *all, uint64_t id)
{
	struct dial *d;

	LIST_FOREACH(d, &all->list, entry)
	{
		if (d->id == id && !d->cancelled) {
			dial_drop(d);
			return;
		}
	}
}

void dials_wipe(struct dials *all)
{
	struct dial *next;

	for (struct dial *d = LIST_FIRST(&all->list); d != NULL; d = next) {
		next = LIST_NEXT(d, entry);
		dial_free(d);
	}
}
