/*
 * Messages between the processes. An even first byte: the rest is a datagram; what decodes encodes to the
 * same bytes, and neither a byte more nor one less decodes. An odd one: the rest are fields; they encode
 * where each is within its bound and not otherwise, and what was encoded decodes.
 */
#include "common/msg.h"
#include "tests/fuzz/msg_make.h"

#define BUFFER_BYTES (4 * LIMIT_MSG_BYTES)

static uint8_t buffer[BUFFER_BYTES], second[BUFFER_BYTES];

/* ---- properties ---- */

static void same_again(const struct msg *m, struct span bytes)
{
	struct wr w = WR(second);

	expect(msg_bytes(m) == bytes.n);
	msg_encode(&w, m);
	expect(w.err == OK && span_equal((struct span){w.p, w.n}, bytes));
}

static void exact_end(struct span bytes)
{
	struct msg m;

	memcpy(second, bytes.p, bytes.n);
	second[bytes.n] = 0;
	expect(msg_decode((struct span){second, bytes.n + 1}, &m) != OK);
	expect(msg_decode((struct span){second, bytes.n - 1}, &m) != OK);
}

/* The monitor takes a message from one peer, in the states of its row, as often as the row says. */
static void permits(const struct msg *m)
{
	static uint32_t sent[MSG_COUNT];
	const struct msg_rule *rule = &msg_rules[m->type];

	for (enum msg_peer p = MSG_WORKER; p < MSG_PEER_COUNT; p++)
		for (unsigned s = 0; s < MSG_STATE_COUNT; s++)
			expect(
			    (msg_permit(m->type, p, (enum msg_state)(1U << s), sent) ==
			     OK) == (p == rule->peer && (rule->states >> s & 1) != 0 &&
				     rule->budget > 0));
}

static void datagram(struct span in)
{
	struct span bytes = block_of(in);
	struct msg m;

	if (bytes.n < LIMIT_MSG_BYTES && msg_decode(bytes, &m) == OK) {
		same_again(&m, bytes);
		exact_end(bytes);
		permits(&m);
	}
	block_free(bytes);
}

static void fields(struct span in)
{
	struct rd r = RD(in);
	struct wr w = WR(buffer);
	struct msg m = {.type = rd_u8(&r) % MSG_COUNT}, back;
	bool fits = msg_make(&r, &m);

	msg_encode(&w, &m);
	expect((w.err == OK) == fits && (fits || w.err == ERR_RANGE));
	if (!fits)
		return;
	expect(msg_decode((struct span){w.p, w.n}, &back) == OK);
	same_again(&back, (struct span){w.p, w.n});
	exact_end((struct span){w.p, w.n});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	(data[0] % 2 == 0 ? datagram : fields)((struct span){data + 1, n - 1});
	return 0;
}
