/*
 * Which of libcrypto's providers serve this process.
 */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/bytes.h"

/* CryptoProvider: which implementation serves where there are several. */
enum crypto_provider {
	CRYPTO_DEFAULT, /* libcrypto's where it has one, else ours */
	CRYPTO_FIPS, /* libcrypto's module with a certificate, and nothing beside it */
	CRYPTO_INTERNAL /* ours where we have one */
};
#define CRYPTO_PROVIDER_COUNT 3

struct crypto_choice {
	enum crypto_provider provider;
	bool legacy; /* also what OpenSSL has put aside: Blowfish, CAST-128, RC4 */
};

/*
 * Loads the providers, once, before anything else is asked of libcrypto; its configuration file has
 * no say. They are files: this comes before the sandbox.
 * why:    what is missing, for the operator; on ERR_CRYPTO
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err crypto_begin(const struct crypto_choice *choice, const char **why);

/* Tells whether they could be loaded, and loads nothing for good. Otherwise as crypto_begin. */
MUST_CHECK enum err crypto_try(const struct crypto_choice *choice, const char **why);

/*
 * A choice on the nursery's command line: --nursery=default, fips or internal; ",legacy" behind it.
 * word:   what stands behind the =
 * Errors: ERR_UNKNOWN
 */
const char *crypto_choice_option(const struct crypto_choice *choice);
MUST_CHECK enum err crypto_choice_read(struct span word, struct crypto_choice *out);

#endif
