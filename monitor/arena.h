/*
 * Memory that is given back all at once: what one configuration consists of.
 */
#ifndef MONITOR_ARENA_H
#define MONITOR_ARENA_H

#include "common/bytes.h"

struct arena_chunk;

/* {0} is empty. */
struct arena {
	struct arena_chunk *last;
	bool failed; /* some allocation did; sticky */
};

/* Gives n bytes of zeros, aligned for every type; NULL where there is no memory. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies s and ends it with a NUL; NULL where there is no memory. */
char *arena_copy(struct arena *a, struct span s);

/* Prints into new memory; NULL where there is none. */
char *arena_print(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives everything back. */
void arena_wipe(struct arena *a);

#endif
