/*
 * sallyport-token: a key in a PKCS#11 token. One process holds one key, opened by a library of
 * the token's maker, and signs what the monitor sends. Private to monitor/token/.
 * Source: PKCS #11 v2.40, v3.0; RFC 7512
 */
#ifndef MONITOR_TOKEN_TOKEN_H
#define MONITOR_TOKEN_TOKEN_H

#include <p11-kit/pkcs11.h>

#include "common/pk.h"

/* Why something failed, for the operator. */
struct token_note {
	char text[LIMIT_LOG_BYTES];
};

/* What the library is asked for. */
struct token_request {
	const char *uri, *module;
	struct span pin;
	bool pin_given;
};

/* A key that can sign. Zero state: {0}. */
struct token_key {
	void *library;
	CK_FUNCTION_LIST_PTR f;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	bool in_session;
	bool pin_refused;    /* must not be tried again: tokens lock themselves */
	bool asks_each_time; /* CKA_ALWAYS_AUTHENTICATE */
	uint8_t pin[LIMIT_PASSWORD_BYTES]; /* kept for that only */
	size_t pin_n;
	uint8_t blob[LIMIT_PK_BLOB_BYTES];
	size_t blob_n;
	const struct pk_alg *alg; /* first row of its type */
};

/* Formats into note. */
void token_note_set(struct token_note *note, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives the name of a CKR_ code that an operator may meet, or a number. */
const char *token_error(CK_RV code);

/*
 * Loads the library, finds the key, and has it sign once.
 * Owns:   token_close(out), also after an error
 * Errors: ERR_UNKNOWN with note set: what is wrong, and the remedy
 */
MUST_CHECK enum err token_open(const struct token_request *q, struct token_key *out,
			       struct token_note *note);

/* Ends session and library; legal in the zero state. */
void token_close(struct token_key *k);

/*
 * Finds the public half of the private key, in wire form. (public.c)
 * Errors: ERR_UNKNOWN with note set
 */
MUST_CHECK enum err token_public(struct token_key *k, struct token_note *note);

/*
 * Signs data as alg says. (sign.c)
 * out:    what libcrypto would have made: DER for ECDSA
 * Errors: ERR_KEY alg is not for this key; ERR_CRYPTO with note set
 */
MUST_CHECK enum err token_sign(struct token_key *k, const struct pk_alg *alg,
			       struct span data, struct wr *out,
			       struct token_note *note);

/*
 * Reads an attribute of an object.
 * n:      its room in bytes, then its length
 * Errors: ERR_UNKNOWN it has none, or a longer one
 */
MUST_CHECK enum err token_attribute(const struct token_key *k, CK_OBJECT_HANDLE object,
				    CK_ATTRIBUTE_TYPE type, void *out, size_t *n);

#endif
