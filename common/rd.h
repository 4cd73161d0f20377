/*
 * Bounded, sticky reader of SSH wire data (RFC 4251 5).
 * A reader that failed once stays failed and yields zeros and empty spans.
 * No value may be used, except in another read, before rd_end (or rd_ok) said OK.
 */
#ifndef COMMON_RD_H
#define COMMON_RD_H

#include "common/bytes.h"

struct rd {
	struct span left;
	enum err err;
	bool ended;
};

#define RD(s) ((struct rd){.left = (s)})

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);

/* Reads a boolean; any value but 0 is true. Source: RFC 4251 5 */
bool rd_bool(struct rd *r);

/* Borrows the next n bytes, without a length in front. */
struct span rd_raw(struct rd *r, size_t n);

/*
 * Borrows a string with its length in front.
 * Errors: ERR_RANGE longer than max; ERR_TRUNCATED ends too early
 */
struct span rd_bytes(struct rd *r, size_t max);

/* Makes a reader for a nested string, which cannot leave it. */
struct rd rd_sub(struct rd *r, size_t max);

/*
 * Borrows the magnitude of a non-negative mpint, without leading zero bytes.
 * Errors: ERR_RANGE negative, longer than max, or not in shortest form
 * Source: RFC 4251 5
 */
struct span rd_mpint(struct rd *r, size_t max);

/* Borrows all that is left. */
struct span rd_rest(struct rd *r);

/* Fails the reader with e, unless it failed before. */
void rd_fail(struct rd *r, enum err e);

/* Tells that no read failed so far. */
bool rd_ok(const struct rd *r);

/*
 * Asks the one question: was it all there, in range, and nothing besides?
 * Errors: what failed first; ERR_TRAILING bytes are left
 */
MUST_CHECK enum err rd_end(struct rd *r);

#endif
