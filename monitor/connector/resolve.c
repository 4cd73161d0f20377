/*
 * evdns, with two things added: localhost needs no file (RFC 6761 6.3), and a changed resolv.conf
 * or hosts is noticed. Answers come from the network: only addresses are taken from them.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/connector/resolve.h"

static const char conf_path[] = "/etc/resolv.conf";
static const char hosts_path[] = "/etc/hosts";

struct resolve_base {
	struct evdns_base *dns;
	size_t questions;
	bool old; /* a newer one is asked; freed with its last question */
};

struct resolve_query {
	struct resolve_base *from;
	struct evdns_getaddrinfo_request *request;
	resolve_fn *done;
	void *ctx;
	uint32_t port;
};

static void base_free(struct resolve_base *b)
{
	if (b == NULL)
		return;
	if (b->dns != NULL)
		evdns_base_free(b->dns, 0);
	free(b);
}

static struct resolve_base *base_new(struct event_base *base)
{
	struct resolve_base *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->dns = evdns_base_new(base, 0);
	if (b->dns == NULL) {
		base_free(b);
		return NULL;
	}
	/* without the file this falls back to the resolver on this host, as libc does */
	(void)evdns_base_resolv_conf_parse(b->dns, DNS_OPTIONS_ALL, conf_path);
	return b;
}

static struct timespec change_time(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mtim : (struct timespec){0};
}

static bool time_equal(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Takes a new base where the files changed. The old one serves its questions to their end. */
static void resolver_refresh(struct resolver *r)
{
	struct timespec now;
	struct timespec conf, hosts;
	struct resolve_base *fresh;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - r->checked_s < LIMIT_RESOLV_CHECK_S)
		return;
	r->checked_s = now.tv_sec;
	conf = change_time(conf_path);
	hosts = change_time(hosts_path);
	if (time_equal(conf, r->conf_time) && time_equal(hosts, r->hosts_time))
		return;
	fresh = base_new(r->base);
	if (fresh == NULL)
		return;
	r->conf_time = conf;
	r->hosts_time = hosts;
	r->current->old = true;
	if (r->current->questions == 0)
		base_free(r->current);
	r->current = fresh;
}

enum err resolver_init(struct resolver *r, struct event_base *base)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	r->base = base;
	r->checked_s = now.tv_sec;
	r->conf_time = change_time(conf_path);
	r->hosts_time = change_time(hosts_path);
	r->current = base_new(base);
	return r->current != NULL ? OK : ERR_MEMORY;
}

void resolver_wipe(struct resolver *r)
{
	base_free(r->current);
	r->current = NULL;
}

static size_t take_addrs(const struct evutil_addrinfo *ai, uint32_t port,
			 union addr *out)
{
	size_t n = 0;

	for (; ai != NULL && n < LIMIT_CONNECT_ADDRESSES; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof *out ||
		    (ai->ai_family != AF_INET && ai->ai_family != AF_INET6))
			continue;
		out[n] = (union addr){0};
		memcpy(&out[n], ai->ai_addr, ai->ai_addrlen);
		addr_port_set(&out[n], port);
		n++;
	}
	return n;
}

static void on_answer(int error, struct evutil_addrinfo *ai, void *arg)
{
	struct resolve_query *q = arg;
	struct resolve_base *from = q->from;
	union addr addrs[LIMIT_CONNECT_ADDRESSES];
	size_t n = error == 0 ? take_addrs(ai, q->port, addrs) : 0;

	if (ai != NULL)
		evutil_freeaddrinfo(ai);
	q->done(q->ctx, error, addrs, n);
	free(q);
	from->questions--;
	if (from->old && from->questions == 0)
		base_free(from);
}

static enum err answer_localhost(const struct resolve_ask *ask)
{
	union addr addrs[2];
	size_t n = 0;

	if (ask->family != ADDR_INET)
		addrs[n++] = addr_loopback(AF_INET6, ask->port);
	if (ask->family != ADDR_INET6)
		addrs[n++] = addr_loopback(AF_INET, ask->port);
	ask->done(ask->ctx, 0, addrs, n);
	return OK;
}

enum err resolver_ask(struct resolver *r, const struct resolve_ask *ask,
		      struct resolve_query **out)
{
	static const int families[] = {
	    [ADDR_ANY] = AF_UNSPEC, [ADDR_INET] = AF_INET, [ADDR_INET6] = AF_INET6};
	struct evutil_addrinfo hints = {.ai_family = families[ask->family],
					.ai_socktype = SOCK_STREAM,
					.ai_protocol = IPPROTO_TCP};
	struct evdns_getaddrinfo_request *request;
	struct resolve_query *q;

	*out = NULL;
	if (addr_is_localhost(ask->host))
		return answer_localhost(ask);
	resolver_refresh(r);
	q = calloc(1, sizeof *q);
	if (q == NULL)
		return ERR_MEMORY;
	*q = (struct resolve_query){
	    .from = r->current, .done = ask->done, .ctx = ask->ctx, .port = ask->port};
	*out = q;
	q->from->questions++;
	/* NULL: on_answer was called already, and q is gone */
	request =
	    evdns_getaddrinfo(r->current->dns, ask->host, NULL, &hints, on_answer, q);
	if (request != NULL)
		q->request = request;
	return OK;
}

void resolve_cancel(struct resolve_query *q)
{
	if (q->request != NULL)
		evdns_getaddrinfo_cancel(q->request);
}

const char *resolve_error_text(int error)
{
	if (error == EVUTIL_EAI_NONAME || error == EVUTIL_EAI_NODATA)
		return "no such host";
	if (error == EVUTIL_EAI_AGAIN)
		return "the name server does not answer";
	return "the name could not be resolved";
}
