/*
 * X.509 certificates. What parses is made of its parts, and one byte less or more does not; the key
 * within either has an SSH form that reads back, or none; no name is longer than the whole.
 */
#include "common/limits.h"
#include "common/x509.h"
#include "tests/fuzz/fuzz.h"

static void key(const struct x509 *c)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct pk_key key = {0};
	struct span blob, type;

	if (x509_plain_blob(c, &w) != OK || wr_end(&w, &blob) != OK)
		return;
	expect(pk_blob_type(blob, &type) == OK && pk_type_find(type) != NULL);
	if (pk_parse(blob, &key) == OK)
		expect(span_is(type, key.alg->key_type));
	pk_wipe(&key);
}

static bool within(const struct x509 *c, struct span part)
{
	return part.p >= c->whole.p && part.p + part.n <= c->whole.p + c->whole.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span der = block_of((struct span){data, n});
	struct x509 c = {0}, other;

	if (n <= LIMIT_PK_BLOB_BYTES && x509_parse(der, &c) == OK) {
		expect(within(&c, c.body) && within(&c, c.subject) &&
		       within(&c, c.issuer) && within(&c, c.key) &&
		       within(&c, c.signature));
		expect(c.signature.n > 0 && c.signer != NULL);
		expect(x509_parse((struct span){der.p, der.n - 1}, &other) != OK);
		key(&c);
		(void)x509_subject_is(&c, SPAN_LIT("/C=DE/O=Example/CN=alice"));
		(void)x509_common_name_is(&c, SPAN_LIT("alice"));
		expect(x509_verify(&c, (struct span){0}, SPAN_LIT("ssh-rsa")) != OK);
	}
	block_free(der);
	return 0;
}
