/*
 * Channels that we open to a client, because a script or an operator wants one: its other end is
 * the script. Source: RFC 4254 5.1
 */
#ifndef MONITOR_OFFER_H
#define MONITOR_OFFER_H

#include "monitor/act.h"

struct offer;

struct offer_wish {
	struct span type, payload; /* payload: what stands behind the common fields */
	offer_done_fn *done;       /* NULL: nobody waits */
	void *ctx;
};

/*
 * Has the worker offer a channel. on_channel_opened or on_error is told, and wish->done called,
 * once the client has answered, or ConnectionTimeout is over.
 */
struct act_result offer_begin(struct conn *c, const struct offer_wish *wish);

/* The connection ends: who waits is told. Legal in the zero state. */
void offers_wipe(struct conn *c);

#endif
