/*
 * Elliptic curve Diffie-Hellman: X25519 (RFC 8731) and the NIST curves (RFC 5656).
 */
#ifndef WORKER_ALG_ECDH_H
#define WORKER_ALG_ECDH_H

#include "worker/alg/kex.h"

#define ECDH_POINT_BYTES  133 /* P-521, uncompressed */
#define ECDH_SECRET_BYTES 66  /* P-521 */
#define X25519_BYTES      32

kex_respond_fn ecdh_respond;
kex_initiate_fn ecdh_initiate;
kex_finish_fn ecdh_finish;

/* A point in its encoding on the wire. */
struct ecdh_point {
	uint8_t bytes[ECDH_POINT_BYTES];
	size_t n;
};

/* A shared secret: the x coordinate. */
struct ecdh_secret {
	uint8_t bytes[ECDH_SECRET_BYTES];
	size_t n;
};

/*
 * Makes contexts for all curves once a process, so that exchanges fetch nothing.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err ecdh_warm(void);

/*
 * Makes a key: fresh, or of the secret given (see kex_initiate).
 * Owns:   the caller frees out
 * Errors: ERR_CRYPTO; ERR_BUG a secret of wrong length
 */
MUST_CHECK enum err ecdh_key(enum kex_group g, struct span secret, EVP_PKEY **out);

/* Encodes the public half of a key. Errors: ERR_CRYPTO */
MUST_CHECK enum err ecdh_public(EVP_PKEY *key, struct ecdh_point *out);

/*
 * Agrees with the other side's point.
 * Errors: ERR_KEX_VALUE wrong length, not uncompressed, not on the curve, or of low order;
 *         ERR_CRYPTO
 * Source: RFC 5656 4, RFC 8731 3
 */
MUST_CHECK enum err ecdh_agree(enum kex_group g, EVP_PKEY *key, struct span point,
			       struct ecdh_secret *out);

#endif
