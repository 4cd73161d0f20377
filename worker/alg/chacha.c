/*
 * chacha20-poly1305@openssh.com: the length is encrypted by a key of its own, so that it can be
 * read before the tag is there; the tag covers length and body as sent.
 * PROTOCOL.chacha20poly1305
 */
#include <openssl/evp.h>

#include "worker/alg/chacha.h"

#define KEY_BYTES      32 /* K_2, for the body, then K_1, for the length */
#define POLY_KEY_BYTES 32
#define BLOCK_BYTES    64
#define SEQ_AT         12 /* IV: block counter, 8 bytes; sequence number, 8 bytes big-endian */

/* Fetched once. */
static EVP_MAC *poly1305;

enum err chacha_warm(void)
{
	if (poly1305 == NULL)
		poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	return poly1305 == NULL ? ERR_CRYPTO : OK;
}

enum err chacha_start(struct cipher *c, struct span key, struct span iv, bool seal)
{
	(void)iv;
	if (chacha_warm() != OK || (c->mac = EVP_MAC_CTX_new(poly1305)) == NULL ||
	    (c->head = EVP_CIPHER_CTX_new()) == NULL)
		return ERR_CRYPTO;
	if (EVP_CipherInit_ex2(c->body, NULL, key.p, c->iv, seal, NULL) != 1 ||
	    EVP_CipherInit_ex2(c->head, EVP_CIPHER_CTX_get0_cipher(c->body),
			       key.p + KEY_BYTES, c->iv, seal, NULL) != 1)
		return ERR_CRYPTO;
	return OK;
}

/* Sets the packet's nonce, block counter 0, and crypts n bytes. */
static enum err crypt_first(EVP_CIPHER_CTX *ctx, struct cipher *c, uint32_t seq,
			    struct span in, uint8_t *out)
{
	int done = 0;

	for (size_t i = 0; i < sizeof seq; i++)
		c->iv[SEQ_AT + i] = (uint8_t)(seq >> (24 - 8 * i));
	if (EVP_CipherInit_ex2(ctx, NULL, NULL, c->iv, -1, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, out, &done, in.p, (int)in.n) != 1)
		return ERR_CRYPTO;
	return OK;
}

enum err chacha_length(struct cipher *c, uint32_t seq, const uint8_t *raw,
		       uint32_t *length)
{
	uint8_t plain[CIPHER_LENGTH_BYTES];
	const struct span in = {raw, sizeof plain};
	enum err e = crypt_first(c->head, c, seq, in, plain);

	if (e == OK)
		*length = (uint32_t)plain[0] << 24 | (uint32_t)plain[1] << 16 |
			  (uint32_t)plain[2] << 8 | plain[3];
	return e;
}

/*
 * Readies the body's cipher for seq, and Poly1305 with the start of its first block. The rest of
 * that block is let go, so the body begins at block 1 without setting the nonce again.
 */
static enum err body_begin(struct cipher *c, uint32_t seq)
{
	static const uint8_t zeros[BLOCK_BYTES];
	uint8_t block[BLOCK_BYTES];
	enum err e = crypt_first(c->body, c, seq, SPAN_OF(zeros), block);

	if (e == OK && EVP_MAC_init(c->mac, block, POLY_KEY_BYTES, NULL) != 1)
		e = ERR_CRYPTO;
	wipe(block, sizeof block);
	return e;
}

static enum err body_crypt(struct cipher *c, uint8_t *packet, size_t n)
{
	uint8_t *body = packet + CIPHER_LENGTH_BYTES;
	int done = 0;

	if (EVP_CipherUpdate(c->body, body, &done, body,
			     (int)(n - CIPHER_LENGTH_BYTES)) != 1)
		return ERR_CRYPTO;
	return OK;
}

static enum err tag_make(struct cipher *c, const uint8_t *packet, size_t n,
			 uint8_t *tag)
{
	size_t done = 0;

	if (EVP_MAC_update(c->mac, packet, n) != 1 ||
	    EVP_MAC_final(c->mac, tag, &done, CIPHER_TAG_BYTES) != 1)
		return ERR_CRYPTO;
	return OK;
}

enum err chacha_open(struct cipher *c, uint32_t seq, uint8_t *packet, size_t n)
{
	uint8_t tag[CIPHER_TAG_BYTES];
	enum err e;

	if ((e = body_begin(c, seq)) != OK || (e = tag_make(c, packet, n, tag)) != OK)
		return e;
	if (!bytes_equal_secret(SPAN_OF(tag), (struct span){packet + n, sizeof tag}))
		return ERR_MAC;
	return body_crypt(c, packet, n);
}

enum err chacha_seal(struct cipher *c, uint32_t seq, uint8_t *packet, size_t n)
{
	const struct span length = {packet, CIPHER_LENGTH_BYTES};
	enum err e;

	if ((e = crypt_first(c->head, c, seq, length, packet)) != OK ||
	    (e = body_begin(c, seq)) != OK || (e = body_crypt(c, packet, n)) != OK)
		return e;
	return tag_make(c, packet, n, packet + n);
}
