/*
 * A buffer that grows by doubling: most connections never hold a request, and of those
 * that do most hold a few. The client decides how many, so both bounds are its own.
 */
#include <stdlib.h>

#include "common/limits.h"
#include "common/wr.h"
#include "worker/chan/hold.h"

enum { FIRST_BYTES = 1024, LENGTH_BYTES = 4 };

static enum err room(struct hold *h, size_t need)
{
	size_t cap = h->cap == 0 ? FIRST_BYTES : h->cap;
	uint8_t *p;

	while (cap - h->n < need)
		cap *= 2;
	if (cap == h->cap)
		return OK;
	p = realloc(h->p, cap);
	if (p == NULL)
		return ERR_MEMORY;
	h->p = p;
	h->cap = cap;
	return OK;
}

enum err hold_put(struct hold *h, size_t *total, struct span request)
{
	size_t need = request.n + LENGTH_BYTES;
	struct wr w;
	enum err e;

	if (need > LIMIT_CHAN_HELD_BYTES - h->n ||
	    need > LIMIT_CHANS_HELD_BYTES - *total)
		return ERR_BUDGET;
	if ((e = room(h, need)) != OK)
		return e;
	w = (struct wr){.p = h->p, .n = h->n, .cap = h->cap};
	wr_bytes(&w, request);
	if (w.err != OK)
		return ERR_BUG;
	h->n = w.n;
	*total += need;
	return OK;
}

void hold_move(struct hold *h, size_t *total, struct hold *out)
{
	*total -= h->n;
	*out = *h;
	*h = (struct hold){0};
}

void hold_wipe(struct hold *h, size_t *total)
{
	*total -= h->n;
	free(h->p);
	*h = (struct hold){0};
}
