/*
 * Session keys out of K, H and the session id. Source: RFC 4253 7.2
 */
#ifndef WORKER_KEX_KEYS_H
#define WORKER_KEX_KEYS_H

#include "common/exhash.h"
#include "worker/wire/packet.h"

/* What all keys of one exchange come from. */
struct keys_root {
	enum digest digest;
	struct span secret;     /* K, complete wire form */
	struct span hash;       /* H of this exchange */
	struct span session_id; /* H of the first */
};

/*
 * Derives n bytes, at most 256, for one letter.
 * letter: 'A' to 'F'
 * Errors: ERR_CRYPTO; ERR_BUG n too large
 */
MUST_CHECK enum err keys_derive(const struct keys_root *root, char letter, size_t n,
				uint8_t *out);

/*
 * Derives IV, key and MAC key of one direction, as its rows ask.
 * mac:       NULL or not used where the cipher is an AEAD
 * to_server: letters A, C, E; else B, D, F
 * Owns:      the caller wipes out with dir_keys_wipe
 * Errors:    ERR_CRYPTO; ERR_BUG
 */
MUST_CHECK enum err keys_for_dir(const struct keys_root *root,
				 const struct cipher_alg *cipher,
				 const struct mac_alg *mac, bool to_server,
				 struct dir_keys *out);

#endif
