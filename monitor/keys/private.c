/*
 * Private key files. The operator made them, on this machine or another; a malformed one is
 * refused with a message that says what to do. Source: PROTOCOL.key; RFC 7468
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "common/base64.h"
#include "common/limits.h"
#include "monitor/keys/private.h"
#include "monitor/keys/private_kind.h"

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END   "-----END OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC "openssh-key-v1"

enum {
	ARMOUR_COLUMNS = 70, /* as ssh-keygen */
	PADDING_BLOCK = 8    /* PROTOCOL.key: the block of cipher "none" */
};

/* ---- PEM ---- */

/* Called where libcrypto wants a password: there is nobody to ask. It fixes the type. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static void note_encrypted(const char *path, struct keyfile_note *note)
{
	keyfile_note_set(
	    note,
	    "%s: the key is encrypted, and nobody is there to be asked for its "
	    "password; take it off with: ssh-keygen -p -N '' -f %s",
	    path, path);
}

static enum err pem_read(struct span content, const char *path, EVP_PKEY **out,
			 struct keyfile_note *note)
{
	BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
	bool asked = false;
	EVP_PKEY *pkey;

	if (bio == NULL)
		return ERR_MEMORY;
	pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, &asked, NULL, NULL);
	BIO_free(bio);
	if (pkey != NULL) {
		*out = pkey;
		return OK;
	}
	if (asked)
		note_encrypted(path, note);
	else
		keyfile_note_set(note, "%s: neither an OpenSSH nor a PEM private key",
				 path);
	return ERR_KEY;
}

/* ---- openssh-key-v1 ---- */

static bool is_openssh(struct span content)
{
	const size_t n = sizeof OPENSSH_BEGIN - 1;

	return content.n > n && memcmp(content.p, OPENSSH_BEGIN, n) == 0;
}

/* Takes armour and line ends off. out has room for content.n bytes. */
static enum err armour_open(struct span content, uint8_t *text, struct wr *out)
{
	const uint8_t *end =
	    memmem(content.p, content.n, OPENSSH_END, sizeof OPENSSH_END - 1);
	size_t n = 0;

	if (end == NULL)
		return ERR_KEY;
	for (const uint8_t *p = content.p + sizeof OPENSSH_BEGIN - 1; p < end; p++)
		if (*p != '\n' && *p != '\r')
			text[n++] = *p;
	return base64_decode(out, (struct span){text, n});
}

/* PROTOCOL.key: 1, 2, 3 … up to the block. */
static bool padding_valid(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != (uint8_t)(i + 1))
			return false;
	return s.n < PADDING_BLOCK;
}

/* Reads the private section; public is the blob that stands in front of it. */
static enum err section_read(struct rd *r, struct span public, EVP_PKEY **out)
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
	if (!padding_valid(rd_rest(r)) || rd_end(r) != OK)
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

static enum err container_read(struct span bytes, const char *path, EVP_PKEY **out,
			       struct keyfile_note *note)
{
	struct rd r = RD(bytes), section;
	struct span magic = rd_raw(&r, sizeof OPENSSH_MAGIC);
	struct span cipher = rd_bytes(&r, LIMIT_NAME_BYTES);
	struct span kdf = rd_bytes(&r, LIMIT_NAME_BYTES);
	struct span public;
	enum err e;

	(void)rd_bytes(&r, LIMIT_PK_BLOB_BYTES); /* options of the kdf */
	if (!rd_ok(&r) || memcmp(magic.p, OPENSSH_MAGIC, magic.n) != 0)
		goto malformed;
	if (!span_is(cipher, "none") || !span_is(kdf, "none")) {
		note_encrypted(path, note);
		return ERR_KEY;
	}
	if (rd_u32(&r) != 1)
		goto malformed;
	public = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
	section = rd_sub(&r, LIMIT_KEY_FILE_BYTES);
	if (rd_end(&r) != OK)
		goto malformed;
	if ((e = section_read(&section, public, out)) == OK)
		return OK;
	if (e != ERR_UNKNOWN)
		goto malformed;
	keyfile_note_set(note, "%s: keys of this type are not taken", path);
	return e;
malformed:
	keyfile_note_set(note, "%s: damaged OpenSSH private key", path);
	return ERR_KEY;
}

static enum err openssh_read(struct span content, const char *path, EVP_PKEY **out,
			     struct keyfile_note *note)
{
	uint8_t *text = OPENSSL_secure_malloc(content.n);
	uint8_t *bytes = OPENSSL_secure_malloc(content.n);
	struct wr w = {.p = bytes, .cap = content.n};
	enum err e = ERR_MEMORY;

	if (text == NULL || bytes == NULL)
		goto out;
	if ((e = armour_open(content, text, &w)) == OK)
		e = container_read((struct span){w.p, w.n}, path, out, note);
	else
		keyfile_note_set(note, "%s: damaged OpenSSH private key", path);
out:
	OPENSSL_secure_clear_free(text, content.n);
	OPENSSL_secure_clear_free(bytes, content.n);
	return e == ERR_RANGE ? ERR_KEY : e;
}

enum err private_read(struct span content, const char *path, EVP_PKEY **out,
		      struct keyfile_note *note)
{
	if (content.n > LIMIT_KEY_FILE_BYTES) {
		keyfile_note_set(note, "%s: too large", path);
		return ERR_KEY;
	}
	return is_openssh(content) ? openssh_read(content, path, out, note)
				   : pem_read(content, path, out, note);
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
