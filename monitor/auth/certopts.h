/*
 * Certificates of users: what one says of its holder, and what a login with it may do.
 * Source: PROTOCOL.certkeys; ssh-keygen(1) CERTIFICATES
 */
#ifndef MONITOR_AUTH_CERTOPTS_H
#define MONITOR_AUTH_CERTOPTS_H

#include "common/cert.h"
#include "monitor/auth/keyopts.h"

/* What was said by a certificate that let somebody in. */
struct key_cert {
	uint64_t serial;
	struct span key_id;
	struct span principals; /* strings */
	char ca[PK_FINGERPRINT_BYTES];
	uint8_t store[]; /* what the spans point into */
};

/*
 * Copies what is to be remembered of a certificate.
 * Owns:   free(*out)
 * Errors: ERR_MEMORY; ERR_CRYPTO
 */
MUST_CHECK enum err key_cert_new(const struct cert *cert, struct key_cert **out);

/*
 * Tells whether a certificate is genuine and in force: a user's, signed by its own CA key with an
 * allowed algorithm, for somebody, and now. The caller knows which CA it trusts.
 * algorithms: CASignatureAlgorithms
 * now:        seconds since 1970
 * Errors:     ERR_DENIED with note set
 */
MUST_CHECK enum err certopts_genuine(const struct cert *cert, struct span algorithms,
				     uint64_t now, struct keyopts_note *note);

/* Tells whether a certificate names a principal. */
bool certopts_names(const struct cert *cert, struct span principal);

/* Tells whether it names one of a list divided by commas. */
bool certopts_names_any(const struct cert *cert, struct span list);

/*
 * Reads critical options and extensions. What is not given is not permitted; an extension that is
 * not known is nothing, a critical option that is not known refuses all.
 * Owns:   keyopts_wipe(out)
 * Errors: ERR_DENIED with note set; ERR_MEMORY
 */
MUST_CHECK enum err certopts_read(const struct cert *cert, struct key_options *out,
				  struct keyopts_note *note);

/*
 * Narrows o, the options of who trusts the CA, by those of the certificate: what is permitted must be so by
 * both, what is demanded is so by either.
 * Owns:   takes what cert holds; cert is in the zero state after
 * Errors: ERR_DENIED with note set: two forced commands that differ
 */
MUST_CHECK enum err certopts_narrow(struct key_options *o, struct key_options *cert,
				    struct keyopts_note *note);

#endif
