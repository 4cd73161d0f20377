/*
 * Metrics over HTTP: GET /metrics, and nothing else. Whoever may connect is a stranger: what connections
 * cost is bounded by the descriptors of this process, and when those are used up all are cut.
 */
#ifndef MONITOR_METRICS_HTTP_H
#define MONITOR_METRICS_HTTP_H

#include <event2/event.h>

#include "common/metrics.h"

/* Asks for new values; http_answer follows. */
typedef void http_ask_fn(void *ctx);

struct http;

/*
 * Makes a server that listens nowhere yet.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err http_new(struct event_base *base, http_ask_fn *ask, void *ctx,
			     struct http **out);

/*
 * Listens on a socket instead of the one before, which is closed.
 * Owns:   fd
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err http_listen(struct http *h, int fd);

/* Answers all that wait. */
void http_answer(struct http *h, const struct metrics *values);

/*
 * To be called when the loop was broken: no descriptor is left. Whoever holds connections loses them in a moment,
 * and others get their turn.
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err http_full(struct http *h);

void http_free(struct http *h);

#endif
