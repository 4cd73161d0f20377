/*
 * What scripts keep in common, for all connections and versions: keys, values, an end.
 * Bounded in number and bytes; when it is full, what would end first goes first.
 */
#ifndef POLICY_STORE_H
#define POLICY_STORE_H

#include "common/bytes.h"

struct store_item {
	struct store_item *next;
	uint64_t expires_s; /* 0: never */
	size_t key_n, value_n;
	uint8_t bytes[]; /* key, then value */
};

/* {0} is empty. */
struct store {
	struct store_item **slot;
	size_t n, bytes;
	uint64_t seed; /* so that nobody chooses keys that fall together */
};

/* Finds a value that has not ended at now_s; false where there is none. */
bool store_get(const struct store *s, struct span key, uint64_t now_s,
	       struct span *value, uint64_t *expires_s);

/*
 * Sets a value; an empty one, or one that has ended, removes the key.
 * Errors: ERR_RANGE key or value beyond its limit; ERR_MEMORY
 */
MUST_CHECK enum err store_set(struct store *s, struct span key, struct span value,
			      uint64_t expires_s, uint64_t now_s);

void store_wipe(struct store *s);

#endif
