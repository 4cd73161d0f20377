/*
 * Channels whose other end is the policy script: what the client sends becomes
 * on_channel_data_in, what the script sends goes to the client as it reads.
 */
#ifndef MONITOR_CHAN_SCRIPT_H
#define MONITOR_CHAN_SCRIPT_H

#include "monitor/act.h"

struct chan_script;

/* The script becomes the peer of a channel. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_script_begin(struct conn *c, struct mchan *ch);

/* NULL is nothing. */
void chan_script_free(struct conn *c, struct chan_script *s);

/* Does one of the actions on a channel: send, send_error, eof, close, set_record_length. */
struct act_result chan_script_act(struct conn *c, uint32_t chan,
				  enum policy_action action, struct span data);

/* Closes a channel that has a script, once all that waits is sent. */
void chan_script_close(struct conn *c, struct mchan *ch);

/* Tells whether the worker has read so much that half of its link is free. */
bool chan_link_has_room(const struct conn *c);

/* The connection ends: no retry is due. Legal in the zero state. */
void chan_script_conn_wipe(struct conn *c);

#endif
