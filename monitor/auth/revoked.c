/*
 * RevokedKeys, in memory: sorted, so that a login asks it without reading anything. All hashes are of
 * plain keys, so that a certificate does not hide a key that was taken back.
 */
#include <stdlib.h>
#include <string.h>

#include "common/authkeys.h"
#include "common/base64.h"
#include "common/exhash.h"
#include "common/limits.h"
#include "monitor/auth/krl.h"
#include "monitor/auth/revoked.h"

enum { FIRST_ITEMS = 16, BYTE_BITS = 8 };

/* Room for one more item behind n; NULL where there is none, and then nothing has changed. */
static void *grow(void *items, size_t n, size_t *cap, size_t item_bytes)
{
	size_t wanted = *cap == 0 ? FIRST_ITEMS : *cap * 2;
	void *grown;

	if (n < *cap)
		return items;
	grown = reallocarray(items, wanted, item_bytes);
	if (grown != NULL)
		*cap = wanted;
	return grown;
}

/* ---- what readers add ---- */

static enum err hash_of(enum digest digest, struct span blob, struct revoked_hash *out)
{
	struct exhash_value v;
	enum err e = digest_spans(digest, &blob, 1, &v);

	*out = (struct revoked_hash){0};
	if (e == OK)
		e = bytes_copy(out->bytes, sizeof out->bytes,
			       (struct span){v.bytes, v.n});
	return e;
}

enum err revoked_add_hash(struct revoked_hashes *set, struct span hash)
{
	struct revoked_hash *grown = grow(set->item, set->n, &set->cap, sizeof *grown);
	struct revoked_hash one = {0};
	enum err e;

	if (grown == NULL)
		return ERR_MEMORY;
	set->item = grown;
	if ((e = bytes_copy(one.bytes, sizeof one.bytes, hash)) == OK)
		set->item[set->n++] = one;
	return e;
}

enum err revoked_add_key(struct revoked *r, struct span blob)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct revoked_hash hash;
	struct span plain;
	enum err e = cert_plain_of(blob, &w, &plain);

	if (e == OK)
		e = hash_of(DIGEST_SHA256, plain, &hash);
	return e == OK ? revoked_add_hash(&r->keys, SPAN_OF(hash.bytes)) : e;
}

enum err revoked_add_ca(struct revoked *r, struct span blob, struct revoked_ca **out)
{
	struct revoked_ca *grown = grow(r->ca, r->n_ca, &r->ca_cap, sizeof *grown);
	struct revoked_ca one = {.any = blob.n == 0};
	enum err e;

	if (grown == NULL)
		return ERR_MEMORY;
	r->ca = grown;
	e = one.any ? OK : hash_of(DIGEST_SHA256, blob, &one.hash);
	if (e != OK)
		return e;
	r->ca[r->n_ca] = one;
	*out = &r->ca[r->n_ca++];
	return OK;
}

enum err revoked_add_serials(struct revoked_ca *ca, const struct revoked_serials *s)
{
	struct revoked_serials *grown =
	    grow(ca->serials, ca->n_serials, &ca->serials_cap, sizeof *grown);

	if (grown == NULL)
		return ERR_MEMORY;
	ca->serials = grown;
	ca->serials[ca->n_serials++] = *s;
	return OK;
}

enum err revoked_add_id(struct revoked_ca *ca, struct span id)
{
	struct span *grown = grow(ca->ids, ca->n_ids, &ca->ids_cap, sizeof *grown);

	if (grown == NULL)
		return ERR_MEMORY;
	ca->ids = grown;
	ca->ids[ca->n_ids++] = id;
	return OK;
}

/* ---- order ---- */

static int hash_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct revoked_hash));
}

static int serials_order(const void *a, const void *b)
{
	uint64_t x = ((const struct revoked_serials *)a)->lo;
	uint64_t y = ((const struct revoked_serials *)b)->lo;

	return (x > y) - (x < y);
}

static int id_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = n == 0 ? 0 : memcmp(x->p, y->p, n);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static void hashes_sort(struct revoked_hashes *set)
{
	if (set->n > 1)
		qsort(set->item, set->n, sizeof *set->item, hash_order);
}

static void ca_sort(struct revoked_ca *ca)
{
	uint64_t reach = 0;

	if (ca->n_serials > 1)
		qsort(ca->serials, ca->n_serials, sizeof *ca->serials, serials_order);
	for (size_t i = 0; i < ca->n_serials; i++) {
		reach = ca->serials[i].hi > reach ? ca->serials[i].hi : reach;
		ca->serials[i].reach = reach;
	}
	if (ca->n_ids > 1)
		qsort(ca->ids, ca->n_ids, sizeof *ca->ids, id_order);
}

static void sort_all(struct revoked *r)
{
	hashes_sort(&r->keys);
	hashes_sort(&r->sha1);
	for (size_t i = 0; i < r->n_ca; i++)
		ca_sort(&r->ca[i]);
}

/* ---- files ---- */

/* Takes a word; blanks behind it go too. */
static struct span take_word(struct span *line)
{
	struct span word = {line->p, 0};

	while (word.n < line->n && line->p[word.n] != ' ' && line->p[word.n] != '\t')
		word.n++;
	line->p += word.n;
	line->n -= word.n;
	while (line->n > 0 && (line->p[0] == ' ' || line->p[0] == '\t')) {
		line->p++;
		line->n--;
	}
	return word;
}

