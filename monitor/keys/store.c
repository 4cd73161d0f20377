/*
 * The table of key stores, and what is common to all of them. The content is the operator's;
 * it is read at start and reload only.
 */
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "monitor/keys/private.h"
#include "monitor/keys/store_private.h"

const uint8_t *store_text_find(struct span content, const char *text)
{
	return memmem(content.p, content.n, text, strlen(text));
}

static bool begins(struct span content, const char *text)
{
	size_t n = strlen(text);

	return content.n >= n && memcmp(content.p, text, n) == 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space and a byte order mark may stand in front of text. */
static struct span text_of(struct span content)
{
	if (begins(content, "\xef\xbb\xbf"))
		content = (struct span){content.p + 3, content.n - 3};
	while (content.n > 0 && is_space(content.p[0]))
		content = (struct span){content.p + 1, content.n - 1};
	return content;
}

/* ---- which one it is ---- */

static bool is_openssh(struct span content)
{
	return store_text_find(content, "-----BEGIN OPENSSH PRIVATE KEY-----") != NULL;
}

static bool is_ppk(struct span content)
{
	return begins(content, "PuTTY-User-Key-File-");
}

static bool is_xml(struct span content)
{
	return begins(text_of(content), "<");
}

static bool is_jwk(struct span content)
{
	return begins(text_of(content), "{");
}

static bool is_pfx(struct span content)
{
	return der_is_pfx(content);
}

static bool is_p7b(struct span content)
{
	return store_text_find(content, "-----BEGIN PKCS7-----") != NULL ||
	       der_is_p7b(content);
}

static bool is_pem(struct span content)
{
	return (store_text_find(content, "-----BEGIN ") != NULL &&
		store_text_find(content, "PRIVATE KEY-----") != NULL) ||
	       der_is_private(content);
}

/* What DER is none of those in front is tried as this; so this stands behind them. */
static bool is_public(struct span content)
{
	return begins(content, "\x30") || /* a SEQUENCE */
	       store_text_find(content, "PUBLIC KEY-----") != NULL ||
	       store_text_find(content, "CERTIFICATE-----") != NULL;
}

static const struct store {
	enum key_store store;
	const char *name, *what;
	bool (*is)(struct span content);
	store_read_fn *read;
} stores[] = {
    {STORE_OPENSSH,    "openssh",    "an OpenSSH private key", is_openssh,
     store_openssh_read									     },
    {STORE_PPK,        "ppk",        "a PuTTY private key",    is_ppk,             store_ppk_read   },
    {STORE_PEM,        "pem",        "a PEM private key",      is_pem,             store_pem_read   },
    {STORE_P7B,        "p7b",        "a PKCS#7 bundle",        is_p7b,             store_p7b_read   },
    {STORE_PFX,        "pfx",        "a PKCS#12 store",        is_pfx,             store_pfx_read   },
    {STORE_XML,        "xml",        "an XML key",             is_xml,             store_xml_read   },
    {STORE_JWK,        "jwk",        "a JSON Web Key",         is_jwk,             store_jwk_read   },
    {STORE_SSH_PUBLIC, "ssh-public", "an SSH public key",      text_is_ssh_public,
     store_ssh_public_read									  },
    {STORE_PUBLIC,     "public",     "a public key",           is_public,          store_public_read},
};
enum { STORES = sizeof stores / sizeof stores[0] };

static const struct store *find_by_content(struct span content)
{
	for (size_t i = 0; i < STORES; i++)
		if (stores[i].is(content))
			return &stores[i];
	return NULL;
}

static const struct store *find_by_store(enum key_store store)
{
	for (size_t i = 0; i < STORES; i++)
		if (stores[i].store == store)
			return &stores[i];
	return NULL;
}

/* ---- names ---- */

const char *store_name(enum key_store store)
{
	const struct store *s = find_by_store(store);

	if (store == STORE_PKCS11)
		return "pkcs11";
	return s == NULL ? "auto" : s->name;
}

#define WINDOWS                                                                        \
	"is a store of Windows only; export the key as PKCS#12 and name that file"
#define JAVA                                                                           \
	"is a store of Java; make it a PKCS#12 file: keytool -importkeystore "         \
	"-srckeystore OLD -destkeystore NEW.p12 -deststoretype PKCS12"

enum err store_find(const char *name, enum key_store *out, const char **why)
{
	static const struct {
		const char *name;
		enum key_store store;
		const char *why; /* NULL: it is taken */
	} names[] = {
	    {"auto",         STORE_AUTO,       NULL   },
            {"openssh",      STORE_OPENSSH,    NULL   },
	    {"pem",          STORE_PEM,        NULL   },
            {"pfx",          STORE_PFX,        NULL   },
	    {"pkcs12",       STORE_PFX,        NULL   },
            {"p7b",          STORE_P7B,        NULL   },
	    {"pkcs7",        STORE_P7B,        NULL   },
            {"ppk",          STORE_PPK,        NULL   },
	    {"xml",          STORE_XML,        NULL   },
            {"jwk",          STORE_JWK,        NULL   },
	    {"public",       STORE_PUBLIC,     NULL   },
            {"ssh-public",   STORE_SSH_PUBLIC, NULL   },
	    {"pkcs11",       STORE_PKCS11,     NULL   },
            {"security-key", STORE_PKCS11,     NULL   },
	    {"user",         STORE_COUNT,      WINDOWS},
            {"machine",      STORE_COUNT,      WINDOWS},
	    {"jks",          STORE_COUNT,      JAVA   },
            {"bcfks",        STORE_COUNT,      JAVA   },
	};

	*why = "is no key store; there are auto, openssh, pem, pfx, p7b, ppk, xml, "
	       "jwk, public, ssh-public and pkcs11";
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcasecmp(name, names[i].name) != 0)
			continue;
		*why = names[i].why;
		*out = names[i].store;
		return *why == NULL ? OK : ERR_UNKNOWN;
	}
	return ERR_UNKNOWN;
}

