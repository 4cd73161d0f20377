/*
 * Public forms: SubjectPublicKeyInfo and X.509 in PEM or DER, bundles of certificates
 * (PKCS#7), lines of OpenSSH's and RFC 4716's form. As a host key they are of no use, which
 * is said; where a public key is wanted they are taken.
 * Source: RFC 4716; RFC 5280; RFC 2315
 */
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/pem.h>

#include "common/authkeys.h"
#include "common/base64.h"
#include "monitor/keys/private.h"
#include "monitor/keys/store_private.h"

#define SSH2_BEGIN "---- BEGIN SSH2 PUBLIC KEY ----"
#define SSH2_END   "---- END SSH2 PUBLIC KEY ----"

/* ---- what they are ---- */

bool der_is_p7b(struct span content)
{
	const uint8_t *p = content.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)content.n);
	bool found = p7 != NULL && PKCS7_type_is_signed(p7);

	PKCS7_free(p7);
	return found;
}

static bool is_ssh2(struct span content)
{
	return store_text_find(content, SSH2_BEGIN) != NULL;
}

/* The first line that is no comment. */
static enum err first_line(struct span content, uint8_t *store,
			   struct authkey_line *out)
{
	struct span line;
	enum err e = ERR_UNKNOWN;

	while (e == ERR_UNKNOWN && authkeys_next(&content, &line))
		e = authkeys_line(line, store, LIMIT_PK_BLOB_BYTES, out);
	return e;
}

static bool is_line(struct span content)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct authkey_line line;

	return first_line(content, store, &line) == OK;
}

bool text_is_ssh_public(struct span content)
{
	return is_ssh2(content) || is_line(content);
}

bool store_is_public_form(struct span content)
{
	if (is_ssh2(content))
		return true;
	if (is_line(content))
		return false;
	return content.n > 0 &&
	       (strchr("0<{", content.p[0]) != NULL || /* DER, XML, JSON */
		store_text_find(content, "-----BEGIN ") != NULL);
}

/* ---- X.509, SubjectPublicKeyInfo ---- */

static enum err certificates_pem(struct span content, struct key_material *out)
{
	BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
	enum err e = bio == NULL ? ERR_MEMORY : OK;
	X509 *x;

	while (e == OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		e = material_add_certificate(out, x);
	BIO_free(bio);
	return e;
}

static enum err certificates_read(struct span content, struct key_material *out)
{
	const uint8_t *p = content.p;
	X509 *x = d2i_X509(NULL, &p, (long)content.n);

	return x != NULL ? material_add_certificate(out, x)
			 : certificates_pem(content, out);
}

static EVP_PKEY *public_decode(struct span content)
{
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
	    &pkey, NULL, NULL, NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);
	const unsigned char *p = content.p;
	size_t n = content.n;

	if (ctx == NULL || OSSL_DECODER_from_data(ctx, &p, &n) != 1)
		pkey = NULL;
	OSSL_DECODER_CTX_free(ctx);
	return pkey;
}

/* The public key of the first certificate, where there is one. */
static enum err take_first(struct key_material *out)
{
	EVP_PKEY *pkey = NULL;

	if (out->certificates == NULL)
		return ERR_KEY;
	pkey = X509_get_pubkey(sk_X509_value(out->certificates, 0));
	return pkey == NULL ? ERR_KEY : material_take(out, pkey, false);
}

enum err store_public_read(const struct store_input *in, struct key_material *out,
			   struct keyfile_note *note)
{
	enum err e = certificates_read(in->content, out);
	EVP_PKEY *pkey = NULL;

	if (e == OK && out->certificates == NULL &&
	    (pkey = public_decode(in->content)) != NULL)
		return material_take(out, pkey, false);
	if (e == OK)
		e = take_first(out);
	if (e == ERR_KEY)
		keyfile_note_set(note,
				 "%s: neither a public key nor a certificate that "
				 "can be read",
				 in->label);
	return e;
}

/* ---- PKCS#7 ---- */

static PKCS7 *p7b_decode(struct span content)
{
	const uint8_t *p = content.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)content.n);
	BIO *bio;

	if (p7 != NULL)
		return p7;
	bio = BIO_new_mem_buf(content.p, (int)content.n);
	if (bio != NULL)
		p7 = PEM_read_bio_PKCS7(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return p7;
}

