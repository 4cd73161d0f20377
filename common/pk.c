/*
 * Public keys and signatures. The table says everything that differs between
 * algorithms; the families' code is in pk_family.c. Blobs, signatures and data come
 * from the network.
 * Source: RFC 4253 6.6, RFC 8332, RFC 8709, PROTOCOL.certkeys, PROTOCOL.u2f
 */
#include <string.h>

#include "common/base64.h"
#include "common/cert.h"
#include "common/limits.h"
#include "common/pk_family.h"

#define C(name)  name "-cert-v01@openssh.com"
#define SK(name) name "@openssh.com"
#define ED       "ssh-ed25519"
#define P256     "ecdsa-sha2-nistp256"
#define P384     "ecdsa-sha2-nistp384"
#define P521     "ecdsa-sha2-nistp521"
#define RSA      "ssh-rsa"
#define DSS      "ssh-dss"
#define R256     "rsa-sha2-256"
#define R512     "rsa-sha2-512"
#define SKED     "sk-ssh-ed25519"
#define SKEC     "sk-ecdsa-sha2-nistp256"

static const struct pk_family ed25519 = {
    .n_fields = 1,
    .bits_min = 256,
    .pure = true,
    .parse = pk_ed25519_parse,
    .verify = pk_ed25519_verify,
    .encode = pk_string_encode,
};
static const struct pk_family ecdsa = {
    .n_fields = 2,
    .bits_min = 256,
    .parse = pk_ecdsa_parse,
    .verify = pk_ecdsa_verify,
    .encode = pk_ecdsa_encode,
};
static const struct pk_family rsa = {
    .n_fields = 2,
    .bits_min = LIMIT_RSA_BITS_MIN,
    .parse = pk_rsa_parse,
    .verify = pk_rsa_verify,
    .encode = pk_string_encode,
};
static const struct pk_family dss = {
    .n_fields = 4,
    .bits_min = LIMIT_DSA_BITS_MIN,
    .parse = pk_dss_parse,
    .verify = pk_dss_verify,
    .encode = pk_dss_encode,
};
static const struct pk_family sk_ed = {
    .n_fields = 2,
    .bits_min = 256,
    .pure = true,
    .parse = pk_sk_ed25519_parse,
    .verify = pk_sk_ed25519_verify,
};
static const struct pk_family sk_ec = {
    .n_fields = 3,
    .bits_min = 256,
    .parse = pk_sk_ecdsa_parse,
    .verify = pk_sk_ecdsa_verify,
};

/* libcrypto's verification and encoding are those of the plain key. */
#define X509(how, kind, family_form)                                                   \
	{                                                                              \
		.form = (family_form), .parse = pk_x509_parse,                         \
		.verify = pk_##kind##_verify, .encode = how                            \
	}
static const struct pk_family x_rsa = X509(pk_string_encode, rsa, X509_CHAIN);
static const struct pk_family x_rsa_old = X509(pk_string_encode, rsa, X509_SOLE);
static const struct pk_family x_dss = X509(pk_dss_encode, dss, X509_CHAIN);
static const struct pk_family x_dss_old = X509(pk_dss_encode, dss, X509_SOLE);
static const struct pk_family x_ecdsa = X509(pk_ecdsa_encode, ecdsa, X509_CHAIN);

#define S1    DIGEST_SHA1
#define S256  DIGEST_SHA256
#define S384  DIGEST_SHA384
#define S512  DIGEST_SHA512
#define HU    (PK_HOST | PK_USER)
#define U     PK_USER
#define CERTS "PROTOCOL.certkeys"
#define U2F   "PROTOCOL.u2f"
#define SSH2  "RFC 4253 6.6"
#define R6187 "RFC 6187"
#define X(n)  "x509v3-" n
#define XRSA  X("ssh-rsa")
#define XDSS  X("ssh-dss")
#define XR256 X("rsa2048-sha256")
#define XSRSA X("sign-rsa")
#define XSDSS X("sign-dss")
#define OLD   "draft-ietf-secsh-transport, first drafts"
/* a row but for its last two columns */
#define NO NULL, NULL

