/*
 * The watch over CPU time: what fuel does not count ends too. One a process, as the timer is.
 */
#ifndef POLICY_WATCHDOG_H
#define POLICY_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* Called from a signal handler, first with hard false, then with hard true. */
typedef void watchdog_fn(void *ctx, bool hard);

/* Counts CPU time of this process from now on; bark stays until watchdog_stop. */
void watchdog_start(uint32_t soft_ms, uint32_t hard_ms, watchdog_fn *bark, void *ctx);
void watchdog_stop(void);

#endif
