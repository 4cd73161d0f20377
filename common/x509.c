/*
 * X.509 in DER. Everything here is foreign: lengths are definite and shortest, each element is read to
 * its end, and what is not understood refuses the whole where RFC 5280 says that it matters.
 */
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>

#include "common/limits.h"
#include "common/names.h"
#include "common/x509_der.h"

#define OID(bytes)                                                                     \
	{                                                                              \
		(const uint8_t *)(bytes), sizeof(bytes) - 1                            \
	}

/* keyUsage's bit 0, extKeyUsage's purposes that let a client sign: RFC 5280 4.2.1.3, RFC 6187 2.2.2 */
enum {
	DIGITAL_SIGNATURE = 0x80,
	VERSION_3 = 2,
	CENTURY = 100,
	PIVOT = 50,
	YEAR_0 = 1900
};

static const struct span basic_constraints = OID("\x55\x1d\x13");
static const struct span key_usage = OID("\x55\x1d\x0f");
static const struct span ext_key_usage = OID("\x55\x1d\x25");
static const struct span purposes[] = {
    OID("\x55\x1d\x25\x00"),                 /* any */
    OID("\x2b\x06\x01\x05\x05\x07\x03\x02"), /* a TLS client */
    OID("\x2b\x06\x01\x05\x05\x07\x03\x15"), /* an SSH client */
};

/* Whatever the curve: that is a matter of the key. */
#define ECDSA "ecdsa"

/* What an authority may have signed with. */
static const struct signature_kind {
	struct span oid;
	const char *signer;
	enum digest digest;
} signature_kinds[] = {
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), "ssh-rsa",     DIGEST_SHA1  },
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "ssh-rsa",     DIGEST_SHA256},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), "ssh-rsa",     DIGEST_SHA384},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), "ssh-rsa",     DIGEST_SHA512},
    {OID("\x2a\x86\x48\xce\x38\x04\x03"),         "ssh-dss",     DIGEST_SHA1  },
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"),     ECDSA,         DIGEST_SHA256},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"),     ECDSA,         DIGEST_SHA384},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"),     ECDSA,         DIGEST_SHA512},
    {OID("\x2b\x65\x70"),                         "ssh-ed25519", DIGEST_SHA512},
};

/* ---- time ---- */

static int two_digits(struct rd *r)
{
	const uint8_t tens = rd_u8(r), ones = rd_u8(r);

	if (tens < '0' || tens > '9' || ones < '0' || ones > '9') {
		rd_fail(r, ERR_KEY);
		return 0;
	}
	return 10 * (tens - '0') + (ones - '0');
}

/* RFC 5280 4.1.2.5: to the second, in Greenwich time. */
static uint64_t time_read(struct rd *r)
{
	const uint8_t tag = r->left.n > 0 ? r->left.p[0] : 0;
	struct rd text = RD(der_element(r, tag));
	struct tm tm = {0};
	time_t t;

	if (tag == V_ASN1_GENERALIZEDTIME) {
		tm.tm_year = CENTURY * two_digits(&text) - YEAR_0;
		tm.tm_year += two_digits(&text);
	} else {
		tm.tm_year = two_digits(&text);
		tm.tm_year += tm.tm_year < PIVOT ? CENTURY : 0;
	}
	tm.tm_mon = two_digits(&text) - 1;
	tm.tm_mday = two_digits(&text);
	tm.tm_hour = two_digits(&text);
	tm.tm_min = two_digits(&text);
	tm.tm_sec = two_digits(&text);
	if ((tag != V_ASN1_GENERALIZEDTIME && tag != V_ASN1_UTCTIME) ||
	    rd_u8(&text) != 'Z' || rd_end(&text) != OK || (t = timegm(&tm)) < 0) {
		rd_fail(r, ERR_KEY);
		return 0;
	}
	return (uint64_t)t;
}

static void validity_read(struct rd *r, struct x509 *c)
{
	struct rd both = RD(der_element(r, DER_SEQUENCE));

	c->valid_after = time_read(&both);
	c->valid_before = time_read(&both);
	if (rd_end(&both) != OK)
		rd_fail(r, ERR_KEY);
}

