/*
 * Ciphers of the packet layer as a table. All work in place.
 */
#ifndef WORKER_ALG_CIPHER_H
#define WORKER_ALG_CIPHER_H

#include <openssl/types.h>

#include "common/bytes.h"

#define CIPHER_KEY_BYTES    64 /* longest key: chacha20-poly1305@openssh.com has two */
#define CIPHER_IV_BYTES     16 /* longest IV */
#define CIPHER_TAG_BYTES    16 /* longest tag */
#define CIPHER_LENGTH_BYTES 4  /* the packet length in front of each packet */

struct cipher_alg;

/* One direction's cipher with its key. Zero state: none. */
struct cipher {
	const struct cipher_alg *row;
	EVP_CIPHER_CTX *body, *head; /* head: where the length has a key of its own */
	EVP_MAC_CTX *mac;
	uint8_t iv[CIPHER_IV_BYTES];
};

/* Takes key and IV; seal: this direction encrypts. */
typedef enum err cipher_start_fn(struct cipher *c, struct span key, struct span iv,
				 bool seal);
/* AEAD: gives the packet length, which stands in raw as it came. raw is left as it is. */
typedef enum err cipher_length_fn(struct cipher *c, uint32_t seq, const uint8_t *raw,
				  uint32_t *length);
/* AEAD: n bytes are length field and body; behind them is the tag. */
typedef enum err cipher_packet_fn(struct cipher *c, uint32_t seq, uint8_t *packet,
				  size_t n);
/* The others: crypts the next n bytes of the stream; n is a multiple of the block. */
typedef enum err cipher_crypt_fn(struct cipher *c, uint8_t *p, size_t n);

struct cipher_alg {
	const char *name;
	const char *fetch; /* libcrypto's name */
	size_t key_bytes, iv_bytes, block_bytes;
	size_t tag_bytes;  /* 0: not an AEAD, needs a MAC */
	size_t drop_bytes; /* of the key stream, before the first packet */
	bool cbc;          /* a block is decrypted by the one before it on the wire */
	cipher_start_fn *start;
	cipher_length_fn *length;
	cipher_packet_fn *open, *seal;
	cipher_crypt_fn *crypt;
	uint64_t rekey_bytes; /* take new keys after as many; RFC 4344 3.2 */
	bool on_request;      /* not in the default list */
	const char *source;
};

/* In order of preference. */
extern const struct cipher_alg cipher_algs[];
extern const size_t cipher_algs_n;

/* Finds a row; NULL where there is none. */
const struct cipher_alg *cipher_find(struct span name);

/* Fetches what the rows of the default list need, once a process. Errors: ERR_CRYPTO */
MUST_CHECK enum err cipher_warm(void);

/* Fetches what a row needs. Errors: ERR_CRYPTO libcrypto, as it is set up, does not have it */
MUST_CHECK enum err cipher_warm_row(const struct cipher_alg *row);

/*
 * Takes a row's key and IV, of the lengths that the row states.
 * seal:   encrypt; else decrypt
 * Owns:   the caller wipes out with cipher_wipe
 * Errors: ERR_CRYPTO; ERR_BUG wrong lengths
 */
MUST_CHECK enum err cipher_start(const struct cipher_alg *row, struct span key,
				 struct span iv, bool seal, struct cipher *out);

void cipher_wipe(struct cipher *c);

#endif
