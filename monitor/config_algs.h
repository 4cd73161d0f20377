/*
 * What the lists of algorithms of a configuration mean for the operator, and for libcrypto.
 */
#ifndef MONITOR_CONFIG_ALGS_H
#define MONITOR_CONFIG_ALGS_H

#include "common/crypto.h"
#include "monitor/config.h"

/* keyword: Ciphers; name: of the algorithm; reason: what a sentence says of it, e.g. "is CBC: …" */
typedef void config_weak_fn(void *ctx, const char *keyword, const char *name,
			    const char *reason);

/*
 * Calls fn with each algorithm that is enabled, for anybody or in a Match block, and that an operator
 * would rather not have; each once a keyword.
 */
void config_weak_each(const struct config *c, config_weak_fn *fn, void *ctx);

/* Gives what libcrypto has to load for these settings. */
struct crypto_choice config_crypto(const struct settings *s);

/* The same, as the nursery is told. */
const char *config_crypto_option(const struct settings *s);

#endif
