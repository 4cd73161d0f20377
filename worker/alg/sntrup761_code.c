/*
 * Pairs of values are joined into one of a larger range, whose low bytes are written until it
 * is below 2^14; what stays is joined again, until one value is left. All values of a round
 * have one range, but for the last. Ranges are public: only they decide what is done, and only
 * public values are read. Source: NTRU Prime, NIST round 3, 3.3
 */
#include <stdbool.h>
#include <string.h>

#include "worker/alg/sntrup761_code.h"

#define P            SNTRUP761_P
#define RANGE_END    16384 /* a range that is carried on is below */
#define ROUNDS       10    /* from 761 values to 1 */
#define RECIPROCAL   44 /* bits; exact for what is below 2^30 over what is below 2^14 */
#define BYTE_BITS    8
#define SMALL_A_BYTE 4

/* What joining two values does: their range, less the bytes written. */
struct join {
	uint32_t range;
	uint32_t bytes;
};

struct divisor {
	uint32_t by;
	uint64_t reciprocal;
};

/* A round of joining: n values, of which the last has a range of its own. */
struct round {
	size_t n;
	uint32_t range, last;
	const uint8_t *bytes;
};

static uint32_t without_byte(uint32_t range)
{
	return (range + UINT8_MAX) >> BYTE_BITS;
}

static struct join join_of(uint32_t first, uint32_t second)
{
	struct join j = {.range = first * second};

	for (; j.range >= RANGE_END; j.bytes++)
		j.range = without_byte(j.range);
	return j;
}

static void write_pair(uint16_t *value, uint32_t joined, uint32_t bytes, uint8_t **out)
{
	for (; bytes > 0; bytes--, joined >>= BYTE_BITS)
		*(*out)++ = (uint8_t)joined;
	*value = (uint16_t)joined;
}

void sntrup761_code_write(uint16_t values[SNTRUP761_P], uint32_t m, uint8_t *out)
{
	uint32_t last = m;

	for (size_t n = P; n > 1; n = (n + 1) / 2) {
		struct join inner = join_of(m, m), tail = join_of(m, last);
		size_t pairs = n / 2;

		for (size_t i = 0; i < pairs; i++) {
			uint32_t joined = values[2 * i] + values[2 * i + 1] * m;
			bool at_end = 2 * i + 2 == n;

			write_pair(&values[i], joined,
				   at_end ? tail.bytes : inner.bytes, &out);
		}
		if (n % 2 == 0)
			last = tail.range;
		else
			values[pairs] = values[n - 1];
		m = inner.range;
	}
	for (uint32_t rest = values[0]; last > 1; last = without_byte(last)) {
		*out++ = (uint8_t)rest;
		rest >>= BYTE_BITS;
	}
}

static struct divisor divisor_of(uint32_t by)
{
	return (struct divisor){by, ((uint64_t)1 << RECIPROCAL) / by + 1};
}

/* Gives x / d, and x mod d. */
static inline uint32_t divide(struct divisor d, uint32_t x, uint32_t *modulo)
{
	uint32_t quotient = (uint32_t)((x * d.reciprocal) >> RECIPROCAL);

	*modulo = x - quotient * d.by;
	return quotient;
}

/* Reads the low bytes of pair i and parts it; the value that was carried on is in values[i]. */
static inline void part(const uint8_t *low, uint32_t bytes, const struct divisor by[2],
			uint16_t values[P], size_t i)
{
	uint32_t joined = values[i], first, second;

	while (bytes > 0)
		joined = joined << BYTE_BITS | low[--bytes];
	second = divide(by[0], joined, &first);
	(void)divide(by[1], second, &second); /* what nobody wrote may go beyond */
	values[2 * i] = (uint16_t)first;
	values[2 * i + 1] = (uint16_t)second;
}

static void part_round(const struct round *r, uint16_t values[P])
{
	struct join inner = join_of(r->range, r->range),
		    tail = join_of(r->range, r->last);
	const struct divisor same[2] = {divisor_of(r->range), divisor_of(r->range)};
	const struct divisor end[2] = {same[0], divisor_of(r->last)};
	size_t pairs = r->n / 2;

	/* from the end, so that no value is overwritten before it is parted */
	if (r->n % 2 != 0) {
		values[r->n - 1] = values[pairs];
	} else {
		pairs--;
		part(r->bytes + pairs * inner.bytes, tail.bytes, end, values, pairs);
	}
	if (inner.bytes == 1)
		while (pairs-- > 0)
			part(r->bytes + pairs, 1, same, values, pairs);
	else
		while (pairs-- > 0)
			part(r->bytes + pairs * inner.bytes, inner.bytes, same, values,
			     pairs);
}

void sntrup761_code_read(const uint8_t *in, uint32_t m, uint16_t values[SNTRUP761_P])
{
	struct round rounds[ROUNDS], now = {P, m, m, in};
	uint32_t rest = 0, shift = 0;
	size_t n = 0;

	for (; now.n > 1; n++) {
		struct join inner = join_of(now.range, now.range);
		struct join tail = join_of(now.range, now.last);

		rounds[n] = now;
		now.bytes += (now.n - 1) / 2 * inner.bytes;
		if (now.n % 2 == 0) {
			now.bytes += tail.bytes;
			now.last = tail.range;
		}
		now.range = inner.range;
		now.n = (now.n + 1) / 2;
	}
	for (uint32_t range = now.last; range > 1; range = without_byte(range)) {
		rest |= (uint32_t)*now.bytes++ << shift;
		shift += BYTE_BITS;
	}
	(void)divide(divisor_of(now.last), rest, &rest);
	values[0] = (uint16_t)rest;
	while (n > 0)
		part_round(&rounds[--n], values);
}

void sntrup761_code_write_small(const struct sntrup761_poly *a,
				uint8_t out[SNTRUP761_CODE_SMALL_BYTES])
{
	for (size_t i = 0; i < SNTRUP761_CODE_SMALL_BYTES; i++) {
		const int16_t *c = a->c + SMALL_A_BYTE * i;
		/* the last byte holds one coefficient only */
		int end = i == SNTRUP761_CODE_SMALL_BYTES - 1;
		int rest = (c[1] + 1) << 2 | (c[2] + 1) << 4 | (c[3] + 1) << 6;

		out[i] = (uint8_t)((c[0] + 1) | (end ? 0 : rest));
	}
}

void sntrup761_code_read_small(const uint8_t in[SNTRUP761_CODE_SMALL_BYTES],
			       struct sntrup761_poly *out)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++) {
		unsigned shift = 2 * (unsigned)(i % SMALL_A_BYTE);

		out->c[i] = (int16_t)((in[i / SMALL_A_BYTE] >> shift & 3) - 1);
	}
}
