/*
 * A growing buffer that is filled at its end and emptied at its front.
 */
#ifndef WORKER_WIRE_BUFFER_H
#define WORKER_WIRE_BUFFER_H

#include "common/bytes.h"

/* Zero state: empty, nothing allocated. */
struct buffer {
	uint8_t *p;
	size_t start, n, cap; /* bytes p[start .. start+n) are in use */
};

/*
 * Makes room for n bytes at the end: by closing up, or by a larger block.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err buffer_reserve(struct buffer *b, size_t n);

/* Gives the place of the first free byte at the end; NULL where nothing is allocated. */
uint8_t *buffer_end(const struct buffer *b);

/* Gives how much fits there. */
size_t buffer_free_bytes(const struct buffer *b);

/* Takes n bytes off the front. */
void buffer_take(struct buffer *b, size_t n);

/* Frees it; its content is not secret. */
void buffer_free(struct buffer *b);

#endif
