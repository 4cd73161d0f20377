/*
 * The worker's event loop: ppoll over few descriptors, so that an idle worker needs no
 * descriptor and no memory for it beside its sockets.
 */
#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include <poll.h>

#include "common/bytes.h"

struct watch;

/* Is called when a descriptor is ready; revents as in poll(2). */
typedef void watch_fn(struct watch *w, short revents);

/* One descriptor that is watched. Embedded in its owner; zero state: not watched. */
struct watch {
	int fd;
	short events; /* set freely at any time; 0: not looked at, hang-up included */
	watch_fn *fn;
	void *ctx;
	size_t slot; /* 1-based place in the loop; 0 where it is in none */
};

struct timer;
typedef void timer_fn(struct timer *t);

/* Fires once; embedded in its owner; zero state: not running. */
struct timer {
	uint64_t due_ms;
	timer_fn *fn;
	void *ctx;
	struct timer *next;
	bool running;
};

struct loop {
	struct pollfd *polls;
	struct watch **watches;
	size_t n, cap;
	struct timer *timers; /* soonest first */
	uint64_t now_ms;      /* monotonic, read once a turn */
};

/* Starts to watch; w->fd, events, fn and ctx are set. Errors: ERR_MEMORY */
MUST_CHECK enum err loop_watch(struct loop *l, struct watch *w);

/* Stops to watch; legal in the zero state and from within any handler. */
void loop_unwatch(struct loop *l, struct watch *w);

/* Starts or restarts a timer. */
void loop_timer(struct loop *l, struct timer *t, uint64_t delay_ms);
void loop_timer_stop(struct loop *l, struct timer *t);

/* Reads the clock into now_ms. */
void loop_clock(struct loop *l);

/*
 * Waits once and calls what is ready, in the order in which it was watched; then the
 * timers that are due.
 * wait:   false where there is work left: only looks
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err loop_turn(struct loop *l, bool wait);

void loop_wipe(struct loop *l);

#endif
