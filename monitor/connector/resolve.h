/*
 * Names to addresses, by libevent's resolver: it reads resolv.conf and hosts, and never blocks.
 */
#ifndef MONITOR_CONNECTOR_RESOLVE_H
#define MONITOR_CONNECTOR_RESOLVE_H

#include <event2/dns.h>
#include <event2/event.h>
#include <sys/stat.h>

#include "monitor/connector/addr.h"

/* One reading of the resolver's files; it outlives a newer one until its questions are answered. */
struct resolve_base;

struct resolver {
	struct event_base *base;
	struct resolve_base *current;
	struct timespec conf_time, hosts_time; /* when the files were changed */
	time_t checked_s;
};

/*
 * Is told the addresses, at most LIMIT_CONNECT_ADDRESSES; n is 0 where there is none.
 * error: EVUTIL_EAI_*; EVUTIL_EAI_CANCEL after resolve_cancel
 */
typedef void resolve_fn(void *ctx, int error, const union addr *addrs, size_t n);

struct resolve_query;

/*
 * Reads the resolver's files and opens its sockets.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err resolver_init(struct resolver *r, struct event_base *base);
void resolver_wipe(struct resolver *r);

/*
 * Asks for the addresses of host; done is called once, perhaps before this returns.
 * out:    for resolve_cancel; set before done is called
 * Errors: ERR_MEMORY done is then not called
 */
struct resolve_ask {
	const char *host;
	uint32_t port;
	enum addr_family family;
	resolve_fn *done;
	void *ctx;
};
MUST_CHECK enum err resolver_ask(struct resolver *r, const struct resolve_ask *ask,
				 struct resolve_query **out);

/* Gives a question up; done is still called, with EVUTIL_EAI_CANCEL. */
void resolve_cancel(struct resolve_query *q);

/* Says what went wrong, as a user would. */
const char *resolve_error_text(int error);

#endif
