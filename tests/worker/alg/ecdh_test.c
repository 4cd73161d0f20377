/* Elliptic curves: points of low order, off the curve, and in other forms. */
#include <string.h>

#include <openssl/evp.h>

#include "tests/unit.h"
#include "worker/alg/ecdh.h"

static const enum kex_group nist[] = {KEX_P256, KEX_P384, KEX_P521};

/* clang-format off */
/* RFC 7748 6.1 asks to refuse the result of these; u coordinates, little-endian. */
static const uint8_t low_order[][X25519_BYTES] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
};
/* clang-format on */

START_TEST(x25519_refuses_points_of_low_order)
{
	enum { LISTED = sizeof low_order / sizeof low_order[0] };
	EVP_PKEY *key = NULL;
	struct ecdh_secret secret = {0};
	uint8_t point[X25519_BYTES];

	ck_assert_int_eq(ecdh_key(KEX_X25519, (struct span){0}, &key), OK);
	for (size_t i = 0; i < LISTED; i++)
		ck_assert_int_eq(
		    ecdh_agree(KEX_X25519, key, SPAN_OF(low_order[i]), &secret),
		    ERR_KEX_VALUE);
	/* p-1, p and p+1, with the unused bit set and not */
	for (int i = 0; i < 6; i++) {
		memset(point, 0xff, sizeof point);
		point[0] = (uint8_t)(0xec + i / 2);
		point[X25519_BYTES - 1] = i % 2 == 0 ? 0x7f : 0xff;
		ck_assert_int_eq(ecdh_agree(KEX_X25519, key, SPAN_OF(point), &secret),
				 ERR_KEX_VALUE);
	}
	ck_assert_uint_eq(secret.n, 0);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(nist_points_must_lie_on_the_curve)
{
	const enum kex_group g = nist[_i];
	EVP_PKEY *key = NULL;
	struct ecdh_point point = {0};
	struct ecdh_secret secret = {0};

	ck_assert_int_eq(ecdh_key(g, (struct span){0}, &key), OK);
	ck_assert_int_eq(ecdh_public(key, &point), OK);
	ck_assert_int_eq(
	    ecdh_agree(g, key, (struct span){point.bytes, point.n}, &secret), OK);
	point.bytes[point.n - 1] ^= 1;
	ck_assert_int_eq(
	    ecdh_agree(g, key, (struct span){point.bytes, point.n}, &secret),
	    ERR_KEX_VALUE);
	/* coordinates beyond the field */
	memset(point.bytes + 1, 0xff, point.n - 1);
	ck_assert_int_eq(
	    ecdh_agree(g, key, (struct span){point.bytes, point.n}, &secret),
	    ERR_KEX_VALUE);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(nist_points_must_be_uncompressed)
{
	static const uint8_t infinity[1] = {0};
	const enum kex_group g = nist[_i];
	EVP_PKEY *key = NULL;
	struct ecdh_point point = {0};
	struct ecdh_secret secret = {0};
	const size_t half = 2;

	ck_assert_int_eq(ecdh_key(g, (struct span){0}, &key), OK);
	ck_assert_int_eq(ecdh_public(key, &point), OK);
	ck_assert_uint_eq(point.bytes[0], 4);
	ck_assert_int_eq(ecdh_agree(g, key, SPAN_OF(infinity), &secret), ERR_KEX_VALUE);
	/* compressed: X and a bit of Y; hybrid: all of it under another first byte */
	for (uint8_t form = 0; form < 8; form++) {
		if (form == 4)
			continue;
		point.bytes[0] = form;
		ck_assert_int_eq(
		    ecdh_agree(g, key, (struct span){point.bytes, 1 + point.n / half},
			       &secret),
		    ERR_KEX_VALUE);
		ck_assert_int_eq(
		    ecdh_agree(g, key, (struct span){point.bytes, point.n}, &secret),
		    ERR_KEX_VALUE);
	}
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(ecdh_key_refuses_secrets_of_wrong_length)
{
	static const uint8_t secret[33] = {1};
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(ecdh_warm(), OK);
	ck_assert_int_eq(ecdh_key(KEX_X25519, SPAN_OF(secret), &key), ERR_BUG);
	ck_assert_int_eq(ecdh_key(KEX_P256, SPAN_OF(secret), &key), ERR_BUG);
	ck_assert_ptr_null(key);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_ecdh");
	TCase *t = tcase_create("ecdh");

	tcase_add_test(t, x25519_refuses_points_of_low_order);
	tcase_add_loop_test(t, nist_points_must_lie_on_the_curve, 0, 3);
	tcase_add_loop_test(t, nist_points_must_be_uncompressed, 0, 3);
	tcase_add_test(t, ecdh_key_refuses_secrets_of_wrong_length);
	suite_add_tcase(s, t);
	return s;
}
