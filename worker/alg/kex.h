/*
 * Key exchange methods as a table: a row is a method, both its server's and its client's side.
 * Values of the other side come as raw content; what goes out is in complete wire form.
 */
#ifndef WORKER_ALG_KEX_H
#define WORKER_ALG_KEX_H

#include <openssl/types.h>

#include "common/bytes.h"
#include "common/exhash.h"
#include "common/limits.h"
#include "common/wr.h"

/* What a method computes in. */
enum kex_group {
	KEX_X25519,
	KEX_P256,
	KEX_P384,
	KEX_P521,
	KEX_MODP1024, /* the safe primes of RFC 2409 6.2 */
	KEX_MODP1536, /* and of RFC 3526 */
	KEX_MODP2048,
	KEX_MODP3072,
	KEX_MODP4096,
	KEX_MODP6144,
	KEX_MODP8192,
	KEX_ASKED,       /* the client asks for a size: RFC 4419 */
	KEX_ASKED_SHORT, /* and may ask for less than 2048 bits */
	KEX_MLKEM768_X25519,
	KEX_SNTRUP761_X25519
};

struct kex_alg;
struct dh_group;

/* A value in complete wire form: a string or an mpint, its length in front. */
struct kex_value {
	uint8_t bytes[LIMIT_KEX_VALUE_BYTES];
	size_t n;
};

/* The server's answer: what goes out, and K. */
struct kex_reply {
	struct kex_value q_server, secret;
};

/* The client's side between its first message and the server's answer. */
struct kex_client {
	const struct kex_alg *row;
	const struct dh_group *group; /* borrowed */
	EVP_PKEY *key;                /* elliptic curves and hybrids */
	BIGNUM *exponent;             /* Diffie-Hellman */
	uint8_t *pq;                  /* hybrids: the decapsulation key */
	size_t pq_bytes;
};

typedef enum err kex_respond_fn(const struct kex_alg *row, const struct dh_group *asked,
				struct span q_client, struct kex_reply *out);
typedef enum err kex_initiate_fn(struct kex_client *s, struct span secret,
				 struct kex_value *q_client);
typedef enum err kex_finish_fn(const struct kex_client *s, struct span q_server,
			       struct kex_value *secret);

struct kex_alg {
	const char *name;
	enum digest digest;
	kex_respond_fn *respond;
	kex_initiate_fn *initiate;
	kex_finish_fn *finish;
	enum kex_group group;
	bool mpint_values; /* of both sides; else strings */
	bool mpint_secret; /* K; else a string */
	bool group_exchange;
	bool on_request; /* not in the default list */
	const char *source;
};

/* In order of preference. */
extern const struct kex_alg kex_algs[];
extern const size_t kex_algs_n;

/* Finds a row; NULL where there is none. */
const struct kex_alg *kex_find(struct span name);

/* Writes the client's raw value in the form in which it enters the exchange hash. */
void kex_wire_client(const struct kex_alg *row, struct span raw, struct wr *w);

/*
 * Serves an exchange: checks the client's value, makes the ephemeral key, agrees on K.
 * asked:    the group of a group exchange; else NULL
 * q_client: content of the string, or magnitude of the mpint
 * Owns:     the caller wipes out with kex_reply_wipe
 * Errors:   ERR_KEX_VALUE of wrong length, not on the curve, of low order, or out of range;
 *           ERR_CRYPTO; ERR_MEMORY; ERR_BUG a group exchange without a group
 */
MUST_CHECK enum err kex_respond(const struct kex_alg *row, const struct dh_group *asked,
				struct span q_client, struct kex_reply *out);

/*
 * Begins an exchange as client.
 * asked:    the group of a group exchange, which must outlive out; else NULL
 * secret:   empty for a fresh key. Known answers give one: X25519 scalar; NIST scalar and
 *           point; DH exponent; hybrids: decapsulation key, X25519 scalar
 * q_client: complete wire form
 * Owns:     the caller wipes out with kex_client_wipe
 * Errors:   ERR_CRYPTO; ERR_MEMORY; ERR_BUG a secret of wrong length, or no group
 */
MUST_CHECK enum err kex_initiate(const struct kex_alg *row,
				 const struct dh_group *asked, struct span secret,
				 struct kex_client *out, struct kex_value *q_client);

/*
 * Ends it with the server's raw value; secret is K in complete wire form.
 * Errors: as kex_respond
 */
MUST_CHECK enum err kex_finish(const struct kex_client *s, struct span q_server,
			       struct kex_value *secret);

/* Puts a raw value into complete wire form. Errors: ERR_NO_SPACE */
MUST_CHECK enum err kex_value_set(struct kex_value *v, bool mpint, struct span raw);

/* Borrows a value. */
struct span kex_value_span(const struct kex_value *v);

void kex_reply_wipe(struct kex_reply *r);
void kex_client_wipe(struct kex_client *s);

#endif
