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

/* Closes all that the connection has open, its listeners too. */
void conn_channels_wipe(struct conn *c);

#endif
