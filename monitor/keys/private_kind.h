/*
 * Kinds of private key as a table. For private.c only.
 */
#ifndef MONITOR_KEYS_PRIVATE_KIND_H
#define MONITOR_KEYS_PRIVATE_KIND_H

#include <openssl/evp.h>

#include "common/rd.h"
#include "common/wr.h"

struct private_kind;

/* Reads what stands behind the key type, up to the comment. Errors: ERR_KEY */
typedef enum err private_parse_fn(const struct private_kind *kind, struct rd *r,
				  EVP_PKEY **out);
/* Writes a key's fields. Errors: ERR_CRYPTO; ERR_NO_SPACE */
typedef enum err private_write_fn(const struct private_kind *kind, const EVP_PKEY *pkey,
				  struct wr *w);

struct private_kind {
	const char *key_type; /* on the wire */
	const char *name;     /* libcrypto's */
	const char *group;    /* ECDSA: libcrypto's, else NULL */
	const char *curve;    /* ECDSA: RFC 5656 10.1, else NULL */
	private_parse_fn *parse;
	private_write_fn *write;        /* the private file's fields */
	private_write_fn *write_public; /* the public blob's fields */
};

/* Finds a kind by its key type; NULL where there is none. */
const struct private_kind *private_kind_find(struct span key_type);

/* Finds the kind of a key; NULL where it is none of ours. */
const struct private_kind *private_kind_of(const EVP_PKEY *pkey);

#endif
