/*
 * Message authentication codes of the packet layer as a table.
 */
#ifndef WORKER_ALG_MAC_H
#define WORKER_ALG_MAC_H

#include <openssl/types.h>

#include "common/bytes.h"

#define MAC_KEY_BYTES 64 /* longest key */
#define MAC_TAG_BYTES 64 /* longest tag, before it is cut to tag_bytes */

struct mac_alg;
struct umac128_ctx;
struct umac64_ctx;

/* One direction's MAC with its key. Zero state: none. */
struct mac {
	const struct mac_alg *row;
	EVP_MAC_CTX *hmac;
	struct umac128_ctx *umac128;
	struct umac64_ctx *umac64;
};

typedef enum err mac_start_fn(struct mac *m, struct span key);
typedef enum err mac_tag_fn(struct mac *m, uint32_t seq, struct span data,
			    uint8_t *tag);

struct mac_alg {
	const char *name;
	const char *digest; /* libcrypto's name; NULL where there is none */
	size_t key_bytes, tag_bytes;
	bool etm; /* over the encrypted packet, its length in the clear */
	mac_start_fn *start;
	mac_tag_fn *tag;
	bool on_request; /* not in the default list */
	const char *source;
};

/* In order of preference. */
extern const struct mac_alg mac_algs[];
extern const size_t mac_algs_n;

/* Finds a row; NULL where there is none. */
const struct mac_alg *mac_find(struct span name);

/* Fetches what the rows need, once a process. Errors: ERR_CRYPTO */
MUST_CHECK enum err mac_warm(void);

/* Lets a row run once. Errors: ERR_CRYPTO libcrypto, as it is set up, does not have it; ERR_MEMORY */
MUST_CHECK enum err mac_warm_row(const struct mac_alg *row);

/*
 * Takes a row's key, of the length that the row states.
 * Owns:   the caller wipes out with mac_wipe
 * Errors: ERR_CRYPTO; ERR_MEMORY; ERR_BUG wrong length
 */
MUST_CHECK enum err mac_start(const struct mac_alg *row, struct span key,
			      struct mac *out);

/*
 * Makes the tag of a packet.
 * tag:    MAC_TAG_BYTES, of which the first row->tag_bytes count
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err mac_tag(struct mac *m, uint32_t seq, struct span data,
			    uint8_t tag[MAC_TAG_BYTES]);

void mac_wipe(struct mac *m);

#endif
