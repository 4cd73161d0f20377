/*
 * How long a login may last and how much it may carry: of the settings and of what scripts attached to it
 * the stricter holds. The worker is told what it can see better; what it could deny is enforced here.
 */
#ifndef MONITOR_LIMITS_H
#define MONITOR_LIMITS_H

#include "monitor/monitor.h"

/* Works out the limits of a connection whose user is about to be accepted. */
void limits_of(const struct conn *c, struct limits *out);

/*
 * Gives how long a connection has left.
 * total_s: 0: for ever
 * Gives:   milliseconds; UINT64_MAX: for ever
 */
uint64_t limits_left_ms(uint32_t total_s, uint64_t began_ms, uint64_t now_ms);

/* Writes ChannelTimeout as granted has it: pairs of a string and a number. */
void limits_timeouts(const struct settings *set, struct wr *out);

/* Keeps the limits in c->work; from now on they hold. Errors: ERR_SYSTEM */
MUST_CHECK enum err limits_begin(struct conn *c);

/* Stops the clock. Legal in the zero state. */
void limits_wipe(struct conn *c);

#endif
