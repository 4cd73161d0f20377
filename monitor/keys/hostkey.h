/*
 * Host keys: the only place with private keys. They lie in libcrypto's secure heap: locked,
 * not dumped, zero in a forked child. So the monitor must not fork and go on as the child
 * after keymem_init (fork and exec is fine).
 */
#ifndef MONITOR_KEYS_HOSTKEY_H
#define MONITOR_KEYS_HOSTKEY_H

#include <openssl/x509.h>

#include "common/pk.h"
#include "monitor/keys/keyfile.h"
#include "monitor/keys/keymem.h"
#include "monitor/keys/store.h"

/* A key in a token; what it is, is known to who opened it. */
struct token;

/* A private key with what is shown of it. Zero state: {0}. */
struct hostkey {
	EVP_PKEY *pkey;           /* shared with the entry of its certificate */
	struct token *token;      /* borrowed; then pkey is NULL */
	const struct pk_alg *alg; /* the first row with the key type of blob */
	uint8_t *blob;            /* public key or host certificate, wire form */
	size_t blob_n;
	char *path; /* it was read from, or what names it */
	enum key_store store;
	/* X.509, its own first, where the store had them; NULL: none */
	STACK_OF(X509) * certificates;
};

/* Position is the index that workers name. Zero state: {0}. */
struct hostkeys {
	struct hostkey key[LIMIT_HOSTKEYS];
	size_t n;
};

/*
 * Gives the token of a source and its public key blob.
 * Errors: ERR_UNKNOWN with note set: it could not be opened
 */
typedef enum err hostkeys_token_fn(void *ctx, const struct store_source *s,
				   struct token **out, struct span *blob,
				   struct keyfile_note *note);

/* HostKey and HostCertificate, in the order of the configuration. */
struct hostkeys_sources {
	const struct store_source *keys;
	size_t n_keys;
	const char *const *certificates;
	size_t n_certificates;
	const struct passwords *typed; /* may be NULL */
	hostkeys_token_fn *token;      /* NULL: there are none */
	void *token_ctx;
	struct span
	    algorithms; /* HostKeyAlgorithms: for which of X.509 to make entries */
};

/* Takes one message for the operator: a key or certificate that was left out, and why. */
typedef void hostkeys_note_fn(void *ctx, const char *text);

/*
 * Reads a private key out of any store but a token.
 * typed:  passwords of the terminal; may be NULL
 * Owns:   hostkey_wipe(out)
 * Errors: ERR_FILE, ERR_KEY, ERR_UNKNOWN with note set; ERR_MEMORY; ERR_CRYPTO
 */
MUST_CHECK enum err hostkey_load(const struct store_source *s,
				 const struct passwords *typed, struct hostkey *out,
				 struct keyfile_note *note);

/* Wipes and frees; legal in the zero state. */
void hostkey_wipe(struct hostkey *key);

/* Gives the public key blob or certificate. */
struct span hostkey_blob(const struct hostkey *key);

/*
 * Signs data. The caller assembled data itself.
 * w:      receives the signature blob: name, signature
 * Errors: ERR_KEY alg is not for this key; ERR_UNKNOWN it is in a token, which signs by
 *         itself; ERR_CRYPTO; ERR_NO_SPACE
 */
MUST_CHECK enum err hostkey_sign(const struct hostkey *key, const struct pk_alg *alg,
				 struct span data, struct wr *w);

/*
 * Loads all host keys; one that cannot be used is told to note and left out. Certificates
 * get entries of their own, behind the keys, and share the private key; X.509 ones one each algorithm.
 * Owns:   hostkeys_wipe(out)
 * Errors: ERR_FILE no key could be used; ERR_MEMORY
 */
MUST_CHECK enum err hostkeys_load(const struct hostkeys_sources *sources,
				  struct hostkeys *out, hostkeys_note_fn *note,
				  void *ctx);

/* Wipes and frees all; legal in the zero state. */
void hostkeys_wipe(struct hostkeys *keys);

/* What may be shown of a key. Strings live as long as the key. */
struct hostkey_shown {
	const char *path, *store, *type;
	unsigned bits;
	bool certificate;                       /* OpenSSH's, of HostCertificate */
	bool token;                             /* it is not here */
	char fingerprint[PK_FINGERPRINT_BYTES]; /* of a certificate: of its key */
};

/*
 * Tells what may be shown of a key.
 * Errors: ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err hostkey_show(const struct hostkey *key, struct hostkey_shown *out);

/*
 * Finds the first key that signs for alg; NULL where there is none.
 * index:  receives its place; may be NULL
 */
const struct hostkey *hostkeys_find(const struct hostkeys *keys,
				    const struct pk_alg *alg, size_t *index);

/*
 * Writes those names of the configured list for which there is a key, in its order.
 * Errors: ERR_NO_SPACE; ERR_KEX_NONE there is none
 */
MUST_CHECK enum err hostkeys_algorithms(const struct hostkeys *keys,
					struct span configured, struct wr *w);

#endif
