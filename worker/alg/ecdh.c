/*
 * Elliptic curve Diffie-Hellman over libcrypto. Points are foreign: their length and form are
 * checked here, that they lie on the curve by libcrypto, that they are not of low order by both.
 * RFC 5656, RFC 7748, RFC 8731
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "worker/alg/ecdh.h"

struct curve {
	const char *type;
	const char *name;
	size_t point_bytes, secret_bytes;
};

#define CURVES       4
#define UNCOMPRESSED 4

static const struct curve curves[CURVES] = {
    [KEX_X25519] = {"X25519", NULL,    32,  32},
    [KEX_P256] = {"EC",     "P-256", 65,  32},
    [KEX_P384] = {"EC",     "P-384", 97,  48},
    [KEX_P521] = {"EC",     "P-521", 133, 66},
};

/* Made once: setting one up costs as much as the fixed-base multiplication it is for. */
static EVP_PKEY_CTX *makers[CURVES];

static EVP_PKEY_CTX *maker_of(enum kex_group g)
{
	EVP_PKEY_CTX *ctx;

	if (makers[g] != NULL)
		return makers[g];
	ctx = EVP_PKEY_CTX_new_from_name(NULL, curves[g].type, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    (curves[g].name != NULL &&
	     EVP_PKEY_CTX_set_group_name(ctx, curves[g].name) != 1)) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	makers[g] = ctx;
	return ctx;
}

enum err ecdh_warm(void)
{
	for (int g = 0; g < CURVES; g++)
		if (maker_of((enum kex_group)g) == NULL)
			return ERR_CRYPTO;
	return OK;
}

/* A NIST key of scalar and point; libcrypto does not compute the point by itself. */
static enum err nist_import(const struct curve *c, struct span secret, EVP_PKEY **out)
{
	uint8_t native[ECDH_SECRET_BYTES];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, c->type, NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[4];
	enum err e = ERR_CRYPTO;

	/* OSSL_PARAM integers are in the machine's order */
	for (size_t i = 0; i < c->secret_bytes; i++)
		native[i] = secret.p[c->secret_bytes - 1 - i];
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						     (char *)(uintptr_t)c->name, 0);
	params[1] =
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, c->secret_bytes);
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)(secret.p + c->secret_bytes),
	    c->point_bytes);
	params[3] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		goto out;
	*out = key;
	e = OK;
out:
	wipe(native, sizeof native);
	EVP_PKEY_CTX_free(ctx);
	return e;
}

enum err ecdh_key(enum kex_group g, struct span secret, EVP_PKEY **out)
{
	const struct curve *c = &curves[g];
	EVP_PKEY *key = NULL;

	if (secret.n == 0) {
		EVP_PKEY_CTX *ctx = maker_of(g);

		if (ctx == NULL || EVP_PKEY_keygen(ctx, &key) != 1)
			return ERR_CRYPTO;
	} else if (g == KEX_X25519) {
		if (secret.n != X25519_BYTES)
			return ERR_BUG;
		key = EVP_PKEY_new_raw_private_key_ex(NULL, c->type, NULL, secret.p,
						      secret.n);
		if (key == NULL)
			return ERR_CRYPTO;
	} else {
		if (secret.n != c->secret_bytes + c->point_bytes)
			return ERR_BUG;
		return nist_import(c, secret, out);
	}
	*out = key;
	return OK;
}

enum err ecdh_public(EVP_PKEY *key, struct ecdh_point *out)
{
	struct ecdh_point point = {0};

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
					    point.bytes, sizeof point.bytes,
					    &point.n) != 1)
		return ERR_CRYPTO;
	*out = point;
	return OK;
}

/* The other side's key; NULL where the point is refused. */
static EVP_PKEY *peer_of(enum kex_group g, EVP_PKEY *key, struct span point)
{
	EVP_PKEY *peer;

	if (point.n != curves[g].point_bytes)
		return NULL;
	if (g == KEX_X25519)
		return EVP_PKEY_new_raw_public_key_ex(NULL, curves[g].type, NULL,
						      point.p, point.n);
	if (point.p[0] != UNCOMPRESSED)
		return NULL;
	peer = EVP_PKEY_new();
	/* refuses a point that is not on the curve: an invalid-curve attack ends here */
	if (peer == NULL || EVP_PKEY_copy_parameters(peer, key) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(peer, point.p, point.n) != 1) {
		EVP_PKEY_free(peer);
		return NULL;
	}
	return peer;
}

/* RFC 8731 3: an all-zero result must be refused. All bytes are looked at. */
static bool all_zero(const struct ecdh_secret *s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s->n; i++)
		any |= s->bytes[i];
	return any == 0;
}

enum err ecdh_agree(enum kex_group g, EVP_PKEY *key, struct span point,
		    struct ecdh_secret *out)
{
	EVP_PKEY *peer = peer_of(g, key, point);
	EVP_PKEY_CTX *ctx = NULL;
	struct ecdh_secret secret = {.n = sizeof secret.bytes};
	enum err e = ERR_KEX_VALUE;

	if (peer == NULL)
		goto out;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	/* no second validation: these curves have cofactor 1, on the curve is enough */
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1) {
		e = ERR_CRYPTO;
		goto out;
	}
	if (EVP_PKEY_derive(ctx, secret.bytes, &secret.n) != 1 || all_zero(&secret) ||
	    secret.n != curves[g].secret_bytes)
		goto out;
	*out = secret;
	e = OK;
out:
	wipe(&secret, sizeof secret);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return e;
}

/* K is the x coordinate read as a number. RFC 5656 4, RFC 8731 3.1 */
static enum err agree_value(const struct kex_alg *row, EVP_PKEY *key, struct span point,
			    struct kex_value *out)
{
	struct ecdh_secret secret = {0};
	enum err e = ecdh_agree(row->group, key, point, &secret);

	if (e == OK)
		e = kex_value_set(out, row->mpint_secret,
				  (struct span){secret.bytes, secret.n});
	wipe(&secret, sizeof secret);
	return e;
}

static enum err public_value(const struct kex_alg *row, EVP_PKEY *key,
			     struct kex_value *out)
{
	struct ecdh_point point = {0};
	enum err e = ecdh_public(key, &point);

	if (e == OK)
		e = kex_value_set(out, row->mpint_values,
				  (struct span){point.bytes, point.n});
	return e;
}

enum err ecdh_respond(const struct kex_alg *row, const struct dh_group *asked,
		      struct span q_client, struct kex_reply *out)
{
	EVP_PKEY *key = NULL;
	enum err e;

	(void)asked;
	if (q_client.n != curves[row->group].point_bytes)
		return ERR_KEX_VALUE;
	if ((e = ecdh_key(row->group, (struct span){0}, &key)) == OK &&
	    (e = agree_value(row, key, q_client, &out->secret)) == OK)
		e = public_value(row, key, &out->q_server);
	EVP_PKEY_free(key);
	return e;
}

enum err ecdh_initiate(struct kex_client *s, struct span secret,
		       struct kex_value *q_client)
{
	enum err e = ecdh_key(s->row->group, secret, &s->key);

	if (e == OK)
		e = public_value(s->row, s->key, q_client);
	return e;
}

enum err ecdh_finish(const struct kex_client *s, struct span q_server,
		     struct kex_value *secret)
{
	return agree_value(s->row, s->key, q_server, secret);
}
