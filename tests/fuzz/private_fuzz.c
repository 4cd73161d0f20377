/*
 * Private key files. Even first byte: a file as it is. Odd: the container of openssh-key-v1, which is put
 * into its armour, so that the bytes inside are reached. A key that is read has a public blob, and is the
 * same key when it is written and read again.
 */
#include "common/base64.h"
#include "common/pk.h"
#include "monitor/keys/private.h"
#include "monitor/keys/private_kind.h"
#include "monitor/keys/store.h"
#include "tests/fuzz/fuzz.h"

static uint8_t file[2 * LIMIT_KEY_FILE_BYTES], written[2 * LIMIT_KEY_FILE_BYTES];

static enum err read_key(struct span content, const char *label, EVP_PKEY **out,
			 struct keyfile_note *note)
{
	const struct keyfile none = {0};
	const struct store_input in = {
	    .content = content, .label = label, .password = &none};
	struct key_material m = {0};
	enum err e = store_open(&in, STORE_AUTO, &m, note);

	if (e == OK && m.pkey == NULL) {
		keyfile_note_set(note, "public");
		e = ERR_KEY;
	}
	if (e == OK) {
		*out = m.pkey;
		m.pkey = NULL;
	}
	material_wipe(&m);
	return e;
}

static void public_part(const EVP_PKEY *key)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct pk_key public = {0};
	enum err e = private_blob(key, &w);

	if (private_kind_of(key) == NULL) {
		expect(e == ERR_UNKNOWN);
		return;
	}
	expect(e == OK || e == ERR_NO_SPACE || e == ERR_CRYPTO);
	/* too weak a key is refused here, as everywhere */
	if (w.err == OK && e == OK && pk_parse((struct span){w.p, w.n}, &public) == OK)
		expect(EVP_PKEY_eq(public.pkey, key) == 1);
	pk_wipe(&public);
}

static void again(const EVP_PKEY *key)
{
	struct wr w = WR(written);
	struct keyfile_note note = {0};
	EVP_PKEY *back = NULL;

	if (private_kind_of(key) == NULL || private_write(key, "comment", &w) != OK)
		return;
	expect(read_key((struct span){w.p, w.n}, "file", &back, &note) == OK);
	expect(EVP_PKEY_eq(back, key) == 1);
	EVP_PKEY_free(back);
}

static void read_file(struct span in, bool ours)
{
	struct span content = block_of(in);
	struct keyfile_note note = {0};
	EVP_PKEY *key = NULL;

	if (read_key(content, "file", &key, &note) == OK) {
		public_part(key);
		/* a PEM may hold a key whose parts do not belong together; it is tried when it is loaded */
		if (ours)
			again(key);
	} else {
		expect(key == NULL && note.text[0] != '\0');
	}
	EVP_PKEY_free(key);
	block_free(content);
}

static void container(struct span in)
{
	struct wr w = WR(file);

	wr_raw(&w, SPAN_LIT("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
	base64_encode(&w, in, true);
	wr_raw(&w, SPAN_LIT("\n-----END OPENSSH PRIVATE KEY-----\n"));
	if (w.err == OK)
		read_file((struct span){w.p, w.n}, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	if (data[0] % 2 == 0)
		read_file((struct span){data + 1, n - 1}, false);
	else
		container((struct span){data + 1, n - 1});
	return 0;
}
