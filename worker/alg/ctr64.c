/*
 * Counter mode with counters of 64 bits, which libcrypto has for no cipher: it encrypts the counters,
 * many at once, and what comes out is added to the text. RFC 4344 4
 */
#include <openssl/evp.h>

#include "worker/alg/ctr64.h"

#define BLOCK_BYTES 8
#define CHUNK_BYTES (64 * BLOCK_BYTES) /* counters that are encrypted with one call */

enum err ctr64_start(struct cipher *c, struct span key, struct span iv, bool seal)
{
	(void)seal;
	/* both directions encrypt their counters */
	if (EVP_CipherInit_ex2(c->body, NULL, key.p, NULL, 1, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(c->body, 0) != 1)
		return ERR_CRYPTO;
	return bytes_copy(c->iv, sizeof c->iv, iv);
}

static void count(uint8_t *counter)
{
	for (size_t i = BLOCK_BYTES; i > 0; i--)
		if (++counter[i - 1] != 0)
			break;
}

/* Adds the next n bytes of the key stream to p. */
static enum err chunk(struct cipher *c, uint8_t *p, size_t n)
{
	uint8_t stream[CHUNK_BYTES];
	int done = 0;
	enum err e = ERR_CRYPTO;

	for (size_t i = 0; i < n; i++) {
		stream[i] = c->iv[i % BLOCK_BYTES];
		if (i % BLOCK_BYTES == BLOCK_BYTES - 1)
			count(c->iv);
	}
	if (EVP_CipherUpdate(c->body, stream, &done, stream, (int)n) == 1) {
		for (size_t i = 0; i < n; i++)
			p[i] ^= stream[i];
		e = OK;
	}
	wipe(stream, sizeof stream);
	return e;
}

enum err ctr64_crypt(struct cipher *c, uint8_t *p, size_t n)
{
	enum err e = OK;

	for (size_t at = 0; at < n && e == OK; at += CHUNK_BYTES)
		e = chunk(c, p + at, n - at < CHUNK_BYTES ? n - at : CHUNK_BYTES);
	return e;
}
