/*
 * Decrypts the private section of OpenSSH's key files: bcrypt makes key and first block of
 * the password, a cipher of SSH does the rest. Source: PROTOCOL.key
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/limits.h"
#include "common/rd.h"
#include "monitor/keys/bcrypt.h"
#include "monitor/keys/sealed.h"

enum { KEY_BYTES_MAX = 32, IV_BYTES_MAX = 16, TAG_BYTES = 16 };

static const struct sealed_cipher {
	const char *name, *evp;
	size_t key, iv, block, tag; /* bytes */
} ciphers[] = {
    {"aes256-ctr",             "AES-256-CTR",  32, 16, 16, 0        },
    {"aes192-ctr",             "AES-192-CTR",  24, 16, 16, 0        },
    {"aes128-ctr",             "AES-128-CTR",  16, 16, 16, 0        },
    {"aes256-cbc",             "AES-256-CBC",  32, 16, 16, 0        },
    {"aes192-cbc",             "AES-192-CBC",  24, 16, 16, 0        },
    {"aes128-cbc",             "AES-128-CBC",  16, 16, 16, 0        },
    {"aes256-gcm@openssh.com", "AES-256-GCM",  32, 12, 16, TAG_BYTES},
    {"aes128-gcm@openssh.com", "AES-128-GCM",  16, 12, 16, TAG_BYTES},
    {"3des-cbc",               "DES-EDE3-CBC", 24, 8,  8,  0        },
};
enum { CIPHER_COUNT = sizeof ciphers / sizeof ciphers[0] };

static const struct sealed_cipher *cipher_find(struct span name)
{
	for (size_t i = 0; i < CIPHER_COUNT; i++)
		if (span_is(name, ciphers[i].name))
			return &ciphers[i];
	return NULL;
}

static enum err derive(const struct sealed *s, struct span password, uint8_t *key,
		       size_t n)
{
	struct rd r = RD(s->kdf_options);
	struct span salt = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	uint32_t rounds = rd_u32(&r);

	if (!span_is(s->kdf, "bcrypt"))
		return ERR_UNKNOWN;
	if (rd_end(&r) != OK || salt.n == 0 || rounds == 0 ||
	    rounds > LIMIT_BCRYPT_ROUNDS)
		return ERR_RANGE;
	return bcrypt_pbkdf(password, salt, rounds, key, n);
}

static enum err decrypt(const struct sealed *s, const struct sealed_cipher *c,
			const uint8_t *key)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, c->evp, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *tag =
	    (uint8_t *)(uintptr_t)s->tag.p; /* it is read, though not const */
	enum err e = ERR_CRYPTO;
	int n = 0, last = 0;

	if (evp == NULL || ctx == NULL ||
	    EVP_DecryptInit_ex(ctx, evp, NULL, key, key + c->key) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    (c->tag > 0 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)c->tag, tag) != 1) ||
	    EVP_DecryptUpdate(ctx, s->p, &n, s->p, (int)s->n) != 1)
		goto out;
	e = EVP_DecryptFinal_ex(ctx, s->p + n, &last) == 1 ? OK : ERR_SIGNATURE;
out:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(evp);
	return e;
}

enum err sealed_open(const struct sealed *s, struct span password, size_t *block)
{
	const struct sealed_cipher *c = cipher_find(s->cipher);
	uint8_t key[KEY_BYTES_MAX + IV_BYTES_MAX];
	enum err e;

	if (c == NULL)
		return ERR_UNKNOWN;
	if (s->n == 0 || s->n % c->block != 0 || s->n > LIMIT_KEY_FILE_BYTES ||
	    s->tag.n != c->tag)
		return ERR_RANGE;
	if ((e = derive(s, password, key, c->key + c->iv)) == OK &&
	    (e = decrypt(s, c, key)) == OK)
		*block = c->block;
	wipe(key, sizeof key);
	return e;
}
