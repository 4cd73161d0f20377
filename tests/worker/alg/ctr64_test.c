/* Counter mode over 64-bit blocks, cut anywhere; known answers: tests/tables/algorithms_test.c */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/ctr64.h"

#define TEXT_BYTES 4096
#define BLOCK      8

static struct cipher start(struct span iv, bool seal)
{
	static const uint8_t key[24] = "a key of three DES keys";
	const struct cipher_alg *row = cipher_find(SPAN_LIT("3des-ctr"));
	struct cipher c = {0};

	ck_assert_int_eq(cipher_start(row, SPAN_OF(key), iv, seal, &c), OK);
	return c;
}

START_TEST(ctr64_crypt_gives_the_same_however_it_is_cut)
{
	static const uint8_t iv[BLOCK] = {1, 2, 3, 4, 5, 6, 7, 8};
	static uint8_t whole[TEXT_BYTES], cut[TEXT_BYTES];
	struct cipher a = start(SPAN_OF(iv), true), b = start(SPAN_OF(iv), false);

	ck_assert_int_eq(ctr64_crypt(&a, whole, sizeof whole), OK);
	for (size_t at = 0, n = 0; at < sizeof cut; at += n) {
		n = (at / BLOCK % 37 + 1) * BLOCK;
		n = n > sizeof cut - at ? sizeof cut - at : n;
		ck_assert_int_eq(ctr64_crypt(&b, cut + at, n), OK);
	}
	ck_assert_int_eq(memcmp(whole, cut, sizeof whole), 0);
	ck_assert_int_eq(memcmp(a.iv, b.iv, BLOCK), 0);
	cipher_wipe(&a);
	cipher_wipe(&b);
}
END_TEST

START_TEST(the_counter_carries_through_all_its_bytes_and_wraps)
{
	static const uint8_t last[BLOCK] = {0xff, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff};
	static const uint8_t zero[BLOCK];
	uint8_t two[2 * BLOCK] = {0}, one[BLOCK] = {0};
	struct cipher a = start(SPAN_OF(last), true), b = start(SPAN_OF(zero), true);

	ck_assert_int_eq(ctr64_crypt(&a, two, sizeof two), OK);
	ck_assert_int_eq(ctr64_crypt(&b, one, sizeof one), OK);
	ck_assert_int_eq(memcmp(two + BLOCK, one, BLOCK), 0);
	cipher_wipe(&a);
	cipher_wipe(&b);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_ctr64");
	TCase *t = tcase_create("ctr64");

	tcase_add_test(t, ctr64_crypt_gives_the_same_however_it_is_cut);
	tcase_add_test(t, the_counter_carries_through_all_its_bytes_and_wraps);
	suite_add_tcase(s, t);
	return s;
}
