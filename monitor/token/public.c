/*
 * The public half of a key in a token: from the private object where it shows the numbers,
 * else from the public object or certificate with the same CKA_ID.
 */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "monitor/token/token.h"

enum {
	ID_BYTES = 256,
	NUMBER_BYTES = LIMIT_RSA_BITS_MAX / 8,
	POINT_BYTES = 256,
	PARAMETER_BYTES = 64,
	OCTET_STRING = 4, /* DER */
	ED25519_BYTES = 32
};

/* Curves by their CKA_EC_PARAMS. Source: RFC 5480 2.1.1.1; RFC 8410; PKCS #11 v3.0 6.3 */
static const struct curve {
	const char *key_type, *name; /* name is NULL where the blob has none */
	const char *parameters;
	size_t n;
} curves[] = {
    {"ecdsa-sha2-nistp256", "nistp256", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10},
    {"ecdsa-sha2-nistp384", "nistp384", "\x06\x05\x2b\x81\x04\x00\x22",             7 },
    {"ecdsa-sha2-nistp521", "nistp521", "\x06\x05\x2b\x81\x04\x00\x23",             7 },
    {"ssh-ed25519",         NULL,       "\x06\x03\x2b\x65\x70",                     5 },
    {"ssh-ed25519",         NULL,       "\x13\x0c\x65\x64wards25519",               14},
};
enum { CURVE_COUNT = sizeof curves / sizeof curves[0] };

static const struct curve *curve_find(const uint8_t *parameters, size_t n)
{
	for (size_t i = 0; i < CURVE_COUNT; i++)
		if (n == curves[i].n &&
		    memcmp(parameters, curves[i].parameters, n) == 0)
			return &curves[i];
	return NULL;
}

/* The object of a class that has the key's CKA_ID; the key itself where there is none. */
static CK_OBJECT_HANDLE sibling(const struct token_key *k, CK_OBJECT_CLASS class)
{
	uint8_t id[ID_BYTES];
	size_t n = sizeof id;
	CK_OBJECT_HANDLE found = k->key;
	CK_ULONG count = 0;
	CK_ATTRIBUTE like[2] = {
	    {CKA_CLASS, &class, sizeof class},
            {CKA_ID,    id,     0           }
        };

	if (token_attribute(k, k->key, CKA_ID, id, &n) != OK || n == 0)
		return k->key;
	like[1].ulValueLen = n;
	if (k->f->C_FindObjectsInit(k->session, like, 2) != CKR_OK)
		return k->key;
	if (k->f->C_FindObjects(k->session, &found, 1, &count) != CKR_OK || count == 0)
		found = k->key;
	(void)k->f->C_FindObjectsFinal(k->session);
	return found;
}

static enum err rsa_read(const struct token_key *k, CK_OBJECT_HANDLE object,
			 struct wr *w)
{
	uint8_t modulus[NUMBER_BYTES], exponent[NUMBER_BYTES];
	size_t n = sizeof modulus, e_n = sizeof exponent;
	enum err e;

	if ((e = token_attribute(k, object, CKA_MODULUS, modulus, &n)) != OK ||
	    (e = token_attribute(k, object, CKA_PUBLIC_EXPONENT, exponent, &e_n)) != OK)
		return e;
	wr_str(w, "ssh-rsa");
	wr_mpint(w, (struct span){exponent, e_n});
	wr_mpint(w, (struct span){modulus, n});
	return w->err;
}

/* CKA_EC_POINT is a DER OCTET STRING; some libraries give what is in it. */
static struct span point_of(const uint8_t *p, size_t n, const struct curve *c)
{
	const uint8_t *at = p;
	ASN1_OCTET_STRING *s = NULL;
	struct span point = {p, n};

	if (c->name == NULL && n == ED25519_BYTES)
		return point;
	s = d2i_ASN1_OCTET_STRING(NULL, &at, (long)n);
	if (s != NULL && at == p + n) {
		size_t inner = (size_t)ASN1_STRING_length(s);

		point = (struct span){p + (n - inner), inner};
	}
	ASN1_OCTET_STRING_free(s);
	return point;
}

static enum err ec_read(const struct token_key *k, CK_OBJECT_HANDLE object,
			struct wr *w)
{
	uint8_t parameters[PARAMETER_BYTES], raw[POINT_BYTES];
	size_t n = sizeof parameters, point_n = sizeof raw;
	const struct curve *c;
	enum err e;

	if ((e = token_attribute(k, object, CKA_EC_PARAMS, parameters, &n)) != OK ||
	    (e = token_attribute(k, object, CKA_EC_POINT, raw, &point_n)) != OK)
		return e;
	c = curve_find(parameters, n);
	if (c == NULL)
		return ERR_UNKNOWN;
	wr_str(w, c->key_type);
	if (c->name != NULL)
		wr_str(w, c->name);
	wr_bytes(w, point_of(raw, point_n, c));
	return w->err;
}

typedef enum err read_fn(const struct token_key *k, CK_OBJECT_HANDLE object,
			 struct wr *w);

static read_fn *reader_of(const struct token_key *k)
{
	CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
	size_t n = sizeof type;

	if (token_attribute(k, k->key, CKA_KEY_TYPE, &type, &n) != OK)
		return NULL;
	if (type == CKK_RSA)
		return rsa_read;
	return type == CKK_EC || type == CKK_EC_EDWARDS ? ec_read : NULL;
}

enum err token_public(struct token_key *k, struct token_note *note)
{
	const CK_OBJECT_HANDLE from[] = {k->key, sibling(k, CKO_PUBLIC_KEY)};
	read_fn *read = reader_of(k);
	struct pk_key key = {0};
	struct wr w = WR(k->blob);
	enum err e = ERR_UNKNOWN;

	if (read == NULL) {
		token_note_set(note, "keys of this type are not taken: RSA, EC and "
				     "Ed25519 are");
		return e;
	}
	for (size_t i = 0; e != OK && i < sizeof from / sizeof from[0]; i++) {
		w = WR(k->blob);
		e = read(k, from[i], &w);
	}
	if (e == OK)
		e = pk_parse((struct span){w.p, w.n}, &key);
	k->alg = key.alg;
	k->blob_n = w.n;
	pk_wipe(&key);
	if (e != OK)
		token_note_set(note,
			       "the public key is not in the token, too short or of a "
			       "curve that is not taken; a public key object with the "
			       "same id as the private one is wanted");
	return e;
}
