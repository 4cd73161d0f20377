/*
 * Host keys: loading, finding, signing. What is signed was assembled by the caller in this
 * process; a worker names a key by its index only. Source: RFC 4253 6.6, PROTOCOL.certkeys
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/authkeys.h"
#include "common/cert.h"
#include "common/names.h"
#include "monitor/keys/hostkey.h"
#include "monitor/keys/x509host.h"

void hostkey_wipe(struct hostkey *key)
{
	/* The last owner's call wipes the numbers. */
	EVP_PKEY_free(key->pkey);
	sk_X509_pop_free(key->certificates, X509_free);
	free(key->blob);
	free(key->path);
	*key = (struct hostkey){0};
}

struct span hostkey_blob(const struct hostkey *key)
{
	return (struct span){key->blob, key->blob_n};
}

/* Makes an entry of its own copies; pkey is shared by count, and NULL for a token. */
static enum err entry_make(const char *path, EVP_PKEY *pkey, struct span blob,
			   struct hostkey *out)
{
	struct hostkey key = {
	    .path = strdup(path), .blob = malloc(blob.n), .blob_n = blob.n};
	struct span type;
	enum err e = ERR_MEMORY;

	if (key.path == NULL || key.blob == NULL)
		goto out;
	if ((e = bytes_copy(key.blob, key.blob_n, blob)) != OK ||
	    (e = pk_blob_type(blob, &type)) != OK)
		goto out;
	key.alg = pk_type_find(type);
	if (key.alg == NULL || (pkey != NULL && EVP_PKEY_up_ref(pkey) != 1)) {
		e = ERR_UNKNOWN;
		goto out;
	}
	key.pkey = pkey;
	*out = key;
	key = (struct hostkey){0};
out:
	hostkey_wipe(&key);
	return e;
}

/* Shows that the private half belongs to the public one, and that both are of use. */
static enum err key_prove(const struct hostkey *key)
{
	struct span data = SPAN_LIT("a host key that is whole can sign this");
	uint8_t store[LIMIT_SIGNATURE_BYTES];
	struct wr w = WR(store);
	struct span signature;
	enum err e;

	if ((e = hostkey_sign(key, key->alg, data, &w)) != OK)
		return e;
	if ((e = wr_end(&w, &signature)) != OK)
		return e;
	return pk_verify(key->alg, hostkey_blob(key), signature, data);
}

/* Of a type that we have, and strong enough. */
static enum err blob_judge(struct span blob, const char *path,
			   struct keyfile_note *note)
{
	struct pk_key public = {0};
	enum err e = blob.n == 0 ? ERR_UNKNOWN : pk_parse(blob, &public);

	pk_wipe(&public);
	if (e == ERR_UNKNOWN)
		keyfile_note_set(note, "%s: keys of this type are not taken", path);
	else if (e != OK)
		keyfile_note_set(note, "%s: too short or malformed (RSA needs %d bits)",
				 path, LIMIT_RSA_BITS_MIN);
	return e;
}

static enum err key_judge(const char *path, struct key_material *m, struct hostkey *out,
			  struct keyfile_note *note)
{
	struct span blob = {m->blob, m->blob_n};
	struct hostkey key = {0};
	enum err e;

	if ((e = blob_judge(blob, path, note)) != OK ||
	    (e = entry_make(path, m->pkey, blob, &key)) != OK)
		goto out;
	if ((e = key_prove(&key)) != OK) {
		keyfile_note_set(note, "%s: private and public half do not match",
				 path);
		e = ERR_KEY;
		goto out;
	}
	key.store = m->store;
	key.certificates = m->certificates;
	m->certificates = NULL; /* moved */
	*out = key;
	key = (struct hostkey){0};
out:
	hostkey_wipe(&key);
	return e;
}

/* Says what to do about a store without a private key. */
static void refuse_public(const struct key_material *m, const char *path,
			  struct keyfile_note *note)
{
	if (m->store == STORE_P7B)
		keyfile_note_set(note,
				 "%s: a bundle of certificates has no private key; "
				 "name the file of the key, and behind it "
				 "certificate=%s",
				 path, path);
	else
		keyfile_note_set(note,
				 "%s: a public key cannot sign; name the file of the "
				 "private key",
				 path);
}

enum err hostkey_load(const struct store_source *s, const struct passwords *typed,
		      struct hostkey *out, struct keyfile_note *note)
{
	const char *path = source_label(s);
	struct key_material m = {0};
	enum err e;

	if ((e = store_read(s, typed, &m, note)) != OK)
		return e;
	keyfile_note_set(note, "%s: out of memory", path);
	if (m.pkey != NULL) {
		e = key_judge(path, &m, out, note);
	} else {
		refuse_public(&m, path, note);
		e = ERR_KEY;
	}
	material_wipe(&m);
	return e;
}

