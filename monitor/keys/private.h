/*
 * From a key file's content to a key, and back. For hostkey.c and keygen.c only.
 */
#ifndef MONITOR_KEYS_PRIVATE_H
#define MONITOR_KEYS_PRIVATE_H

#include "common/pk.h"
#include "monitor/keys/keyfile.h"

/*
 * Reads a private key: openssh-key-v1 or PEM, not encrypted.
 * path:   for note only
 * Owns:   the caller frees *out
 * Errors: ERR_KEY, ERR_UNKNOWN with note set; ERR_MEMORY
 */
MUST_CHECK enum err private_read(struct span content, const char *path, EVP_PKEY **out,
				 struct keyfile_note *note);

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
