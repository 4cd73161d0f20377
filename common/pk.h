/*
 * Public keys and their signatures: one row of pk_algs[] is one signature algorithm.
 * Source: RFC 4253 6.6, RFC 5656, RFC 8332, RFC 8709, PROTOCOL.u2f, PROTOCOL.certkeys
 */
#ifndef COMMON_PK_H
#define COMMON_PK_H

#include <openssl/evp.h>

#include "common/bytes.h"
#include "common/exhash.h"
#include "common/rd.h"
#include "common/wr.h"

struct pk_alg;

/* A parsed public key. Zero state: {0}. */
struct pk_key {
	const struct pk_alg
	    *alg; /* the first row with its key type, never a certificate's */
	EVP_PKEY *pkey;
	unsigned bits;
	struct span application; /* security keys only; borrowed from the blob */
};

/* What a security key said of its user. Source: PROTOCOL.u2f */
struct pk_touch {
	bool present;  /* somebody touched it */
	bool verified; /* and proved who they are, by PIN or finger */
	uint32_t counter;
};

/* Where a row may be offered or taken. */
enum pk_use { PK_HOST = 1 << 0, PK_USER = 1 << 1 };

/* Reads the fields behind the key type. Errors: ERR_KEY; ERR_CRYPTO */
typedef enum err pk_parse_fn(const struct pk_alg *alg, struct rd *fields,
			     struct pk_key *out);
/* Verifies the fields behind the signature's name. Errors: ERR_SIGNATURE; ERR_CRYPTO */
typedef enum err pk_verify_fn(const struct pk_alg *alg, const struct pk_key *key,
			      struct rd *fields, struct span data,
			      struct pk_touch *out);
/* Writes the fields behind the signature's name, from what libcrypto made. */
typedef enum err pk_encode_fn(struct span raw, struct wr *w);

/* How an X.509 certificate lies in a key's blob. */
enum x509_form {
	X509_NONE, /* it does not */
	X509_SOLE, /* behind the key type one string: drafts before RFC 6187 */
	X509_CHAIN /* count, certificates, count, OCSP responses: RFC 6187 2.1 */
};

/* What the algorithms of one family share. */
struct pk_family {
	unsigned n_fields; /* strings in the blob behind key type (or nonce) */
	unsigned bits_min;
	enum x509_form form;
	bool pure; /* signs the data as it is: libcrypto is given no digest */
	pk_parse_fn *parse;
	pk_verify_fn *verify;
	pk_encode_fn *encode; /* NULL: no private key of this kind is ever here */
};

struct pk_alg {
	const char *name;     /* of the signature algorithm, as in KEXINIT */
	const char *key_type; /* what stands first in the key's blob */
	const char *plain;    /* certificates: row that signs; it names the signature */
	enum digest digest;
	unsigned use;      /* enum pk_use bits */
	const char *curve; /* ECDSA: as in the blob, RFC 5656 10.1; else NULL */
	const struct pk_family *family;
	bool on_request; /* only where it is configured by name */
	const char *source;
	const char *certified; /* X.509: type of the key within; else NULL */
	const char
	    *signs; /* the name in the signature; NULL: the row's own, or plain's */
};

#define PK_ALG_COUNT 28
/* In order of preference. */
extern const struct pk_alg pk_algs[PK_ALG_COUNT];

/* Fetches libcrypto's objects once, before the first connection. */
void pk_warm(void);

/* Finds the row of a signature algorithm; NULL where there is none. */
const struct pk_alg *pk_alg_find(struct span name);

/* Finds the first row of a key type, as it stands in a blob; NULL where there is none.
 */
const struct pk_alg *pk_type_find(struct span key_type);

/* Tells whether a row is that of a certificate. */
bool pk_alg_is_cert(const struct pk_alg *alg);

/* Gives the row whose name stands in the signature: of a certificate, its plain row. */
const struct pk_alg *pk_alg_plain(const struct pk_alg *alg);

/* Gives the name that stands in a signature by this row. */
const char *pk_alg_signs(const struct pk_alg *alg);

/*
 * Gives the key type that a blob begins with; the rest is not looked at.
 * Errors: ERR_KEY not even that
 */
MUST_CHECK enum err pk_blob_type(struct span blob, struct span *out);

/*
 * Parses a public key, or the key that a certificate certifies (its signature is not
 * verified).
 * Owns:   pk_wipe(out) frees; out borrows from blob
 * Errors: ERR_UNKNOWN key type; ERR_KEY malformed, too weak, not on its curve; ERR_CRYPTO
 */
MUST_CHECK enum err pk_parse(struct span blob, struct pk_key *out);

/* Frees a key; legal in the zero state. */
void pk_wipe(struct pk_key *key);

/*
 * Verifies a signature in wire form by a parsed key.
 * touch:  receives what a security key said, nothing is demanded of it; of other keys
 *         {true, true, 0}
 * Errors: ERR_SIGNATURE it does not verify, is malformed, or names another algorithm;
 *         ERR_KEY alg is not for this key; ERR_CRYPTO
 */
MUST_CHECK enum err pk_verify_key(const struct pk_alg *alg, const struct pk_key *key,
				  struct span signature, struct span data,
				  struct pk_touch *touch);

/*
 * Verifies a signature in wire form by a key or certificate in wire form. The blob must
 * be of alg's own key type: a certificate for a certificate's row, a plain key for a
 * plain one. A security key must say that its user was present.
 * Errors: as pk_parse and pk_verify_key
 */
MUST_CHECK enum err pk_verify(const struct pk_alg *alg, struct span blob,
			      struct span signature, struct span data);

/* As pk_verify, but leaves it to the caller what a security key must say. */
MUST_CHECK enum err pk_verify_touch(const struct pk_alg *alg, struct span blob,
				    struct span signature, struct span data,
				    struct pk_touch *touch);

#define PK_FINGERPRINT_BYTES 52 /* SHA256: and 43 characters, with the NUL */

/* Writes "SHA256:…" of a blob, base64 without padding. Errors: ERR_CRYPTO */
MUST_CHECK enum err pk_fingerprint(struct span blob, char out[PK_FINGERPRINT_BYTES]);

#endif
