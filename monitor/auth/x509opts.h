/*
 * What an X.509 certificate is good for. It binds a name to a key and restricts nothing by itself: what a
 * login may do is in the line of authorized_keys that lets it in. Source: RFC 5280, RFC 6187 2.2
 */
#ifndef MONITOR_AUTH_X509OPTS_H
#define MONITOR_AUTH_X509OPTS_H

#include "common/x509.h"
#include "monitor/auth/keyopts.h"

/*
 * Judges dates, usage and critical extensions.
 * Errors: ERR_DENIED with note set
 */
MUST_CHECK enum err x509opts_usable(const struct x509 *cert, uint64_t now,
				    struct keyopts_note *note);

/* A line of authorized_keys that names an authority, and who wants to come in by it. */
struct x509_line {
	struct span authority;  /* the key on the line */
	struct span algorithms; /* CASignatureAlgorithms */
	/* subject="…" asks for this subject; principals="…" for one of these common names;
	 * neither, for the user's own name as common name */
	const struct key_options *options;
	struct span user;
};

/*
 * Judges a certificate that the line may let in.
 * Errors: ERR_UNKNOWN another authority signed it; ERR_DENIED with note set; ERR_CRYPTO
 */
MUST_CHECK enum err x509opts_issued(const struct x509 *cert,
				    const struct x509_line *line,
				    struct keyopts_note *note);

#endif
