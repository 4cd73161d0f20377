/*
 * The bounded writer. All of its safety is in grow().
 */
#include <string.h>

#include "common/wr.h"

static uint8_t *grow(struct wr *w, size_t n)
{
	uint8_t *p;

	if (w->err == OK && n > w->cap - w->n)
		w->err = ERR_NO_SPACE;
	if (w->err != OK || w->p == NULL)
		return NULL;
	p = w->p + w->n;
	w->n += n;
	return p;
}

static void put_be(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = grow(w, n);

	for (size_t i = n; p != NULL && i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

void wr_u8(struct wr *w, uint8_t v)
{
	put_be(w, v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
	put_be(w, v, 2);
}

void wr_u32(struct wr *w, uint32_t v)
{
	put_be(w, v, 4);
}

void wr_u64(struct wr *w, uint64_t v)
{
	put_be(w, v, 8);
}

void wr_bool(struct wr *w, bool v)
{
	wr_u8(w, v ? 1 : 0);
}

void wr_raw(struct wr *w, struct span s)
{
	uint8_t *p = grow(w, s.n);

	if (p != NULL && s.n != 0)
		memcpy(p, s.p, s.n);
}

void wr_bytes(struct wr *w, struct span s)
{
	if (s.n > UINT32_MAX) {
		w->err = ERR_NO_SPACE;
		return;
	}
	wr_u32(w, (uint32_t)s.n);
	wr_raw(w, s);
}

void wr_str(struct wr *w, const char *text)
{
	wr_bytes(w, span_str(text));
}

void wr_mpint(struct wr *w, struct span magnitude)
{
	size_t mark;

	while (magnitude.n > 0 && magnitude.p[0] == 0) {
		magnitude.p++;
		magnitude.n--;
	}
	mark = wr_open(w);
	if (magnitude.n > 0 && (magnitude.p[0] & 0x80) != 0)
		wr_u8(w, 0);
	wr_raw(w, magnitude);
	wr_close(w, mark);
}

size_t wr_open(struct wr *w)
{
	wr_u32(w, 0);
	return w->n;
}

void wr_close(struct wr *w, size_t mark)
{
	struct wr len = {0};

	if (w->err != OK || w->p == NULL)
		return;
	len = (struct wr){.p = w->p + mark - 4, .cap = 4};
	wr_u32(&len, (uint32_t)(w->n - mark));
}

uint8_t *wr_lend(struct wr *w, size_t max, size_t *room)
{
	*room = 0;
	if (w->err != OK || w->p == NULL)
		return NULL;
	*room = w->cap - w->n < max ? w->cap - w->n : max;
	return w->p + w->n;
}

void wr_filled(struct wr *w, size_t n)
{
	if (w->err != OK || n > w->cap - w->n)
		w->err = ERR_NO_SPACE;
	else
		w->n += n;
}

enum err wr_end(struct wr *w, struct span *out)
{
	if (w->err == OK)
		*out = (struct span){w->p, w->n};
	return w->err;
}
