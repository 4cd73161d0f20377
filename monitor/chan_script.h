/*
 * Channels whose other end is the policy script: what the client sends becomes
 * on_channel_data_in, what the script sends goes to the client as it reads.
 */
#ifndef MONITOR_CHAN_SCRIPT_H
#define MONITOR_CHAN_SCRIPT_H

#include "common/policy.h"
#include "monitor/monitor.h"

struct chan_script;

/* The script becomes the peer of a channel. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_script_begin(struct conn *c, struct mchan *ch);

/* NULL is nothing. */
void chan_script_free(struct conn *c, struct chan_script *s);

/*
 * Does what a script asked for with a channel: send, eof, close, record_length. What
 * cannot be done is an error in the log, and nothing else.
 */
void chan_script_act(struct conn *c, uint32_t chan, enum policy_action action,
		     struct span data);

/* The connection ends: no retry is due. Legal in the zero state. */
void chan_script_conn_wipe(struct conn *c);

#endif