enum err hostkey_sign(const struct hostkey *key, const struct pk_alg *alg,
		      struct span data, struct wr *w)
{
	const struct pk_alg *plain = pk_alg_plain(alg);
	const EVP_MD *md = plain->family->pure ? NULL : digest_md(plain->digest);
	uint8_t raw[LIMIT_SIGNATURE_BYTES];
	size_t n = sizeof raw;
	EVP_MD_CTX *ctx;
	enum err e = ERR_CRYPTO;

	if (strcmp(alg->key_type, key->alg->key_type) != 0 ||
	    plain->family->encode == NULL)
		return ERR_KEY;
	if (key->pkey == NULL)
		return ERR_UNKNOWN;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, md, NULL, key->pkey) != 1 ||
	    EVP_DigestSign(ctx, raw, &n, data.p, data.n) != 1)
		goto out;
	wr_str(w, pk_alg_signs(alg));
	e = plain->family->encode((struct span){raw, n}, w);
out:
	EVP_MD_CTX_free(ctx);
	return e;
}

/* ---- the set ---- */

void hostkeys_wipe(struct hostkeys *keys)
{
	for (size_t i = 0; i < LIMIT_HOSTKEYS; i++)
		hostkey_wipe(&keys->key[i]);
	keys->n = 0;
}

static const struct hostkey *find_blob(const struct hostkeys *keys, struct span blob)
{
	for (size_t i = 0; i < keys->n; i++)
		if (span_equal(hostkey_blob(&keys->key[i]), blob))
			return &keys->key[i];
	return NULL;
}

/* Moves key into the set, unless it is there or the set is full. */
static enum err set_add(struct hostkeys *keys, struct hostkey *key,
			struct keyfile_note *note)
{
	if (find_blob(keys, hostkey_blob(key)) != NULL) {
		keyfile_note_set(note, "%s: the same key is there already", key->path);
		return ERR_KEY;
	}
	if (keys->n == LIMIT_HOSTKEYS) {
		keyfile_note_set(note, "%s: left out, %d keys are the most", key->path,
				 LIMIT_HOSTKEYS);
		return ERR_RANGE;
	}
	keys->key[keys->n++] = *key;
	*key = (struct hostkey){0};
	return OK;
}

/* A key in a token was opened before, and signed to prove itself. */
static enum err token_load(const struct hostkeys_sources *sources,
			   const struct store_source *s, struct hostkey *out,
			   struct keyfile_note *note)
{
	struct token *token = NULL;
	struct span blob = {0};
	enum err e = ERR_UNKNOWN;

	keyfile_note_set(note, "%s: a token cannot be used here", s->name);
	if (sources->token != NULL)
		e = sources->token(sources->token_ctx, s, &token, &blob, note);
	if (e == OK)
		e = blob_judge(blob, s->name, note);
	if (e == OK)
		e = entry_make(s->name, NULL, blob, out);
	if (e != OK)
		return e;
	out->token = token;
	out->store = STORE_PKCS11;
	return OK;
}

static enum err set_load_key(struct hostkeys *keys,
			     const struct hostkeys_sources *sources,
			     const struct store_source *s, struct keyfile_note *note)
{
	struct hostkey key = {0};
	enum err e = source_is_token(s) ? token_load(sources, s, &key, note)
					: hostkey_load(s, sources->typed, &key, note);

	if (e == OK)
		e = set_add(keys, &key, note);
	hostkey_wipe(&key);
	return e;
}

/* Reads a host certificate; blob is in store. */
static enum err certificate_read(const char *path, struct span text, struct wr *store,
				 struct cert *cert, struct keyfile_note *note)
{
	struct authkey_line line;
	struct span first;

	keyfile_note_set(note, "%s: not an OpenSSH host certificate", path);
	if (!authkeys_next(&text, &first) ||
	    authkeys_line(first, store->p, store->cap, &line) != OK ||
	    cert_parse(line.blob, cert) != OK || cert->kind != CERT_HOST)
		return ERR_KEY;
	store->n = line.blob.n;
	if (cert_verify(cert) == OK)
		return OK;
	keyfile_note_set(note, "%s: its CA's signature does not verify", path);
	return ERR_SIGNATURE;
}

static enum err set_add_certificate(struct hostkeys *keys, const char *path,
				    struct span text, struct keyfile_note *note)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES], plain_store[LIMIT_PK_BLOB_BYTES];
	struct wr blob = WR(store), plain = WR(plain_store);
	const struct hostkey *key = NULL;
	struct hostkey entry = {0};
	struct cert cert;
	enum err e;

	if ((e = certificate_read(path, text, &blob, &cert, note)) != OK ||
	    (e = cert_plain_blob(&cert, &plain)) != OK)
		return e;
	key = find_blob(keys, (struct span){plain.p, plain.n});
	if (key == NULL) {
		keyfile_note_set(note, "%s: no HostKey is loaded for this certificate",
				 path);
		return ERR_UNKNOWN;
	}
	e = entry_make(path, key->pkey, (struct span){blob.p, blob.n}, &entry);
	entry.token = key->token;
	entry.store = key->store;
	if (e == OK)
		e = set_add(keys, &entry, note);
	hostkey_wipe(&entry);
	return e;
}

