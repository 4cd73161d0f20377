/*
 * Channels that need the monitor: decided, opened, joined to helpers. Source: RFC 4254 5-7
 */
#ifndef MONITOR_SERVE_CHAN_H
#define MONITOR_SERVE_CHAN_H

#include "common/sshnum.h"
#include "monitor/login_link.h"
#include "monitor/monitor.h"

/* The connector is done with a channel's connection: fd, or -1 and why. fd stays the caller's. */
void chan_connected(struct conn *c, uint32_t chan, int fd, struct span text);

/* A session's, or a unix socket's, helper ended without being asked to. */
void chan_helper_lost(struct login *l);

/* Adds a channel; NULL where the connection has too many. */
struct mchan *chan_add(struct conn *c, uint32_t chan, bool session);

/* Finds a channel; NULL where there is none. */
struct mchan *chan_find(const struct conn *c, uint32_t chan);

/* Forgets a channel and lets its helper go. */
void chan_remove(struct conn *c, struct mchan *ch);

/* Tells the worker how opening ended: fd where there is one, else -1. */
void chan_tell_opened(struct conn *c, uint32_t chan, int fd,
		      enum ssh_open_failure failure, struct span text);

/* Opens a channel as its message says: permitted, now by policy too. */
void chan_open(struct conn *c, struct mchan *ch, const struct msg *m);

/* Refuses a channel, which is removed. */
void chan_refuse(struct conn *c, struct mchan *ch, enum ssh_open_failure failure,
		 struct span text);

/* Closes all that the connection has open, its listeners too. */
void conn_channels_wipe(struct conn *c);

/* ---- serve_session.c ---- */

/*
 * Has a helper start a session.
 * instead: what the script wants to be run; empty: what is asked for
 * Errors:  ERR_TRUNCATED ERR_TRAILING ERR_RANGE an environment that cannot be: the worker
 *          lies; all else is told to the worker
 */
MUST_CHECK enum err session_start(struct conn *c, struct mchan *ch,
				  const struct msg_session_start *m,
				  struct span instead);

/* Logs what is started. */
void session_log(const struct conn *c, const struct msg_session_start *m);

/* Tells log and worker that it was not. */
void session_not_started(struct conn *c, uint32_t chan, enum err e);

/* ---- serve_start.c ---- */

/* The session runs: the script is told what was granted, where it wants to know. */
void session_granted(struct conn *c, struct mchan *ch);

/* ---- serve_request.c ---- */

/* Asks the script whether a channel may be opened. Errors: as chan_policy_ask */
MUST_CHECK enum err open_ask(struct conn *c, struct mchan *ch, const struct msg *m);

#endif
