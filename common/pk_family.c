/*
 * Parsing and verifying, family by family. All bytes are foreign: points must lie on
 * their curve, moduli must be of a size that costs little to verify, integers in
 * shortest form.
 * Source: RFC 5656, RFC 8332, RFC 8709, PROTOCOL.u2f
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "common/limits.h"
#include "common/pk_family.h"
#include "common/sk.h"

enum {
	ED25519_KEY_BYTES = 32,
	ED25519_SIGNATURE_BYTES = 64,
	ED25519_BITS = 256,
	EC_FIELD_BYTES_MAX = 66, /* P-521 */
	EC_DER_BYTES_MAX = 3 + 2 * (3 + EC_FIELD_BYTES_MAX),
	EC_UNCOMPRESSED = 4, /* SEC 1 2.3.3 */
	RSA_BYTES_MAX = LIMIT_RSA_BITS_MAX / 8,
	CURVE_COUNT = 3
};

struct curve {
	const char *name;  /* RFC 5656 10.1 */
	const char *group; /* libcrypto's */
	unsigned bits;
};

static const struct curve curves[CURVE_COUNT] = {
    {"nistp256", "P-256", 256},
    {"nistp384", "P-384", 384},
    {"nistp521", "P-521", 521},
};

/*
 * Keys without a point, one a curve, made once: a copy costs a quarter of a key made
 * from its parameters. Never changes after.
 */
static EVP_PKEY *blank[CURVE_COUNT];

static size_t curve_bytes(const struct curve *c)
{
	return (c->bits + 7) / 8;
}

static const struct curve *curve_of(const struct pk_alg *alg)
{
	size_t i = 0;

	while (i < CURVE_COUNT && strcmp(curves[i].name, alg->curve) != 0)
		i++;
	return i < CURVE_COUNT ? &curves[i] : NULL;
}

EVP_PKEY *pk_key_from(const char *name, int selection, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, selection, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *curve_blank(const struct curve *c)
{
	size_t i = (size_t)(c - curves);
	char group[sizeof "P-256"] = {0};
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1),
	    OSSL_PARAM_END,
	};

	if (blank[i] == NULL) {
		memcpy(group, c->group, sizeof group - 1);
		blank[i] = pk_key_from("EC", EVP_PKEY_KEY_PARAMETERS, params);
	}
	return blank[i];
}

/* libcrypto keeps what it fetched by name; the first fetch is the dear one. */
void pk_family_warm(void)
{
	static const char *const names[] = {"ED25519", "EC", "RSA"};
	static const char *const signatures[] = {"ED25519", "ECDSA", "RSA"};

	for (size_t i = 0; i < CURVE_COUNT; i++)
		(void)curve_blank(&curves[i]);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		EVP_KEYMGMT_free(EVP_KEYMGMT_fetch(NULL, names[i], NULL));
		EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(NULL, signatures[i], NULL));
	}
}

enum err pk_verify_by(EVP_PKEY *pkey, const EVP_MD *md, struct span signature,
		      struct span data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err e = ERR_CRYPTO;

	if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey) != 1)
		goto out;
	/* Negative means malformed inside: the signature's fault too. */
	e = EVP_DigestVerify(ctx, signature.p, signature.n, data.p, data.n) == 1
		? OK
		: ERR_SIGNATURE;
out:
	EVP_MD_CTX_free(ctx);
	return e;
}

/* ---- Ed25519 ---- */

enum err pk_ed25519_parse(const struct pk_alg *alg, struct rd *fields,
			  struct pk_key *out)
{
	struct span point = rd_bytes(fields, ED25519_KEY_BYTES);
	EVP_PKEY *pkey;

	if (rd_end(fields) != OK || point.n != ED25519_KEY_BYTES)
		return ERR_KEY;
	pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, point.p, point.n);
	if (pkey == NULL)
		return ERR_KEY;
	*out = (struct pk_key){.alg = alg, .pkey = pkey, .bits = ED25519_BITS};
	return OK;
}

enum err pk_ed25519_verify(const struct pk_alg *alg, const struct pk_key *key,
			   struct rd *fields, struct span data, struct pk_touch *out)
{
	struct span signature = rd_bytes(fields, ED25519_SIGNATURE_BYTES);

	(void)alg;
	(void)out;
	if (rd_end(fields) != OK || signature.n != ED25519_SIGNATURE_BYTES)
		return ERR_SIGNATURE;
	return pk_verify_by(key->pkey, NULL, signature, data);
}

enum err pk_string_encode(struct span raw, struct wr *w)
{
	wr_bytes(w, raw);
	return w->err;
}

/* ---- ECDSA ---- */

/* Reads curve name and point; leaves what follows, as security keys have more. */
static enum err ecdsa_take(const struct pk_alg *alg, struct rd *fields,
			   struct pk_key *out)
{
	const struct curve *c = curve_of(alg);
	struct span name = rd_bytes(fields, LIMIT_NAME_BYTES);
	struct span point = rd_bytes(fields, 1 + 2 * EC_FIELD_BYTES_MAX);
	EVP_PKEY *pkey, *base;

