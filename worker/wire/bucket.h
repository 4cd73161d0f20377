/*
 * How many bytes may pass now, where so many a second may: a token bucket. Pure: the clock and the count of
 * bytes that passed are handed in.
 */
#ifndef WORKER_WIRE_BUCKET_H
#define WORKER_WIRE_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero state: no limit. */
struct bucket {
	uint64_t rate;    /* bytes a second; 0: no limit */
	uint64_t counted; /* bytes that passed, as it was told last */
	uint64_t filled_ms;
	int64_t left; /* in thousandths of a byte; below 0: what passed too much */
};

/*
 * Begins to count; a fifth of a second's bytes are there.
 * rate:   bytes a second, LIMIT_POLICY_RATE at most; 0: no limit
 * passed: how many bytes passed until now, by the count that bucket_room will be given
 */
void bucket_start(struct bucket *b, uint64_t rate, uint64_t passed, uint64_t now_ms);

/*
 * Gives how many bytes may pass: SIZE_MAX without a limit; 0 until a piece worth the effort has gathered.
 * passed: how many bytes passed, all in all
 */
size_t bucket_room(struct bucket *b, uint64_t passed, uint64_t now_ms);

/* Gives after how many milliseconds there will be room, from the time that bucket_room was told. */
uint64_t bucket_wait_ms(const struct bucket *b);

#endif
