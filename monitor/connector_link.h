/*
 * What the connector was asked, and for whom.
 */
#ifndef MONITOR_CONNECTOR_LINK_H
#define MONITOR_CONNECTOR_LINK_H

#include "monitor/monitor.h"

struct request {
	uint64_t id;
	struct conn *c;
	struct mlisten *listen; /* a listener; else: */
	uint32_t chan;          /* a connection for this channel */
};

/* Has the connector connect for a channel. Errors: ERR_CLOSED no connector; ERR_STALLED; ERR_MEMORY */
MUST_CHECK enum err request_connect(struct conn *c, uint32_t chan, struct span host,
				    uint32_t port, uint64_t *id);

/* Has the connector listen. Errors: as request_connect */
MUST_CHECK enum err request_bind(struct mlisten *l, const char *host, uint32_t port);

/* Nobody waits for it any more: the connector closes what it has of it. 0 is nothing. */
void request_drop(struct monitor *m, uint64_t id);

/* The connector is gone: all requests fail. */
void requests_fail(struct monitor *m);

/* The connector's socket ended; it is started again. */
void connector_lost(struct connector *k, enum err e, const char *what);

#endif
