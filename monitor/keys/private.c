/*
 * OpenSSH's private key files, plain and encrypted. The operator made them, on this machine or
 * another; a malformed one is refused with a message that says what to do.
 * Source: PROTOCOL.key
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "common/base64.h"
#include "common/limits.h"
#include "monitor/keys/private.h"
#include "monitor/keys/private_kind.h"
#include "monitor/keys/sealed.h"
#include "monitor/keys/store_private.h"

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END   "-----END OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC "openssh-key-v1"

enum {
	ARMOUR_COLUMNS = 70, /* as ssh-keygen */
	PADDING_BLOCK = 8    /* PROTOCOL.key: the block of cipher "none" */
};

/* ---- openssh-key-v1 ---- */

/* Takes armour and line ends off. out has room for content.n bytes. */
static enum err armour_open(struct span content, uint8_t *text, struct wr *out)
{
	const uint8_t *begin = store_text_find(content, OPENSSH_BEGIN);
	const uint8_t *end = store_text_find(content, OPENSSH_END);
	size_t n = 0;

	if (begin == NULL || end == NULL || end < begin)
		return ERR_KEY;
	for (const uint8_t *p = begin + sizeof OPENSSH_BEGIN - 1; p < end; p++)
		if (*p != '\n' && *p != '\r')
			text[n++] = *p;
	return base64_decode(out, (struct span){text, n});
}

/* PROTOCOL.key: 1, 2, 3 … up to the block. */
static bool padding_valid(struct span s, size_t block)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != (uint8_t)(i + 1))
			return false;
	return s.n < block;
}

/* Reads the private section; public is the blob that stands in front of it. */
static enum err section_read(struct rd *r, struct span public, size_t block,
			     EVP_PKEY **out)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	const struct private_kind *kind;
	EVP_PKEY *pkey = NULL;
	struct span blob;
	uint32_t check = rd_u32(r);
	enum err e = ERR_KEY;

	if (rd_u32(r) != check)
		return ERR_KEY;
	kind = private_kind_find(rd_bytes(r, LIMIT_NAME_BYTES));
	if (kind == NULL)
		return ERR_UNKNOWN;
	if ((e = kind->parse(kind, r, &pkey)) != OK)
		return e;
	e = ERR_KEY;
	(void)rd_bytes(r, LIMIT_KEY_FILE_BYTES); /* comment */
	if (!padding_valid(rd_rest(r), block) || rd_end(r) != OK)
		goto out;
	if (private_blob(pkey, &w) != OK || wr_end(&w, &blob) != OK ||
	    !span_equal(blob, public))
		goto out;
	*out = pkey;
	pkey = NULL;
	e = OK;
out:
	EVP_PKEY_free(pkey);
	return e;
}

/* What stands in front of the private section, and it. */
struct container {
	struct span cipher, kdf, kdf_options, public, section, tag;
};

static enum err container_parse(struct span bytes, struct container *out)
{
	struct rd r = RD(bytes);
	struct span magic = rd_raw(&r, sizeof OPENSSH_MAGIC);
	struct container c = {.cipher = rd_bytes(&r, LIMIT_NAME_BYTES)};
	uint32_t n;

	c.kdf = rd_bytes(&r, LIMIT_NAME_BYTES);
	c.kdf_options = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	n = rd_u32(&r);
	c.public = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	c.section = rd_bytes(&r, LIMIT_KEY_FILE_BYTES);
	c.tag = rd_rest(&r);
	if (rd_end(&r) != OK || n != 1 || memcmp(magic.p, OPENSSH_MAGIC, magic.n) != 0)
		return ERR_KEY;
	*out = c;
	return OK;
}

/* Gives the block that the section was padded to; decrypts it in place. */
static enum err container_open(const struct container *c, const struct store_input *in,
			       size_t *block, struct keyfile_note *note)
{
	const struct span password = {in->password->p, in->password->n};
	const struct sealed sealed = {c->cipher, c->kdf, c->kdf_options,
				      /* within the caller's own copy */
				      (uint8_t *)(uintptr_t)c->section.p, c->section.n,
				      c->tag};
	enum err e;

	*block = PADDING_BLOCK;
	if (span_is(c->cipher, "none") && span_is(c->kdf, "none"))
		return c->tag.n == 0 ? OK : ERR_KEY;
	if (password.p == NULL)
		return store_needs_password(in, note);
	e = sealed_open(&sealed, password, block);
	if (e == ERR_SIGNATURE)
		return store_wrong_password(in, note);
	if (e == ERR_UNKNOWN)
		keyfile_note_set(note,
				 "%s: it is encrypted in a way that is not taken; "
				 "encrypt it anew: ssh-keygen -p -Z aes256-ctr -f %s",
				 in->label, in->label);
	return e;
}

static enum err container_read(struct span bytes, const struct store_input *in,
			       struct key_material *out, struct keyfile_note *note)
{
	struct container c;
	struct rd section;
	size_t block = 0;
	bool encrypted;
	enum err e = container_parse(bytes, &c);

