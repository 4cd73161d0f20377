/*
 * Compression. The first byte chooses:
 *   - what follows is expanded, in pieces as a stream: the output is bounded, whatever a bomb says;
 *   - what follows are payloads: compressed within the bound that is promised, and expanded again;
 *   - the same, with a byte of the compressed stream changed: bounded again.
 */
#include "common/limits.h"
#include "tests/fuzz/fuzz.h"
#include "worker/alg/comp.h"

#define PIECES 16
#define WAYS   3

static uint8_t plain[LIMIT_PAYLOAD_BYTES], packed[LIMIT_PACKET_BYTES];

static void start(bool deflates, struct comp *c)
{
	expect(comp_start(comp_find(SPAN_LIT("zlib@openssh.com")), deflates, c) == OK);
	expect(comp_active(c));
}

/* Expands one payload into room of cap bytes; what was there before must stay. */
static enum err expand(struct comp *c, struct span in, size_t cap, struct span *out)
{
	struct span payload = block_of(in);
	struct wr w = {.p = plain, .cap = cap};
	enum err e = comp_inflate(c, payload, &w);

	block_free(payload);
	expect(e == OK || e == ERR_COMPRESSION);
	expect(w.n <= cap);
	*out = (struct span){plain, w.n};
	return e;
}

static void garbage(struct rd *r)
{
	struct comp c = {0};
	struct span out;
	size_t cap = rd_u8(r) % 2 == 0 ? sizeof plain : (size_t)rd_u16(r) + 1;
	enum err e = OK;

	start(false, &c);
	for (size_t i = 0; i < PIECES && e == OK && r->left.n > 0; i++)
		e = expand(&c, take_part(r), cap, &out);
	comp_wipe(&c);
}

/* Compresses payloads, of which each may be a run of one byte, and expands them. */
static void there_and_back(struct rd *r, bool flip)
{
	static uint8_t run[LIMIT_PAYLOAD_BYTES];
	uint8_t at = flip ? rd_u8(r) : 0, mask = flip ? rd_u8(r) : 0;
	size_t flip_at = flip ? rd_u8(r) % PIECES : PIECES;
	struct comp out = {0}, in = {0};
	enum err e = OK;

	start(true, &out);
	start(false, &in);
	for (size_t i = 0; i < PIECES && e == OK && r->left.n > 0; i++) {
		bool long_run = rd_u8(r) % 4 == 0;
		struct span payload = take_part(r), back;
		struct wr w = WR(packed);

		if (long_run) {
			size_t n = (size_t)rd_u16(r) * 4;

			memset(run, rd_u8(r), n);
			payload = (struct span){run, n};
		}
		if (payload.n == 0)
			continue;
		expect(comp_deflate(&out, payload, &w) == OK);
		expect(w.n <= comp_deflate_bound(payload.n));
		if (i == flip_at)
			packed[at % w.n] ^= mask;
		e = expand(&in, (struct span){packed, w.n}, sizeof plain, &back);
		if (i < flip_at)
			expect(e == OK && span_equal(back, payload));
	}
	comp_wipe(&out);
	comp_wipe(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));
	uint8_t what = rd_u8(&r) % WAYS;

	if (what == 0)
		garbage(&r);
	else
		there_and_back(&r, what == 2);
	return 0;
}
