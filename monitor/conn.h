/*
 * The life of a connection, as the monitor sees it. Source: DESIGN 3
 */
#ifndef MONITOR_CONN_H
#define MONITOR_CONN_H

#include "monitor/monitor.h"

/*
 * Begins a connection that was admitted: writes the identification string and waits until the client speaks.
 * Owns:   a->fd
 * Errors: ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err conn_begin(struct monitor *m, const struct arrival *a);

/* Counts against the client's source what it did; that it ends without a login does not count then. */
void conn_penalize(struct conn *c, enum penalty_cause cause);

/* Writes the identification string and waits until the client speaks. c may be freed. */
void conn_greet(struct conn *c);

/* Moves to another state; the only place that does. */
void conn_enter(struct conn *c, enum msg_state state);

/* The worker's socket ended, or it sent what it must not. c is freed. */
void conn_lost(struct conn *c, enum err e, const char *what);

/* As conn_lost, from anywhere: it happens in a turn of its own. */
void conn_fail(struct conn *c, enum err e);

/*
 * Tells c's worker. One that has ended is noticed by its link, behind what it said last; one that
 * does not drain its socket is as good as dead.
 */
void conn_tell(struct conn *c, const struct msg *m);
void conn_send(struct conn *c, const struct msg *m, const int *fds, size_t n_fds);

/* Has the worker disconnect the client with a reason; e's own where text is NULL. */
void conn_disconnect(struct conn *c, enum err e, const char *text);

/* A worker that was told to disconnect is heard on its end only: attempts do not go on meanwhile. */
bool conn_hears(const struct conn *c, enum msg_type type);

/* Ends those whose time to log in is over; kills workers that outlive their connection. */
void conns_tick(struct monitor *m);

/* Ends all: text is what clients are told. */
void conns_end(struct monitor *m, const char *text);

#endif
