/*
 * The families behind the rows of pk_algs[]: what differs between Ed25519, ECDSA, RSA
 * and security keys. Contracts of the functions: pk_parse_fn, pk_verify_fn,
 * pk_encode_fn.
 */
#ifndef COMMON_PK_FAMILY_H
#define COMMON_PK_FAMILY_H

#include "common/pk.h"

/* Fetches the families' objects from libcrypto once. */
void pk_family_warm(void);

/* RFC 8709 */
enum err pk_ed25519_parse(const struct pk_alg *alg, struct rd *fields,
			  struct pk_key *out);
enum err pk_ed25519_verify(const struct pk_alg *alg, const struct pk_key *key,
			   struct rd *fields, struct span data, struct pk_touch *out);

/* RFC 5656 3.1 */
enum err pk_ecdsa_parse(const struct pk_alg *alg, struct rd *fields,
			struct pk_key *out);
enum err pk_ecdsa_verify(const struct pk_alg *alg, const struct pk_key *key,
			 struct rd *fields, struct span data, struct pk_touch *out);
enum err pk_ecdsa_encode(struct span raw, struct wr *w);

/* RFC 8332 3 */
enum err pk_rsa_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out);
enum err pk_rsa_verify(const struct pk_alg *alg, const struct pk_key *key,
		       struct rd *fields, struct span data, struct pk_touch *out);

/* RFC 4253 6.6 (pk_dss.c) */
enum err pk_dss_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out);
enum err pk_dss_verify(const struct pk_alg *alg, const struct pk_key *key,
		       struct rd *fields, struct span data, struct pk_touch *out);
enum err pk_dss_encode(struct span raw, struct wr *w);

/* RFC 6187; judges what is within as the plain key that it is (x509_key.c) */
enum err pk_x509_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out);

/* What families share: a key of libcrypto's kind name from params; NULL: they are no such key. */
EVP_PKEY *pk_key_from(const char *name, int selection, OSSL_PARAM *params);

/* Verifies; md is NULL where the kind of key hashes by itself. Errors: ERR_SIGNATURE; ERR_CRYPTO */
MUST_CHECK enum err pk_verify_by(EVP_PKEY *pkey, const EVP_MD *md,
				 struct span signature, struct span data);

/* Writes an INTEGER of at most 127 bytes. */
void pk_der_integer(struct wr *w, struct span magnitude);

/* Reads one. Gives: its content, a zero in front or not */
struct span pk_der_read_integer(struct rd *r);

/* PROTOCOL.u2f */
enum err pk_sk_ed25519_parse(const struct pk_alg *alg, struct rd *fields,
			     struct pk_key *out);
enum err pk_sk_ed25519_verify(const struct pk_alg *alg, const struct pk_key *key,
			      struct rd *fields, struct span data,
			      struct pk_touch *out);
enum err pk_sk_ecdsa_parse(const struct pk_alg *alg, struct rd *fields,
			   struct pk_key *out);
enum err pk_sk_ecdsa_verify(const struct pk_alg *alg, const struct pk_key *key,
			    struct rd *fields, struct span data, struct pk_touch *out);

/* Ed25519 and RSA: what libcrypto makes is one string on the wire. */
enum err pk_string_encode(struct span raw, struct wr *w);

#endif
