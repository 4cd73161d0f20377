/*
 * Content of key stores. The operator named them; files and credentials are checked as
 * keyfile.c does.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/base64.h"
#include "monitor/keys/source.h"

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *source_label(const struct store_source *s)
{
	return begins(s->name, SOURCE_BASE64) ? "the key after " SOURCE_BASE64
					      : s->name;
}

bool source_is_token(const struct store_source *s)
{
	return begins(s->name, SOURCE_PKCS11);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool source_equal(const struct store_source *a, const struct store_source *b)
{
	return same(a->name, b->name) && a->store == b->store &&
	       same(a->subject, b->subject) && same(a->certificate, b->certificate) &&
	       same(a->password.file, b->password.file) &&
	       same(a->password.credential, b->password.credential) &&
	       a->password.prompt == b->password.prompt && same(a->module, b->module) &&
	       same(a->environment, b->environment);
}

static enum err base64_read(struct span text, struct keyfile *out,
			    struct keyfile_note *note)
{
	uint8_t *bytes = OPENSSL_secure_zalloc(text.n + 1);
	struct wr w = {.p = bytes, .cap = text.n};
	enum err e = ERR_MEMORY;

	if (bytes == NULL)
		return e;
	if ((e = base64_decode(&w, text)) == OK && w.n > 0 &&
	    (out->p = OPENSSL_secure_zalloc(w.n + 1)) != NULL) {
		memcpy(out->p, w.p, w.n);
		out->n = w.n;
	} else {
		keyfile_note_set(note, "what stands after " SOURCE_BASE64
				       " is no base64; make it with: base64 -w0 FILE");
		e = ERR_FILE;
	}
	OPENSSL_secure_clear_free(bytes, text.n + 1);
	return e;
}

enum err source_read(const struct store_source *s, struct keyfile *out,
		     struct keyfile_note *note)
{
	const size_t max = LIMIT_KEY_FILE_BYTES - 1;

	if (begins(s->name, SOURCE_BASE64))
		return base64_read(span_str(s->name + strlen(SOURCE_BASE64)), out,
				   note);
	if (begins(s->name, SOURCE_CREDENTIAL))
		return credential_read(s->name + strlen(SOURCE_CREDENTIAL), max, out,
				       note);
	return keyfile_read_secret(s->name, max, out, note);
}
