/*
 * Where a key comes from, as a HostKey line says it: a file, a systemd credential, its
 * content in the line itself, or a token.
 */
#ifndef MONITOR_KEYS_SOURCE_H
#define MONITOR_KEYS_SOURCE_H

#include "monitor/keys/keyfile.h"
#include "monitor/keys/password.h"

#define SOURCE_BASE64     "base64:"
#define SOURCE_CREDENTIAL "credential:"
#define SOURCE_PKCS11     "pkcs11:"
/* What is printed of a key that stands in the configuration itself; it reads as no key. */
#define SOURCE_HIDDEN SOURCE_BASE64 "hidden"

/* The kinds of key store; store.c has their names. */
enum key_store {
	STORE_AUTO, /* found from the content */
	STORE_OPENSSH,
	STORE_PEM,
	STORE_PFX,
	STORE_P7B,
	STORE_PPK,
	STORE_XML,
	STORE_JWK,
	STORE_PUBLIC,     /* SubjectPublicKeyInfo or X.509, PEM or DER */
	STORE_SSH_PUBLIC, /* one line, or RFC 4716 */
	STORE_PKCS11,
	STORE_COUNT
};

/* Zero state: {0}, with a name. Nothing here is owned. */
struct store_source {
	const char *name; /* a path, or one of the prefixes above and what it says */
	enum key_store store;
	const char *subject;     /* which entry of a store with several; NULL: any */
	const char *certificate; /* a file with its X.509 certificates; NULL: none */
	struct password_source password;
	const char *module;      /* STORE_PKCS11: the library's path */
	const char *environment; /* STORE_PKCS11: NAME=VALUE for the library; NULL */
};

/*
 * Gives how a source is called in messages: its name, but never the key itself.
 */
const char *source_label(const struct store_source *s);

/* Tells whether the key is in a token. */
bool source_is_token(const struct store_source *s);

/* Tells whether two sources are the same in every word. */
bool source_equal(const struct store_source *a, const struct store_source *b);

/*
 * Reads the content of a source that is no token: nobody but its owner may read its file.
 * Owns:   keyfile_wipe(out)
 * Errors: ERR_FILE with note set; ERR_MEMORY
 */
MUST_CHECK enum err source_read(const struct store_source *s, struct keyfile *out,
				struct keyfile_note *note);

#endif
