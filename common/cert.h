/*
 * OpenSSH certificates. Source: PROTOCOL.certkeys
 */
#ifndef COMMON_CERT_H
#define COMMON_CERT_H

#include "common/pk.h"

enum cert_kind { CERT_USER = 1, CERT_HOST = 2 };

/* A parsed certificate; all spans point into its blob. */
struct cert {
	const struct pk_alg *alg; /* the first row with its key type */
	struct span key_fields;   /* of the certified key, behind the nonce */
	uint64_t serial;
	uint32_t kind; /* enum cert_kind */
	struct span key_id;
	struct span principals; /* strings */
	uint64_t valid_after,
	    valid_before;       /* seconds since 1970; before is exclusive */
	struct span critical;   /* pairs of strings: name, data; names ascend */
	struct span extensions; /* pairs of strings: name, data; names ascend */
	struct span ca;         /* public key blob, never a certificate */
	struct span signature;  /* wire form */
	struct span body;       /* what was signed */
};

/*
 * Parses a certificate wholly; neither its signature nor its dates are judged.
 * Errors: ERR_UNKNOWN no certificate type we know; ERR_KEY malformed
 */
MUST_CHECK enum err cert_parse(struct span blob, struct cert *out);

/*
 * Verifies that the certificate's own CA key signed it. The caller knows which CA it
 * trusts.
 * Errors: ERR_SIGNATURE; ERR_KEY; ERR_UNKNOWN; ERR_CRYPTO
 */
MUST_CHECK enum err cert_verify(const struct cert *cert);

/* Tells whether a certificate is valid at now, in seconds since 1970. */
bool cert_valid_at(const struct cert *cert, uint64_t now);

/*
 * Takes the next option off a list of pairs, as critical and extensions are.
 * data:   as it stands there; empty for a flag, else see cert_option_string
 * Gives:  false where none is left
 */
bool cert_option_next(struct span *list, struct span *name, struct span *data);

/*
 * Unwraps the one string that the data of force-command, source-address … is.
 * Errors: ERR_KEY it is something else
 */
MUST_CHECK enum err cert_option_string(struct span data, struct span *out);

/* Takes the next principal off a list of strings; false where none is left. */
bool cert_principal_next(struct span *list, struct span *principal);

/*
 * Builds the plain public key blob that a certificate certifies.
 * Errors: ERR_NO_SPACE
 */
MUST_CHECK enum err cert_plain_blob(const struct cert *cert, struct wr *out);

/*
 * Gives the plain key blob of a key: itself, or that of the key which a certificate is for.
 * store:  may receive it; LIMIT_PK_BLOB_BYTES always suffice
 * Errors: ERR_KEY no blob, or a malformed certificate; ERR_NO_SPACE
 */
MUST_CHECK enum err cert_plain_of(struct span blob, struct wr *store, struct span *out);

#endif