	/* The compressed form would save nothing and cost a square root. */
	if (!rd_ok(fields) || c == NULL || !span_is(name, alg->curve) ||
	    point.n != 1 + 2 * curve_bytes(c) || point.p[0] != EC_UNCOMPRESSED)
		return ERR_KEY;
	base = curve_blank(c);
	if (base == NULL || (pkey = EVP_PKEY_dup(base)) == NULL)
		return ERR_CRYPTO;
	/* Refuses a point that is not on the curve. */
	if (EVP_PKEY_set1_encoded_public_key(pkey, point.p, point.n) != 1) {
		EVP_PKEY_free(pkey);
		return ERR_KEY;
	}
	*out = (struct pk_key){.alg = alg, .pkey = pkey, .bits = c->bits};
	return OK;
}

enum err pk_ecdsa_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out)
{
	struct pk_key key = {0};
	enum err e = ecdsa_take(alg, fields, &key);

	if (e == OK && rd_end(fields) != OK)
		e = ERR_KEY;
	if (e != OK) {
		pk_wipe(&key);
		return e;
	}
	*out = key;
	return OK;
}

void pk_der_integer(struct wr *w, struct span magnitude)
{
	bool sign = magnitude.n > 0 && (magnitude.p[0] & 0x80) != 0;

	wr_u8(w, V_ASN1_INTEGER);
	wr_u8(w, (uint8_t)(magnitude.n + (sign ? 1 : 0)));
	if (sign)
		wr_u8(w, 0);
	wr_raw(w, magnitude);
}

/* Reads r and s from the wire and writes them as libcrypto wants: DER, Ecdsa-Sig-Value.
 */
static enum err ecdsa_der(struct rd *blob, size_t field_bytes, struct wr *der)
{
	uint8_t body_store[EC_DER_BYTES_MAX];
	struct wr body = WR(body_store);
	struct span r = rd_mpint(blob, field_bytes);
	struct span s = rd_mpint(blob, field_bytes);
	struct span whole;

	if (rd_end(blob) != OK || r.n == 0 || s.n == 0)
		return ERR_SIGNATURE;
	pk_der_integer(&body, r);
	pk_der_integer(&body, s);
	if (wr_end(&body, &whole) != OK)
		return ERR_SIGNATURE;
	wr_u8(der, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
	if (whole.n > INT8_MAX)
		wr_u8(der, 0x81); /* X.690 8.1.3.5: one byte of length follows */
	wr_u8(der, (uint8_t)whole.n);
	wr_raw(der, whole);
	return der->err;
}

enum err pk_ecdsa_verify(const struct pk_alg *alg, const struct pk_key *key,
			 struct rd *fields, struct span data, struct pk_touch *out)
{
	uint8_t store[EC_DER_BYTES_MAX];
	struct wr der = WR(store);
	struct rd blob = rd_sub(fields, LIMIT_SIGNATURE_BYTES);

	(void)out;
	if (rd_end(fields) != OK || ecdsa_der(&blob, (key->bits + 7) / 8, &der) != OK)
		return ERR_SIGNATURE;
	return pk_verify_by(key->pkey, digest_md(alg->digest),
			    (struct span){der.p, der.n}, data);
}

/* The longest integer here has 66 bytes, so only the outer length may take two. */
struct span pk_der_read_integer(struct rd *r)
{
	struct span s;

	if (rd_u8(r) != V_ASN1_INTEGER)
		rd_fail(r, ERR_CRYPTO);
	s = rd_raw(r, rd_u8(r));
	return s;
}

enum err pk_ecdsa_encode(struct span raw, struct wr *w)
{
	struct rd der = RD(raw);
	struct span r, s;
	size_t mark;

	if (rd_u8(&der) != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED))
		return ERR_CRYPTO;
	if (rd_u8(&der) == 0x81)
		(void)rd_u8(&der);
	r = pk_der_read_integer(&der);
	s = pk_der_read_integer(&der);
	if (rd_end(&der) != OK)
		return ERR_CRYPTO;
	mark = wr_open(w);
	wr_mpint(w, r);
	wr_mpint(w, s);
	wr_close(w, mark);
	return w->err;
}

/* ---- RSA ---- */

static EVP_PKEY *rsa_key(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL)
		pkey = pk_key_from("RSA", EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

/* RFC 8017 3.1: both odd, and the exponent at least 3. */
static enum err rsa_judge(const struct pk_alg *alg, const BIGNUM *n, const BIGNUM *e)
{
	int bits = BN_num_bits(n);

	if (bits < (int)alg->family->bits_min || bits > LIMIT_RSA_BITS_MAX ||
	    !BN_is_odd(n))
		return ERR_KEY;
	if (BN_num_bits(e) > LIMIT_RSA_EXPONENT_BITS || !BN_is_odd(e) || BN_is_one(e))
		return ERR_KEY;
	return OK;
}

enum err pk_rsa_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out)
{
	struct span exponent = rd_mpint(fields, RSA_BYTES_MAX);
	struct span modulus = rd_mpint(fields, RSA_BYTES_MAX);
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *pkey = NULL;
	enum err err = ERR_CRYPTO;

