/*
 * Kinds of private key: how each stands in an openssh-key-v1 file, and its public blob.
 * Numbers are read into libcrypto's secure heap.
 * Source: PROTOCOL.key; RFC 8709; RFC 5656; RFC 4253 6.6
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "common/limits.h"
#include "monitor/keys/private_kind.h"

enum {
	SEED_BYTES = 32,
	SEED_AND_PUBLIC_BYTES = 64,
	NUMBER_BYTES = LIMIT_RSA_BITS_MAX / 8,
	POINT_BYTES = 1 + 2 * 66, /* P-521 */
	GROUP_NAME_BYTES = 32
};

/* ---- numbers ---- */

static BIGNUM *secret_number(struct span s)
{
	BIGNUM *n = BN_secure_new();

	if (n != NULL && BN_bin2bn(s.p, (int)s.n, n) == NULL) {
		BN_clear_free(n);
		n = NULL;
	}
	return n;
}

static enum err write_number(const EVP_PKEY *pkey, const char *param, struct wr *w)
{
	uint8_t *store = OPENSSL_secure_malloc(NUMBER_BYTES);
	BIGNUM *n = BN_secure_new();
	enum err e = ERR_CRYPTO;

	if (store != NULL && n != NULL && EVP_PKEY_get_bn_param(pkey, param, &n) == 1 &&
	    BN_num_bytes(n) <= NUMBER_BYTES) {
		wr_mpint(w, (struct span){store, (size_t)BN_bn2bin(n, store)});
		e = w->err;
	}
	BN_clear_free(n);
	OPENSSL_secure_clear_free(store, NUMBER_BYTES);
	return e;
}

static EVP_PKEY *key_from(const char *name, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *pkey = NULL;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

/* ---- Ed25519 ---- */

/*
 * Through PKCS#8 (RFC 8410 7), because libcrypto 3.0 puts a seed into its secure heap on that
 * way only.
 */
static EVP_PKEY *ed25519_key(const uint8_t *seed)
{
	static const uint8_t prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30,
					 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
					 0x04, 0x22, 0x04, 0x20};
	uint8_t der[sizeof prefix + SEED_BYTES];
	const uint8_t *p = der;
	EVP_PKEY *pkey;

	memcpy(der, prefix, sizeof prefix);
	memcpy(der + sizeof prefix, seed, SEED_BYTES);
	pkey = d2i_PrivateKey_ex(EVP_PKEY_ED25519, NULL, &p, sizeof der, NULL, NULL);
	wipe(der, sizeof der);
	return pkey;
}

static enum err ed25519_parse(const struct private_kind *kind, struct rd *r,
			      EVP_PKEY **out)
{
	struct span public = rd_bytes(r, SEED_BYTES);
	struct span both = rd_bytes(r, SEED_AND_PUBLIC_BYTES); /* seed, public key */
	EVP_PKEY *pkey;

	(void)kind;
	if (!rd_ok(r) || public.n != SEED_BYTES || both.n != SEED_AND_PUBLIC_BYTES ||
	    memcmp(public.p, both.p + SEED_BYTES, SEED_BYTES) != 0)
		return ERR_KEY;
	pkey = ed25519_key(both.p);
	if (pkey == NULL)
		return ERR_KEY;
	*out = pkey;
	return OK;
}

static enum err ed25519_write_public(const struct private_kind *kind,
				     const EVP_PKEY *pkey, struct wr *w)
{
	uint8_t public[SEED_BYTES];
	size_t n = sizeof public;

	(void)kind;
	if (EVP_PKEY_get_raw_public_key(pkey, public, &n) != 1)
		return ERR_CRYPTO;
	wr_bytes(w, (struct span){public, n});
	return w->err;
}

static enum err ed25519_write(const struct private_kind *kind, const EVP_PKEY *pkey,
			      struct wr *w)
{
	uint8_t both[SEED_AND_PUBLIC_BYTES];
	size_t seed_n = SEED_BYTES, public_n = SEED_BYTES;
	enum err e = ERR_CRYPTO;

	if (EVP_PKEY_get_raw_private_key(pkey, both, &seed_n) == 1 &&
	    EVP_PKEY_get_raw_public_key(pkey, both + SEED_BYTES, &public_n) == 1 &&
	    (e = ed25519_write_public(kind, pkey, w)) == OK) {
		wr_bytes(w, SPAN_OF(both));
		e = w->err;
	}
	wipe(both, sizeof both);
	return e;
}

/* ---- ECDSA ---- */

