/*
 * The table of ciphers, and those that libcrypto does whole: AES-GCM, AES-CTR, CBC, RC4. A context
 * keeps its key schedule for the life of the keys; a packet changes the IV only.
 * RFC 4253 6.3, RFC 4344 4, RFC 4345, RFC 5647, PROTOCOL 1.6
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "worker/alg/chacha.h"
#include "worker/alg/cipher.h"
#include "worker/alg/ctr64.h"

static cipher_start_fn stream_start, rc4_start;
static cipher_crypt_fn stream_crypt;
static cipher_length_fn gcm_length;
static cipher_packet_fn gcm_open, gcm_seal;

#define STREAM stream_start, NULL, NULL, NULL, stream_crypt
#define CTR64  ctr64_start, NULL, NULL, NULL, ctr64_crypt
#define RC4    rc4_start, NULL, NULL, NULL, stream_crypt
#define GCM    stream_start, gcm_length, gcm_open, gcm_seal, NULL
#define CHACHA chacha_start, chacha_length, chacha_open, chacha_seal, NULL

/* 2^(L/4) blocks of L bits; for a block of 64 bits a gigabyte, as OpenSSH. RFC 4344 3.2 */
#define REKEY_128 (UINT64_C(16) << 32)
#define REKEY_64  (UINT64_C(1) << 30)

/* Of RC4's key stream, whose beginning tells of the key. RFC 4345 4 */
#define RC4_DROP_BYTES 1536

/* clang-format off */
const struct cipher_alg cipher_algs[] = {
    /* name, libcrypto's name; bytes of key, IV, block, tag, dropped; CBC; functions; rekey, on
     * request, source */
    {"chacha20-poly1305@openssh.com", "ChaCha20", 64, 0, 8, 16, 0, false, CHACHA,
        REKEY_64, false, "PROTOCOL.chacha20poly1305"},
    {"aes128-gcm@openssh.com", "AES-128-GCM", 16, 12, 16, 16, 0, false, GCM,
        REKEY_128, false, "RFC 5647, PROTOCOL 1.6"},
    {"aes256-gcm@openssh.com", "AES-256-GCM", 32, 12, 16, 16, 0, false, GCM,
        REKEY_128, false, "RFC 5647, PROTOCOL 1.6"},
    {"aes128-ctr", "AES-128-CTR", 16, 16, 16, 0, 0, false, STREAM, REKEY_128, false, "RFC 4344 4"},
    {"aes192-ctr", "AES-192-CTR", 24, 16, 16, 0, 0, false, STREAM, REKEY_128, false, "RFC 4344 4"},
    {"aes256-ctr", "AES-256-CTR", 32, 16, 16, 0, 0, false, STREAM, REKEY_128, false, "RFC 4344 4"},
    {"aes128-cbc", "AES-128-CBC", 16, 16, 16, 0, 0, true, STREAM, REKEY_128, true, "RFC 4253 6.3"},
    {"aes192-cbc", "AES-192-CBC", 24, 16, 16, 0, 0, true, STREAM, REKEY_128, true, "RFC 4253 6.3"},
    {"aes256-cbc", "AES-256-CBC", 32, 16, 16, 0, 0, true, STREAM, REKEY_128, true, "RFC 4253 6.3"},
    {"3des-ctr", "DES-EDE3-ECB", 24, 8, 8, 0, 0, false, CTR64, REKEY_64, true, "RFC 4344 4"},
    {"3des-cbc", "DES-EDE3-CBC", 24, 8, 8, 0, 0, true, STREAM, REKEY_64, true, "RFC 4253 6.3"},
    {"blowfish-cbc", "BF-CBC", 16, 8, 8, 0, 0, true, STREAM, REKEY_64, true, "RFC 4253 6.3"},
    {"cast128-cbc", "CAST5-CBC", 16, 8, 8, 0, 0, true, STREAM, REKEY_64, true, "RFC 4253 6.3"},
    {"arcfour256", "RC4", 32, 0, 8, 0, RC4_DROP_BYTES, false, RC4, REKEY_64, true, "RFC 4345 4"},
    {"arcfour128", "RC4", 16, 0, 8, 0, RC4_DROP_BYTES, false, RC4, REKEY_64, true, "RFC 4345 4"},
    {"arcfour", "RC4", 16, 0, 8, 0, 0, false, RC4, REKEY_64, true, "RFC 4253 6.3"},
};
/* clang-format on */
#define ROWS (sizeof cipher_algs / sizeof cipher_algs[0])
const size_t cipher_algs_n = ROWS;

/* Fetched once, in the order of the rows. */
static EVP_CIPHER *fetched[ROWS];

static EVP_CIPHER *cipher_of(const struct cipher_alg *row)
{
	const size_t i = (size_t)(row - cipher_algs);

	if (fetched[i] == NULL)
		fetched[i] = EVP_CIPHER_fetch(NULL, row->fetch, NULL);
	return fetched[i];
}

const struct cipher_alg *cipher_find(struct span name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (span_is(name, cipher_algs[i].name))
			return &cipher_algs[i];
	return NULL;
}

enum err cipher_warm(void)
{
	for (size_t i = 0; i < ROWS; i++)
		if (!cipher_algs[i].on_request && cipher_of(&cipher_algs[i]) == NULL)
			return ERR_CRYPTO;
	return chacha_warm();
}

