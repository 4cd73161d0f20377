/*
 * What a script, or an operator at the control socket, does with a connection and its channels:
 * one way for both. Whoever asks, it is looked at here whether it can be.
 */
#ifndef MONITOR_ACT_H
#define MONITOR_ACT_H

#include "common/policy.h"
#include "monitor/monitor.h"

/* How it went. why: NULL where it was done; else in words for a log line, or for an operator. */
struct act_result {
	uint32_t code; /* of the reference: enum reference_code; 0 where it was done */
	const char *why;
};
#define ACT_DONE ((struct act_result){0})

/*
 * How the opening of a channel ended; called once, before the connection is gone.
 * chan:   its number, where code is 0
 * code:   of the reference; text says what happened, and may hold words of the client's
 */
typedef void offer_done_fn(void *ctx, uint32_t chan, uint32_t code, struct span text);

struct act {
	enum policy_action action;
	uint32_t chan;         /* of actions on a channel */
	struct span data;      /* as enum policy_action says */
	offer_done_fn *opened; /* of POLICY_OPEN_CHANNEL; NULL: nobody waits */
	void *ctx;
};

/*
 * Does it. Data of channels goes as the client takes it; see on_channel_ready_to_send.
 * c:      POLICY_DISCONNECT may free it, where it has no worker yet
 */
struct act_result act_on(struct conn *c, const struct act *a);

/* How long what is done to this connection may wait for its client; 0: for ever. */
uint32_t act_timeout_s(const struct conn *c);

#endif
