/*
 * Encoder, decoder and rules of the messages, all generated from msg.def.
 * The decoder trusts nobody: every field has a bound.
 */
#include "common/msg.h"

static void get_u8(struct rd *r, uint8_t *out, uint64_t max)
{
	*out = rd_u8(r);
	if (max != 0 && *out > max)
		rd_fail(r, ERR_RANGE);
}

static void get_u32(struct rd *r, uint32_t *out, uint64_t max)
{
	*out = rd_u32(r);
	if (max != 0 && *out > max)
		rd_fail(r, ERR_RANGE);
}

static void get_u64(struct rd *r, uint64_t *out, uint64_t max)
{
	*out = rd_u64(r);
	if (max != 0 && *out > max)
		rd_fail(r, ERR_RANGE);
}

static void get_bytes(struct rd *r, struct span *out, uint64_t max)
{
	*out = rd_bytes(r, max);
}

static void check_max(struct wr *w, uint64_t v, uint64_t max)
{
	if (max != 0 && v > max && w->err == OK)
		w->err = ERR_RANGE;
}

static void put_u8(struct wr *w, uint8_t v, uint64_t max)
{
	check_max(w, v, max);
	wr_u8(w, v);
}

static void put_u32(struct wr *w, uint32_t v, uint64_t max)
{
	check_max(w, v, max);
	wr_u32(w, v);
}

static void put_u64(struct wr *w, uint64_t v, uint64_t max)
{
	check_max(w, v, max);
	wr_u64(w, v);
}

static void put_bytes(struct wr *w, struct span v, uint64_t max)
{
	check_max(w, v.n, max);
	wr_bytes(w, v);
}

static size_t size_u8(uint8_t v)
{
	return sizeof v;
}

static size_t size_u32(uint32_t v)
{
	return sizeof v;
}

static size_t size_u64(uint64_t v)
{
	return sizeof v;
}

static size_t size_bytes(struct span v)
{
	return sizeof(uint32_t) + v.n;
}

#define F(type, name, max) put_##type(w, m->name, max);
#define MSG(name, peer, states, budget, fds, fields)                            \
	static void encode_##name(struct wr *w, const struct msg_##name *m)     \
	{                                                                       \
		fields                                                          \
	}
#include "common/msg.def"
#undef F
#undef MSG

#define F(type, name, max) get_##type(r, &m->name, max);
#define MSG(name, peer, states, budget, fds, fields)                     \
	static void decode_##name(struct rd *r, struct msg_##name *m)    \
	{                                                                \
		fields                                                   \
	}
#include "common/msg.def"
#undef F
#undef MSG

#define F(type, name, max) n += size_##type(m->name);
#define MSG(name, peer, states, budget, fds, fields)          \
	static size_t bytes_##name(const struct msg_##name *m) \
	{                                                     \
		size_t n = 1;                                 \
		fields return n;                              \
	}
#include "common/msg.def"
#undef F
#undef MSG

const struct msg_rule msg_rules[MSG_COUNT] = {
#define MSG(name, peer, states, budget, fds, fields) \
	[MSG_##name] = {#name, peer, states, budget, fds},
#include "common/msg.def"
#undef MSG
};

size_t msg_bytes(const struct msg *m)
{
	switch (m->type) {
#define MSG(name, peer, states, budget, fds, fields) \
	case MSG_##name:                             \
		return bytes_##name(&m->u.name);
#include "common/msg.def"
#undef MSG
	case MSG_COUNT:
		break;
	}
	return 0;
}

void msg_encode(struct wr *w, const struct msg *m)
{
	wr_u8(w, (uint8_t)m->type);
	switch (m->type) {
#define MSG(name, peer, states, budget, fds, fields) \
	case MSG_##name:                             \
		encode_##name(w, &m->u.name);        \
		break;
#include "common/msg.def"
#undef MSG
	case MSG_COUNT:
		w->err = ERR_BUG;
		break;
	}
}

enum err msg_decode(struct span in, struct msg *out)
{
	struct rd r = RD(in);
	uint8_t type = rd_u8(&r);

	switch (type) {
#define MSG(name, peer, states, budget, fds, fields) \
	case MSG_##name:                             \
		out->type = MSG_##name;              \
		decode_##name(&r, &out->u.name);     \
		break;
#include "common/msg.def"
#undef MSG
	default:
		rd_fail(&r, ERR_RANGE);
	}
	return rd_end(&r);
}

enum err msg_permit(enum msg_type t, enum msg_peer peer, enum msg_state state,
    const uint32_t sent[MSG_COUNT])
{
	const struct msg_rule *rule = &msg_rules[t];

	if (rule->peer != peer || (rule->states & (unsigned)state) == 0)
		return ERR_FORBIDDEN;
	return sent[t] >= rule->budget ? ERR_BUDGET : OK;
}
