/*
 * The table of MACs, and HMAC over libcrypto: the context keeps both keyed states.
 * RFC 4253 6.4, RFC 6668; encrypt-then-MAC: PROTOCOL 1.5
 */
#include <nettle/umac.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "worker/alg/mac.h"
#include "worker/alg/umac.h"

static mac_start_fn hmac_start;
static mac_tag_fn hmac_tag;

#define HMAC    hmac_start, hmac_tag
#define UMAC128 umac128_start, umac128_tag
#define UMAC64  umac64_start, umac64_tag

/* clang-format off */
const struct mac_alg mac_algs[] = {
    /* name, digest, bytes of key and tag, etm, functions, on request, source */
    {"hmac-sha2-256-etm@openssh.com", "SHA2-256", 32, 32, true, HMAC, false, "PROTOCOL 1.5"},
    {"hmac-sha2-512-etm@openssh.com", "SHA2-512", 64, 64, true, HMAC, false, "PROTOCOL 1.5"},
    {"hmac-sha2-256", "SHA2-256", 32, 32, false, HMAC, false, "RFC 6668 2"},
    {"hmac-sha2-512", "SHA2-512", 64, 64, false, HMAC, false, "RFC 6668 2"},
    {"umac-128-etm@openssh.com", NULL, 16, 16, true, UMAC128, false, "RFC 4418, PROTOCOL 1.5"},
    {"umac-128@openssh.com", NULL, 16, 16, false, UMAC128, true, "RFC 4418"},
    {"umac-64-etm@openssh.com", NULL, 16, 8, true, UMAC64, true, "RFC 4418, PROTOCOL 1.5"},
    {"umac-64@openssh.com", NULL, 16, 8, false, UMAC64, true, "RFC 4418"},
    {"hmac-sha2-256-96", "SHA2-256", 32, 12, false, HMAC, true, "RFC 6668 2, first drafts"},
    {"hmac-sha2-512-96", "SHA2-512", 64, 12, false, HMAC, true, "RFC 6668 2, first drafts"},
    {"hmac-sha1-etm@openssh.com", "SHA1", 20, 20, true, HMAC, true, "PROTOCOL 1.5"},
    {"hmac-sha1", "SHA1", 20, 20, false, HMAC, true, "RFC 4253 6.4"},
    {"hmac-sha1-96-etm@openssh.com", "SHA1", 20, 12, true, HMAC, true, "PROTOCOL 1.5"},
    {"hmac-sha1-96", "SHA1", 20, 12, false, HMAC, true, "RFC 4253 6.4"},
    {"hmac-ripemd160", "RIPEMD-160", 20, 20, false, HMAC, true, "RFC 2286"},
    {"hmac-ripemd160@openssh.com", "RIPEMD-160", 20, 20, false, HMAC, true, "RFC 2286"},
    {"hmac-ripemd160-96", "RIPEMD-160", 20, 12, false, HMAC, true, "RFC 2857"},
    {"hmac-md5-etm@openssh.com", "MD5", 16, 16, true, HMAC, true, "PROTOCOL 1.5"},
    {"hmac-md5", "MD5", 16, 16, false, HMAC, true, "RFC 4253 6.4"},
    {"hmac-md5-96-etm@openssh.com", "MD5", 16, 12, true, HMAC, true, "PROTOCOL 1.5"},
    {"hmac-md5-96", "MD5", 16, 12, false, HMAC, true, "RFC 4253 6.4"},
};
/* clang-format on */
const size_t mac_algs_n = sizeof mac_algs / sizeof mac_algs[0];

/* Fetched once. */
static EVP_MAC *hmac;

const struct mac_alg *mac_find(struct span name)
{
	for (size_t i = 0; i < mac_algs_n; i++)
		if (span_is(name, mac_algs[i].name))
			return &mac_algs[i];
	return NULL;
}

enum err mac_warm(void)
{
	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	return hmac == NULL ? ERR_CRYPTO : OK;
}

enum err mac_warm_row(const struct mac_alg *row)
{
	const uint8_t zero[MAC_KEY_BYTES] = {0};
	struct mac m = {0};
	enum err e = mac_start(row, (struct span){zero, row->key_bytes}, &m);

	mac_wipe(&m);
	return e;
}

enum err mac_start(const struct mac_alg *row, struct span key, struct mac *out)
{
	struct mac m = {.row = row};
	enum err e;

	if (key.n != row->key_bytes)
		return ERR_BUG;
	if ((e = row->start(&m, key)) == OK)
		*out = m;
	else
		mac_wipe(&m);
	return e;
}

enum err mac_tag(struct mac *m, uint32_t seq, struct span data,
		 uint8_t tag[MAC_TAG_BYTES])
{
	return m->row->tag(m, seq, data, tag);
}

void mac_wipe(struct mac *m)
{
	EVP_MAC_CTX_free(m->hmac);
	OPENSSL_clear_free(m->umac128, sizeof *m->umac128);
	OPENSSL_clear_free(m->umac64, sizeof *m->umac64);
	*m = (struct mac){0};
}

static enum err hmac_start(struct mac *m, struct span key)
{
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
					     (char *)(uintptr_t)m->row->digest, 0),
	    OSSL_PARAM_construct_end()};

	if (mac_warm() != OK || (m->hmac = EVP_MAC_CTX_new(hmac)) == NULL ||
	    EVP_MAC_init(m->hmac, key.p, key.n, params) != 1)
		return ERR_CRYPTO;
	return OK;
}

static enum err hmac_tag(struct mac *m, uint32_t seq, struct span data, uint8_t *tag)
{
	uint8_t wire[sizeof seq];
	size_t done = 0;

	for (size_t i = 0; i < sizeof wire; i++)
		wire[i] = (uint8_t)(seq >> (24 - 8 * i));
	/* no key: begins anew from the keyed state */
	if (EVP_MAC_init(m->hmac, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(m->hmac, wire, sizeof wire) != 1 ||
	    EVP_MAC_update(m->hmac, data.p, data.n) != 1 ||
	    EVP_MAC_final(m->hmac, tag, &done, MAC_TAG_BYTES) != 1)
		return ERR_CRYPTO;
	return OK;
}