/* ---- extensions ---- */

static bool purpose_known(struct span oid)
{
	for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
		if (span_equal(oid, purposes[i]))
			return true;
	return false;
}

static void usage_read(struct rd *value, struct x509 *c)
{
	struct span bits = der_element(value, V_ASN1_BIT_STRING);

	/* the first byte counts the unused bits */
	if (bits.n < 2 || (bits.p[1] & DIGITAL_SIGNATURE) == 0)
		c->for_logins = false;
}

static void purposes_read(struct rd *value, struct x509 *c)
{
	struct rd list = RD(der_element(value, DER_SEQUENCE));
	bool found = false;

	while (rd_ok(&list) && list.left.n > 0)
		if (purpose_known(der_element(&list, V_ASN1_OBJECT)))
			found = true;
	if (rd_end(&list) != OK)
		rd_fail(value, ERR_KEY);
	c->for_logins = c->for_logins && found;
}

static enum err extension_read(struct span content, struct x509 *c)
{
	struct rd r = RD(content), value;
	struct span oid = der_element(&r, V_ASN1_OBJECT);
	struct span critical = der_optional(&r, V_ASN1_BOOLEAN);

	value = RD(der_element(&r, V_ASN1_OCTET_STRING));
	if (rd_end(&r) != OK)
		return ERR_KEY;
	if (span_equal(oid, key_usage))
		usage_read(&value, c);
	else if (span_equal(oid, ext_key_usage))
		purposes_read(&value, c);
	else if (span_equal(oid, basic_constraints))
		(void)der_element(&value,
				  DER_SEQUENCE); /* who signs is known otherwise */
	else {
		(void)rd_rest(&value);
		if (critical.n == 1 && critical.p[0] != 0)
			c->unknown_critical = true;
	}
	return rd_end(&value) == OK ? OK : ERR_KEY;
}

static void extensions_read(struct rd *r, struct x509 *c)
{
	struct rd outer = RD(der_optional(r, DER_CONTEXT | 3));
	struct rd list;

	if (outer.left.n == 0)
		return;
	list = RD(der_element(&outer, DER_SEQUENCE));
	while (rd_ok(&list) && list.left.n > 0)
		if (extension_read(der_element(&list, DER_SEQUENCE), c) != OK)
			rd_fail(&list, ERR_KEY);
	if (rd_end(&list) != OK || rd_end(&outer) != OK)
		rd_fail(r, ERR_KEY);
}

/* ---- the certificate ---- */

static enum err body_read(struct span content, struct span *algorithm, struct x509 *c)
{
	struct rd r = RD(content);
	struct rd version = RD(der_element(&r, DER_CONTEXT));
	struct span number = der_element(&version, V_ASN1_INTEGER);

	(void)der_element(&r, V_ASN1_INTEGER); /* serial number */
	*algorithm = der_element(&r, DER_SEQUENCE);
	c->issuer = der_element(&r, DER_SEQUENCE);
	validity_read(&r, c);
	c->subject = der_element(&r, DER_SEQUENCE);
	c->key = der_element(&r, DER_SEQUENCE);
	(void)der_optional(&r,
			   DER_IMPLICIT | 1); /* unique identifiers: nobody has any */
	(void)der_optional(&r, DER_IMPLICIT | 2);
	extensions_read(&r, c);
	if (rd_end(&version) != OK || rd_end(&r) != OK || number.n != 1 ||
	    number.p[0] != VERSION_3)
		return ERR_KEY;
	return OK;
}

static enum err signature_read(struct span algorithm, struct span bits, struct x509 *c)
{
	struct rd r = RD(algorithm);
	struct span oid = der_element(&r, V_ASN1_OBJECT);

	(void)der_optional(&r, V_ASN1_NULL);
	if (rd_end(&r) != OK || bits.n < 2 || bits.p[0] != 0)
		return ERR_KEY;
	for (size_t i = 0; i < sizeof signature_kinds / sizeof signature_kinds[0];
	     i++) {
		if (!span_equal(oid, signature_kinds[i].oid))
			continue;
		c->signer = signature_kinds[i].signer;
		c->digest = signature_kinds[i].digest;
		c->signature = (struct span){bits.p + 1, bits.n - 1};
		return OK;
	}
	return ERR_KEY;
}

