/*
 * Listening for clients (-R): one bind is one or two sockets on one port.
 */
#ifndef MONITOR_CONNECTOR_BIND_H
#define MONITOR_CONNECTOR_BIND_H

#include <sys/queue.h>

#include "monitor/connector/addr.h"
#include "monitor/connector/link.h"

struct bind;

struct binds {
	LIST_HEAD(bind_list, bind) list;
	size_t n;
	struct event_base *base;
	struct link *link;
};

/*
 * Listens; one `bound` answers, then `accepted` for each connection.
 * Where an address family is not available on this host the other one suffices; a port that is
 * in use in one of them is a failure.
 */
void bind_begin(struct binds *all, const struct msg_bind_tcp *m);

/* Stops listening. */
void bind_end(struct binds *all, uint64_t id);

/* Stops accepting, or begins again: while the monitor does not take what was accepted. */
void binds_pause(struct binds *all, bool pause);

/* Ends all. */
void binds_wipe(struct binds *all);

/*
 * Gives the addresses that a bind of host means, at most two.
 * Errors: ERR_UNKNOWN host is none of: address, "", "*", "localhost"
 */
MUST_CHECK enum err bind_addrs(const struct msg_bind_tcp *m, union addr out[2],
			       size_t *n);

#endif
