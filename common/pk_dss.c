/*
 * DSA, for those who ask for it by name. The numbers are foreign: sizes that a verification can afford,
 * q of 160 bits as the signature's form wants, g and y within the group's range.
 * Source: RFC 4253 6.6; FIPS 186-4 4
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "common/limits.h"
#include "common/pk_family.h"

enum {
	NUMBER_BYTES = LIMIT_DSA_BITS_MAX / 8,
	HALF_BYTES = 20, /* r, s: RFC 4253 6.6 */
	Q_BITS = 8 * HALF_BYTES,
	DER_BYTES_MAX = 2 + 2 * (3 + HALF_BYTES)
};

enum { P, Q, G, Y, NUMBERS };

static const char *const params[NUMBERS] = {
    [P] = OSSL_PKEY_PARAM_FFC_P,
    [Q] = OSSL_PKEY_PARAM_FFC_Q,
    [G] = OSSL_PKEY_PARAM_FFC_G,
    [Y] = OSSL_PKEY_PARAM_PUB_KEY,
};

/* 1 < v < p */
static bool in_range(const BIGNUM *v, const BIGNUM *p)
{
	return BN_cmp(v, BN_value_one()) > 0 && BN_cmp(v, p) < 0;
}

static enum err judge(const struct pk_alg *alg, BIGNUM *const n[NUMBERS])
{
	const int bits = BN_num_bits(n[P]);

	if (bits < (int)alg->family->bits_min || bits > LIMIT_DSA_BITS_MAX ||
	    !BN_is_odd(n[P]) || BN_num_bits(n[Q]) != Q_BITS || !BN_is_odd(n[Q]))
		return ERR_KEY;
	return in_range(n[G], n[P]) && in_range(n[Y], n[P]) ? OK : ERR_KEY;
}

static EVP_PKEY *key_make(BIGNUM *const n[NUMBERS])
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *made = NULL;
	EVP_PKEY *pkey = NULL;
	bool good = build != NULL;

	for (size_t i = 0; good && i < NUMBERS; i++)
		good = OSSL_PARAM_BLD_push_BN(build, params[i], n[i]) == 1;
	if (good && (made = OSSL_PARAM_BLD_to_param(build)) != NULL)
		pkey = pk_key_from("DSA", EVP_PKEY_PUBLIC_KEY, made);
	OSSL_PARAM_free(made);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

enum err pk_dss_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out)
{
	struct span field[NUMBERS];
	BIGNUM *n[NUMBERS] = {NULL};
	EVP_PKEY *pkey = NULL;
	enum err e = OK;

	for (size_t i = 0; i < NUMBERS; i++)
		field[i] = rd_mpint(fields, NUMBER_BYTES);
	if (rd_end(fields) != OK)
		return ERR_KEY;
	for (size_t i = 0; i < NUMBERS && e == OK; i++)
		if ((n[i] = BN_bin2bn(field[i].p, (int)field[i].n, NULL)) == NULL)
			e = ERR_CRYPTO;
	if (e == OK)
		e = judge(alg, n);
	if (e == OK && (pkey = key_make(n)) == NULL)
		e = ERR_CRYPTO;
	if (e == OK)
		*out = (struct pk_key){
		    .alg = alg, .pkey = pkey, .bits = (unsigned)BN_num_bits(n[P])};
	for (size_t i = 0; i < NUMBERS; i++)
		BN_free(n[i]);
	return e;
}

static struct span without_zeros(struct span s)
{
	while (s.n > 0 && s.p[0] == 0)
		s = (struct span){s.p + 1, s.n - 1};
	return s;
}

enum err pk_dss_verify(const struct pk_alg *alg, const struct pk_key *key,
		       struct rd *fields, struct span data, struct pk_touch *out)
{
	struct span both = rd_bytes(fields, 2 * HALF_BYTES);
	uint8_t store[DER_BYTES_MAX], body_store[DER_BYTES_MAX];
	struct wr der = WR(store), body = WR(body_store);
	struct span whole;

	(void)out;
	if (rd_end(fields) != OK || both.n != 2 * HALF_BYTES)
		return ERR_SIGNATURE;
	/* RFC 3279 2.2.2: Dss-Sig-Value */
	for (size_t i = 0; i < 2; i++) {
		struct span half =
		    without_zeros((struct span){both.p + i * HALF_BYTES, HALF_BYTES});

		if (half.n == 0)
			return ERR_SIGNATURE;
		pk_der_integer(&body, half);
	}
	if (wr_end(&body, &whole) != OK)
		return ERR_SIGNATURE;
	wr_u8(&der, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
	wr_u8(&der, (uint8_t)whole.n);
	wr_raw(&der, whole);
	if (wr_end(&der, &whole) != OK)
		return ERR_SIGNATURE;
	return pk_verify_by(key->pkey, digest_md(alg->digest), whole, data);
}

enum err pk_dss_encode(struct span raw, struct wr *w)
{
	static const uint8_t zeros[HALF_BYTES] = {0};
	struct rd der = RD(raw);
	struct span half[2];

	if (rd_u8(&der) != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED))
		return ERR_CRYPTO;
	(void)rd_u8(&der);
	for (size_t i = 0; i < 2; i++)
		half[i] = without_zeros(pk_der_read_integer(&der));
	if (rd_end(&der) != OK || half[0].n > HALF_BYTES || half[1].n > HALF_BYTES)
		return ERR_CRYPTO;
	wr_u32(w, 2 * HALF_BYTES);
	for (size_t i = 0; i < 2; i++) {
		wr_raw(w, (struct span){zeros, HALF_BYTES - half[i].n});
		wr_raw(w, half[i]);
	}
	return w->err;
}
