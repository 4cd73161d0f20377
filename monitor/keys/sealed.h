/*
 * The encryption of OpenSSH's private key files. For private.c only. Source: PROTOCOL.key
 */
#ifndef MONITOR_KEYS_SEALED_H
#define MONITOR_KEYS_SEALED_H

#include "common/bytes.h"

struct sealed {
	struct span cipher, kdf, kdf_options;
	uint8_t *p; /* n bytes, decrypted in place */
	size_t n;
	struct span tag; /* behind them, where the cipher has one */
};

/*
 * Decrypts. A wrong password is noticed here only where the cipher has a tag.
 * block:  receives what the plain text was padded to
 * Errors: ERR_UNKNOWN cipher or kdf; ERR_RANGE lengths or rounds; ERR_SIGNATURE the tag is
 *         wrong; ERR_CRYPTO
 */
MUST_CHECK enum err sealed_open(const struct sealed *s, struct span password,
				size_t *block);

#endif
