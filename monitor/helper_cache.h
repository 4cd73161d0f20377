/*
 * Answers of PolicyHelper programs that are kept for a while.
 */
#ifndef MONITOR_HELPER_CACHE_H
#define MONITOR_HELPER_CACHE_H

#include "common/bytes.h"

#define HELPER_DIGEST_BYTES  32 /* SHA-256 */
#define HELPER_CACHE_BUCKETS 256

/* What was asked of whom: name and request are not kept themselves, they may hold secrets. */
struct helper_key {
	uint8_t digest[HELPER_DIGEST_BYTES];
};

/* Zero state: empty. */
struct helper_cache {
	struct helper_kept *bucket[HELPER_CACHE_BUCKETS];
	struct helper_kept *oldest, *newest;
	size_t n, bytes;
};

/* Errors: ERR_CRYPTO */
MUST_CHECK enum err helper_key_make(struct span name, struct span request,
				    struct helper_key *out);

/*
 * Finds an answer that still holds.
 * out:    until the cache is changed
 */
bool helper_cache_get(struct helper_cache *c, const struct helper_key *key,
		      uint64_t now_ms, struct span *out);

/*
 * Keeps an answer, in place of an older one. The oldest go where there are LIMIT_HELPER_CACHE or
 * LIMIT_HELPER_CACHE_BYTES of them; where there is no memory nothing is kept.
 */
void helper_cache_put(struct helper_cache *c, const struct helper_key *key,
		      uint64_t until_ms, struct span answer);

/* Forgets all. */
void helper_cache_wipe(struct helper_cache *c);

#endif