/* clang-format off */
const struct pk_alg pk_algs[PK_ALG_COUNT] = {
	/* name   key type  plain    digest use curve      family   asked  source, key within, name in the signature */
	{ED,       ED,       NULL,     S512, HU, NULL,       &ed25519, false, "RFC 8709", NO},
	{P256,     P256,     NULL,     S256, HU, "nistp256", &ecdsa,   false, "RFC 5656", NO},
	{P384,     P384,     NULL,     S384, HU, "nistp384", &ecdsa,   false, "RFC 5656", NO},
	{P521,     P521,     NULL,     S512, HU, "nistp521", &ecdsa,   false, "RFC 5656", NO},
	{R512,     RSA,      NULL,     S512, HU, NULL,       &rsa,     false, "RFC 8332", NO},
	{R256,     RSA,      NULL,     S256, HU, NULL,       &rsa,     false, "RFC 8332", NO},
	{RSA,      RSA,      NULL,     S1,   HU, NULL,       &rsa,     true,  SSH2, NO},
	{DSS,      DSS,      NULL,     S1,   HU, NULL,       &dss,     true,  SSH2, NO},
	{SK(SKED), SK(SKED), NULL,     S256, U,  NULL,       &sk_ed,   false, U2F, NO},
	{SK(SKEC), SK(SKEC), NULL,     S256, U,  "nistp256", &sk_ec,   false, U2F, NO},
	{C(ED),    C(ED),    ED,       S512, HU, NULL,       &ed25519, false, CERTS, NO},
	{C(P256),  C(P256),  P256,     S256, HU, "nistp256", &ecdsa,   false, CERTS, NO},
	{C(P384),  C(P384),  P384,     S384, HU, "nistp384", &ecdsa,   false, CERTS, NO},
	{C(P521),  C(P521),  P521,     S512, HU, "nistp521", &ecdsa,   false, CERTS, NO},
	{C(R512),  C(RSA),   R512,     S512, HU, NULL,       &rsa,     false, CERTS, NO},
	{C(R256),  C(RSA),   R256,     S256, HU, NULL,       &rsa,     false, CERTS, NO},
	{C(RSA),   C(RSA),   RSA,      S1,   HU, NULL,       &rsa,     true,  CERTS, NO},
	{C(DSS),   C(DSS),   DSS,      S1,   HU, NULL,       &dss,     true,  CERTS, NO},
	{C(SKED),  C(SKED),  SK(SKED), S256, U,  NULL,       &sk_ed,   false, U2F, NO},
	{C(SKEC),  C(SKEC),  SK(SKEC), S256, U,  "nistp256", &sk_ec,   false, U2F, NO},
	{X(P256),  X(P256),  NULL,     S256, HU, "nistp256", &x_ecdsa, true,  R6187, P256, P256},
	{X(P384),  X(P384),  NULL,     S384, HU, "nistp384", &x_ecdsa, true,  R6187, P384, P384},
	{X(P521),  X(P521),  NULL,     S512, HU, "nistp521", &x_ecdsa, true,  R6187, P521, P521},
	{XR256,    XR256,    NULL,     S256, HU, NULL,       &x_rsa,   true,  R6187, RSA, "rsa2048-sha256"},
	{XRSA,     XRSA,     NULL,     S1,   HU, NULL,       &x_rsa,   true,  R6187, RSA, RSA},
	{XDSS,     XDSS,     NULL,     S1,   HU, NULL,       &x_dss,   true,  R6187, DSS, DSS},
	{XSRSA,    XSRSA,    NULL,     S1,   HU, NULL,       &x_rsa_old, true, OLD, RSA, NULL},
	{XSDSS,    XSDSS,    NULL,     S1,   HU, NULL,       &x_dss_old, true, OLD, DSS, NULL},
};
/* clang-format on */

void pk_warm(void)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		(void)digest_md((enum digest)i);
	pk_family_warm();
}

const struct pk_alg *pk_alg_find(struct span name)
{
	for (size_t i = 0; i < PK_ALG_COUNT; i++)
		if (span_is(name, pk_algs[i].name))
			return &pk_algs[i];
	return NULL;
}

const struct pk_alg *pk_type_find(struct span key_type)
{
	for (size_t i = 0; i < PK_ALG_COUNT; i++)
		if (span_is(key_type, pk_algs[i].key_type))
			return &pk_algs[i];
	return NULL;
}

bool pk_alg_is_cert(const struct pk_alg *alg)
{
	return alg->plain != NULL;
}

