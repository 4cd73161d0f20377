/*
 * Key stores: from the content of a file, whatever its form, to a key. Which form it is, is
 * seen from the content; where a line names one, it must be that.
 */
#ifndef MONITOR_KEYS_STORE_H
#define MONITOR_KEYS_STORE_H

#include <openssl/x509.h>

#include "common/pk.h"
#include "monitor/keys/source.h"

/* What a store holds. Zero state: {0}. */
struct key_material {
	enum key_store store;              /* which it was */
	EVP_PKEY *pkey;                    /* NULL: no private key is in it */
	STACK_OF(X509) * certificates;     /* X.509, the key's own first; NULL: none */
	uint8_t blob[LIMIT_PK_BLOB_BYTES]; /* public key in wire form */
	size_t blob_n;                     /* 0: of no type that SSH has */
};

/* Content to be read. */
struct store_input {
	struct span content;
	const char *label;   /* for messages */
	const char *subject; /* which entry; NULL: the first with a private key */
	const struct keyfile *password; /* p is NULL where there is none */
};

/* Gives a store's name, as store= takes it. */
const char *store_name(enum key_store store);

/*
 * Finds a store by its name or another usual one, whatever the case.
 * why:    receives what is wrong with it
 * Errors: ERR_UNKNOWN no such store, or one that there is on other systems only
 */
MUST_CHECK enum err store_find(const char *name, enum key_store *out, const char **why);

/*
 * Reads content.
 * named:  what the operator says it is
 * Owns:   material_wipe(out)
 * Errors: ERR_KEY, ERR_UNKNOWN, ERR_FILE with note set: what is wrong, and the remedy;
 *         ERR_MEMORY
 */
MUST_CHECK enum err store_open(const struct store_input *in, enum key_store named,
			       struct key_material *out, struct keyfile_note *note);

/*
 * Reads a source that is no token: its content, its password, its certificates.
 * typed:  passwords of the terminal; may be NULL
 * Owns, Errors: as store_open
 */
MUST_CHECK enum err store_read(const struct store_source *s,
			       const struct passwords *typed, struct key_material *out,
			       struct keyfile_note *note);

/*
 * Reads the public keys that content holds, in whatever form but lines of keys.
 * keys:   receives strings: public blobs
 * n:      how many
 * Errors: as store_open; ERR_NO_SPACE
 */
MUST_CHECK enum err store_public_keys(const struct store_input *in, struct wr *keys,
				      size_t *n, struct keyfile_note *note);

/* Tells whether content is one of the public forms that are no line of a key. */
bool store_is_public_form(struct span content);

/* Wipes and frees; legal in the zero state. */
void material_wipe(struct key_material *m);

#endif
