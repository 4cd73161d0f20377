/*
 * From a key to a key file of OpenSSH's, and to its public blob; store.h has the way back.
 */
#ifndef MONITOR_KEYS_PRIVATE_H
#define MONITOR_KEYS_PRIVATE_H

#include "common/pk.h"
#include "monitor/keys/keyfile.h"

/*
 * Writes a key as openssh-key-v1, not encrypted, in its armour.
 * Errors: ERR_UNKNOWN kind of key; ERR_CRYPTO; ERR_NO_SPACE
 */
MUST_CHECK enum err private_write(const EVP_PKEY *pkey, const char *comment,
				  struct wr *w);

/*
 * Writes the public key blob of a key.
 * Errors: ERR_UNKNOWN no key type we know; ERR_CRYPTO; ERR_NO_SPACE
 */
MUST_CHECK enum err private_blob(const EVP_PKEY *pkey, struct wr *w);

#endif
