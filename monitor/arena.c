/*
 * Chunks in a list, filled from the front. What is too large for a chunk has its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "monitor/arena.h"

struct arena_chunk {
	struct arena_chunk *before;
	size_t used, cap;
	_Alignas(max_align_t) uint8_t bytes[];
};

static struct arena_chunk *chunk_new(struct arena *a, size_t n)
{
	size_t cap = n > LIMIT_ARENA_CHUNK_BYTES ? n : LIMIT_ARENA_CHUNK_BYTES;
	struct arena_chunk *c = calloc(1, sizeof *c + cap);

	if (c == NULL) {
		a->failed = true;
		return NULL;
	}
	c->cap = cap;
	c->before = a->last;
	a->last = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->last;
	void *p;

	if (n > LIMIT_ARENA_BYTES) {
		a->failed = true;
		return NULL;
	}
	n = (n + align - 1) / align * align;
	if (c == NULL || n > c->cap - c->used)
		c = chunk_new(a, n);
	if (c == NULL)
		return NULL;
	p = c->bytes + c->used;
	c->used += n;
	return p;
}

char *arena_copy(struct arena *a, struct span s)
{
	char *text = arena_alloc(a, s.n + 1);

	if (text != NULL && s.n > 0)
		memcpy(text, s.p, s.n);
	return text;
}

char *arena_print(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

void arena_wipe(struct arena *a)
{
	while (a->last != NULL) {
		struct arena_chunk *before = a->last->before;

		free(a->last);
		a->last = before;
	}
	a->failed = false;
}
