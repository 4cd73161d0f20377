/*
 * The HTTP server of metrics, on libevent's evhttp. Nothing of a request is used but its method and path;
 * requests that come together share one answer, so that no client can make the monitor work.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "monitor/metrics/http.h"

#define MS_PER_S  1000
#define NS_PER_MS 1000000

/* A request that waits for values. */
struct waiter {
	struct http *h;
	struct evhttp_request *request;
	struct waiter *prev, *next;
};

struct http {
	struct event_base *base;
	http_ask_fn *ask;
	void *ctx;
	int fd; /* -1: none */
	struct evhttp *server;
	struct evconnlistener *listener; /* the server's */
	struct event *anew;              /* after all were cut */
	struct waiter *waiting;
	bool asked;
	uint8_t text[LIMIT_METRICS_TEXT_BYTES];
	size_t n;
	uint64_t told_ms; /* when text was made; 0: never */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

/* ---- requests ---- */

static void header(struct evhttp_request *r, const char *name, const char *value)
{
	/* a response without it is still one */
	(void)evhttp_add_header(evhttp_request_get_output_headers(r), name, value);
}

static void reply(const struct http *h, struct evhttp_request *r)
{
	struct evbuffer *body = evbuffer_new();

	header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	header(r, "Cache-Control", "no-store");
	if (body == NULL || evbuffer_add(body, h->text, h->n) != 0)
		evhttp_send_error(r, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(r, HTTP_OK, "OK", body);
	if (body != NULL)
		evbuffer_free(body);
}

/* The client went before it was answered; its request goes with the connection. */
static void waiter_gone(struct evhttp_connection *c, void *arg)
{
	struct waiter *w = arg;

	(void)c;
	*(w->prev != NULL ? &w->prev->next : &w->h->waiting) = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	free(w);
}

static void wait(struct http *h, struct evhttp_request *r)
{
	struct waiter *w = malloc(sizeof *w);

	if (w == NULL) {
		evhttp_send_error(r, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	*w = (struct waiter){.h = h, .request = r, .next = h->waiting};
	if (h->waiting != NULL)
		h->waiting->prev = w;
	h->waiting = w;
	evhttp_connection_set_closecb(evhttp_request_get_connection(r), waiter_gone, w);
	if (!h->asked)
		h->ask(h->ctx);
	h->asked = true;
}

static void on_metrics(struct evhttp_request *r, void *arg)
{
	struct http *h = arg;

	if (h->told_ms != 0 && now_ms() - h->told_ms < LIMIT_METRICS_FRESH_MS)
		reply(h, r);
	else
		wait(h, r);
}

static void on_other(struct evhttp_request *r, void *arg)
{
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	header(r, "Content-Type", "text/plain");
	if (body != NULL)
		(void)evbuffer_add_printf(body, "Metrics are at /metrics.\n");
	evhttp_send_reply(r, HTTP_NOTFOUND, "Not Found", body);
	if (body != NULL)
		evbuffer_free(body);
}

void http_answer(struct http *h, const struct metrics *values)
{
	struct wr text = WR(h->text);
	struct span all = {0};
	struct waiter *w = h->waiting, *next;

	metrics_text(values, &text);
	if (wr_end(&text, &all) != OK)
		abort(); /* tests/common/metrics_test.c: it fits whatever the values are */
	h->n = all.n;
	h->told_ms = now_ms();
	h->asked = false;
	h->waiting = NULL;
	for (; w != NULL; w = next) {
		next = w->next;
		evhttp_connection_set_closecb(evhttp_request_get_connection(w->request),
					      NULL, NULL);
		reply(h, w->request);
		free(w);
	}
}

/* ---- connections ---- */

/* Cuts all: their waiters go with them. */
static void stop(struct http *h)
{
	if (h->server != NULL)
		evhttp_free(h->server);
	h->server = NULL;
	h->listener = NULL;
}

/* No descriptor is left. The listener's argument is evhttp's own, so the loop is left to say it. */
static void on_full(struct evconnlistener *l, void *arg)
{
	(void)arg;
	if (evconnlistener_disable(l) != 0 ||
	    event_base_loopbreak(evconnlistener_get_base(l)) != 0)
		abort(); /* else it would spin; the monitor starts another */
}

enum err http_full(struct http *h)
{
	const struct timeval soon = {.tv_usec = LIMIT_METRICS_PAUSE_US};

	return event_add(h->anew, &soon) == 0 ? OK : ERR_SYSTEM;
}

static enum err start(struct http *h)
{
	struct evhttp *s = evhttp_new(h->base);

	if (s == NULL)
		return ERR_MEMORY;
	h->server = s;
	evhttp_set_timeout(s, LIMIT_METRICS_IDLE_S);
	evhttp_set_max_headers_size(s, LIMIT_METRICS_HEADER_BYTES);
	evhttp_set_max_body_size(s, 0);
	evhttp_set_allowed_methods(s, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_gencb(s, on_other, h);
	if (evhttp_set_cb(s, "/metrics", on_metrics, h) != 0)
		return ERR_MEMORY;
	/* it listens already: the monitor bound it; and it outlives this server */
	h->listener =
	    evconnlistener_new(h->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, h->fd);
	if (h->listener == NULL || evhttp_bind_listener(s, h->listener) == NULL)
		return ERR_MEMORY;
	evconnlistener_set_error_cb(h->listener, on_full);
	return OK;
}

static void on_anew(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	stop(h);
	if (start(h) != OK)
		abort();
}

enum err http_new(struct event_base *base, http_ask_fn *ask, void *ctx,
		  struct http **out)
{
	struct http *h = calloc(1, sizeof *h);

	if (h == NULL)
		return ERR_MEMORY;
	h->base = base;
	h->ask = ask;
	h->ctx = ctx;
	h->fd = -1;
	h->anew = evtimer_new(base, on_anew, h);
	if (h->anew == NULL) {
		free(h);
		return ERR_MEMORY;
	}
	*out = h;
	return OK;
}

enum err http_listen(struct http *h, int fd)
{
	stop(h);
	event_del(h->anew);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = fd;
	return start(h);
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	stop(h);
	event_free(h->anew);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}