/* ---- what the readers share ---- */

enum err store_needs_password(const struct store_input *in, struct keyfile_note *note)
{
	keyfile_note_set(note,
			 "%s: the key is encrypted: say where its password is with "
			 "password-file=FILE, password-credential=NAME or "
			 "password-prompt behind it, or take the password off, where "
			 "it is a file of OpenSSH's or a PEM file, with: ssh-keygen "
			 "-p -N '' -f %s",
			 in->label, in->label);
	return ERR_KEY;
}

enum err store_wrong_password(const struct store_input *in, struct keyfile_note *note)
{
	if (in->password->p == NULL)
		return store_needs_password(in, note);
	keyfile_note_set(note,
			 "%s: its password is not the one that was given (see "
			 "password-file, password-credential), or it is damaged",
			 in->label);
	return ERR_KEY;
}

bool store_cipher_is_off(void)
{
	unsigned long code = ERR_peek_error();

	return ERR_GET_LIB(code) == ERR_LIB_EVP &&
	       ERR_GET_REASON(code) == ERR_R_UNSUPPORTED;
}

int store_password_cb(char *buf, int size, int writing, void *ctx)
{
	struct store_ask *ask = ctx;
	const struct keyfile *password = ask->in->password;

	(void)writing;
	ask->asked = true;
	if (password->p == NULL || size < 0 || password->n > (size_t)size)
		return -1;
	memcpy(buf, password->p, password->n);
	return (int)password->n;
}

enum err material_take(struct key_material *m, EVP_PKEY *pkey, bool private)
{
	struct wr w = WR(m->blob);
	struct span blob;
	enum err e = private_blob(pkey, &w);

	if (e == OK)
		e = wr_end(&w, &blob);
	m->blob_n = e == OK ? blob.n : 0;
	if (private) {
		m->pkey = pkey;
		return OK; /* that it is of no type of ours is told where it is wanted */
	}
	EVP_PKEY_free(pkey);
	return OK;
}

enum err material_add_certificate(struct key_material *m, X509 *x)
{
	if (m->certificates == NULL)
		m->certificates = sk_X509_new_null();
	if (m->certificates == NULL || sk_X509_push(m->certificates, x) <= 0) {
		X509_free(x);
		return ERR_MEMORY;
	}
	return OK;
}

enum err material_match_certificate(struct key_material *m, const char *label,
				    struct keyfile_note *note)
{
	int n = m->certificates == NULL ? 0 : sk_X509_num(m->certificates);

	for (int i = 0; i < n; i++) {
		X509 *x = sk_X509_value(m->certificates, i);

		if (X509_check_private_key(x, m->pkey) != 1)
			continue;
		(void)sk_X509_delete(m->certificates, i);
		if (sk_X509_unshift(m->certificates, x) > 0)
			return OK;
		X509_free(x);
		return ERR_MEMORY;
	}
	if (n == 0)
		return OK;
	keyfile_note_set(note, "%s: none of its certificates is for its key", label);
	return ERR_KEY;
}

