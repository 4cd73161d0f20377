/*
 * Public keys and signatures. The first byte chooses a row; then stand a blob and a signature, each with
 * two bytes of length, and the data.
 *   - what parses does so again, is as strong as its row demands, and fails with a byte more;
 *   - what verifies does not with other data.
 */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/pk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static struct span take_part(struct rd *r)
{
	size_t n = rd_u16(r);

	return rd_raw(r, n < r->left.n ? n : r->left.n);
}

static void parse_longer(struct span blob)
{
	uint8_t *longer = calloc(1, blob.n + 1);
	struct pk_key key = {0};

	expect(longer != NULL);
	memcpy(longer, blob.p, blob.n);
	expect(pk_parse((struct span){longer, blob.n + 1}, &key) != OK);
	free(longer);
}

static void parse(struct span blob)
{
	struct pk_key key = {0}, again = {0};

	if (pk_parse(blob, &key) != OK)
		return;
	expect(key.bits >= key.alg->family->bits_min && key.bits <= LIMIT_RSA_BITS_MAX);
	expect(!pk_alg_is_cert(key.alg));
	expect(pk_parse(blob, &again) == OK && EVP_PKEY_eq(key.pkey, again.pkey) == 1);
	parse_longer(blob);
	pk_wipe(&key);
	pk_wipe(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));
	const struct pk_alg *alg = &pk_algs[rd_u8(&r) % PK_ALG_COUNT];
	struct span blob = take_part(&r);
	struct span signature = take_part(&r);
	struct span text = rd_rest(&r);
	struct pk_touch touch;

	if (!rd_ok(&r))
		return 0;
	parse(blob);
	if (pk_verify_touch(alg, blob, signature, text, &touch) == OK && text.n > 0)
		expect(pk_verify_touch(alg, blob, signature,
				       (struct span){text.p, text.n - 1},
				       &touch) != OK);
	return 0;
}