enum err cipher_warm_row(const struct cipher_alg *row)
{
	return cipher_of(row) == NULL ? ERR_CRYPTO : OK;
}

enum err cipher_start(const struct cipher_alg *row, struct span key, struct span iv,
		      bool seal, struct cipher *out)
{
	struct cipher c = {.row = row};
	enum err e = ERR_CRYPTO;

	if (key.n != row->key_bytes || iv.n != row->iv_bytes)
		return ERR_BUG;
	c.body = EVP_CIPHER_CTX_new();
	if (c.body == NULL || cipher_of(row) == NULL ||
	    EVP_CipherInit_ex2(c.body, cipher_of(row), NULL, NULL, seal, NULL) != 1 ||
	    (e = row->start(&c, key, iv, seal)) != OK) {
		cipher_wipe(&c);
		return e;
	}
	*out = c;
	return OK;
}

void cipher_wipe(struct cipher *c)
{
	EVP_CIPHER_CTX_free(c->body);
	EVP_CIPHER_CTX_free(c->head);
	EVP_MAC_CTX_free(c->mac);
	wipe(c, sizeof *c);
}

static enum err stream_start(struct cipher *c, struct span key, struct span iv,
			     bool seal)
{
	(void)seal;
	if (EVP_CipherInit_ex2(c->body, NULL, key.p, iv.p, -1, NULL) != 1)
		return ERR_CRYPTO;
	/* packets have whole blocks; libcrypto would hold the last one back */
	if (c->row->cbc && EVP_CIPHER_CTX_set_padding(c->body, 0) != 1)
		return ERR_CRYPTO;
	return bytes_copy(c->iv, sizeof c->iv, iv);
}

static enum err rc4_start(struct cipher *c, struct span key, struct span iv, bool seal)
{
	uint8_t drop[RC4_DROP_BYTES] = {0};
	enum err e = ERR_CRYPTO;

	(void)iv;
	(void)seal;
	if (EVP_CIPHER_CTX_set_key_length(c->body, (int)key.n) == 1 &&
	    EVP_CipherInit_ex2(c->body, NULL, key.p, NULL, -1, NULL) == 1)
		e = c->row->drop_bytes == 0
			? OK
			: c->row->crypt(c, drop, c->row->drop_bytes);
	wipe(drop, sizeof drop);
	return e;
}

static enum err stream_crypt(struct cipher *c, uint8_t *p, size_t n)
{
	int done = 0;

	if (EVP_CipherUpdate(c->body, p, &done, p, (int)n) != 1)
		return ERR_CRYPTO;
	return OK;
}

static enum err gcm_length(struct cipher *c, uint32_t seq, const uint8_t *raw,
			   uint32_t *length)
{
	(void)c;
	(void)seq;
	*length = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
		  (uint32_t)raw[2] << 8 | raw[3];
	return OK;
}

/* The IV's last 64 bits count packets; they start where key derivation put them. RFC 5647 7.1 */
static void gcm_count(struct cipher *c)
{
	for (size_t i = c->row->iv_bytes; i > CIPHER_LENGTH_BYTES; i--)
		if (++c->iv[i - 1] != 0)
			break;
}

/* Crypts a packet's body in place, its length in front authenticated. */
static enum err gcm_crypt(struct cipher *c, uint8_t *packet, size_t n)
{
	uint8_t *body = packet + CIPHER_LENGTH_BYTES;
	const int body_n = (int)(n - CIPHER_LENGTH_BYTES);
	int done = 0;

	if (EVP_CipherInit_ex2(c->body, NULL, NULL, c->iv, -1, NULL) != 1 ||
	    EVP_CipherUpdate(c->body, NULL, &done, packet, CIPHER_LENGTH_BYTES) != 1 ||
	    EVP_CipherUpdate(c->body, body, &done, body, body_n) != 1)
		return ERR_CRYPTO;
	gcm_count(c);
	return OK;
}

static enum err gcm_open(struct cipher *c, uint32_t seq, uint8_t *packet, size_t n)
{
	uint8_t rest[CIPHER_TAG_BYTES];
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, packet + n,
					      c->row->tag_bytes),
	    OSSL_PARAM_construct_end()};
	enum err e;
	int done = 0;

	(void)seq;
	if ((e = gcm_crypt(c, packet, n)) != OK)
		return e;
	if (EVP_CIPHER_CTX_set_params(c->body, params) != 1)
		return ERR_CRYPTO;
	/* compares in constant time; what was decrypted is not looked at before */
	return EVP_CipherFinal_ex(c->body, rest, &done) == 1 ? OK : ERR_MAC;
}

static enum err gcm_seal(struct cipher *c, uint32_t seq, uint8_t *packet, size_t n)
{
	uint8_t rest[CIPHER_TAG_BYTES];
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, packet + n,
					      c->row->tag_bytes),
	    OSSL_PARAM_construct_end()};
	enum err e;
	int done = 0;

	(void)seq;
	if ((e = gcm_crypt(c, packet, n)) != OK)
		return e;
	if (EVP_CipherFinal_ex(c->body, rest, &done) != 1 ||
	    EVP_CIPHER_CTX_get_params(c->body, params) != 1)
		return ERR_CRYPTO;
	return OK;
}
