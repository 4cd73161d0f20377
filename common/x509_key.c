/*
 * Keys and names in X.509 certificates: the key is written as SSH has it, and judged there, so that there
 * is one judge; names are compared, never shown. Source: RFC 3279 2.3, RFC 5480, RFC 8410, RFC 5280 4.1.2.4
 */
#include <string.h>

#include <openssl/asn1.h>

#include "common/x509_der.h"

#define OID(bytes)                                                                     \
	{                                                                              \
		(const uint8_t *)(bytes), sizeof(bytes) - 1                            \
	}

static const struct span oid_rsa = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct span oid_dsa = OID("\x2a\x86\x48\xce\x38\x04\x01");
static const struct span oid_ec = OID("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct span oid_ed25519 = OID("\x2b\x65\x70");

static const struct {
	struct span oid;
	const char *key_type, *name;
} curves[] = {
    {OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), "ecdsa-sha2-nistp256", "nistp256"},
    {OID("\x2b\x81\x04\x00\x22"),             "ecdsa-sha2-nistp384", "nistp384"},
    {OID("\x2b\x81\x04\x00\x23"),             "ecdsa-sha2-nistp521", "nistp521"},
};

/* Attributes that openssl(1) prints by a short name. */
static const struct {
	struct span oid;
	const char *name;
} attributes[] = {
    {OID("\x55\x04\x03"),			     "CN"          },
    {OID("\x55\x04\x04"),			     "SN"          },
    {OID("\x55\x04\x05"),			     "serialNumber"},
    {OID("\x55\x04\x06"),			     "C"           },
    {OID("\x55\x04\x07"),			     "L"           },
    {OID("\x55\x04\x08"),			     "ST"          },
    {OID("\x55\x04\x0a"),			     "O"           },
    {OID("\x55\x04\x0b"),			     "OU"          },
    {OID("\x55\x04\x0c"),			     "title"       },
    {OID("\x55\x04\x2a"),			     "GN"          },
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),     "emailAddress"},
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID"         },
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC"          },
};

/* ---- keys ---- */

/* An INTEGER's magnitude; negative ones are none of a key's. */
static struct span magnitude(struct rd *r)
{
	struct span s = der_element(r, V_ASN1_INTEGER);

	if (s.n == 0 || (s.p[0] & 0x80) != 0)
		rd_fail(r, ERR_KEY);
	while (s.n > 0 && s.p[0] == 0)
		s = (struct span){s.p + 1, s.n - 1};
	return s;
}

static enum err rsa_write(struct rd *parameters, struct span point, struct wr *out)
{
	struct rd whole = RD(point), r = RD(der_element(&whole, DER_SEQUENCE));
	struct span n = magnitude(&r), e = magnitude(&r);

	(void)der_element(parameters, V_ASN1_NULL);
	if (rd_end(&r) != OK || rd_end(&whole) != OK || rd_end(parameters) != OK)
		return ERR_KEY;
	wr_str(out, "ssh-rsa");
	wr_mpint(out, e);
	wr_mpint(out, n);
	return out->err;
}

static enum err dsa_write(struct rd *parameters, struct span point, struct wr *out)
{
	struct rd whole = RD(point);
	struct rd pqg = RD(der_element(parameters, DER_SEQUENCE));
	struct span p = magnitude(&pqg), q = magnitude(&pqg), g = magnitude(&pqg);
	struct span y = magnitude(&whole);

	if (rd_end(&pqg) != OK || rd_end(&whole) != OK || rd_end(parameters) != OK)
		return ERR_KEY;
	wr_str(out, "ssh-dss");
	wr_mpint(out, p);
	wr_mpint(out, q);
	wr_mpint(out, g);
	wr_mpint(out, y);
	return out->err;
}

static enum err ec_write(struct rd *parameters, struct span point, struct wr *out)
{
	struct span curve = der_element(parameters, V_ASN1_OBJECT);

	if (rd_end(parameters) != OK)
		return ERR_KEY;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		if (!span_equal(curve, curves[i].oid))
			continue;
		wr_str(out, curves[i].key_type);
		wr_str(out, curves[i].name);
		wr_bytes(out, point);
		return out->err;
	}
	return ERR_KEY;
}

static enum err ed25519_write(struct rd *parameters, struct span point, struct wr *out)
{
	if (rd_end(parameters) != OK)
		return ERR_KEY;
	wr_str(out, "ssh-ed25519");
	wr_bytes(out, point);
	return out->err;
}