static enum err ecdsa_parse(const struct private_kind *kind, struct rd *r,
			    EVP_PKEY **out)
{
	struct span curve = rd_bytes(r, LIMIT_NAME_BYTES);
	struct span point = rd_bytes(r, POINT_BYTES);
	struct span scalar = rd_mpint(r, POINT_BYTES);
	OSSL_PARAM_BLD *build = NULL;
	BIGNUM *d = NULL;
	EVP_PKEY *pkey = NULL;

	if (!rd_ok(r) || !span_is(curve, kind->curve))
		return ERR_KEY;
	build = OSSL_PARAM_BLD_new();
	d = secret_number(scalar);
	if (build != NULL && d != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					    kind->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.p,
					     point.n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
		pkey = key_from(kind->name, build);
	BN_clear_free(d);
	OSSL_PARAM_BLD_free(build);
	if (pkey == NULL)
		return ERR_KEY;
	*out = pkey;
	return OK;
}

/* From the coordinates: a PEM file may have asked for the compressed form. */
static enum err ecdsa_write_public(const struct private_kind *kind,
				   const EVP_PKEY *pkey, struct wr *w)
{
	int field_bytes = (EVP_PKEY_get_bits(pkey) + 7) / 8;
	BIGNUM *x = NULL, *y = NULL;
	uint8_t point[POINT_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
	enum err e = ERR_CRYPTO;

	if (field_bytes <= POINT_BYTES / 2 &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
	    BN_bn2binpad(x, point + 1, field_bytes) == field_bytes &&
	    BN_bn2binpad(y, point + 1 + field_bytes, field_bytes) == field_bytes) {
		wr_str(w, kind->curve);
		wr_bytes(w, (struct span){point, 1 + 2 * (size_t)field_bytes});
		e = w->err;
	}
	BN_free(x);
	BN_free(y);
	return e;
}

static enum err ecdsa_write(const struct private_kind *kind, const EVP_PKEY *pkey,
			    struct wr *w)
{
	enum err e = ecdsa_write_public(kind, pkey, w);

	return e == OK ? write_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, w) : e;
}

/* ---- RSA ---- */

enum { RSA_N, RSA_E, RSA_D, RSA_QINV, RSA_P, RSA_Q, RSA_FILE_NUMBERS };
enum { RSA_DP = RSA_FILE_NUMBERS, RSA_DQ, RSA_NUMBERS };

static const char *const rsa_params[RSA_NUMBERS] = {
    [RSA_N] = OSSL_PKEY_PARAM_RSA_N,
    [RSA_E] = OSSL_PKEY_PARAM_RSA_E,
    [RSA_D] = OSSL_PKEY_PARAM_RSA_D,
    [RSA_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    [RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
    [RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
};

/* The file leaves out d mod (p - 1), d mod (q - 1), which make signing four times faster. */
static bool rsa_exponents(BIGNUM *n[RSA_NUMBERS])
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *less = BN_secure_new();
	bool good = ctx != NULL && less != NULL;

	n[RSA_DP] = BN_secure_new();
	n[RSA_DQ] = BN_secure_new();
	BN_set_flags(n[RSA_D], BN_FLG_CONSTTIME);
	good = good && n[RSA_DP] != NULL && n[RSA_DQ] != NULL &&
	       BN_sub(less, n[RSA_P], BN_value_one()) == 1 &&
	       BN_mod(n[RSA_DP], n[RSA_D], less, ctx) == 1 &&
	       BN_sub(less, n[RSA_Q], BN_value_one()) == 1 &&
	       BN_mod(n[RSA_DQ], n[RSA_D], less, ctx) == 1;
	BN_clear_free(less);
	BN_CTX_free(ctx);
	return good;
}

static enum err rsa_parse(const struct private_kind *kind, struct rd *r, EVP_PKEY **out)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n[RSA_NUMBERS] = {NULL};
	EVP_PKEY *pkey = NULL;
	bool good = build != NULL;

	for (size_t i = 0; i < RSA_FILE_NUMBERS; i++) {
		n[i] = secret_number(rd_mpint(r, NUMBER_BYTES));
		good = good && n[i] != NULL && !BN_is_zero(n[i]);
	}
	good = good && rd_ok(r) && rsa_exponents(n);
	for (size_t i = 0; good && i < RSA_NUMBERS; i++)
		good = OSSL_PARAM_BLD_push_BN(build, rsa_params[i], n[i]) == 1;
	if (good)
		pkey = key_from(kind->name, build);
	for (size_t i = 0; i < RSA_NUMBERS; i++)
		BN_clear_free(n[i]);
	OSSL_PARAM_BLD_free(build);
	if (pkey == NULL)
		return ERR_KEY;
	*out = pkey;
	return OK;
}

static enum err rsa_write_public(const struct private_kind *kind, const EVP_PKEY *pkey,
				 struct wr *w)
{
	enum err e = write_number(pkey, rsa_params[RSA_E], w);

	(void)kind;
	return e == OK ? write_number(pkey, rsa_params[RSA_N], w) : e;
}

static enum err rsa_write(const struct private_kind *kind, const EVP_PKEY *pkey,
			  struct wr *w)
{
	enum err e = OK;

	(void)kind;
	for (size_t i = 0; e == OK && i < RSA_FILE_NUMBERS; i++)
		e = write_number(pkey, rsa_params[i], w);
	return e;
}

/* ---- DSA ---- */

enum { DSS_P, DSS_Q, DSS_G, DSS_Y, DSS_X, DSS_NUMBERS };

static const char *const dss_params[DSS_NUMBERS] = {[DSS_P] = OSSL_PKEY_PARAM_FFC_P,
						    [DSS_Q] = OSSL_PKEY_PARAM_FFC_Q,
						    [DSS_G] = OSSL_PKEY_PARAM_FFC_G,
						    [DSS_Y] = OSSL_PKEY_PARAM_PUB_KEY,
						    [DSS_X] = OSSL_PKEY_PARAM_PRIV_KEY};

static enum err dss_parse(const struct private_kind *kind, struct rd *r, EVP_PKEY **out)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n[DSS_NUMBERS] = {NULL};
	EVP_PKEY *pkey = NULL;
	bool good = build != NULL;

	for (size_t i = 0; i < DSS_NUMBERS; i++) {
		n[i] = secret_number(rd_mpint(r, NUMBER_BYTES));
		good = good && n[i] != NULL &&
		       OSSL_PARAM_BLD_push_BN(build, dss_params[i], n[i]) == 1;
	}
	if (good && rd_ok(r))
		pkey = key_from(kind->name, build);
	for (size_t i = 0; i < DSS_NUMBERS; i++)
		BN_clear_free(n[i]);
	OSSL_PARAM_BLD_free(build);
	if (pkey == NULL)
		return ERR_KEY;
	*out = pkey;
	return OK;
}

static enum err dss_write_first(const EVP_PKEY *pkey, size_t n, struct wr *w)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < n; i++)
		e = write_number(pkey, dss_params[i], w);
	return e;
}

