/*
 * Providers of libcrypto 3. Nothing but what was chosen is loaded: an algorithm that the legacy
 * provider alone has is not there at all unless it was asked for. provider(7), fips_module(7)
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "common/crypto.h"

#define NO_LEGACY                                                                      \
	"OpenSSL's legacy provider (legacy.so) cannot be loaded, which blowfish-cbc, " \
	"cast128-cbc and arcfour need: install it, or leave them out of Ciphers"
#define NO_FIPS                                                                        \
	"OpenSSL's FIPS provider (fips.so) cannot be loaded, or its self-test "        \
	"failed: install "                                                             \
	"one, or set CryptoProvider default"

#define PROVIDERS 3

/* What a choice loads, in order; base and default have no file. */
struct wanted {
	const char *name;
	const char *why; /* where it is missing */
};

static size_t wanted_of(const struct crypto_choice *choice,
			struct wanted out[PROVIDERS])
{
	const bool fips = choice->provider == CRYPTO_FIPS;
	size_t n = 0;

	if (fips)
		out[n++] = (struct wanted){"fips", NO_FIPS};
	/* base: encoders, which keep no secrets */
	out[n++] = (struct wanted){fips ? "base" : "default",
				   "libcrypto cannot load its own providers"};
	if (choice->legacy && !fips)
		out[n++] = (struct wanted){"legacy", NO_LEGACY};
	return n;
}

/* out: what was loaded, also where it was not all; NULL behind it */
static enum err load(OSSL_LIB_CTX *ctx, const struct crypto_choice *choice,
		     const char **why, OSSL_PROVIDER *out[PROVIDERS])
{
	struct wanted w[PROVIDERS];
	const size_t n = wanted_of(choice, w);
	enum err e = OK;

	for (size_t i = 0; i < n && e == OK; i++)
		if ((out[i] = OSSL_PROVIDER_load(ctx, w[i].name)) == NULL) {
			*why = w[i].why;
			e = ERR_CRYPTO;
		}
	ERR_clear_error();
	return e;
}

enum err crypto_begin(const struct crypto_choice *choice, const char **why)
{
	OSSL_PROVIDER *loaded[PROVIDERS] = {0}; /* they stay */
	enum err e;

	*why = "libcrypto cannot be set up";
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT,
				NULL) != 1)
		return ERR_CRYPTO;
	if ((e = load(NULL, choice, why, loaded)) != OK)
		return e;
	if (choice->provider == CRYPTO_FIPS &&
	    EVP_set_default_properties(NULL, "fips=yes") != 1)
		return ERR_CRYPTO;
	return OK;
}

enum err crypto_try(const struct crypto_choice *choice, const char **why)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *loaded[PROVIDERS] = {0};
	enum err e = ERR_MEMORY;

	*why = "out of memory";
	if (ctx != NULL)
		e = load(ctx, choice, why, loaded);
	/* the legacy one holds more than ctx frees */
	for (size_t i = PROVIDERS; i-- > 0;)
		if (loaded[i] != NULL)
			(void)OSSL_PROVIDER_unload(loaded[i]);
	OSSL_LIB_CTX_free(ctx);
	return e;
}

#define OPTION "--nursery="
#define ROW(name)                                                                      \
	{                                                                              \
		OPTION name, OPTION name ",legacy"                                     \
	}

static const char *const options[CRYPTO_PROVIDER_COUNT][2] = {
    [CRYPTO_DEFAULT] = ROW("default"),
    [CRYPTO_FIPS] = ROW("fips"),
    [CRYPTO_INTERNAL] = ROW("internal"),
};

const char *crypto_choice_option(const struct crypto_choice *choice)
{
	return options[choice->provider][choice->legacy];
}

enum err crypto_choice_read(struct span word, struct crypto_choice *out)
{
	for (int p = 0; p < CRYPTO_PROVIDER_COUNT; p++)
		for (int legacy = 0; legacy < 2; legacy++)
			if (span_is(word, options[p][legacy] + sizeof OPTION - 1)) {
				*out = (struct crypto_choice){(enum crypto_provider)p,
							      legacy != 0};
				return OK;
			}
	return ERR_UNKNOWN;
}