enum err x509_parse(struct span der, struct x509 *out)
{
	struct rd whole = RD(der), r;
	struct x509 c = {.whole = der, .for_logins = true};
	struct span content, inside = {0}, outside, bits;

	r = RD(der_element(&whole, DER_SEQUENCE));
	c.body.p = r.left.p;
	content = der_element(&r, DER_SEQUENCE);
	c.body.n = rd_ok(&r) ? (size_t)(r.left.p - c.body.p) : 0;
	outside = der_element(&r, DER_SEQUENCE);
	bits = der_element(&r, V_ASN1_BIT_STRING);
	if (rd_end(&r) != OK || rd_end(&whole) != OK ||
	    body_read(content, &inside, &c) != OK ||
	    /* RFC 5280 4.1.1.2: what was signed says how, and both say the same */
	    !span_equal(inside, outside) || signature_read(outside, bits, &c) != OK)
		return ERR_KEY;
	*out = c;
	return OK;
}

enum err x509_leaf(enum x509_form form, struct rd *fields, struct x509 *out)
{
	const uint32_t n = form == X509_CHAIN ? rd_u32(fields) : 1;
	struct span leaf = rd_bytes(fields, LIMIT_PK_BLOB_BYTES);

	for (uint32_t i = 1; i < n && rd_ok(fields); i++)
		(void)rd_bytes(fields, LIMIT_PK_BLOB_BYTES);
	if (form == X509_CHAIN)
		for (uint32_t i = rd_u32(fields); i > 0 && rd_ok(fields); i--)
			(void)rd_bytes(fields, LIMIT_PK_BLOB_BYTES);
	if (rd_end(fields) != OK || n == 0)
		return ERR_KEY;
	return x509_parse(leaf, out);
}

enum err x509_of_blob(struct span blob, struct x509 *out)
{
	struct rd r = RD(blob);
	const struct pk_alg *alg = pk_type_find(rd_bytes(&r, LIMIT_NAME_BYTES));

	if (!rd_ok(&r) || alg == NULL || alg->family->form == X509_NONE)
		return ERR_UNKNOWN;
	return x509_leaf(alg->family->form, &r, out);
}

/* SSH has no RSA with SHA-384: whoever takes SHA-512 takes it. */
static bool digest_fits(const struct pk_alg *row, enum digest digest)
{
	return row->family->pure || row->digest == digest ||
	       (row->digest == DIGEST_SHA512 && digest == DIGEST_SHA384);
}

/* The algorithm of SSH that the signature amounts to, by a key of this type; NULL: none */
static const struct pk_alg *signed_with(const struct x509 *cert, struct span type)
{
	for (size_t i = 0; i < PK_ALG_COUNT; i++) {
		const struct pk_alg *row = &pk_algs[i];

		if (!span_is(type, row->key_type) || row->family->encode == NULL)
			continue;
		if (row->curve != NULL ? strcmp(cert->signer, ECDSA) == 0
				       : strcmp(cert->signer, row->key_type) == 0 &&
					     digest_fits(row, cert->digest))
			return row;
	}
	return NULL;
}

enum err x509_verify(const struct x509 *cert, struct span authority,
		     struct span algorithms)
{
	const struct pk_alg *alg;
	struct pk_key key = {0};
	struct span type;
	enum err e = pk_blob_type(authority, &type);

	if (e != OK)
		return e;
	if ((alg = signed_with(cert, type)) == NULL)
		return ERR_SIGNATURE;
	if ((e = pk_parse(authority, &key)) == OK)
		e = pk_verify_by(key.pkey,
				 alg->family->pure ? NULL : digest_md(cert->digest),
				 cert->signature, cert->body);
	pk_wipe(&key);
	if (e == OK && !names_has(algorithms, span_str(alg->name)))
		return ERR_DENIED;
	return e;
}
