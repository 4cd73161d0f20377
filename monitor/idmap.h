/*
 * Finds things by the number that another process knows them by.
 */
#ifndef MONITOR_IDMAP_H
#define MONITOR_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct idmap_slot {
	uint64_t id; /* 0: free */
	void *thing;
};

/* Open addressing; zero state: empty. Ids are never 0. */
struct idmap {
	struct idmap_slot *slot;
	size_t cap, n;
};

/* Adds id, which must not be there yet. Errors: ERR_MEMORY */
MUST_CHECK enum err idmap_add(struct idmap *m, uint64_t id, void *thing);

/* Gives what id stands for; NULL where there is none. */
void *idmap_find(const struct idmap *m, uint64_t id);

/* Removes id, where it is there, and gives what it stood for. */
void *idmap_remove(struct idmap *m, uint64_t id);

void idmap_wipe(struct idmap *m);

#endif
