/*
 * Blocks are taken anew and copied, never resized in place: what they hold is small when
 * they grow, and realloc would copy the dead bytes in front as well.
 */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "worker/wire/buffer.h"

uint8_t *buffer_end(const struct buffer *b)
{
	return b->p == NULL ? NULL : b->p + b->start + b->n;
}

size_t buffer_free_bytes(const struct buffer *b)
{
	return b->cap - b->start - b->n;
}

static enum err grow(struct buffer *b, size_t need)
{
	size_t cap = b->cap == 0 ? LIMIT_BUFFER_STEP_BYTES : b->cap;
	uint8_t *p;

	while (cap < need)
		cap *= 2;
	if ((p = malloc(cap)) == NULL)
		return ERR_MEMORY;
	if (b->p != NULL)
		memcpy(p, b->p + b->start, b->n);
	free(b->p);
	b->p = p;
	b->cap = cap;
	b->start = 0;
	return OK;
}

enum err buffer_reserve(struct buffer *b, size_t n)
{
	if (b->p != NULL && n <= buffer_free_bytes(b))
		return OK;
	if (n > SIZE_MAX / 4 - b->n)
		return ERR_MEMORY;
	if (b->n + n > b->cap)
		return grow(b, b->n + n);
	if (b->p != NULL)
		memmove(b->p, b->p + b->start, b->n);
	b->start = 0;
	return OK;
}

void buffer_take(struct buffer *b, size_t n)
{
	b->start += n;
	b->n -= n;
	if (b->n == 0)
		b->start = 0;
}

void buffer_free(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){0};
}
