/*
 * Going to the background. The caller's terminal hears of what went wrong until the gateway serves.
 */
#ifndef MONITOR_DETACH_H
#define MONITOR_DETACH_H

#include <stdbool.h>

#include "common/err.h"

/* How to reach who started us; -1: nobody waits. Zero state: {-1, -1}. */
struct detached {
	int echo;  /* a copy of standard error */
	int ready; /* told once how the start went */
};

/*
 * Goes on in the background, in a session of its own, at /, with /dev/null for standard input and output.
 * The process that was called waits for detach_done and ends with what it is told.
 * Errors: ERR_SYSTEM: nothing was changed
 */
MUST_CHECK enum err detach(struct detached *d);

/* Lets the waiting process end: with success where started. Legal in the zero state and twice. */
void detach_done(struct detached *d, bool started);

#endif
