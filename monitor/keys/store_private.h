/*
 * What the readers of key stores share. For monitor/keys/store*.c only.
 */
#ifndef MONITOR_KEYS_STORE_PRIVATE_H
#define MONITOR_KEYS_STORE_PRIVATE_H

#include "monitor/keys/store.h"

/*
 * Reads one form; content is of it, as far as its beginning says.
 * out:    in its zero state, is wiped by the caller also after an error
 * Errors: as store_open
 */
typedef enum err store_read_fn(const struct store_input *in, struct key_material *out,
			       struct keyfile_note *note);

store_read_fn store_openssh_read, store_pem_read, store_pfx_read, store_p7b_read,
    store_ppk_read, store_xml_read, store_jwk_read, store_public_read,
    store_ssh_public_read;

/* Tells whether DER content is a PKCS#12 store, a PKCS#7 bundle, a private key. */
bool der_is_pfx(struct span content);
bool der_is_p7b(struct span content);
bool der_is_private(struct span content);

/* Tells whether content is a line of a public key, or RFC 4716's form. */
bool text_is_ssh_public(struct span content);

/* Finds text in content; NULL where it is not. */
const uint8_t *store_text_find(struct span content, const char *text);

/* Says that a password is needed, and how to give one. Gives ERR_KEY. */
enum err store_needs_password(const struct store_input *in, struct keyfile_note *note);

/* Says that the password does not open it. Gives ERR_KEY. */
enum err store_wrong_password(const struct store_input *in, struct keyfile_note *note);

/* Tells whether libcrypto's last error was that an old cipher is switched off. */
bool store_cipher_is_off(void);

/*
 * What libcrypto calls for a password; ctx is struct store_ask.
 */
struct store_ask {
	const struct store_input *in;
	bool asked;
};
int store_password_cb(char *buf, int size, int writing, void *ctx);

/* Takes pkey over: its public blob, and itself where it is private. */
MUST_CHECK enum err material_take(struct key_material *m, EVP_PKEY *pkey, bool private);

/* Appends a certificate. Owns: x is taken over, also after an error. */
MUST_CHECK enum err material_add_certificate(struct key_material *m, X509 *x);

/*
 * Puts the certificate of the key first.
 * Errors: ERR_KEY with note set: there are certificates, but none is for it
 */
MUST_CHECK enum err material_match_certificate(struct key_material *m,
					       const char *label,
					       struct keyfile_note *note);

/* ---- keys made of their numbers (numbers.c) ---- */

/* Magnitudes, big-endian. A public key lacks all behind e; some files lack dp, dq. */
struct rsa_numbers {
	struct span n, e, d, p, q, qi;
};

struct ec_numbers {
	struct span x, y, d; /* d is empty in a public key */
};

/*
 * Makes a key of numbers: the public blob, and the private key where its numbers are there.
 * Errors: ERR_KEY they are no key
 */
MUST_CHECK enum err numbers_rsa(const struct rsa_numbers *k, struct key_material *out);
/* curve: as in RFC 5656 10.1. Errors: also ERR_UNKNOWN curve */
MUST_CHECK enum err numbers_ec(const char *curve, const struct ec_numbers *k,
			       struct key_material *out);
/* Errors: as numbers_rsa */
MUST_CHECK enum err numbers_ed25519(struct span x, struct span d,
				    struct key_material *out);

/*
 * Makes a private key of the fields that stand behind its type in an openssh-key-v1 file.
 * Errors: ERR_UNKNOWN type; ERR_KEY
 */
MUST_CHECK enum err numbers_private(struct span key_type, struct span fields,
				    EVP_PKEY **out);

#endif
