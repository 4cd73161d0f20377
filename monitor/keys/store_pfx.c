/*
 * PKCS#12. A store may hold several keys with their certificates; the operator says which by
 * the name that it was given or by the subject of its certificate. libcrypto decodes and
 * decrypts. Source: RFC 7292
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "monitor/keys/store_private.h"

/* How well an entry is meant by subject=. */
enum match { MATCH_NOT, MATCH_PART, MATCH_WHOLE };

struct pfx_key {
	EVP_PKEY *pkey;
	char *name; /* friendlyName; NULL: none */
};

struct pfx {
	struct pfx_key key[LIMIT_PFX_KEYS];
	size_t n;
	STACK_OF(X509) * certificates;
	const char *password; /* may be NULL: that differs from an empty one */
	int password_n;
};

bool der_is_pfx(struct span content)
{
	const uint8_t *p = content.p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)content.n);
	bool found = p12 != NULL;

	PKCS12_free(p12);
	return found;
}

static void pfx_wipe(struct pfx *f)
{
	for (size_t i = 0; i < f->n; i++) {
		EVP_PKEY_free(f->key[i].pkey);
		OPENSSL_free(f->key[i].name);
	}
	sk_X509_pop_free(f->certificates, X509_free);
	*f = (struct pfx){0};
}

/* ---- reading all of it ---- */

static enum err take_key(struct pfx *f, PKCS12_SAFEBAG *bag,
			 const PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *pkey = info == NULL ? NULL : EVP_PKCS82PKEY(info);

	if (pkey == NULL || f->n == LIMIT_PFX_KEYS) {
		EVP_PKEY_free(pkey);
		return pkey == NULL ? ERR_KEY : ERR_RANGE;
	}
	f->key[f->n++] = (struct pfx_key){pkey, PKCS12_get_friendlyname(bag)};
	return OK;
}

static enum err take_encrypted_key(struct pfx *f, PKCS12_SAFEBAG *bag)
{
	PKCS8_PRIV_KEY_INFO *info =
	    PKCS12_decrypt_skey(bag, f->password, f->password_n);
	enum err e = take_key(f, bag, info);

	PKCS8_PRIV_KEY_INFO_free(info);
	return e;
}

static enum err take_certificate(struct pfx *f, PKCS12_SAFEBAG *bag)
{
	X509 *x;
	int n;
	char *name;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return OK;
	x = PKCS12_SAFEBAG_get1_cert(bag);
	if (x == NULL)
		return ERR_KEY;
	name = PKCS12_get_friendlyname(bag);
	n = name == NULL ? 0 : (int)strlen(name);
	if (name != NULL)
		(void)X509_alias_set1(x, (unsigned char *)name, n);
	OPENSSL_free(name);
	if (f->certificates == NULL)
		f->certificates = sk_X509_new_null();
	if (f->certificates != NULL && sk_X509_push(f->certificates, x) > 0)
		return OK;
	X509_free(x);
	return ERR_MEMORY;
}

static enum err take_bag(struct pfx *f, PKCS12_SAFEBAG *bag)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return take_key(f, bag, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag:
		return take_encrypted_key(f, bag);
	case NID_certBag:
		return take_certificate(f, bag);
	default:
		return OK; /* revocation lists, secrets: not ours */
	}
}

static enum err take_safe(struct pfx *f, PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum err e = OK;

	if (PKCS7_type_is_data(safe))
		bags = PKCS12_unpack_p7data(safe);
	else if (PKCS7_type_is_encrypted(safe))
		bags = PKCS12_unpack_p7encdata(safe, f->password, f->password_n);
	else
		return OK;
	if (bags == NULL)
		return ERR_KEY;
	for (int i = 0; e == OK && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		e = take_bag(f, sk_PKCS12_SAFEBAG_value(bags, i));
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return e;
}

static enum err take_all(struct pfx *f, const PKCS12 *p12)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);
	enum err e = safes == NULL ? ERR_KEY : OK;

	for (int i = 0; e == OK && i < sk_PKCS7_num(safes); i++)
		e = take_safe(f, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return e;
}

/* Without a password some programs mean an empty one, and some none at all. */
static bool password_fits(struct pfx *f, PKCS12 *p12, const struct keyfile *given)
{
	if (given->p != NULL) {
		f->password = (const char *)given->p;
		f->password_n = (int)given->n;
		return !PKCS12_mac_present(p12) ||
		       PKCS12_verify_mac(p12, f->password, f->password_n) == 1;
	}
	if (!PKCS12_mac_present(p12) || PKCS12_verify_mac(p12, NULL, 0) == 1)
		return true;
	f->password = "";
	return PKCS12_verify_mac(p12, "", 0) == 1;
}

/* ---- choosing ---- */

