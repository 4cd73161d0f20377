/*
 * Security keys (FIDO): what such a key really signs. Source: PROTOCOL.u2f
 */
#ifndef COMMON_SK_H
#define COMMON_SK_H

#include "common/pk.h"

#define SK_TEXT_BYTES (32 + 1 + 4 + 32)

/*
 * Reads flags and counter, which end a security key's signature.
 * Errors: ERR_SIGNATURE bytes missing or left over
 */
MUST_CHECK enum err sk_read_touch(struct rd *fields, uint8_t *flags,
				  struct pk_touch *out);

/*
 * Builds the signed text: hash of the application, flags, counter, hash of the data.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sk_text(const struct pk_key *key, uint8_t flags, uint32_t counter,
			    struct span data, uint8_t out[SK_TEXT_BYTES]);

#endif
