/*
 * Keys made of the numbers that a file of another program has: put into the order of an
 * openssh-key-v1 file, from where private_kind.c makes them. In locked memory throughout.
 * Source: PROTOCOL.key; RFC 7518 6; RFC 8037 2
 */
#include <string.h>

#include <openssl/crypto.h>

#include "monitor/keys/private_kind.h"
#include "monitor/keys/store_private.h"

/* RSA-16384: six numbers, none longer than its modulus. */
enum { FIELDS_BYTES = 6 * (LIMIT_RSA_BITS_MAX / 8 + 8) };
enum { SEED_BYTES = 32, POINT_BYTES_MAX = 1 + 2 * 66, POINT_UNCOMPRESSED = 4 };

static const struct curve {
	const char *name, *key_type;
	size_t bytes; /* of a coordinate */
} curves[] = {
    {"nistp256", "ecdsa-sha2-nistp256", 32},
    {"nistp384", "ecdsa-sha2-nistp384", 48},
    {"nistp521", "ecdsa-sha2-nistp521", 66},
};
enum { CURVE_COUNT = sizeof curves / sizeof curves[0] };

enum err numbers_private(struct span key_type, struct span fields, EVP_PKEY **out)
{
	const struct private_kind *kind = private_kind_find(key_type);
	struct rd r = RD(fields);
	EVP_PKEY *pkey = NULL;
	enum err e;

	if (kind == NULL)
		return ERR_UNKNOWN;
	if ((e = kind->parse(kind, &r, &pkey)) != OK)
		return e;
	if (rd_end(&r) != OK) {
		EVP_PKEY_free(pkey);
		return ERR_KEY;
	}
	*out = pkey;
	return OK;
}

/* Keeps the public blob that was written to the material's own store. */
static enum err blob_keep(struct key_material *m, struct wr *w)
{
	struct span blob;
	enum err e = wr_end(w, &blob);

	if (e != OK)
		return ERR_KEY;
	m->blob_n = blob.n;
	return OK;
}

static enum err rsa_private(const struct rsa_numbers *k, EVP_PKEY **out)
{
	uint8_t *fields = OPENSSL_secure_zalloc(FIELDS_BYTES);
	struct wr w = {.p = fields, .cap = FIELDS_BYTES};
	struct span all;
	enum err e = ERR_MEMORY;

	if (fields == NULL)
		return e;
	wr_mpint(&w, k->n);
	wr_mpint(&w, k->e);
	wr_mpint(&w, k->d);
	wr_mpint(&w, k->qi);
	wr_mpint(&w, k->p);
	wr_mpint(&w, k->q);
	e = ERR_KEY;
	if (wr_end(&w, &all) == OK)
		e = numbers_private(SPAN_LIT("ssh-rsa"), all, out);
	OPENSSL_secure_clear_free(fields, FIELDS_BYTES);
	return e;
}

enum err numbers_rsa(const struct rsa_numbers *k, struct key_material *out)
{
	struct wr w = WR(out->blob);

	wr_str(&w, "ssh-rsa");
	wr_mpint(&w, k->e);
	wr_mpint(&w, k->n);
	if (k->n.n == 0 || k->e.n == 0 || blob_keep(out, &w) != OK)
		return ERR_KEY;
	return k->d.n == 0 ? OK : rsa_private(k, &out->pkey);
}

static enum err ec_private(const struct curve *c, struct span point, struct span d,
			   EVP_PKEY **out)
{
	uint8_t *fields = OPENSSL_secure_zalloc(FIELDS_BYTES);
	struct wr w = {.p = fields, .cap = FIELDS_BYTES};
	struct span all;
	enum err e = ERR_MEMORY;

	if (fields == NULL)
		return e;
	wr_str(&w, c->name);
	wr_bytes(&w, point);
	wr_mpint(&w, d);
	e = ERR_KEY;
	if (wr_end(&w, &all) == OK)
		e = numbers_private(span_str(c->key_type), all, out);
	OPENSSL_secure_clear_free(fields, FIELDS_BYTES);
	return e;
}

enum err numbers_ec(const char *curve, const struct ec_numbers *k,
		    struct key_material *out)
{
	uint8_t store[POINT_BYTES_MAX];
	struct wr w = WR(out->blob), point = WR(store);
	const struct curve *c = NULL;

	for (size_t i = 0; i < CURVE_COUNT; i++)
		if (strcmp(curves[i].name, curve) == 0)
			c = &curves[i];
	if (c == NULL)
		return ERR_UNKNOWN;
	/* RFC 7518 6.2.1.2: of full length */
	if (k->x.n != c->bytes || k->y.n != c->bytes)
		return ERR_KEY;
	wr_u8(&point, POINT_UNCOMPRESSED);
	wr_raw(&point, k->x);
	wr_raw(&point, k->y);
	wr_str(&w, c->key_type);
	wr_str(&w, c->name);
	wr_bytes(&w, (struct span){point.p, point.n});
	if (point.err != OK || blob_keep(out, &w) != OK)
		return ERR_KEY;
	return k->d.n == 0
		   ? OK
		   : ec_private(c, (struct span){point.p, point.n}, k->d, &out->pkey);
}

static enum err ed25519_private(struct span x, struct span d, EVP_PKEY **out)
{
	uint8_t *fields = OPENSSL_secure_zalloc(FIELDS_BYTES);
	struct wr w = {.p = fields, .cap = FIELDS_BYTES};
	struct span all;
	enum err e = ERR_MEMORY;
	size_t mark;

	if (fields == NULL)
		return e;
	wr_bytes(&w, x);
	mark = wr_open(&w); /* the seed, then the public key again */
	wr_raw(&w, d);
	wr_raw(&w, x);
	wr_close(&w, mark);
	e = ERR_KEY;
	if (wr_end(&w, &all) == OK)
		e = numbers_private(SPAN_LIT("ssh-ed25519"), all, out);
	OPENSSL_secure_clear_free(fields, FIELDS_BYTES);
	return e;
}

enum err numbers_ed25519(struct span x, struct span d, struct key_material *out)
{
	struct wr w = WR(out->blob);

	if (x.n != SEED_BYTES || (d.n != 0 && d.n != SEED_BYTES))
		return ERR_KEY;
	wr_str(&w, "ssh-ed25519");
	wr_bytes(&w, x);
	if (blob_keep(out, &w) != OK)
		return ERR_KEY;
	return d.n == 0 ? OK : ed25519_private(x, d, &out->pkey);
}