static enum err dss_write_public(const struct private_kind *kind, const EVP_PKEY *pkey,
				 struct wr *w)
{
	(void)kind;
	return dss_write_first(pkey, DSS_X, w);
}

static enum err dss_write(const struct private_kind *kind, const EVP_PKEY *pkey,
			  struct wr *w)
{
	(void)kind;
	return dss_write_first(pkey, DSS_NUMBERS, w);
}

/* ---- kinds ---- */

#define ED25519 ed25519_parse, ed25519_write, ed25519_write_public
#define ECDSA   ecdsa_parse, ecdsa_write, ecdsa_write_public
#define RSA     rsa_parse, rsa_write, rsa_write_public
#define DSS     dss_parse, dss_write, dss_write_public

static const struct private_kind kinds[] = {
    {"ssh-ed25519",         "ED25519", NULL,         NULL,       ED25519},
    {"ecdsa-sha2-nistp256", "EC",      "prime256v1", "nistp256", ECDSA  },
    {"ecdsa-sha2-nistp384", "EC",      "secp384r1",  "nistp384", ECDSA  },
    {"ecdsa-sha2-nistp521", "EC",      "secp521r1",  "nistp521", ECDSA  },
    {"ssh-rsa",             "RSA",     NULL,         NULL,       RSA    },
    {"ssh-dss",             "DSA",     NULL,         NULL,       DSS    },
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const struct private_kind *private_kind_find(struct span key_type)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (span_is(key_type, kinds[i].key_type))
			return &kinds[i];
	return NULL;
}

const struct private_kind *private_kind_of(const EVP_PKEY *pkey)
{
	char group[GROUP_NAME_BYTES] = "";
	size_t n = 0;

	if (EVP_PKEY_is_a(pkey, "EC") &&
	    EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) != 1)
		return NULL;
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (EVP_PKEY_is_a(pkey, kinds[i].name) &&
		    (kinds[i].group == NULL || strcmp(kinds[i].group, group) == 0))
			return &kinds[i];
	return NULL;
}
