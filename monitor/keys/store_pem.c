/*
 * Private keys in PEM or DER (PKCS#1, PKCS#8, SEC1), plain and encrypted, with certificates
 * behind them or not. libcrypto decodes. Source: RFC 7468, RFC 5958, RFC 5915
 */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "monitor/keys/store_private.h"

static bool is_der(struct span content)
{
	return content.n > 0 && content.p[0] == 0x30; /* a SEQUENCE */
}

bool der_is_private(struct span content)
{
	const uint8_t *p = content.p;
	EVP_PKEY *pkey;
	X509_SIG *encrypted;
	bool found;

	if (!is_der(content))
		return false;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)content.n);
	p = content.p;
	encrypted = pkey != NULL ? NULL : d2i_X509_SIG(NULL, &p, (long)content.n);
	found = pkey != NULL || encrypted != NULL;
	EVP_PKEY_free(pkey);
	X509_SIG_free(encrypted);
	return found;
}

static EVP_PKEY *der_read(struct span content, BIO *bio, struct store_ask *ask)
{
	const uint8_t *p = content.p;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)content.n);

	return pkey != NULL
		   ? pkey
		   : d2i_PKCS8PrivateKey_bio(bio, NULL, store_password_cb, ask);
}

static enum err refuse(const struct store_ask *ask, struct keyfile_note *note)
{
	const struct store_input *in = ask->in;

	if (ask->asked && in->password->p != NULL && store_cipher_is_off())
		keyfile_note_set(note,
				 "%s: its encryption is an old one that is not taken; "
				 "encrypt it anew: openssl pkey -in %s -aes256 -out "
				 "NEW",
				 in->label, in->label);
	else if (ask->asked)
		return store_wrong_password(in, note);
	else
		keyfile_note_set(note,
				 "%s: neither an OpenSSH nor a PEM private key: it "
				 "is damaged",
				 in->label);
	return ERR_KEY;
}

/* Certificates may stand anywhere in the file. */
static enum err certificates(struct span content, struct key_material *out)
{
	BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
	enum err e = bio == NULL ? ERR_MEMORY : OK;
	X509 *x;

	while (e == OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		e = material_add_certificate(out, x);
	BIO_free(bio);
	return e;
}

enum err store_pem_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	BIO *bio = BIO_new_mem_buf(in->content.p, (int)in->content.n);
	struct store_ask ask = {.in = in};
	EVP_PKEY *pkey;
	enum err e;

	if (bio == NULL)
		return ERR_MEMORY;
	pkey = is_der(in->content)
		   ? der_read(in->content, bio, &ask)
		   : PEM_read_bio_PrivateKey_ex(bio, NULL, store_password_cb, &ask,
						NULL, NULL);
	BIO_free(bio);
	if (pkey == NULL)
		return refuse(&ask, note);
	if ((e = material_take(out, pkey, true)) != OK)
		return e;
	if (!is_der(in->content) && (e = certificates(in->content, out)) != OK)
		return e;
	return material_match_certificate(out, in->label, note);
}
