/*
 * The bounded reader. All of its safety is in take().
 */
#include "common/rd.h"

void rd_fail(struct rd *r, enum err e)
{
	if (r->err == OK)
		r->err = e;
	r->left = (struct span){0};
}

static const uint8_t *take(struct rd *r, size_t n)
{
	const uint8_t *p = r->left.p;

	if (r->err != OK || r->left.n < n) {
		rd_fail(r, ERR_TRUNCATED);
		return NULL;
	}
	if (n == 0)
		return p;
	r->left.p += n;
	r->left.n -= n;
	return p;
}

static uint64_t take_be(struct rd *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)take_be(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)take_be(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)take_be(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return take_be(r, 8);
}

bool rd_bool(struct rd *r)
{
	return rd_u8(r) != 0;
}

struct span rd_raw(struct rd *r, size_t n)
{
	const uint8_t *p = take(r, n);

	return p == NULL ? (struct span){0} : (struct span){p, n};
}

struct span rd_bytes(struct rd *r, size_t max)
{
	size_t n = rd_u32(r);

	if (n > max) {
		rd_fail(r, ERR_RANGE);
		return (struct span){0};
	}
	return rd_raw(r, n);
}

struct rd rd_sub(struct rd *r, size_t max)
{
	struct span s = rd_bytes(r, max);

	return (struct rd){.left = s, .err = r->err};
}

struct span rd_mpint(struct rd *r, size_t max)
{
	struct span s = rd_bytes(r, max < SIZE_MAX ? max + 1 : max);

	bool negative = s.n > 0 && (s.p[0] & 0x80) != 0;
	bool padded = s.n > 0 && s.p[0] == 0;
	bool in_vain = padded && (s.n == 1 || (s.p[1] & 0x80) == 0);

	if (padded)
		s = (struct span){s.p + 1, s.n - 1};
	if (negative || in_vain || s.n > max)
		rd_fail(r, ERR_RANGE);
	return r->err == OK ? s : (struct span){0};
}

struct span rd_rest(struct rd *r)
{
	return rd_raw(r, r->left.n);
}

bool rd_ok(const struct rd *r)
{
	return r->err == OK;
}

enum err rd_end(struct rd *r)
{
	r->ended = true;
	if (r->err == OK && r->left.n != 0)
		rd_fail(r, ERR_TRAILING);
	return r->err;
}