static enum err set_load_certificate(struct hostkeys *keys, const char *path,
				     struct keyfile_note *note)
{
	struct keyfile file = {0};
	enum err e = keyfile_read_public(path, LIMIT_KEY_FILE_BYTES, &file, note);

	if (e == OK)
		e = set_add_certificate(keys, path, (struct span){file.p, file.n},
					note);
	keyfile_wipe(&file);
	return e;
}

/* Makes an entry for a key with its X.509 certificates under alg, where it is one for this key. */
static enum err set_add_x509(struct hostkeys *keys, const struct hostkey *key,
			     const struct pk_alg *alg, struct keyfile_note *note)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct hostkey entry = {0};
	struct wr w = WR(store);
	enum err e = x509host_blob(alg, hostkey_blob(key), key->certificates, &w);

	if (e == ERR_UNKNOWN)
		return OK;
	keyfile_note_set(note, "%s: its certificates are too long", key->path);
	if (e == OK)
		e = entry_make(key->path, key->pkey, (struct span){w.p, w.n}, &entry);
	entry.token = key->token;
	entry.store = key->store;
	if (e == OK && entry.pkey != NULL && (e = key_prove(&entry)) != OK)
		keyfile_note_set(note, "%s: cannot be used as %s", key->path,
				 alg->name);
	if (e == OK)
		e = set_add(keys, &entry, note);
	hostkey_wipe(&entry);
	return e;
}

/* Entries for the certificates of all keys that are there, one each algorithm that is configured. */
static enum err set_load_x509(struct hostkeys *keys, struct span algorithms,
			      hostkeys_note_fn *note, void *ctx)
{
	const size_t n = keys->n;
	struct keyfile_note text;
	struct span name;
	enum err e = OK;

	while (e != ERR_MEMORY && names_next(&algorithms, &name)) {
		const struct pk_alg *alg = pk_alg_find(name);

		for (size_t i = 0; i < n && alg != NULL && e != ERR_MEMORY; i++)
			if (keys->key[i].certificates != NULL &&
			    (e = set_add_x509(keys, &keys->key[i], alg, &text)) != OK)
				note(ctx, text.text);
	}
	return e;
}

enum err hostkeys_load(const struct hostkeys_sources *sources, struct hostkeys *out,
		       hostkeys_note_fn *note, void *ctx)
{
	struct hostkeys keys = {0};
	struct keyfile_note text;
	enum err e = OK;

	for (size_t i = 0; i < sources->n_keys && e != ERR_MEMORY; i++)
		if ((e = set_load_key(&keys, sources, &sources->keys[i], &text)) != OK)
			note(ctx, text.text);
	for (size_t i = 0; i < sources->n_certificates && e != ERR_MEMORY; i++)
		if ((e = set_load_certificate(&keys, sources->certificates[i],
					      &text)) != OK)
			note(ctx, text.text);
	if (e != ERR_MEMORY)
		e = set_load_x509(&keys, sources->algorithms, note, ctx);
	if (e != ERR_MEMORY)
		e = keys.n > 0 ? OK : ERR_FILE;
	if (e != OK) {
		hostkeys_wipe(&keys);
		return e;
	}
	*out = keys;
	return OK;
}

const struct hostkey *hostkeys_find(const struct hostkeys *keys,
				    const struct pk_alg *alg, size_t *index)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->key[i].alg->key_type, alg->key_type) == 0) {
			if (index != NULL)
				*index = i;
			return &keys->key[i];
		}
	return NULL;
}

enum err hostkeys_algorithms(const struct hostkeys *keys, struct span configured,
			     struct wr *w)
{
	size_t n = 0;
	struct span name;

	while (names_next(&configured, &name)) {
		const struct pk_alg *alg = pk_alg_find(name);

		if (alg == NULL || hostkeys_find(keys, alg, NULL) == NULL)
			continue;
		if (n++ > 0)
			wr_u8(w, ',');
		wr_raw(w, name);
	}
	if (w->err != OK)
		return w->err;
	return n > 0 ? OK : ERR_KEX_NONE;
}

enum err hostkey_show(const struct hostkey *key, struct hostkey_shown *out)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct hostkey_shown shown = {.path = key->path,
				      .store = store_name(key->store),
				      .type = key->alg->key_type,
				      .certificate =
					  pk_alg_is_cert(key->alg) ||
					  key->alg->family->form != X509_NONE,
				      .token = key->token != NULL};
	struct pk_key public = {0};
	struct span plain;
	enum err e;

	if ((e = cert_plain_of(hostkey_blob(key), &w, &plain)) == OK &&
	    (e = pk_fingerprint(plain, shown.fingerprint)) == OK &&
	    (e = pk_parse(plain, &public)) == OK) {
		shown.bits = public.bits;
		*out = shown;
	}
	pk_wipe(&public);
	return e;
}
