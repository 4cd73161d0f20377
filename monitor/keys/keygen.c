/*
 * Makes host keys. A key file that exists is somebody's trust: it is never overwritten.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/pk.h"
#include "monitor/keys/keygen.h"
#include "monitor/keys/private.h"

enum { RSA_BITS = 3072, SECRET_MODE = 0600, PUBLIC_MODE = 0644 };

typedef EVP_PKEY *generate_fn(void);

static EVP_PKEY *generate_ed25519(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static EVP_PKEY *generate_ecdsa(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static EVP_PKEY *generate_rsa(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
}

static const struct key_type {
	const char *name, *file;
	generate_fn *generate;
} types[] = {
    {"ed25519", "ssh_host_ed25519_key", generate_ed25519},
    {"ecdsa",   "ssh_host_ecdsa_key",   generate_ecdsa  },
    {"rsa",     "ssh_host_rsa_key",     generate_rsa    },
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static enum err write_private(const char *path, const EVP_PKEY *pkey,
			      const char *comment, struct keyfile_note *note)
{
	uint8_t *store = OPENSSL_secure_malloc(LIMIT_KEY_FILE_BYTES);
	struct wr w = {.p = store, .cap = LIMIT_KEY_FILE_BYTES};
	enum err e = ERR_MEMORY;
	struct span text;

	if (store != NULL && (e = private_write(pkey, comment, &w)) == OK &&
	    (e = wr_end(&w, &text)) == OK)
		e = keyfile_write_new(path, SECRET_MODE, text, note);
	OPENSSL_secure_clear_free(store, LIMIT_KEY_FILE_BYTES);
	return e;
}

/* "type base64 comment", one line */
static enum err write_public(const char *path, const EVP_PKEY *pkey,
			     const char *comment, struct keyfile_note *note)
{
	uint8_t blob_store[LIMIT_PK_BLOB_BYTES], line_store[2 * LIMIT_PK_BLOB_BYTES];
	struct wr b = WR(blob_store), w = WR(line_store);
	struct span blob, type, line;
	char *name = NULL;
	enum err e;

	if ((e = private_blob(pkey, &b)) != OK || (e = wr_end(&b, &blob)) != OK ||
	    (e = pk_blob_type(blob, &type)) != OK)
		return e;
	wr_raw(&w, type);
	wr_u8(&w, ' ');
	base64_encode(&w, blob, true);
	wr_u8(&w, ' ');
	wr_raw(&w, span_str(comment));
	wr_u8(&w, '\n');
	if ((e = wr_end(&w, &line)) != OK)
		return e;
	if (asprintf(&name, "%s.pub", path) < 0)
		return ERR_MEMORY;
	(void)unlink(name); /* of a private key that is gone */
	e = keyfile_write_new(name, PUBLIC_MODE, line, note);
	free(name);
	return e;
}

enum err hostkey_generate(const char *type, const char *path, const char *comment,
			  struct keyfile_note *note)
{
	EVP_PKEY *pkey = NULL;
	size_t i = 0;
	enum err e;

	keyfile_note_set(note, "%s: cannot make a key of type %s", path, type);
	while (i < TYPE_COUNT && strcmp(types[i].name, type) != 0)
		i++;
	if (i == TYPE_COUNT)
		return ERR_UNKNOWN;
	pkey = types[i].generate();
	if (pkey == NULL)
		return ERR_CRYPTO;
	if ((e = write_private(path, pkey, comment, note)) == OK)
		e = write_public(path, pkey, comment, note);
	EVP_PKEY_free(pkey);
	return e;
}

static enum err generate_missing(const struct key_type *type, const char *folder,
				 const char *comment, struct keyfile_note *note)
{
	char *path = NULL;
	enum err e = OK;

	if (asprintf(&path, "%s/%s", folder, type->file) < 0)
		return ERR_MEMORY;
	if (access(path, F_OK) != 0)
		e = hostkey_generate(type->name, path, comment, note);
	free(path);
	return e;
}

enum err hostkey_generate_all(const char *folder, struct keyfile_note *note)
{
	char host[LIMIT_HOST_BYTES + 1] = "localhost";
	char comment[LIMIT_HOST_BYTES + 8];
	enum err e = OK;

	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(comment, sizeof comment, "root@%s", host);
	for (size_t i = 0; e == OK && i < TYPE_COUNT; i++)
		e = generate_missing(&types[i], folder, comment, note);
	return e;
}
