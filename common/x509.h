/*
 * X.509 certificates as SSH carries them, read with bounds and without libcrypto's parser, which is
 * not for foreign bytes in a process that holds keys. Source: RFC 5280, RFC 6187
 */
#ifndef COMMON_X509_H
#define COMMON_X509_H

#include "common/pk.h"

/* A parsed certificate; all spans point into its bytes. */
struct x509 {
	struct span whole;
	struct span body;                   /* what was signed, with its tag */
	struct span issuer, subject;        /* Name, without its tag */
	struct span key;                    /* SubjectPublicKeyInfo, without its tag */
	uint64_t valid_after, valid_before; /* seconds since 1970, both inclusive */
	const char
	    *signer; /* key type of who could have signed it; of ECDSA the family */
	enum digest digest;    /* of its signature */
	struct span signature; /* without unused bits */
	bool
	    for_logins; /* keyUsage, extKeyUsage: a client may sign with the key, or they say nothing */
	bool unknown_critical; /* an extension that is not understood and must be */
};

/*
 * Parses a certificate wholly; neither its signature nor its dates are judged.
 * Errors: ERR_KEY malformed, not version 3, or signed with what is not known here
 */
MUST_CHECK enum err x509_parse(struct span der, struct x509 *out);

/*
 * Gives the certificate of the key itself: the only one, or the first of a chain.
 * fields: of a key's blob, behind its type
 * Errors: ERR_KEY
 */
MUST_CHECK enum err x509_leaf(enum x509_form form, struct rd *fields, struct x509 *out);

/* The same for a blob. Errors: ERR_UNKNOWN its type is none with a certificate; ERR_KEY */
MUST_CHECK enum err x509_of_blob(struct span blob, struct x509 *out);

/*
 * Writes its key as SSH has it plainly: ssh-rsa, ssh-dss, ecdsa-sha2-…, ssh-ed25519.
 * Errors: ERR_KEY another kind of key, or malformed; ERR_NO_SPACE
 */
MUST_CHECK enum err x509_plain_blob(const struct x509 *cert, struct wr *out);

/*
 * Verifies that an authority signed it.
 * authority:  its plain blob
 * algorithms: name-list, as CASignatureAlgorithms
 * Errors: ERR_DENIED with an algorithm that is not in the list; ERR_SIGNATURE; ERR_KEY; ERR_CRYPTO
 */
MUST_CHECK enum err x509_verify(const struct x509 *cert, struct span authority,
				struct span algorithms);

/*
 * Tells whether the subject is the one that an operator wrote, attribute by attribute in order:
 * /C=DE/O=Example/CN=alice or C = DE, O = Example, CN = alice, as openssl(1) prints it.
 */
bool x509_subject_is(const struct x509 *cert, struct span text);

/* Tells whether one of its subject's common names is this. */
bool x509_common_name_is(const struct x509 *cert, struct span name);

#endif
