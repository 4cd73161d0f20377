/*
 * A bounded table of sums that run out: looked up by key, and by which runs out first. Keys are
 * chosen by clients, so they are hashed with a secret, and the table never grows beyond its bound.
 */
#ifndef MONITOR_TALLY_H
#define MONITOR_TALLY_H

#include "common/err.h"
#include "monitor/siphash.h"

#define TALLY_KEY_BYTES 32

struct tally_item {
	uint8_t key[TALLY_KEY_BYTES];
	uint64_t due_ms; /* when it runs out; moved by tally_move only */
	uint32_t next;   /* in its bucket, or of the free ones; 1-based */
	uint32_t at;     /* place in the heap */
	uint32_t count;  /* the owner's */
	uint8_t cause;   /* the owner's */
	bool active;     /* the owner's */
};

/* Zero state but for key_bytes: empty. */
struct tally {
	size_t key_bytes; /* of a key that count; the rest is zero */
	struct tally_item *item;
	uint32_t *heap;   /* indexes of items in use, soonest due first */
	uint32_t *bucket; /* 1-based indexes of items; cap of them, a power of two */
	uint32_t n, cap, free;
	struct siphash_key secret;
};

/* Finds the item of a key; NULL where there is none. Valid until the next tally_add. */
struct tally_item *tally_find(const struct tally *t, const uint8_t *key);

/*
 * Adds a key that is not there yet.
 * max:    how many items there may be; who must go for this one is the caller's choice
 * Errors: ERR_NO_SPACE; ERR_MEMORY
 */
MUST_CHECK enum err tally_add(struct tally *t, const uint8_t *key, uint32_t max,
			      struct tally_item **out);

/* Has an item run out at another time. */
void tally_move(struct tally *t, struct tally_item *item, uint64_t due_ms);

/* Gives the item that runs out first; NULL where the table is empty. */
struct tally_item *tally_first(const struct tally *t);

void tally_remove(struct tally *t, struct tally_item *item);

/* Frees all; the table is empty then. */
void tally_wipe(struct tally *t);

#endif
