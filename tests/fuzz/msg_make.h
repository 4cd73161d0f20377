/*
 * Messages with fields out of a fuzzer's input: short ones, and such as are as long as may be, or longer.
 */
#ifndef TESTS_FUZZ_MSG_MAKE_H
#define TESTS_FUZZ_MSG_MAKE_H

#include "common/msg.h"
#include "tests/fuzz/fuzz.h"

static bool below(uint64_t v, uint64_t max)
{
	return max == 0 || v <= max;
}

static bool msg_make_u8(struct rd *r, uint8_t *out, uint64_t max)
{
	*out = rd_u8(r);
	return below(*out, max);
}

static bool msg_make_u32(struct rd *r, uint32_t *out, uint64_t max)
{
	*out = rd_u8(r) % 2 == 0 ? rd_u8(r) : rd_u32(r);
	return below(*out, max);
}

static bool msg_make_u64(struct rd *r, uint64_t *out, uint64_t max)
{
	*out = rd_u64(r);
	return below(*out, max);
}

static bool msg_make_bytes(struct rd *r, struct span *out, uint64_t max)
{
	static const uint8_t zeros[LIMIT_MSG_BYTES + 1];
	uint8_t how = rd_u8(r);

	if (how == UINT8_MAX)
		*out = (struct span){zeros, max}; /* the longest that may be */
	else if (how == UINT8_MAX - 1)
		*out = (struct span){zeros, max + 1};
	else
		*out = rd_raw(r, how < r->left.n ? how : r->left.n);
	return out->n <= max;
}

#define F(type, name, max) fits &= msg_make_##type(r, &m->name, max);
#define MSG(name, peer, states, budget, fds, fields)                                   \
	static bool msg_make_##name(struct rd *r, struct msg_##name *m)                \
	{                                                                              \
		bool fits = true;                                                      \
		fields return fits;                                                    \
	}
#include "common/msg.def"
#undef F
#undef MSG

/* Makes the fields of m, whose type is set. Tells whether each is within its bound. */
static bool msg_make(struct rd *r, struct msg *m)
{
	switch (m->type) {
#define MSG(name, peer, states, budget, fds, fields)                                   \
	case MSG_##name:                                                               \
		return msg_make_##name(r, &m->u.name);
#include "common/msg.def"
#undef MSG
	case MSG_COUNT:
		break;
	}
	abort();
}

#endif
