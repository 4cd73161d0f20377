/*
 * Files of the operator's about keys: whose certificates are believed (TrustedUserCAKeys), which keys
 * are not any more (RevokedKeys). Read at start and reload, never for a connection.
 */
#ifndef MONITOR_AUTH_TRUST_H
#define MONITOR_AUTH_TRUST_H

#include "monitor/auth/revoked.h"

struct trust_revoked {
	char *path;
	struct revoked list;
	struct trust_revoked *next;
};

struct trust_cas {
	char *path;
	uint8_t *store;
	struct span keys; /* strings: public key blobs; in store */
	struct trust_cas *next;
};

/* All files that the settings name. Zero state: {0}. */
struct trust {
	struct trust_revoked *revoked;
	struct trust_cas *cas;
};

/*
 * Reads a file, unless it was read before.
 * Owns:   trust_wipe(t)
 * Errors: ERR_FILE, ERR_CONFIG with note set: the file, or file:line, and why; ERR_MEMORY;
 *         ERR_CRYPTO
 */
MUST_CHECK enum err trust_add_revoked(struct trust *t, const char *path,
				      struct keyfile_note *note);
MUST_CHECK enum err trust_add_cas(struct trust *t, const char *path,
				  struct keyfile_note *note);

/* Frees; legal in the zero state. */
void trust_wipe(struct trust *t);

/* Gives what was read from a file; NULL where it was not: then nobody knows what is revoked. */
const struct revoked *trust_revoked(const struct trust *t, const char *path);

/* Tells whether a file was read and has this key. */
bool trust_has_ca(const struct trust *t, const char *path, struct span ca);

#endif
