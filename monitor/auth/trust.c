/*
 * Files about keys, kept by their paths: Match blocks may name several. The operator's, so an error in one
 * is told and refuses the load; nothing is skipped that might have been meant.
 */
#include <stdlib.h>
#include <string.h>

#include "common/authkeys.h"
#include "common/limits.h"
#include "common/rd.h"
#include "common/wr.h"
#include "monitor/auth/trust.h"
#include "monitor/keys/store.h"

const struct revoked *trust_revoked(const struct trust *t, const char *path)
{
	for (const struct trust_revoked *f = t->revoked; f != NULL; f = f->next)
		if (strcmp(f->path, path) == 0)
			return &f->list;
	return NULL;
}

static const struct trust_cas *cas_find(const struct trust *t, const char *path)
{
	for (const struct trust_cas *f = t->cas; f != NULL; f = f->next)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

bool trust_has_ca(const struct trust *t, const char *path, struct span ca)
{
	const struct trust_cas *f = cas_find(t, path);
	struct rd r = RD(f != NULL ? f->keys : (struct span){0});
	bool has = false;

	while (!has && r.left.n > 0 && rd_ok(&r))
		has = span_equal(rd_bytes(&r, LIMIT_PK_BLOB_BYTES), ca) && rd_ok(&r);
	return has;
}

enum err trust_add_revoked(struct trust *t, const char *path, struct keyfile_note *note)
{
	struct trust_revoked *f;
	enum err e = ERR_MEMORY;

	if (trust_revoked(t, path) != NULL)
		return OK;
	keyfile_note_set(note, "%s: out of memory", path);
	f = calloc(1, sizeof *f);
	if (f == NULL || (f->path = strdup(path)) == NULL)
		goto out;
	e = revoked_load(path, &f->list, note);
out:
	if (e == OK) {
		f->next = t->revoked;
		t->revoked = f;
	} else if (f != NULL) {
		free(f->path);
		free(f);
	}
	return e;
}

/* One line of TrustedUserCAKeys: a public key, without options. */
static enum err ca_add(struct wr *out, struct span line)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct authkey_line key;
	const struct pk_alg *alg;
	struct pk_key parsed = {0};
	enum err e = authkeys_line(line, store, sizeof store, &key);

	if (e == ERR_UNKNOWN) /* nothing stands there */
		return OK;
	if (e != OK || key.options.n > 0)
		return ERR_KEY;
	alg = pk_type_find(key.type);
	if (pk_alg_is_cert(alg) || alg->family->form != X509_NONE)
		return ERR_KEY;
	e = pk_parse(key.blob, &parsed);
	pk_wipe(&parsed);
	if (e == OK)
		wr_bytes(out, key.blob);
	return e == OK ? out->err : e;
}

/* Keys in other forms than lines: X.509, PKCS#7, RFC 4716 … */
static enum err cas_read_form(struct span content, struct wr *w, struct trust_cas *f,
			      struct keyfile_note *note)
{
	const struct keyfile none = {0};
	const struct store_input in = {
	    .content = content, .label = f->path, .password = &none};
	size_t n = 0;
	enum err e = store_public_keys(&in, w, &n, note);
	struct rd r = RD(((struct span){w->p, w->n}));

	for (size_t i = 0; e == OK && i < n; i++) {
		struct pk_key key = {0};

		e = pk_parse(rd_bytes(&r, LIMIT_PK_BLOB_BYTES), &key);
		pk_wipe(&key);
		if (e == ERR_KEY || e == ERR_UNKNOWN)
			keyfile_note_set(note,
					 "%s: a key in it is too short or of a "
					 "type that is not taken",
					 f->path);
	}
	if (e == ERR_KEY || e == ERR_UNKNOWN)
		e = ERR_CONFIG;
	return e == OK ? wr_end(w, &f->keys) : e;
}

static enum err cas_read(struct span text, struct trust_cas *f,
			 struct keyfile_note *note)
{
	struct wr w = {.cap = text.n};
	struct span line;
	enum err e = OK;

	f->store = w.p = malloc(text.n + 1);
	if (f->store == NULL)
		return ERR_MEMORY;
	if (store_is_public_form(text))
		return cas_read_form(text, &w, f, note);
	for (size_t n = 1; e == OK && authkeys_next(&text, &line); n++) {
		e = ca_add(&w, line);
		if (e == OK || e == ERR_MEMORY || e == ERR_CRYPTO)
			continue;
		keyfile_note_set(note,
				 "%s:%zu: not a usable public key as in a .pub file",
				 f->path, n);
		e = ERR_CONFIG;
	}
	return e == OK ? wr_end(&w, &f->keys) : e;
}

enum err trust_add_cas(struct trust *t, const char *path, struct keyfile_note *note)
{
	struct keyfile file = {0};
	struct trust_cas *f;
	enum err e = ERR_MEMORY;

	if (cas_find(t, path) != NULL)
		return OK;
	keyfile_note_set(note, "%s: out of memory", path);
	f = calloc(1, sizeof *f);
	if (f == NULL || (f->path = strdup(path)) == NULL)
		goto out;
	e = keyfile_read_public(path, LIMIT_CAS_FILE_BYTES, &file, note);
	if (e == OK)
		e = cas_read((struct span){file.p, file.n}, f, note);
out:
	keyfile_wipe(&file);
	if (e == OK) {
		f->next = t->cas;
		t->cas = f;
	} else if (f != NULL) {
		free(f->path);
		free(f->store);
		free(f);
	}
	return e;
}

void trust_wipe(struct trust *t)
{
	struct trust_revoked *r;
	struct trust_cas *c;

	while ((r = t->revoked) != NULL) {
		t->revoked = r->next;
		revoked_wipe(&r->list);
		free(r->path);
		free(r);
	}
	while ((c = t->cas) != NULL) {
		t->cas = c->next;
		free(c->path);
		free(c->store);
		free(c);
	}
}
