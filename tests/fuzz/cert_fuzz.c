/*
 * Certificates. What parses is made of its parts to the last byte: the signed body and the signature are
 * the whole, lists can be walked to their ends, the plain blob has the plain type, and one byte less or
 * more does not parse.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cert.h"
#include "common/limits.h"
#include "monitor/auth/certopts.h"

enum { SIGNATURE_LENGTH_BYTES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void walk(const struct cert *c)
{
	struct span list = c->critical, name, value, inner;

	while (cert_option_next(&list, &name, &value))
		if (cert_option_string(value, &inner) == OK)
			expect(inner.n + SIGNATURE_LENGTH_BYTES == value.n);
	expect(list.n == 0);
	list = c->extensions;
	while (cert_option_next(&list, &name, &value))
		;
	expect(list.n == 0);
	list = c->principals;
	while (cert_principal_next(&list, &name))
		;
	expect(list.n == 0);
}

static void plain(const struct cert *c)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct span blob, type;

	expect(cert_plain_blob(c, &w) == OK && wr_end(&w, &blob) == OK);
	expect(pk_blob_type(blob, &type) == OK);
	expect(span_is(type, pk_alg_plain(c->alg)->key_type));
}

/* Options are read whole or not at all; texts end with a NUL and have none within. */
static void options(const struct cert *c)
{
	struct key_options o = {0};
	struct keyopts_note note;

	if (certopts_read(c, &o, &note) != OK) {
		expect(o.store == NULL);
		return;
	}
	expect(!o.has_command || strlen((const char *)o.command.p) == o.command.n);
	expect(!o.has_from || strlen((const char *)o.from.p) == o.from.n);
	expect(!o.cert_authority && !o.has_principals && o.expires == 0);
	keyopts_wipe(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *longer = calloc(1, n + 1);
	struct cert c, other;

	expect(longer != NULL);
	if (n > 0)
		memcpy(longer, data, n);
	if (cert_parse((struct span){data, n}, &c) == OK) {
		expect(c.body.n + SIGNATURE_LENGTH_BYTES + c.signature.n == n);
		expect(cert_parse((struct span){data, n - 1}, &other) != OK);
		expect(cert_parse((struct span){longer, n + 1}, &other) != OK);
		walk(&c);
		plain(&c);
		options(&c);
		if (cert_verify(&c) == OK) {
			longer[n / 2] ^= 1;
			expect(cert_parse((struct span){longer, n}, &other) != OK ||
			       cert_verify(&other) != OK);
		}
	}
	free(longer);
	return 0;
}