enum err x509_plain_blob(const struct x509 *cert, struct wr *out)
{
	struct rd r = RD(cert->key);
	struct rd algorithm = RD(der_element(&r, DER_SEQUENCE));
	struct span oid = der_element(&algorithm, V_ASN1_OBJECT);
	struct span bits = der_element(&r, V_ASN1_BIT_STRING);
	struct span point;

	if (rd_end(&r) != OK || bits.n < 2 || bits.p[0] != 0)
		return ERR_KEY;
	point = (struct span){bits.p + 1, bits.n - 1};
	if (span_equal(oid, oid_rsa))
		return rsa_write(&algorithm, point, out);
	if (span_equal(oid, oid_dsa))
		return dsa_write(&algorithm, point, out);
	if (span_equal(oid, oid_ec))
		return ec_write(&algorithm, point, out);
	if (span_equal(oid, oid_ed25519))
		return ed25519_write(&algorithm, point, out);
	return ERR_KEY;
}

enum err pk_x509_parse(const struct pk_alg *alg, struct rd *fields, struct pk_key *out)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct pk_key key = {0};
	struct span blob, type;
	struct x509 cert;
	enum err e = x509_leaf(alg->family->form, fields, &cert);

	if (e == OK)
		e = x509_plain_blob(&cert, &w);
	if (e != OK || (e = wr_end(&w, &blob)) != OK ||
	    (e = pk_blob_type(blob, &type)) != OK)
		return e;
	if (!span_is(type, alg->certified) || (e = pk_parse(blob, &key)) != OK)
		return e == OK ? ERR_KEY : e;
	key.alg = alg;
	*out = key;
	return OK;
}

/* ---- names ---- */

struct attribute {
	struct span oid, value;
};

/* Takes the next attribute of a Name. One that shares its place with another is none that is compared. */
static bool attribute_next(struct rd *name, struct attribute *out)
{
	struct rd set = RD(der_element(name, DER_SET));
	struct rd pair = RD(der_element(&set, DER_SEQUENCE));
	uint8_t tag;

	out->oid = der_element(&pair, V_ASN1_OBJECT);
	tag = pair.left.n > 0 ? pair.left.p[0] : 0;
	out->value = der_element(&pair, tag);
	/* texts that are bytes as an operator writes them */
	if (tag != V_ASN1_UTF8STRING && tag != V_ASN1_PRINTABLESTRING &&
	    tag != V_ASN1_IA5STRING)
		rd_fail(&pair, ERR_KEY);
	return rd_end(&pair) == OK && rd_end(&set) == OK && rd_ok(name);
}

static bool attribute_named(const struct attribute *a, struct span name)
{
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if (span_equal(a->oid, attributes[i].oid))
			return span_is(name, attributes[i].name);
	return false;
}

static struct span trim(struct span s)
{
	while (s.n > 0 && s.p[0] == ' ')
		s = (struct span){s.p + 1, s.n - 1};
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* Takes NAME=value off the text; false where it is none. */
static bool text_next(struct span *text, char separator, struct span *name,
		      struct span *value)
{
	const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, separator, text->n);
	struct span one = {text->p, end == NULL ? text->n : (size_t)(end - text->p)};
	const uint8_t *equals = one.n == 0 ? NULL : memchr(one.p, '=', one.n);

	if (equals == NULL)
		return false;
	*name = trim((struct span){one.p, (size_t)(equals - one.p)});
	*value = (struct span){equals + 1, one.n - (size_t)(equals - one.p) - 1};
	*value = trim(*value);
	*text = end == NULL ? (struct span){0}
			    : (struct span){end + 1, text->n - one.n - 1};
	return end == NULL || text->n > 0;
}

bool x509_subject_is(const struct x509 *cert, struct span text)
{
	const bool slashes = text.n > 0 && text.p[0] == '/';
	struct rd r = RD(cert->subject);
	struct attribute a;
	struct span name, value;

	if (slashes)
		text = (struct span){text.p + 1, text.n - 1};
	if (text.n == 0)
		return false;
	while (text.n > 0) {
		if (!text_next(&text, slashes ? '/' : ',', &name, &value) ||
		    !attribute_next(&r, &a) || !attribute_named(&a, name) ||
		    !span_equal(a.value, value))
			return false;
	}
	return rd_end(&r) == OK;
}

bool x509_common_name_is(const struct x509 *cert, struct span wanted)
{
	struct rd r = RD(cert->subject);
	struct attribute a;
	bool found = false;

	while (rd_ok(&r) && r.left.n > 0)
		if (attribute_next(&r, &a) && attribute_named(&a, SPAN_LIT("CN")) &&
		    span_equal(a.value, wanted))
			found = true;
	return found && rd_end(&r) == OK;
}
