/*
 * Makes host keys and writes them as OpenSSH does.
 */
#ifndef MONITOR_KEYS_KEYGEN_H
#define MONITOR_KEYS_KEYGEN_H

#include "monitor/keys/keyfile.h"

/*
 * Makes a key of type "ed25519", "ecdsa" (nistp256) or "rsa" (3072 bits), writes it to
 * path (0600) and its public half to path.pub (0644). What exists is not overwritten.
 * comment: for the public file, e.g. root@host
 * Errors:  ERR_UNKNOWN type; ERR_FILE with note set; ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err hostkey_generate(const char *type, const char *path,
				     const char *comment, struct keyfile_note *note);

/*
 * Makes ssh_host_ed25519_key, …_ecdsa_key and …_rsa_key in a folder that exists,
 * those that are missing.
 * Errors: as hostkey_generate
 */
MUST_CHECK enum err hostkey_generate_all(const char *folder, struct keyfile_note *note);

#endif