enum err store_p7b_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	PKCS7 *p7 = p7b_decode(in->content);
	STACK_OF(X509) *all = NULL;
	enum err e = OK;

	if (p7 != NULL && PKCS7_type_is_signed(p7) && p7->d.sign != NULL)
		all = p7->d.sign->cert;
	for (int i = 0; e == OK && all != NULL && i < sk_X509_num(all); i++) {
		X509 *x = sk_X509_value(all, i);

		e = X509_up_ref(x) == 1 ? material_add_certificate(out, x) : ERR_MEMORY;
	}
	PKCS7_free(p7);
	if (e == OK)
		e = take_first(out);
	if (e == ERR_KEY)
		keyfile_note_set(note, "%s: a PKCS#7 file without certificates",
				 in->label);
	return e;
}

/* ---- OpenSSH and RFC 4716 ---- */

/* A header is Name: value, and goes on in the next line after a \ (RFC 4716 3.3). */
static bool is_header(struct span line, bool *goes_on)
{
	bool header = *goes_on || memchr(line.p, ':', line.n) != NULL;

	*goes_on = header && line.n > 0 && line.p[line.n - 1] == '\\';
	return header;
}

static enum err ssh2_read(struct span content, struct wr *blob)
{
	uint8_t text[2 * LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(text);
	const uint8_t *begin = store_text_find(content, SSH2_BEGIN);
	const uint8_t *end = store_text_find(content, SSH2_END);
	struct span body, line;
	bool goes_on = false;

	if (begin == NULL || end == NULL || end < begin)
		return ERR_KEY;
	begin += sizeof SSH2_BEGIN - 1;
	body = (struct span){begin, (size_t)(end - begin)};
	while (authkeys_next(&body, &line))
		if (!is_header(line, &goes_on))
			wr_raw(&w, line);
	return w.err != OK ? ERR_KEY : base64_decode(blob, (struct span){w.p, w.n});
}

enum err store_ssh_public_read(const struct store_input *in, struct key_material *out,
			       struct keyfile_note *note)
{
	struct authkey_line line = {.blob = {0}};
	struct pk_key key = {0};
	struct wr w = WR(out->blob);
	enum err e;

	if (is_ssh2(in->content)) {
		e = ssh2_read(in->content, &w);
		out->blob_n = w.n;
	} else {
		e = first_line(in->content, out->blob, &line);
		out->blob_n = line.blob.n;
	}
	if (e == OK)
		e = pk_parse((struct span){out->blob, out->blob_n}, &key);
	pk_wipe(&key);
	if (e == OK)
		return OK;
	keyfile_note_set(note,
			 "%s: a public key that is damaged, too short or of a "
			 "type that is not taken",
			 in->label);
	return ERR_KEY;
}

/* ---- all keys of a file ---- */

static enum err put_certificates(STACK_OF(X509) * all, struct wr *keys, size_t *n)
{
	enum err e = OK;

	for (int i = 0; e == OK && i < sk_X509_num(all); i++) {
		EVP_PKEY *pkey = X509_get_pubkey(sk_X509_value(all, i));
		size_t mark = wr_open(keys);

		e = pkey == NULL ? ERR_KEY : private_blob(pkey, keys);
		wr_close(keys, mark);
		EVP_PKEY_free(pkey);
		*n += e == OK;
	}
	return e == OK ? keys->err : e;
}

enum err store_public_keys(const struct store_input *in, struct wr *keys, size_t *n,
			   struct keyfile_note *note)
{
	struct key_material m = {0};
	enum err e = store_open(in, STORE_AUTO, &m, note);

	if (e != OK)
		return e;
	if (m.certificates != NULL && m.pkey == NULL) {
		e = put_certificates(m.certificates, keys, n);
	} else if (m.blob_n > 0) {
		wr_bytes(keys, (struct span){m.blob, m.blob_n});
		e = keys->err;
		*n += 1;
	} else {
		e = ERR_UNKNOWN;
	}
	if (e == ERR_UNKNOWN || e == ERR_KEY)
		keyfile_note_set(note, "%s: a key of a type that is not taken",
				 in->label);
	material_wipe(&m);
	return e;
}
