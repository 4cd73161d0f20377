/*
 * What scripts stored for all connections (shared.set): a copy that outlives the policy process.
 */
#ifndef MONITOR_SHARE_H
#define MONITOR_SHARE_H

#include "common/bytes.h"
#include "common/limits.h"

struct share {
	uint64_t expires_s; /* since 1970; 0: never */
	size_t key_n, value_n;
	struct share *next; /* in its row */
	uint8_t bytes[];    /* key, then value */
};

#define SHARE_ROWS 1024

/* Zero state: empty. */
struct shares {
	struct share **row; /* SHARE_ROWS; NULL while there was none */
	size_t n, bytes;
	size_t told; /* rows that a new process has got back */
};

/*
 * Stores value under key; an empty value removes it.
 * Errors: ERR_NO_SPACE beyond LIMIT_SHARES or LIMIT_SHARES_BYTES; ERR_MEMORY
 */
MUST_CHECK enum err share_set(struct shares *s, struct span key, struct span value,
			      uint64_t expires_s);

/* Drops what has expired. */
void shares_expire(struct shares *s, uint64_t now_s);

void shares_wipe(struct shares *s);

#endif
