/*
 * Cuts what comes out of a pipe into lines, in a buffer that never grows.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor/login/helper.h"

static void give(struct helper_lines *l, size_t n, helper_line_fn *fn, void *ctx)
{
	if (!l->skip)
		fn(ctx, (struct span){l->p, n});
}

/* Gives the whole lines; what is left of the last one moves to the front. */
static void cut(struct helper_lines *l, helper_line_fn *fn, void *ctx)
{
	uint8_t *base = l->p;
	const uint8_t *newline;

	while ((newline = memchr(l->p, '\n', l->n)) != NULL) {
		size_t n = (size_t)(newline - l->p);

		give(l, n, fn, ctx);
		l->skip = false;
		l->p += n + 1;
		l->n -= n + 1;
	}
	memmove(base, l->p, l->n);
	l->p = base;
}

static enum err too_long(struct helper_lines *l, helper_line_fn *fn, void *ctx)
{
	if (!l->cut)
		return ERR_RANGE;
	give(l, l->n, fn, ctx);
	l->skip = true;
	l->n = 0;
	return OK;
}

enum err helper_lines_read(struct helper_lines *l, helper_line_fn *fn, void *ctx)
{
	ssize_t got = read(l->fd, l->p + l->n, l->cap - l->n);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_SYSTEM;
	if (got == 0) {
		if (l->n > 0)
			give(l, l->n, fn, ctx);
		l->n = 0;
		return ERR_CLOSED;
	}
	l->n += (size_t)got;
	cut(l, fn, ctx);
	return l->n < l->cap ? OK : too_long(l, fn, ctx);
}
