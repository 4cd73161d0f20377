/*
 * RevokedKeys: keys and certificates that open no door any more. The file is a plain list of
 * public keys or a key revocation list (KRL); it is read whole before anybody is asked about.
 * Source: sshd_config(5) RevokedKeys; PROTOCOL.krl
 */
#ifndef MONITOR_AUTH_REVOKED_H
#define MONITOR_AUTH_REVOKED_H

#include "common/cert.h"
#include "monitor/keys/keyfile.h"

/* SHA256, or SHA1 with zeros behind. */
struct revoked_hash {
	uint8_t bytes[32];
};

struct revoked_hashes {
	struct revoked_hash *item; /* sorted once all are there */
	size_t n, cap;
};

/* Serial numbers from lo to hi; where bits is not empty, those of them whose bit is set. */
struct revoked_serials {
	uint64_t lo, hi;
	uint64_t reach;   /* the highest hi up to here in the sorted list */
	struct span bits; /* big-endian, bit 0 is lo */
};

/* What one certificate authority took back. */
struct revoked_ca {
	bool any;                 /* of every authority */
	struct revoked_hash hash; /* of its key; else nothing */
	struct revoked_serials *serials;
	size_t n_serials, serials_cap;
	struct span *ids; /* key IDs, in the file */
	size_t n_ids, ids_cap;
};

/* Zero state: {0}, in which nothing is revoked. */
struct revoked {
	struct revoked_hashes keys; /* SHA256 of plain key blobs */
	struct revoked_hashes sha1;
	struct revoked_ca *ca;
	size_t n_ca, ca_cap;
	struct keyfile file; /* what spans point into */
};

/*
 * Loads a list of either kind; nothing is taken from one with an error in it.
 * Owns:   revoked_wipe(out)
 * Errors: ERR_FILE, ERR_CONFIG with note set: the file, or file:line, and why; ERR_MEMORY;
 *         ERR_CRYPTO
 */
MUST_CHECK enum err revoked_load(const char *path, struct revoked *out,
				 struct keyfile_note *note);

/*
 * As revoked_load, for bytes that are there already: out borrows from them.
 * path: for note only
 */
MUST_CHECK enum err revoked_parse(struct span bytes, const char *path,
				  struct revoked *out, struct keyfile_note *note);

/* Frees; legal in the zero state. */
void revoked_wipe(struct revoked *r);

/*
 * Says why a key is revoked, in a few words for the log; NULL where it is not.
 * plain: its blob, without its certificate
 * cert:  the certificate that it comes with; NULL: none. Its authority's key is asked too.
 */
const char *revoked_why(const struct revoked *r, struct span plain,
			const struct cert *cert);

/* Tells whether a serial number is among those of an authority. 0 never is. */
bool revoked_has_serial(const struct revoked_ca *ca, uint64_t serial);

/* ---- for the readers of files (krl.c) ---- */

/* Adds the hash of a key's blob, of a certificate's plain key. Errors: ERR_MEMORY; ERR_KEY; ERR_CRYPTO */
MUST_CHECK enum err revoked_add_key(struct revoked *r, struct span blob);

/* Adds a hash, n bytes of it. Errors: ERR_MEMORY */
MUST_CHECK enum err revoked_add_hash(struct revoked_hashes *set, struct span hash);

/* Adds an authority. Errors: ERR_MEMORY; ERR_CRYPTO */
MUST_CHECK enum err revoked_add_ca(struct revoked *r, struct span blob,
				   struct revoked_ca **out);

/* Errors: ERR_MEMORY */
MUST_CHECK enum err revoked_add_serials(struct revoked_ca *ca,
					const struct revoked_serials *s);
MUST_CHECK enum err revoked_add_id(struct revoked_ca *ca, struct span id);

#endif