	if (rd_end(fields) != OK)
		return ERR_KEY;
	n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
	e = BN_bin2bn(exponent.p, (int)exponent.n, NULL);
	if (n == NULL || e == NULL || (err = rsa_judge(alg, n, e)) != OK)
		goto out;
	pkey = rsa_key(n, e);
	err = pkey == NULL ? ERR_CRYPTO : OK;
	if (err == OK)
		*out = (struct pk_key){
		    .alg = alg, .pkey = pkey, .bits = (unsigned)BN_num_bits(n)};
out:
	BN_free(n);
	BN_free(e);
	return err;
}

enum err pk_rsa_verify(const struct pk_alg *alg, const struct pk_key *key,
		       struct rd *fields, struct span data, struct pk_touch *out)
{
	struct span signature = rd_bytes(fields, RSA_BYTES_MAX);
	size_t modulus_bytes = (key->bits + 7) / 8;
	uint8_t padded[RSA_BYTES_MAX] = {0};

	(void)out;
	if (rd_end(fields) != OK || signature.n == 0 || signature.n > modulus_bytes)
		return ERR_SIGNATURE;
	if (signature.n < modulus_bytes) {
		/* Some signers drop leading zeros; OpenSSH takes those too. */
		memcpy(padded + modulus_bytes - signature.n, signature.p, signature.n);
		signature = (struct span){padded, modulus_bytes};
	}
	return pk_verify_by(key->pkey, digest_md(alg->digest), signature, data);
}

/* ---- security keys ---- */

/* What follows the key proper in the blob: the application, "ssh:…". */
static enum err sk_take_application(struct rd *fields, struct pk_key *key)
{
	key->application = rd_bytes(fields, LIMIT_PK_BLOB_BYTES);
	return rd_end(fields) == OK && key->application.n != 0 ? OK : ERR_KEY;
}

enum err pk_sk_ed25519_parse(const struct pk_alg *alg, struct rd *fields,
			     struct pk_key *out)
{
	struct span point = rd_bytes(fields, ED25519_KEY_BYTES);
	struct pk_key key = {.alg = alg, .bits = ED25519_BITS};

	if (sk_take_application(fields, &key) != OK || point.n != ED25519_KEY_BYTES)
		return ERR_KEY;
	key.pkey =
	    EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, point.p, point.n);
	if (key.pkey == NULL)
		return ERR_KEY;
	*out = key;
	return OK;
}

enum err pk_sk_ecdsa_parse(const struct pk_alg *alg, struct rd *fields,
			   struct pk_key *out)
{
	struct pk_key key = {0};
	enum err e = ecdsa_take(alg, fields, &key);

	if (e == OK)
		e = sk_take_application(fields, &key);
	if (e != OK) {
		pk_wipe(&key);
		return e;
	}
	*out = key;
	return OK;
}

enum err pk_sk_ed25519_verify(const struct pk_alg *alg, const struct pk_key *key,
			      struct rd *fields, struct span data, struct pk_touch *out)
{
	struct span signature = rd_bytes(fields, ED25519_SIGNATURE_BYTES);
	uint8_t text[SK_TEXT_BYTES], flags = 0;
	struct pk_touch touch = {0};
	enum err e;

	(void)alg;
	if (sk_read_touch(fields, &flags, &touch) != OK ||
	    signature.n != ED25519_SIGNATURE_BYTES)
		return ERR_SIGNATURE;
	if ((e = sk_text(key, flags, touch.counter, data, text)) != OK)
		return e;
	if ((e = pk_verify_by(key->pkey, NULL, signature, SPAN_OF(text))) == OK)
		*out = touch;
	return e;
}

enum err pk_sk_ecdsa_verify(const struct pk_alg *alg, const struct pk_key *key,
			    struct rd *fields, struct span data, struct pk_touch *out)
{
	uint8_t store[EC_DER_BYTES_MAX], text[SK_TEXT_BYTES], flags = 0;
	struct wr der = WR(store);
	struct rd blob = rd_sub(fields, LIMIT_SIGNATURE_BYTES);
	struct pk_touch touch = {0};
	enum err e;

	if (sk_read_touch(fields, &flags, &touch) != OK ||
	    ecdsa_der(&blob, (key->bits + 7) / 8, &der) != OK)
		return ERR_SIGNATURE;
	if ((e = sk_text(key, flags, touch.counter, data, text)) != OK)
		return e;
	e = pk_verify_by(key->pkey, digest_md(alg->digest), (struct span){der.p, der.n},
			 SPAN_OF(text));
	if (e == OK)
		*out = touch;
	return e;
}
