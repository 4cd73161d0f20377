/*
 * Key derivation: K1 = HASH(K || H || letter || session_id), Kn = HASH(K || H || K1 || … ).
 * RFC 4253 7.2
 */
#include <string.h>

#include "worker/kex/keys.h"

#define DERIVED_BYTES 256 /* more than any key has */

enum err keys_derive(const struct keys_root *root, char letter, size_t n, uint8_t *out)
{
	const uint8_t x = (uint8_t)letter;
	uint8_t derived[DERIVED_BYTES + LIMIT_HASH_BYTES];
	struct exhash_value block = {0};
	size_t have = 0;
	enum err e = OK;

	if (n > DERIVED_BYTES)
		return ERR_BUG;
	while (have < n) {
		const struct span first[] = {
		    root->secret, root->hash, {&x, 1},
                      root->session_id
                };
		const struct span more[] = {
		    root->secret, root->hash, {derived, have}
                };

		if (have == 0)
			e = digest_spans(root->digest, first,
					 sizeof first / sizeof first[0], &block);
		else
			e = digest_spans(root->digest, more,
					 sizeof more / sizeof more[0], &block);
		if (e != OK)
			goto out;
		memcpy(derived + have, block.bytes, block.n);
		have += block.n;
	}
	memcpy(out, derived, n);
out:
	wipe(derived, sizeof derived);
	wipe(&block, sizeof block);
	return e;
}

enum err keys_for_dir(const struct keys_root *root, const struct cipher_alg *cipher,
		      const struct mac_alg *mac, bool to_server, struct dir_keys *out)
{
	struct dir_keys k = {.cipher = cipher,
			     .mac = cipher->tag_bytes != 0 ? NULL : mac};
	enum err e;

	if ((e = keys_derive(root, to_server ? 'A' : 'B', cipher->iv_bytes, k.iv)) ==
		OK &&
	    (e = keys_derive(root, to_server ? 'C' : 'D', cipher->key_bytes, k.key)) ==
		OK &&
	    k.mac != NULL)
		e = keys_derive(root, to_server ? 'E' : 'F', mac->key_bytes, k.mac_key);
	if (e == OK)
		*out = k;
	dir_keys_wipe(&k);
	return e;
}
