/*
 * Lines of authorized_keys files, cut into their parts. Used by the login helper, which
 * reads the files, and by tests; what the options mean is in monitor/auth/keyopts.
 * Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT
 */
#ifndef COMMON_AUTHKEYS_H
#define COMMON_AUTHKEYS_H

#include "common/bytes.h"

/* One line; spans point into the line, but for blob. */
struct authkey_line {
	struct span options; /* as they stand there; empty where there are none */
	struct span type;    /* key type, one of pk_algs[] */
	struct span blob;    /* decoded; in the caller's store */
	struct span comment; /* may be empty */
};

/*
 * Takes the next line off text, without its LF or CR LF; the last may lack one.
 * Gives:  false where none is left
 */
bool authkeys_next(struct span *text, struct span *line);

/*
 * Cuts one line into its parts and decodes the key. The key itself is not yet parsed.
 * store:  receives the blob, cap bytes; LIMIT_PK_BLOB_BYTES always suffices
 * Errors: ERR_UNKNOWN nothing there: blank or comment; ERR_RANGE line or key too long;
 *         ERR_KEY not options, key type, base64 of that type
 */
MUST_CHECK enum err authkeys_line(struct span line, uint8_t *store, size_t cap,
				  struct authkey_line *out);

#endif
