/*
 * Host keys with X.509 certificates: what of them goes to clients. Source: RFC 6187 2.1
 */
#ifndef MONITOR_KEYS_X509HOST_H
#define MONITOR_KEYS_X509HOST_H

#include <openssl/x509.h>

#include "common/pk.h"
#include "common/wr.h"

/*
 * Writes the blob of a key with certificates for an algorithm with X.509.
 * certificates: the key's own first
 * plain:  the key's own blob, which must be of the kind that alg certifies
 * Errors: ERR_UNKNOWN alg is not for this key; ERR_MEMORY; ERR_NO_SPACE
 */
MUST_CHECK enum err x509host_blob(const struct pk_alg *alg, struct span plain,
				  const STACK_OF(X509) * certificates, struct wr *w);

#endif
