/*
 * PuTTY's private key files, versions 2 and 3, plain and encrypted. The file is text; what is
 * in it is authenticated as a whole, so a wrong password and a change are seen alike.
 * Source: PuTTY manual, appendix C; RFC 9106 (Argon2)
 */
#include <string.h>

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/authkeys.h"
#include "common/base64.h"
#include "monitor/keys/store_private.h"

enum {
	KEY_BYTES = 32, /* AES-256 */
	BLOCK_BYTES = 16,
	MAC_BYTES = 32,     /* version 3: SHA-256 */
	MAC_BYTES_OLD = 20, /* version 2: SHA-1 */
	SALT_BYTES_MAX = 64 /* PuTTY makes 16 */
};

/* What the file says; spans point into it, but for the two blobs. */
struct ppk {
	bool version3;
	struct span type, encryption, comment, kdf;
	uint64_t memory_kib, passes, lanes;
	uint8_t salt[SALT_BYTES_MAX];
	size_t salt_n;
	uint8_t mac[MAC_BYTES];
	size_t mac_n;
	struct span public, private;
	uint8_t
	    *store; /* locked, two halves: the blobs; their text while it is decoded */
	size_t half;
};

/* Keys that a password gives: cipher's, its first block, authentication's. */
struct ppk_keys {
	uint8_t cipher[KEY_BYTES], iv[BLOCK_BYTES], mac[MAC_BYTES];
	size_t mac_n;
};

/* ---- the text ---- */

/* Takes "name: value" off the text; value may be empty. */
static bool field(struct span *text, const char *name, struct span *value)
{
	struct span line;
	size_t n = strlen(name);

	if (!authkeys_next(text, &line) || line.n < n + 2 ||
	    memcmp(line.p, name, n) != 0 || memcmp(line.p + n, ": ", 2) != 0)
		return false;
	*value = (struct span){line.p + n + 2, line.n - n - 2};
	return true;
}

