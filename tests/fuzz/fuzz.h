/*
 * What fuzzers share: a property that must hold, and pieces of the input as blocks of their own, so
 * that a sanitizer sees the byte behind them.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "common/rd.h"
#include "common/wr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void expect(bool holds)
{
	if (!holds)
		abort();
}

/* Copies s; block_free frees. */
static inline struct span block_of(struct span s)
{
	uint8_t *p = malloc(s.n == 0 ? 1 : s.n);

	expect(p != NULL);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct span){p, s.n};
}

static inline void block_free(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* Copies s as a C string, which ends at its first NUL; the caller frees. */
static inline char *text_of(struct span s)
{
	char *text = calloc(1, s.n + 1);

	expect(text != NULL);
	if (s.n > 0)
		memcpy(text, s.p, s.n);
	return text;
}

/* Takes what a length of one byte, or of two, says, or less where there is less. */
static inline struct span take_short(struct rd *r)
{
	size_t n = rd_u8(r);

	return rd_raw(r, n < r->left.n ? n : r->left.n);
}

static inline struct span take_part(struct rd *r)
{
	size_t n = rd_u16(r);

	return rd_raw(r, n < r->left.n ? n : r->left.n);
}

/* Tells whether part lies in whole. */
static inline bool span_inside(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
			       (size_t)(part.p - whole.p) <= whole.n - part.n);
}

#endif
