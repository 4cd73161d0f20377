/*
 * Values of a key exchange, as a hostile client or server would choose them. The first byte chooses a method,
 * or the group of an exchange that asks for one.
 *   - what is answered is in wire form to its last byte; a value out of range is never answered;
 *   - an answer to an honest value is one on which both sides agree, unless it was changed on the way;
 *   - a group that is chosen or taken has a size within the limits.
 */
#include <openssl/bn.h>

#include "tests/fuzz/fuzz.h"
#include "worker/alg/dh.h"
#include "worker/alg/kex.h"

static bool is_wire(const struct kex_value *v, bool mpint)
{
	struct rd r = RD(kex_value_span(v));
	struct span content = mpint ? rd_mpint(&r, LIMIT_KEX_VALUE_BYTES)
				    : rd_bytes(&r, LIMIT_KEX_VALUE_BYTES);

	return rd_end(&r) == OK && content.n > 0;
}

static struct span content_of(const struct kex_alg *row, const struct kex_value *v)
{
	struct rd r = RD(kex_value_span(v));

	return row->mpint_values ? rd_mpint(&r, LIMIT_KEX_VALUE_BYTES)
				 : rd_bytes(&r, LIMIT_KEX_VALUE_BYTES);
}

/* RFC 4253 8: 1 <= e <= p-1, and of these neither 1 nor p-1 is of use. */
static bool dh_in_range(const struct dh_group *group, struct span value)
{
	uint8_t wire[2 * LIMIT_KEX_VALUE_BYTES];
	struct wr w = WR(wire);
	struct rd r;
	struct span prime;
	BIGNUM *p, *e;
	bool in;

	dh_group_wire(group, &w);
	expect(w.err == OK);
	r = RD(((struct span){w.p, w.n}));
	prime = rd_mpint(&r, LIMIT_KEX_VALUE_BYTES);
	expect(rd_ok(&r));
	p = BN_bin2bn(prime.p, (int)prime.n, NULL);
	e = BN_bin2bn(value.p, (int)value.n, NULL);
	expect(p != NULL && e != NULL && BN_sub_word(p, 1) == 1);
	in = BN_cmp(e, BN_value_one()) > 0 && BN_cmp(e, p) < 0;
	BN_free(p);
	BN_free(e);
	return in;
}

static void respond(const struct kex_alg *row, const struct dh_group *group,
		    struct span value)
{
	struct span raw = block_of(value);
	struct kex_reply reply = {0};
	enum err e = kex_respond(row, group, raw, &reply);

	expect(e == OK || e == ERR_KEX_VALUE);
	if (e == OK) {
		expect(is_wire(&reply.q_server, row->mpint_values));
		expect(is_wire(&reply.secret, row->mpint_secret));
		expect(group == NULL || dh_in_range(group, raw));
	}
	kex_reply_wipe(&reply);
	block_free(raw);
}

static void finish(const struct kex_alg *row, const struct dh_group *group,
		   struct span value)
{
	struct span raw = block_of(value);
	struct kex_client c = {0};
	struct kex_value q, secret = {0};
	enum err e;

	expect(kex_initiate(row, group, (struct span){0}, &c, &q) == OK);
	e = kex_finish(&c, raw, &secret);
	expect(e == OK || e == ERR_KEX_VALUE);
	if (e == OK) {
		expect(is_wire(&secret, row->mpint_secret));
		expect(group == NULL || dh_in_range(group, raw));
	}
	kex_client_wipe(&c);
	block_free(raw);
}

/* Both sides; at of the client's value is changed by mask, and then they must not agree. */
static void changed(const struct kex_alg *row, const struct dh_group *group,
		    struct rd *r)
{
	size_t at = rd_u16(r);
	uint8_t mask = rd_u8(r);
	struct kex_client c = {0};
	struct kex_reply reply = {0};
	struct kex_value q, secret = {0};
	struct span content;
	bool whole = mask == 0;

	expect(kex_initiate(row, group, (struct span){0}, &c, &q) == OK);
	content = content_of(row, &q);
	/* X25519 does not read the highest bit; an ML-KEM key is checked for its range */
	at = content.n - 1 - at % (content.n < 64 ? content.n - 1 : content.n);
	if (at + 1 == content.n)
		mask &= 0x7f, whole |= mask == 0;
	q.bytes[sizeof(uint32_t) + (q.n - sizeof(uint32_t) - content.n) + at] ^= mask;
	content = content_of(row, &q);
	if (content.n > 0 && kex_respond(row, group, content, &reply) == OK &&
	    kex_finish(&c, content_of(row, &reply.q_server), &secret) == OK)
		expect(whole == span_equal(kex_value_span(&secret),
					   kex_value_span(&reply.secret)));
	else
		expect(!whole);
	kex_reply_wipe(&reply);
	kex_client_wipe(&c);
}

static const struct dh_group *choose(const struct kex_alg *row, struct rd *r)
{
	const struct dh_wish w = {rd_u16(r), rd_u16(r), rd_u16(r)};
	const bool small = row->group == KEX_ASKED_SHORT && w.max < LIMIT_DH_BITS_MIN;
	const uint32_t least = small ? LIMIT_DH_BITS_SHORT : LIMIT_DH_BITS_MIN;
	const struct dh_group *group = NULL;
	uint32_t bits;

	if (dh_group_choose(row, &w, &group) != OK) {
		expect(!(w.min <= w.n && w.n <= w.max && w.max >= least &&
			 w.min <= least));
		return NULL;
	}
	bits = dh_group_bits(group);
	expect(w.min <= w.n && w.n <= w.max && bits >= w.min && bits <= w.max);
	expect(bits >= least && bits <= LIMIT_DH_BITS_MAX);
	return group;
}

static void offered(struct rd *r)
{
	const struct kex_alg *row =
	    kex_find(SPAN_LIT("diffie-hellman-group-exchange-sha256"));
	struct span p = block_of(take_part(r)), g = block_of(take_part(r));
	struct dh_group *group = NULL;

	if (dh_group_new(row, p, g, &group) == OK) {
		expect(dh_group_bits(group) >= LIMIT_DH_BITS_MIN &&
		       dh_group_bits(group) <= LIMIT_DH_BITS_MAX);
		expect((p.p[p.n - 1] & 1) == 1);
	}
	dh_group_free(group);
	block_free(p);
	block_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));
	uint8_t how = rd_u8(&r), what = rd_u8(&r);
	const struct dh_group *group = NULL;
	const struct kex_alg *row;

	if (!rd_ok(&r))
		return 0;
	if (what % (kex_algs_n + 1) == kex_algs_n) {
		offered(&r);
		return 0;
	}
	row = &kex_algs[what % (kex_algs_n + 1)];
	if (row->group_exchange && (group = choose(row, &r)) == NULL)
		return 0;
	if (how % 4 == 0)
		changed(row, group, &r);
	else if (how % 4 == 1)
		finish(row, group, rd_rest(&r));
	else
		respond(row, group, rd_rest(&r));
	return 0;
}
