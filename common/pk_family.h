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
