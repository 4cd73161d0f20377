/*
 * Outgoing connections: each address of a host in turn, within one deadline, never blocking.
 */
#ifndef MONITOR_CONNECTOR_DIAL_H
#define MONITOR_CONNECTOR_DIAL_H

#include <sys/queue.h>

#include "monitor/connector/link.h"
#include "monitor/connector/resolve.h"

struct dial;

struct dials {
	LIST_HEAD(dial_list, dial) list;
	size_t n;
	struct event_base *base;
	struct link *link;
	struct resolver *resolver;
};

/* Begins to connect; one `connected` answers, unless it is cancelled before. */
void dial_begin(struct dials *all, const struct msg_connect_tcp *m);

/* Gives up; nothing is answered. An unknown id was answered already. */
void dial_cancel(struct dials *all, uint64_t id);

/* Gives all up. */
void dials_wipe(struct dials *all);

#endif
