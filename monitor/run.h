/*
 * The gateway's life: start, loop, end.
 */
#ifndef MONITOR_RUN_H
#define MONITOR_RUN_H

#include "monitor/monitor.h"

/*
 * Runs the gateway until it is told to end.
 * Owns:   config
 * Gives:  the exit status
 */
int run(struct monitor *m, struct config *config);

#endif
