/*
 * Signs in a token. The digest is made here, so that the plainest mechanisms do, which every
 * token has. Source: RFC 8017 9.2; PKCS #11 v2.40 2.1.8, 2.3.1; v3.0 2.3.14
 */
#include <string.h>

#include <openssl/ec.h>

#include "monitor/token/token.h"

enum { DIGEST_INFO_BYTES = 19 + LIMIT_HASH_BYTES, RAW_BYTES = LIMIT_SIGNATURE_BYTES };

/* What stands in front of a digest in a signature of RSA: RFC 8017 9.2, note 1. */
static const struct digest_info {
	enum digest digest;
	const char *prefix;
	size_t n;
} digest_infos[] = {
    {DIGEST_SHA1,   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",  15},
    {DIGEST_SHA256,
     "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 19},
    {DIGEST_SHA512,
     "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40", 19},
};

static enum err rsa_text(enum digest digest, const struct exhash_value *hash,
			 struct wr *w)
{
	for (size_t i = 0; i < sizeof digest_infos / sizeof digest_infos[0]; i++) {
		const struct digest_info *d = &digest_infos[i];

		if (d->digest != digest)
			continue;
		wr_raw(w, (struct span){(const uint8_t *)d->prefix, d->n});
		wr_raw(w, (struct span){hash->bytes, hash->n});
		return w->err;
	}
	return ERR_KEY;
}

/* What the mechanism is given, and which it is. */
static enum err prepare(const struct pk_alg *alg, struct span data, struct wr *text,
			CK_MECHANISM_TYPE *mechanism)
{
	struct exhash_value hash;
	enum err e;

	if (alg->family->pure) {
		*mechanism = CKM_EDDSA;
		wr_raw(text, data);
		return text->err;
	}
	if ((e = digest_spans(alg->digest, &data, 1, &hash)) != OK)
		return e;
	*mechanism = alg->curve != NULL ? CKM_ECDSA : CKM_RSA_PKCS;
	if (alg->curve == NULL)
		return rsa_text(alg->digest, &hash, text);
	wr_raw(text, (struct span){hash.bytes, hash.n});
	return text->err;
}

/* r and s of equal length, one behind the other, become DER. */
static enum err ecdsa_der(struct span raw, struct wr *out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.p, (int)(raw.n / 2), NULL);
	BIGNUM *s = BN_bin2bn(raw.p + raw.n / 2, (int)(raw.n / 2), NULL);
	uint8_t *der = NULL;
	enum err e = ERR_CRYPTO;
	int n;

	if (sig == NULL || r == NULL || s == NULL || raw.n % 2 != 0 ||
	    ECDSA_SIG_set0(sig, r, s) != 1)
		goto out;
	r = s = NULL; /* moved */
	n = i2d_ECDSA_SIG(sig, &der);
	if (n > 0) {
		wr_raw(out, (struct span){der, (size_t)n});
		e = out->err;
	}
out:
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	OPENSSL_free(der);
	return e;
}

static CK_RV sign_raw(struct token_key *k, CK_MECHANISM_TYPE type, struct span text,
		      uint8_t *out, CK_ULONG *n)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_RV rv = k->f->C_SignInit(k->session, &mechanism, k->key);

	if (rv == CKR_OK && k->asks_each_time)
		rv = k->f->C_Login(k->session, CKU_CONTEXT_SPECIFIC, k->pin, k->pin_n);
	if (rv == CKR_OK)
		rv = k->f->C_Sign(k->session, (CK_BYTE_PTR)(uintptr_t)text.p, text.n,
				  out, n);
	return rv;
}

enum err token_sign(struct token_key *k, const struct pk_alg *alg, struct span data,
		    struct wr *out, struct token_note *note)
{
	uint8_t store[DIGEST_INFO_BYTES + LIMIT_TOKEN_DATA_BYTES], raw[RAW_BYTES];
	struct wr text = WR(store);
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG n = sizeof raw;
	CK_RV rv;
	enum err e;

	if (strcmp(alg->key_type, k->alg->key_type) != 0)
		return ERR_KEY;
	if ((e = prepare(alg, data, &text, &mechanism)) != OK)
		return e;
	rv = sign_raw(k, mechanism, (struct span){text.p, text.n}, raw, &n);
	if (rv != CKR_OK || n > sizeof raw) {
		token_note_set(note, "the token cannot sign: %s", token_error(rv));
		return ERR_CRYPTO;
	}
	if (mechanism == CKM_ECDSA)
		return ecdsa_der((struct span){raw, n}, out);
	wr_raw(out, (struct span){raw, n});
	return out->err;
}
