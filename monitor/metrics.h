/*
 * What the monitor counts. Counting is an addition where a thing happens; what is merely there is looked at
 * when somebody asks.
 */
#ifndef MONITOR_METRICS_H
#define MONITOR_METRICS_H

#include "common/sshnum.h"
#include "monitor/monitor.h"

/* Counts one more, one fewer, of a metric of monitor m: METRIC_COUNT(m, logins_total, METHOD…, LOGIN…). */
#define METRIC_COUNT(m, name, a, b) ((m)->metrics.slot[METRIC_AT(name, a, b)]++)
#define METRIC_MORE(m, name)        ((m)->metrics.slot[METRIC_##name]++)
#define METRIC_LESS(m, name)        ((m)->metrics.slot[METRIC_##name]--)

/* Begins: what holds as long as the gateway runs. */
void metrics_begin(struct monitor *m);

/* Counts a connection that was not taken. why: as admit_count and admit give it */
void metrics_refused(struct monitor *m, const char *why);

/* Counts the end of a connection. */
void metrics_ended(const struct conn *c);

/* Counts a channel that a client asks for, by the message that asks. */
void metrics_channel(struct monitor *m, enum msg_type asked);

/* Counts how the opening of a channel ended. */
void metrics_opened(struct monitor *m, enum ssh_open_failure failure);

/* Counts a decision of a script. began_us: when it was asked */
void metrics_decided(struct monitor *m, enum policy_event event,
		     enum policy_verdict verdict, uint64_t began_us);

/* Gives the values of now. */
void metrics_collect(const struct monitor *m, struct metrics *out);

#endif
