/*
 * Bytes that a descriptor did not take yet, in chunks: nothing is held while nothing
 * waits.
 */
#ifndef WORKER_CHAN_QUEUE_H
#define WORKER_CHAN_QUEUE_H

#include "common/bytes.h"

struct chunk;

/* Zero state: empty. */
struct queue {
	struct chunk *first, *last;
	size_t n; /* bytes that wait */
};

/* How a write to a descriptor went. */
enum write_result { WRITE_ALL, WRITE_SOME, WRITE_FAILED };

/*
 * Writes s to fd as far as it takes it at once.
 * taken:  bytes that went out; 0 where it failed
 */
enum write_result fd_write(int fd, struct span s, size_t *taken);

/*
 * Copies s behind what waits.
 * Errors: ERR_MEMORY; q is then as it was, or holds a part of s
 */
MUST_CHECK enum err queue_put(struct queue *q, struct span s);

/*
 * Writes what waits to fd, gathered, as far as it takes it.
 * taken:  bytes that went out, also where a later write failed
 */
enum write_result queue_flush(struct queue *q, int fd, size_t *taken);

/* Moves the first n bytes to p; as many must wait. */
void queue_take(struct queue *q, uint8_t *p, size_t n);

/* Forgets what waits. */
void queue_wipe(struct queue *q);

#endif
