/*
 * OpenSSH certificates. Everything here is foreign until cert_verify said OK and the
 * caller knows the CA. Option names must ascend, as PROTOCOL.certkeys demands: a name
 * given twice could mean two things to two readers.
 */
#include <string.h>

#include "common/cert.h"
#include "common/limits.h"
#include "common/x509.h"

static int span_order(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static bool text_valid(struct span s)
{
	return s.n == 0 || memchr(s.p, 0, s.n) == NULL;
}

static bool options_valid(struct span list)
{
	struct rd r = RD(list);
	struct span before = {0};

	while (rd_ok(&r) && r.left.n > 0) {
		struct span name = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);

		(void)rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
		if (!text_valid(name) || span_order(before, name) >= 0)
			return false;
		before = name;
	}
	return rd_end(&r) == OK;
}

static bool principals_valid(struct span list)
{
	struct rd r = RD(list);
	size_t n = 0;

	for (; rd_ok(&r) && r.left.n > 0; n++)
		if (!text_valid(rd_bytes(&r, LIMIT_PK_BLOB_BYTES)))
			return false;
	return rd_end(&r) == OK && n <= LIMIT_CERT_PRINCIPALS;
}

static bool ca_valid(struct span ca)
{
	struct span type;
	const struct pk_alg *alg;

	if (pk_blob_type(ca, &type) != OK)
		return false;
	alg = pk_type_find(type);
	return alg != NULL && !pk_alg_is_cert(alg) && alg->family->form == X509_NONE;
}

static void take_key_fields(struct rd *r, struct cert *c)
{
	c->key_fields = r->left;
	for (unsigned i = 0; i < c->alg->family->n_fields; i++)
		(void)rd_bytes(r, LIMIT_PK_BLOB_BYTES);
	c->key_fields.n -= rd_ok(r) ? r->left.n : c->key_fields.n;
}

enum err cert_parse(struct span blob, struct cert *out)
{
	struct rd r = RD(blob);
	struct cert c = {.alg = pk_type_find(rd_bytes(&r, LIMIT_NAME_BYTES))};

	if (c.alg == NULL || !pk_alg_is_cert(c.alg))
		return ERR_UNKNOWN;
	(void)rd_bytes(&r,
		       LIMIT_PK_BLOB_BYTES); /* nonce: for the signature's sake only */
	take_key_fields(&r, &c);
	c.serial = rd_u64(&r);
	c.kind = rd_u32(&r);
	c.key_id = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	c.principals = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	c.valid_after = rd_u64(&r);
	c.valid_before = rd_u64(&r);
	c.critical = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	c.extensions = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	(void)rd_bytes(&r,
		       LIMIT_PK_BLOB_BYTES); /* reserved: ignored, PROTOCOL.certkeys */
	c.ca = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	c.body = (struct span){blob.p, rd_ok(&r) ? blob.n - r.left.n : 0};
	c.signature = rd_bytes(&r, LIMIT_SIGNATURE_BYTES);
	if (rd_end(&r) != OK || blob.n > LIMIT_PK_BLOB_BYTES)
		return ERR_KEY;
	if ((c.kind != CERT_USER && c.kind != CERT_HOST) || !text_valid(c.key_id) ||
	    !principals_valid(c.principals) || !options_valid(c.critical) ||
	    !options_valid(c.extensions) || !ca_valid(c.ca))
		return ERR_KEY;
	*out = c;
	return OK;
}

/* A CA need not be touched for each certificate, so what a security key says is not
 * asked. */
enum err cert_verify(const struct cert *cert)
{
	struct rd r = RD(cert->signature);
	const struct pk_alg *alg = pk_alg_find(rd_bytes(&r, LIMIT_NAME_BYTES));
	struct pk_touch touch;

	if (!rd_ok(&r) || alg == NULL || pk_alg_is_cert(alg))
		return ERR_SIGNATURE;
	return pk_verify_touch(alg, cert->ca, cert->signature, cert->body, &touch);
}

bool cert_valid_at(const struct cert *cert, uint64_t now)
{
	return cert->valid_after <= now && now < cert->valid_before;
}

bool cert_option_next(struct span *list, struct span *name, struct span *data)
{
	struct rd r = RD(*list);
	struct span a = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	struct span b = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);

	if (!rd_ok(&r))
		return false;
	*name = a;
	*data = b;
	*list = r.left;
	return true;
}

enum err cert_option_string(struct span data, struct span *out)
{
	struct rd r = RD(data);
	struct span s = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);

	if (rd_end(&r) != OK)
		return ERR_KEY;
	*out = s;
	return OK;
}

bool cert_principal_next(struct span *list, struct span *principal)
{
	struct rd r = RD(*list);
	struct span s = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);

	if (!rd_ok(&r))
		return false;
	*principal = s;
	*list = r.left;
	return true;
}

enum err cert_plain_blob(const struct cert *cert, struct wr *out)
{
	wr_str(out, pk_alg_plain(cert->alg)->key_type);
	wr_raw(out, cert->key_fields);
	return out->err;
}

enum err cert_plain_of(struct span blob, struct wr *store, struct span *out)
{
	struct cert cert;
	struct x509 x509;
	struct span type;
	enum err e = pk_blob_type(blob, &type);

	if (e == OK)
		e = cert_parse(blob, &cert);
	if (e == OK)
		e = cert_plain_blob(&cert, store);
	else if (e == ERR_UNKNOWN && (e = x509_of_blob(blob, &x509)) == OK)
		e = x509_plain_blob(&x509, store);
	if (e == ERR_UNKNOWN) { /* no certificate */
		*out = blob;
		return OK;
	}
	return e == OK ? wr_end(store, out) : e;
}