const struct pk_alg *pk_alg_plain(const struct pk_alg *alg)
{
	return alg->plain == NULL ? alg : pk_alg_find(span_str(alg->plain));
}

const char *pk_alg_signs(const struct pk_alg *alg)
{
	const struct pk_alg *plain = pk_alg_plain(alg);

	return plain->signs == NULL ? plain->name : plain->signs;
}

/* The drafts left open whether a certificate's signature is named as the key within. */
static bool signature_named(const struct pk_alg *plain, struct span name)
{
	return span_is(name, pk_alg_signs(plain)) ||
	       (plain->family->form == X509_SOLE && span_is(name, plain->certified));
}

enum err pk_blob_type(struct span blob, struct span *out)
{
	struct rd r = RD(blob);
	struct span type = rd_bytes(&r, LIMIT_NAME_BYTES);

	if (!rd_ok(&r) || type.n == 0)
		return ERR_KEY;
	*out = type;
	return OK;
}

static enum err parse_cert(struct span blob, struct pk_key *out)
{
	struct cert cert;
	struct rd fields;
	const struct pk_alg *plain;
	enum err e;

	if ((e = cert_parse(blob, &cert)) != OK)
		return e;
	plain = pk_type_find(span_str(pk_alg_plain(cert.alg)->key_type));
	fields = RD(cert.key_fields);
	return plain->family->parse(plain, &fields, out);
}

enum err pk_parse(struct span blob, struct pk_key *out)
{
	struct rd r = RD(blob);
	const struct pk_alg *alg = pk_type_find(rd_bytes(&r, LIMIT_NAME_BYTES));

	if (!rd_ok(&r) || blob.n > LIMIT_PK_BLOB_BYTES)
		return ERR_KEY;
	if (alg == NULL)
		return ERR_UNKNOWN;
	if (pk_alg_is_cert(alg))
		return parse_cert(blob, out);
	return alg->family->parse(alg, &r, out);
}

void pk_wipe(struct pk_key *key)
{
	EVP_PKEY_free(key->pkey);
	*key = (struct pk_key){0};
}

enum err pk_verify_key(const struct pk_alg *alg, const struct pk_key *key,
		       struct span signature, struct span data, struct pk_touch *touch)
{
	const struct pk_alg *plain = pk_alg_plain(alg);
	struct pk_touch said = {.present = true, .verified = true};
	struct rd r = RD(signature);
	enum err e;

	if (strcmp(plain->key_type, key->alg->key_type) != 0)
		return ERR_KEY;
	/* RFC 8332 3: the name in the signature decides the hash, so it must be the
	 * agreed. */
	if (!signature_named(plain, rd_bytes(&r, LIMIT_NAME_BYTES)))
		return ERR_SIGNATURE;
	if ((e = plain->family->verify(plain, key, &r, data, &said)) == OK)
		*touch = said;
	return e;
}

enum err pk_verify_touch(const struct pk_alg *alg, struct span blob,
			 struct span signature, struct span data,
			 struct pk_touch *touch)
{
	struct pk_key key = {0};
	struct span type;
	enum err e;

	if ((e = pk_blob_type(blob, &type)) != OK)
		return e;
	if (!span_is(type, alg->key_type))
		return ERR_KEY;
	if ((e = pk_parse(blob, &key)) == OK)
		e = pk_verify_key(alg, &key, signature, data, touch);
	pk_wipe(&key);
	return e;
}

enum err pk_verify(const struct pk_alg *alg, struct span blob, struct span signature,
		   struct span data)
{
	struct pk_touch touch = {0};
	enum err e = pk_verify_touch(alg, blob, signature, data, &touch);

	return e == OK && !touch.present ? ERR_SIGNATURE : e;
}

enum err pk_fingerprint(struct span blob, char out[PK_FINGERPRINT_BYTES])
{
	struct exhash_value hash;
	struct wr w = {.cap = PK_FINGERPRINT_BYTES};
	struct span text;
	enum err e;

	if ((e = digest_spans(DIGEST_SHA256, &blob, 1, &hash)) != OK)
		return e;
	w.p = (uint8_t *)out;
	wr_raw(&w, SPAN_LIT("SHA256:"));
	base64_encode(&w, (struct span){hash.bytes, hash.n}, false);
	wr_u8(&w, 0);
	return wr_end(&w, &text);
}
