/*
 * sallyport-metrics: its socket, its life, what it asks. It is none of those that a login needs: where it cannot
 * be had, the log says so, and that is all.
 */
#ifndef MONITOR_METRICS_LINK_H
#define MONITOR_METRICS_LINK_H

#include "monitor/monitor.h"

/* Has it listen where MetricsListen says, or nowhere; to be called at start and after a reload. */
void metrics_open(struct monitor *m);

/* Starts it again when it is time. To be called every second. */
void metrics_tick(struct monitor *m);

/* Its socket ended. */
void metrics_lost(struct metrics_server *s, enum err e, const char *what);

/* Closes all. */
void metrics_wipe(struct monitor *m);

#endif
