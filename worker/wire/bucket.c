/*
 * A token bucket in thousandths of a byte, so that no rate is too small for a clock of milliseconds.
 * It holds little: what a silent client saves up must not come as a flood.
 */
#include "worker/wire/bucket.h"
#include "common/limits.h"

enum { PER_BYTE = 1000, MS_PER_S = 1000 };

_Static_assert(LIMIT_POLICY_RATE <= INT64_MAX / PER_BYTE / MS_PER_S,
	       "a second's refill must fit");

static uint64_t piece_of(uint64_t rate)
{
	uint64_t n = rate / LIMIT_RATE_PIECES;

	if (n > LIMIT_RATE_PIECE_BYTES)
		n = LIMIT_RATE_PIECE_BYTES;
	return n == 0 ? 1 : n;
}

static int64_t most_of(uint64_t rate)
{
	return (int64_t)(2 * (rate / LIMIT_RATE_PIECES + 1) * PER_BYTE);
}

void bucket_start(struct bucket *b, uint64_t rate, uint64_t passed, uint64_t now_ms)
{
	*b = (struct bucket){.rate = rate,
			     .counted = passed,
			     .filled_ms = now_ms,
			     .left = most_of(rate)};
}

/* In a second even the largest debt of one packet is worked off in steps that fit. */
static void fill(struct bucket *b, uint64_t now_ms)
{
	uint64_t ms = now_ms - b->filled_ms;
	int64_t most = most_of(b->rate);

	b->filled_ms = now_ms;
	for (; ms > 0 && b->left < most; ms -= ms < MS_PER_S ? ms : MS_PER_S)
		b->left += (int64_t)(b->rate * (ms < MS_PER_S ? ms : MS_PER_S));
	if (b->left > most)
		b->left = most;
}

size_t bucket_room(struct bucket *b, uint64_t passed, uint64_t now_ms)
{
	if (b->rate == 0)
		return SIZE_MAX;
	fill(b, now_ms);
	b->left -= (int64_t)((passed - b->counted) * PER_BYTE);
	b->counted = passed;
	return bucket_wait_ms(b) > 0 ? 0 : (size_t)(b->left / PER_BYTE);
}

uint64_t bucket_wait_ms(const struct bucket *b)
{
	int64_t missing = (int64_t)(piece_of(b->rate) * PER_BYTE) - b->left;

	if (b->rate == 0 || missing <= 0)
		return 0;
	return ((uint64_t)missing + b->rate - 1) / b->rate;
}