void material_wipe(struct key_material *m)
{
	EVP_PKEY_free(m->pkey);
	sk_X509_pop_free(m->certificates, X509_free);
	*m = (struct key_material){0};
}

/* ---- reading ---- */

static enum err unknown(const struct store_input *in, struct keyfile_note *note)
{
	static const char jks[] = "\xfe\xed\xfe\xed", jceks[] = "\xce\xce\xce\xce";

	if (begins(in->content, jks) || begins(in->content, jceks))
		keyfile_note_set(note, "%s: " JAVA, in->label);
	else if (store_text_find(in->content, "BEGIN SSH2 ENCRYPTED PRIVATE KEY") !=
		 NULL)
		keyfile_note_set(note,
				 "%s: a private key of ssh.com's form is not taken; "
				 "make it one of OpenSSH's: puttygen %s -O "
				 "private-openssh -o NEW",
				 in->label, in->label);
	else
		keyfile_note_set(
		    note,
		    "%s: neither an OpenSSH nor a PEM private key, nor any other key "
		    "store (PKCS#12, PKCS#7, PuTTY, XML, JWK)",
		    in->label);
	return ERR_KEY;
}

static enum err store_for(const struct store_input *in, enum key_store named,
			  const struct store **out, struct keyfile_note *note)
{
	const struct store *found = find_by_content(in->content);

	if (in->content.n > LIMIT_KEY_FILE_BYTES) {
		keyfile_note_set(note, "%s: too large", in->label);
		return ERR_KEY;
	}
	if (found == NULL)
		return unknown(in, note);
	if (named != STORE_AUTO && named != found->store) {
		keyfile_note_set(note, "%s: it is %s, not %s: use store=%s, or none",
				 in->label, found->what, store_name(named),
				 found->name);
		return ERR_KEY;
	}
	*out = found;
	return OK;
}

enum err store_open(const struct store_input *in, enum key_store named,
		    struct key_material *out, struct keyfile_note *note)
{
	const struct store *store = NULL;
	struct key_material m = {0};
	enum err e;

	keyfile_note_set(note, "%s: out of memory", in->label);
	if ((e = store_for(in, named, &store, note)) != OK)
		return e;
	ERR_clear_error();
	e = store->read(in, &m, note);
	ERR_clear_error();
	m.store = store->store;
	if (e == OK) {
		*out = m;
		m = (struct key_material){0};
	}
	material_wipe(&m);
	return e;
}

/* Reads the file of certificate=, and finds the one that is for the key. */
static enum err certificates_read(const struct store_source *s, struct key_material *m,
				  struct keyfile_note *note)
{
	const struct keyfile none = {0};
	struct key_material more = {0};
	struct keyfile file = {0};
	enum err e =
	    keyfile_read_public(s->certificate, LIMIT_KEY_FILE_BYTES - 1, &file, note);

	if (e == OK)
		e = store_open(
		    &(struct store_input){
			.content = {file.p, file.n},
			.label = s->certificate,
			.password = &none
                },
		    STORE_AUTO, &more, note);
	if (e == OK && more.certificates == NULL) {
		keyfile_note_set(note, "%s: there is no X.509 certificate in it",
				 s->certificate);
		e = ERR_KEY;
	}
	while (e == OK && sk_X509_num(more.certificates) > 0)
		e = material_add_certificate(m, sk_X509_shift(more.certificates));
	if (e == OK)
		e = material_match_certificate(m, s->certificate, note);
	material_wipe(&more);
	keyfile_wipe(&file);
	return e;
}

enum err store_read(const struct store_source *s, const struct passwords *typed,
		    struct key_material *out, struct keyfile_note *note)
{
	const char *label = source_label(s);
	struct keyfile file = {0}, password = {0};
	struct store_input in = {
	    .label = label, .subject = s->subject, .password = &password};
	struct key_material m = {0};
	enum err e;

	keyfile_note_set(note, "%s: out of memory", label);
	if ((e = source_read(s, &file, note)) != OK ||
	    (e = password_get(&s->password, label, typed, &password, note)) != OK)
		goto out;
	in.content = (struct span){file.p, file.n};
	if ((e = store_open(&in, s->store, &m, note)) != OK)
		goto out;
	if (s->certificate != NULL && m.pkey != NULL)
		e = certificates_read(s, &m, note);
	if (e == OK) {
		*out = m;
		m = (struct key_material){0};
	}
out:
	material_wipe(&m);
	keyfile_wipe(&password);
	keyfile_wipe(&file);
	return e;
}