static const X509 *certificate_of(const struct pfx *f, const struct pfx_key *key)
{
	int n = f->certificates == NULL ? 0 : sk_X509_num(f->certificates);

	for (int i = 0; i < n; i++) {
		X509 *x = sk_X509_value(f->certificates, i);

		if (X509_check_private_key(x, key->pkey) == 1)
			return x;
	}
	return NULL;
}

static enum match compare(const char *text, const char *subject)
{
	if (strcasecmp(text, subject) == 0)
		return MATCH_WHOLE;
	return strcasestr(text, subject) != NULL ? MATCH_PART : MATCH_NOT;
}

/* CN=…, O=…, as it is usually written, and the other way round. */
static enum match compare_name(const X509_NAME *name, const char *subject,
			       unsigned long order)
{
	const unsigned long flags =
	    ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | order;
	BIO *bio = BIO_new(BIO_s_mem());
	enum match m = MATCH_NOT;
	char *text = NULL;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, flags) >= 0 &&
	    BIO_write(bio, "", 1) == 1 && BIO_get_mem_data(bio, &text) > 0)
		m = compare(text, subject);
	BIO_free(bio);
	return m;
}

static enum match key_match(const struct pfx *f, const struct pfx_key *key,
			    const char *subject)
{
	const X509 *x = certificate_of(f, key);
	const X509_NAME *name = x == NULL ? NULL : X509_get_subject_name(x);
	enum match best = key->name == NULL ? MATCH_NOT : compare(key->name, subject);
	enum match m;

	if (name == NULL)
		return best;
	if ((m = compare_name(name, subject, 0)) > best)
		best = m;
	if ((m = compare_name(name, subject, XN_FLAG_DN_REV)) > best)
		best = m;
	return best;
}

/* The one that is named whole, before one that is named in part. */
static struct pfx_key *choose(struct pfx *f, const char *subject)
{
	struct pfx_key *best = NULL;
	enum match best_match = MATCH_NOT;

	if (subject == NULL || strcmp(subject, "*") == 0)
		return f->n > 0 ? &f->key[0] : NULL;
	for (size_t i = 0; i < f->n; i++) {
		enum match m = key_match(f, &f->key[i], subject);

		if (m <= best_match)
			continue;
		best = &f->key[i];
		best_match = m;
	}
	return best;
}

static enum err refuse_subject(const struct pfx *f, const struct store_input *in,
			       struct keyfile_note *note)
{
	char names[LIMIT_TEXT_BYTES] = "";
	size_t n = 0;

	for (size_t i = 0; i < f->n && n < sizeof names; i++)
		n += (size_t)snprintf(
		    names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
		    f->key[i].name != NULL ? f->key[i].name : "(without a name)");
	if (f->n == 0)
		keyfile_note_set(note, "%s: there is no private key in it", in->label);
	else
		keyfile_note_set(note,
				 "%s: no key in it has subject=\"%s\"; there are: %s",
				 in->label, in->subject, names);
	return ERR_KEY;
}

static enum err give(struct pfx *f, const struct store_input *in,
		     struct key_material *out, struct keyfile_note *note)
{
	struct pfx_key *key = choose(f, in->subject);
	enum err e;

	if (key == NULL)
		return refuse_subject(f, in, note);
	if ((e = material_take(out, key->pkey, true)) != OK)
		return e;
	key->pkey = NULL; /* moved */
	out->certificates = f->certificates;
	f->certificates = NULL;
	/* a key may be there without a certificate, beside others that have one */
	if (material_match_certificate(out, in->label, note) == ERR_KEY) {
		sk_X509_pop_free(out->certificates, X509_free);
		out->certificates = NULL;
	}
	return OK;
}

static enum err refuse(const struct store_input *in, enum err e,
		       struct keyfile_note *note)
{
	if (e == ERR_RANGE)
		keyfile_note_set(note, "%s: more than %d keys are in it", in->label,
				 LIMIT_PFX_KEYS);
	else if (e == ERR_KEY && store_cipher_is_off())
		keyfile_note_set(
		    note,
		    "%s: its encryption is an old one that is not taken; write it "
		    "anew: openssl pkcs12 -legacy -in %s -nodes | openssl pkcs12 "
		    "-export -out NEW.p12",
		    in->label, in->label);
	else if (e == ERR_KEY)
		return store_wrong_password(in, note);
	return e == ERR_RANGE ? ERR_KEY : e;
}

enum err store_pfx_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	const uint8_t *p = in->content.p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)in->content.n);
	struct pfx f = {.n = 0};
	enum err e = ERR_KEY;

	ERR_clear_error();
	if (p12 == NULL || !password_fits(&f, p12, in->password))
		(void)store_wrong_password(in, note);
	else if ((e = take_all(&f, p12)) != OK)
		e = refuse(in, e, note);
	else
		e = give(&f, in, out, note);
	PKCS12_free(p12);
	pfx_wipe(&f);
	return e;
}
