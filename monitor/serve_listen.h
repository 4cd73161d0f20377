/*
 * Listeners that clients asked for (ssh -R). Source: RFC 4254 7.1; PROTOCOL 2.4
 */
#ifndef MONITOR_SERVE_LISTEN_H
#define MONITOR_SERVE_LISTEN_H

#include "monitor/monitor.h"

/* The connector or helper is done with binding: tells the worker. */
void listen_done(struct mlisten *l, bool ok, uint32_t port, struct span text);

/* The helper that held a unix listener ended. l may be freed. */
void listen_lost(struct mlisten *l);

/* Stops listening and forgets. */
void listen_remove(struct mlisten *l);

#endif
