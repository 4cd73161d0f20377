/*
 * bcrypt_pbkdf: how OpenSSH makes a key of a password. No library of Debian 12 offers it.
 */
#ifndef MONITOR_KEYS_BCRYPT_H
#define MONITOR_KEYS_BCRYPT_H

#include "common/bytes.h"

/*
 * Derives n bytes of a password. Some milliseconds a round and 32 bytes.
 * n:      up to LIMIT_BCRYPT_KEY_BYTES
 * Errors: ERR_CRYPTO; ERR_MEMORY; ERR_RANGE
 * Source: OpenBSD bcrypt_pbkdf(3)
 */
MUST_CHECK enum err bcrypt_pbkdf(struct span password, struct span salt,
				 uint32_t rounds, uint8_t *out, size_t n);

#endif