static bool number(struct span *text, const char *name, uint64_t max, uint64_t *out)
{
	struct span s;
	uint64_t n = 0;

	if (!field(text, name, &s) || s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

static bool hex_digit(uint8_t c, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, c | 0x20, sizeof digits - 1);

	if (at == NULL)
		return false;
	*out = (uint8_t)(at - digits);
	return true;
}

static bool hex(struct span s, uint8_t *out, size_t cap, size_t *n)
{
	if (s.n % 2 != 0 || s.n / 2 > cap)
		return false;
	for (size_t i = 0; i < s.n / 2; i++) {
		uint8_t high, low;

		if (!hex_digit(s.p[2 * i], &high) || !hex_digit(s.p[2 * i + 1], &low))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	*n = s.n / 2;
	return true;
}

/* Takes a count and that many lines of base64 off; appends what they are to w. */
static bool lines(struct span *text, const char *name, struct wr *w, struct span *out)
{
	/* behind w lies the other half of the store */
	struct wr flat = {.p = w->p + w->cap, .cap = w->cap};
	size_t at = w->n;
	struct span line;
	uint64_t n;

	if (!number(text, name, LIMIT_PPK_LINES, &n))
		return false;
	for (; n > 0; n--) {
		if (!authkeys_next(text, &line))
			return false;
		wr_raw(&flat, line);
	}
	if (flat.err != OK || base64_decode(w, (struct span){flat.p, flat.n}) != OK)
		return false;
	*out = (struct span){w->p + at, w->n - at};
	return true;
}

/* Parameters of Argon2, which are there only where the file is encrypted. */
static bool kdf(struct span *text, struct ppk *k)
{
	struct span salt;

	return field(text, "Key-Derivation", &k->kdf) &&
	       number(text, "Argon2-Memory", LIMIT_ARGON2_KIB, &k->memory_kib) &&
	       number(text, "Argon2-Passes", LIMIT_ARGON2_PASSES, &k->passes) &&
	       number(text, "Argon2-Parallelism", LIMIT_ARGON2_LANES, &k->lanes) &&
	       field(text, "Argon2-Salt", &salt) &&
	       hex(salt, k->salt, sizeof k->salt, &k->salt_n) &&
	       k->memory_kib * k->passes <= LIMIT_ARGON2_WORK_KIB;
}

static bool encrypted(const struct ppk *k)
{
	return !span_is(k->encryption, "none");
}

static bool parse(struct span text, struct ppk *k)
{
	struct wr w = {.p = k->store, .cap = k->half};
	struct span mac, first = text;

	k->version3 = field(&text, "PuTTY-User-Key-File-3", &k->type);
	if (!k->version3)
		text = first;
	return (k->version3 || field(&text, "PuTTY-User-Key-File-2", &k->type)) &&
	       field(&text, "Encryption", &k->encryption) &&
	       (!encrypted(k) || span_is(k->encryption, "aes256-cbc")) &&
	       field(&text, "Comment", &k->comment) &&
	       lines(&text, "Public-Lines", &w, &k->public) &&
	       (!k->version3 || !encrypted(k) || kdf(&text, k)) &&
	       lines(&text, "Private-Lines", &w, &k->private) &&
	       (!encrypted(k) || k->private.n % BLOCK_BYTES == 0) &&
	       field(&text, "Private-MAC", &mac) &&
	       hex(mac, k->mac, sizeof k->mac, &k->mac_n);
}

/* ---- what a password gives ---- */

static bool argon2_kind(struct span name, argon2_type *out)
{
	static const struct {
		const char *name;
		argon2_type type;
	} kinds[] = {
	    {"Argon2id", Argon2_id},
            {"Argon2i",  Argon2_i },
            {"Argon2d",  Argon2_d }
        };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (span_is(name, kinds[i].name)) {
			*out = kinds[i].type;
			return true;
		}
	return false;
}

static enum err keys_version3(const struct ppk *k, struct span password,
			      struct ppk_keys *out)
{
	uint8_t raw[KEY_BYTES + BLOCK_BYTES + MAC_BYTES];
	argon2_type type;
	int rc;

	out->mac_n = 0; /* what is not encrypted is authenticated with an empty key */
	if (!encrypted(k))
		return OK;
	if (!argon2_kind(k->kdf, &type))
		return ERR_KEY;
	rc = argon2_hash((uint32_t)k->passes, (uint32_t)k->memory_kib,
			 (uint32_t)k->lanes, password.p, password.n, k->salt, k->salt_n,
			 raw, sizeof raw, NULL, 0, type, ARGON2_VERSION_13);
	memcpy(out->cipher, raw, KEY_BYTES);
	memcpy(out->iv, raw + KEY_BYTES, BLOCK_BYTES);
	memcpy(out->mac, raw + KEY_BYTES + BLOCK_BYTES, MAC_BYTES);
	out->mac_n = MAC_BYTES;
	wipe(raw, sizeof raw);
	if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
		return ERR_MEMORY;
	return rc == ARGON2_OK ? OK : ERR_KEY;
}

/* SHA-1 of two things. */
static enum err sha1(struct span a, struct span b, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
		    EVP_DigestUpdate(ctx, a.p, a.n) == 1 &&
		    EVP_DigestUpdate(ctx, b.p, b.n) == 1 &&
		    EVP_DigestFinal_ex(ctx, out, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return good ? OK : ERR_CRYPTO;
}

static enum err keys_version2(const struct ppk *k, struct span password,
			      struct ppk_keys *out)
{
	static const uint8_t count[2][4] = {
	    {0, 0, 0, 0},
            {0, 0, 0, 1}
        };
	uint8_t raw[2 * MAC_BYTES_OLD];
	enum err e = sha1(SPAN_LIT("putty-private-key-file-mac-key"),
			  encrypted(k) ? password : (struct span){0}, out->mac);

	out->mac_n = MAC_BYTES_OLD;
	if (e == OK)
		e = sha1(SPAN_OF(count[0]), password, raw);
	if (e == OK)
		e = sha1(SPAN_OF(count[1]), password, raw + MAC_BYTES_OLD);
	if (e == OK)
		memcpy(out->cipher, raw, KEY_BYTES);
	wipe(raw, sizeof raw);
	return e;
}

/* ---- opening ---- */

static enum err decrypt(const struct ppk *k, const struct ppk_keys *keys)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *p = k->store + (k->private.p - k->store);
	int n = 0;
	bool good = ctx != NULL &&
		    EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, keys->cipher,
				       keys->iv) == 1 &&
		    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		    EVP_DecryptUpdate(ctx, p, &n, p, (int)k->private.n) == 1 &&
		    (size_t)n == k->private.n;

	EVP_CIPHER_CTX_free(ctx);
	return good ? OK : ERR_CRYPTO;
}

/* Over all that the file says, private part in the clear. */
static enum err authenticate(const struct ppk *k, const struct ppk_keys *keys)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	struct wr w = {.p = k->store + k->half, .cap = k->half};
	const struct span parts[] = {k->type, k->encryption, k->comment, k->public,
				     k->private};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		wr_bytes(&w, parts[i]);
	if (w.err != OK || HMAC(k->version3 ? EVP_sha256() : EVP_sha1(), keys->mac,
				(int)keys->mac_n, w.p, w.n, mac, &n) == NULL)
		return ERR_CRYPTO;
	return bytes_equal_secret((struct span){mac, n},
				  (struct span){k->mac, k->mac_n})
		   ? OK
		   : ERR_KEY;
}

static enum err open_ppk(const struct ppk *k, struct span password)
{
	struct ppk_keys keys = {.mac_n = 0};
	enum err e = k->version3 ? keys_version3(k, password, &keys)
				 : keys_version2(k, password, &keys);