/* A key as in a .pub file. A type that we do not know does no harm: it cannot log in. */
static enum err line_add(struct revoked *r, struct span line)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct span type, inner, blob;

	if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		(void)take_word(&line);
	if (line.n == 0 || line.p[0] == '#')
		return OK;
	type = take_word(&line);
	if (base64_decode(&w, take_word(&line)) != OK || wr_end(&w, &blob) != OK)
		return ERR_KEY;
	if (pk_blob_type(blob, &inner) != OK || !span_equal(inner, type))
		return ERR_KEY;
	return revoked_add_key(r, blob);
}

static enum err plain_parse(struct span text, const char *path, struct revoked *out,
			    struct keyfile_note *note)
{
	struct span line;
	enum err e = OK;

	for (size_t n = 1; e == OK && authkeys_next(&text, &line); n++) {
		e = line_add(out, line);
		if (e == OK || e == ERR_MEMORY || e == ERR_CRYPTO)
			continue;
		keyfile_note_set(note,
				 "%s:%zu: not a public key as in a .pub file, nor is "
				 "the file a key revocation list",
				 path, n);
		e = ERR_CONFIG;
	}
	return e;
}

enum err revoked_parse(struct span bytes, const char *path, struct revoked *out,
		       struct keyfile_note *note)
{
	struct revoked r = {0};
	const char *why = NULL;
	enum err e;

	keyfile_note_set(note, "%s: out of memory", path);
	if (krl_is(bytes)) {
		e = krl_parse(bytes, &r, &why);
		if (why != NULL)
			keyfile_note_set(note, "%s: key revocation list: %s", path,
					 why);
	} else {
		e = plain_parse(bytes, path, &r, note);
	}
	if (e != OK) {
		revoked_wipe(&r);
		return e;
	}
	sort_all(&r);
	*out = r;
	return OK;
}

enum err revoked_load(const char *path, struct revoked *out, struct keyfile_note *note)
{
	struct keyfile file = {0};
	struct revoked r = {0};
	enum err e = keyfile_read_public(path, LIMIT_REVOKED_FILE_BYTES, &file, note);

	if (e == OK)
		e = revoked_parse((struct span){file.p, file.n}, path, &r, note);
	if (e != OK) {
		keyfile_wipe(&file);
		return e;
	}
	r.file = file;
	*out = r;
	return OK;
}

void revoked_wipe(struct revoked *r)
{
	free(r->keys.item);
	free(r->sha1.item);
	for (size_t i = 0; i < r->n_ca; i++) {
		free(r->ca[i].serials);
		free(r->ca[i].ids);
	}
	free(r->ca);
	keyfile_wipe(&r->file);
	*r = (struct revoked){0};
}

/* ---- questions ---- */

static bool has_hash(const struct revoked_hashes *set, const struct revoked_hash *h)
{
	return set->n > 0 &&
	       bsearch(h, set->item, set->n, sizeof *h, hash_order) != NULL;
}

/* What cannot be hashed counts as revoked. */
static bool key_revoked(const struct revoked *r, struct span plain)
{
	struct revoked_hash hash;

	if (hash_of(DIGEST_SHA256, plain, &hash) != OK || has_hash(&r->keys, &hash))
		return true;
	return r->sha1.n > 0 &&
	       (hash_of(DIGEST_SHA1, plain, &hash) != OK || has_hash(&r->sha1, &hash));
}

static bool serials_have(const struct revoked_serials *s, uint64_t serial)
{
	uint64_t bit;

	if (serial < s->lo || serial > s->hi)
		return false;
	if (s->bits.n == 0)
		return true;
	bit = serial - s->lo;
	return (s->bits.p[s->bits.n - 1 - bit / BYTE_BITS] >> bit % BYTE_BITS & 1) != 0;
}

/* Those that begin later cannot have it; of the others, none before one that reaches too short. */
bool revoked_has_serial(const struct revoked_ca *ca, uint64_t serial)
{
	size_t low = 0, high = ca->n_serials;

	if (serial == 0) /* an authority that numbers nothing: PROTOCOL.certkeys */
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ca->serials[middle].lo <= serial)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0 && ca->serials[low - 1].reach >= serial; low--)
		if (serials_have(&ca->serials[low - 1], serial))
			return true;
	return false;
}

static const char *cert_revoked(const struct revoked_ca *ca, const struct cert *cert)
{
	if (ca->n_ids > 0 && bsearch(&cert->key_id, ca->ids, ca->n_ids, sizeof *ca->ids,
				     id_order) != NULL)
		return "certificate is revoked by its key ID";
	return revoked_has_serial(ca, cert->serial)
		   ? "certificate is revoked by its serial number"
		   : NULL;
}

const char *revoked_why(const struct revoked *r, struct span plain,
			const struct cert *cert)
{
	struct revoked_hash hash;
	const char *why = NULL;

	if (key_revoked(r, plain))
		return "key is revoked";
	if (cert == NULL)
		return NULL;
	if (key_revoked(r, cert->ca) || hash_of(DIGEST_SHA256, cert->ca, &hash) != OK)
		return "certificate authority is revoked";
	for (size_t i = 0; i < r->n_ca && why == NULL; i++)
		if (r->ca[i].any || hash_order(&r->ca[i].hash, &hash) == 0)
			why = cert_revoked(&r->ca[i], cert);
	return why;
}
