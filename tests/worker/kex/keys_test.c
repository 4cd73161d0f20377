/* Key derivation against known answers, and the letters of each direction. */
#include <string.h>

#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/kex/keys.h"

static const uint8_t secret[] = {0, 0, 0, 1, 7}, hash[32] = {1}, session[32] = {2};
static const struct keys_root root = {
    DIGEST_SHA256,
    {secret,  sizeof secret },
    {hash,    sizeof hash   },
    {session, sizeof session}
};

START_TEST(keys_derive_gives_known_answers)
{
	FILE *f = vector_open("keys.txt");
	struct vector v = {0};
	uint8_t key[256];
	int n = 0;

	for (; vector_next(f, &v); n++) {
		const struct span want = vector_get(&v, "key");
		const struct keys_root known = {
		    vector_is(&v, "digest", "sha256") ? DIGEST_SHA256 : DIGEST_SHA512,
		    vector_get(&v, "k"), vector_get(&v, "h"),
		    vector_get(&v, "session")};
		const char letter = (char)('A' + n % 6);

		/* each length, of whole digests and between them */
		for (size_t i = 0; i <= want.n; i++) {
			memset(key, 0xee, sizeof key);
			ck_assert_int_eq(keys_derive(&known, letter, i, key), OK);
			ck_assert(span_equal((struct span){key, i},
					     (struct span){want.p, i}));
			ck_assert_uint_eq(key[i], 0xee);
		}
	}
	ck_assert_int_eq(n, 12);
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

START_TEST(keys_derive_refuses_more_than_it_holds)
{
	uint8_t key[257];

	ck_assert_int_eq(keys_derive(&root, 'A', 256, key), OK);
	ck_assert_int_eq(keys_derive(&root, 'A', 257, key), ERR_BUG);
}
END_TEST

START_TEST(each_direction_has_its_letters)
{
	const struct cipher_alg *ctr = cipher_find(SPAN_LIT("aes256-ctr"));
	const struct mac_alg *mac = mac_find(SPAN_LIT("hmac-sha2-512"));
	static const char letters[2][3] = {
	    {'B', 'D', 'F'},
            {'A', 'C', 'E'}
        };
	struct dir_keys k = {0};
	uint8_t want[64];

	for (int to_server = 0; to_server < 2; to_server++) {
		ck_assert_int_eq(keys_for_dir(&root, ctr, mac, to_server == 1, &k), OK);
		ck_assert_ptr_eq(k.cipher, ctr);
		ck_assert_ptr_eq(k.mac, mac);
		ck_assert_int_eq(keys_derive(&root, letters[to_server][0], 16, want),
				 OK);
		ck_assert(memcmp(k.iv, want, 16) == 0);
		ck_assert_int_eq(keys_derive(&root, letters[to_server][1], 32, want),
				 OK);
		ck_assert(memcmp(k.key, want, 32) == 0);
		ck_assert_int_eq(keys_derive(&root, letters[to_server][2], 64, want),
				 OK);
		ck_assert(memcmp(k.mac_key, want, 64) == 0);
	}
	dir_keys_wipe(&k);
	ck_assert_ptr_null(k.cipher);
}
END_TEST

START_TEST(an_aead_takes_no_mac)
{
	struct dir_keys k = {0};

	ck_assert_int_eq(
	    keys_for_dir(&root, cipher_find(SPAN_LIT("chacha20-poly1305@openssh.com")),
			 mac_find(SPAN_LIT("hmac-sha2-512")), true, &k),
	    OK);
	ck_assert_ptr_null(k.mac);
	dir_keys_wipe(&k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_keys");
	TCase *t = tcase_create("keys");

	tcase_add_test(t, keys_derive_gives_known_answers);
	tcase_add_test(t, keys_derive_refuses_more_than_it_holds);
	tcase_add_test(t, each_direction_has_its_letters);
	tcase_add_test(t, an_aead_takes_no_mac);
	suite_add_tcase(s, t);
	return s;
}