	if (e == OK && encrypted(k))
		e = decrypt(k, &keys);
	if (e == OK)
		e = authenticate(k, &keys);
	wipe(&keys, sizeof keys);
	return e;
}

/* ---- from PuTTY's fields to those of an openssh-key-v1 file ---- */

/* RSA. Public: type, e, n. Private: d, p, q, 1/q mod p. */
static enum err rsa_key(const struct ppk *k, struct key_material *out)
{
	struct rd public = RD(k->public), private = RD(k->private);
	struct rsa_numbers n = {.n = {0}};

	(void)rd_bytes(&public, LIMIT_NAME_BYTES);
	n.e = rd_mpint(&public, LIMIT_PK_BLOB_BYTES);
	n.n = rd_mpint(&public, LIMIT_PK_BLOB_BYTES);
	n.d = rd_mpint(&private, LIMIT_PK_BLOB_BYTES);
	n.p = rd_mpint(&private, LIMIT_PK_BLOB_BYTES);
	n.q = rd_mpint(&private, LIMIT_PK_BLOB_BYTES);
	n.qi = rd_mpint(&private, LIMIT_PK_BLOB_BYTES);
	(void)rd_rest(&private); /* padding of the cipher */
	if (rd_end(&public) != OK || rd_end(&private) != OK)
		return ERR_KEY;
	return numbers_rsa(&n, out);
}

/* Ed25519. Public: type, key. Private: the seed. */
static enum err ed25519_key(const struct ppk *k, struct key_material *out)
{
	struct rd public = RD(k->public), private = RD(k->private);
	struct span x, d;

	(void)rd_bytes(&public, LIMIT_NAME_BYTES);
	x = rd_bytes(&public, LIMIT_PK_BLOB_BYTES);
	d = rd_bytes(&private, LIMIT_PK_BLOB_BYTES);
	(void)rd_rest(&private);
	if (rd_end(&public) != OK || rd_end(&private) != OK || d.n == 0)
		return ERR_KEY;
	return numbers_ed25519(x, d, out);
}

/* ECDSA, DSA. What is public stands in front, then one secret number. */
static enum err one_number_key(const struct ppk *k, struct key_material *out)
{
	struct rd public = RD(k->public), private = RD(k->private);
	struct wr w = {.p = k->store + k->half, .cap = k->half};
	struct span fields, secret;

	(void)rd_bytes(&public, LIMIT_NAME_BYTES);
	wr_raw(&w, rd_rest(&public));
	secret = rd_mpint(&private, LIMIT_PK_BLOB_BYTES);
	(void)rd_rest(&private);
	if (rd_end(&public) != OK || rd_end(&private) != OK)
		return ERR_KEY;
	wr_mpint(&w, secret);
	if (wr_end(&w, &fields) != OK)
		return ERR_KEY;
	return numbers_private(k->type, fields, &out->pkey);
}

static enum err make(const struct ppk *k, struct key_material *out)
{
	enum err e;

	if (span_is(k->type, "ssh-rsa"))
		e = rsa_key(k, out);
	else if (span_is(k->type, "ssh-ed25519"))
		e = ed25519_key(k, out);
	else
		e = one_number_key(k, out);
	if (e != OK || k->public.n > sizeof out->blob)
		return e == OK ? ERR_KEY : e;
	memcpy(out->blob, k->public.p, k->public.n);
	out->blob_n = k->public.n;
	return OK;
}

static enum err refuse(const struct ppk *k, const struct store_input *in, enum err e,
		       struct keyfile_note *note)
{
	if (e == ERR_KEY && encrypted(k))
		return store_wrong_password(in, note);
	if (e == ERR_UNKNOWN)
		keyfile_note_set(note, "%s: keys of this type are not taken",
				 in->label);
	else if (e == ERR_KEY)
		keyfile_note_set(note, "%s: damaged PuTTY private key", in->label);
	return e;
}

enum err store_ppk_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	/* a MAC is over no more than the text says, and what frames it */
	const size_t half = in->content.n + LIMIT_NAME_BYTES;
	struct ppk k = {.store = OPENSSL_secure_zalloc(2 * half), .half = half};
	struct span password = {in->password->p, in->password->n};
	enum err e = ERR_MEMORY;

	if (k.store == NULL)
		return e;
	if (!parse(in->content, &k)) {
		keyfile_note_set(note,
				 "%s: damaged PuTTY private key, or of a version other "
				 "than 2 and 3",
				 in->label);
		e = ERR_KEY;
	} else if (encrypted(&k) && password.p == NULL) {
		e = store_needs_password(in, note);
	} else {
		if ((e = open_ppk(&k, password)) == OK)
			e = make(&k, out);
		e = e == OK ? OK : refuse(&k, in, e, note);
	}
	OPENSSL_secure_clear_free(k.store, 2 * half);
	return e;
}