	if (e != OK)
		return e;
	encrypted = !span_is(c.cipher, "none");
	keyfile_note_set(note, "%s: damaged OpenSSH private key", in->label);
	if ((e = container_open(&c, in, &block, note)) != OK)
		return e;
	section = RD(c.section);
	e = section_read(&section, c.public, block, &out->pkey);
	if (e == ERR_KEY && encrypted)
		return store_wrong_password(in, note);
	if (e == ERR_UNKNOWN)
		keyfile_note_set(note, "%s: keys of this type are not taken",
				 in->label);
	if (e != OK)
		return e;
	out->blob_n = c.public.n;
	return bytes_copy(out->blob, sizeof out->blob, c.public);
}

enum err store_openssh_read(const struct store_input *in, struct key_material *out,
			    struct keyfile_note *note)
{
	const size_t n = in->content.n;
	uint8_t *text = OPENSSL_secure_malloc(n);
	uint8_t *bytes = OPENSSL_secure_malloc(n);
	struct wr w = {.p = bytes, .cap = n};
	enum err e = ERR_MEMORY;

	if (text == NULL || bytes == NULL)
		goto out;
	keyfile_note_set(note, "%s: damaged OpenSSH private key", in->label);
	if ((e = armour_open(in->content, text, &w)) == OK)
		e = container_read((struct span){w.p, w.n}, in, out, note);
out:
	OPENSSL_secure_clear_free(text, n);
	OPENSSL_secure_clear_free(bytes, n);
	return e == ERR_RANGE ? ERR_KEY : e;
}

/* ---- writing ---- */

enum err private_blob(const EVP_PKEY *pkey, struct wr *w)
{
	const struct private_kind *kind = private_kind_of(pkey);

	if (kind == NULL)
		return ERR_UNKNOWN;
	wr_str(w, kind->key_type);
	return kind->write_public(kind, pkey, w);
}

static enum err section_write(const EVP_PKEY *pkey, const char *comment, struct wr *w)
{
	const struct private_kind *kind = private_kind_of(pkey);
	size_t mark = wr_open(w);
	uint32_t check;
	enum err e;

	if (kind == NULL)
		return ERR_UNKNOWN;
	if (RAND_bytes((uint8_t *)&check, sizeof check) != 1)
		return ERR_CRYPTO;
	wr_u32(w, check);
	wr_u32(w, check);
	wr_str(w, kind->key_type);
	if ((e = kind->write(kind, pkey, w)) != OK)
		return e;
	wr_str(w, comment);
	for (uint8_t i = 1; w->err == OK && (w->n - mark) % PADDING_BLOCK != 0; i++)
		wr_u8(w, i);
	wr_close(w, mark);
	return w->err;
}

static void armour_write(struct span bytes, uint8_t *text, size_t cap, struct wr *w)
{
	struct wr flat = {.cap = cap};

	flat.p = text;
	base64_encode(&flat, bytes, true);
	wr_raw(w, SPAN_LIT(OPENSSH_BEGIN "\n"));
	for (size_t i = 0; i < flat.n; i += ARMOUR_COLUMNS) {
		size_t n = flat.n - i < ARMOUR_COLUMNS ? flat.n - i : ARMOUR_COLUMNS;

		wr_raw(w, (struct span){text + i, n});
		wr_raw(w, SPAN_LIT("\n"));
	}
	wr_raw(w, SPAN_LIT(OPENSSH_END "\n"));
}

enum err private_write(const EVP_PKEY *pkey, const char *comment, struct wr *w)
{
	/* As text the bytes are a third longer, so twice their room always suffices. */
	uint8_t *bytes = OPENSSL_secure_malloc(LIMIT_KEY_FILE_BYTES / 4);
	uint8_t *text = OPENSSL_secure_malloc(LIMIT_KEY_FILE_BYTES / 2);
	struct wr b = {.p = bytes, .cap = LIMIT_KEY_FILE_BYTES / 4};
	enum err e = ERR_MEMORY;
	size_t mark;

	if (bytes == NULL || text == NULL)
		goto out;
	wr_raw(&b, (struct span){(const uint8_t *)OPENSSH_MAGIC, sizeof OPENSSH_MAGIC});
	wr_str(&b, "none");
	wr_str(&b, "none");
	wr_str(&b, "");
	wr_u32(&b, 1);
	mark = wr_open(&b);
	if ((e = private_blob(pkey, &b)) != OK)
		goto out;
	wr_close(&b, mark);
	if ((e = section_write(pkey, comment, &b)) != OK)
		goto out;
	armour_write((struct span){b.p, b.n}, text, LIMIT_KEY_FILE_BYTES / 2, w);
	e = w->err;
out:
	OPENSSL_secure_clear_free(bytes, LIMIT_KEY_FILE_BYTES / 4);
	OPENSSL_secure_clear_free(text, LIMIT_KEY_FILE_BYTES / 2);
	return e;
}
