/* The families: points off their curve, weak moduli, and signatures of odd shape. */
#include "common/limits.h"
#include "common/pk_family.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

static uint8_t store[LIMIT_PK_BLOB_BYTES];

static struct span ec_blob(struct span point)
{
	struct wr w = WR(store);
	struct span blob = {0};

	wr_str(&w, "ecdsa-sha2-nistp256");
	wr_str(&w, "nistp256");
	wr_bytes(&w, point);
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	return blob;
}

static enum err ec_parse(struct span point)
{
	struct pk_key key = {0};
	enum err e = pk_parse(ec_blob(point), &key);

	pk_wipe(&key);
	return e;
}

START_TEST(ecdsa_parse_refuses_points_off_the_curve)
{
	struct span blob = pk_vector("ecdsa-sha2-nistp256", "blob");
	uint8_t point[65];

	memcpy(point, blob.p + blob.n - sizeof point, sizeof point);
	ck_assert_int_eq(ec_parse(SPAN_OF(point)), OK);
	point[64] ^= 1;
	ck_assert_int_eq(ec_parse(SPAN_OF(point)), ERR_KEY);
	memset(point + 1, 0xff, 64);
	ck_assert_int_eq(ec_parse(SPAN_OF(point)), ERR_KEY);
}
END_TEST

START_TEST(ecdsa_parse_refuses_infinity_and_compressed_points)
{
	struct span blob = pk_vector("ecdsa-sha2-nistp256", "blob");
	static const uint8_t infinity[1] = {0};
	static const uint8_t zeros[65] = {4};
	uint8_t compressed[33];

	memcpy(compressed, blob.p + blob.n - 65, sizeof compressed);
	compressed[0] = 2 + (blob.p[blob.n - 1] & 1);
	ck_assert_int_eq(ec_parse(SPAN_OF(compressed)), ERR_KEY);
	ck_assert_int_eq(ec_parse(SPAN_OF(infinity)), ERR_KEY);
	ck_assert_int_eq(ec_parse(SPAN_OF(zeros)), ERR_KEY);
}
END_TEST

START_TEST(ecdsa_parse_refuses_a_curve_that_is_not_the_key_types)
{
	struct span blob = pk_vector("ecdsa-sha2-nistp384", "blob");
	uint8_t *copy = pk_vector_copy(blob);
	struct pk_key key = {0};

	/* ecdsa-sha2-nistp384 says nistp256 inside */
	memcpy(copy + 4 + 19 + 4, "nistp256", 8);
	ck_assert_int_eq(pk_parse((struct span){copy, blob.n}, &key), ERR_KEY);
	free(copy);
}
END_TEST

static enum err rsa_parse(size_t bits, uint8_t last, struct span exponent)
{
	static uint8_t modulus[LIMIT_RSA_BITS_MAX / 8 + 8];
	struct pk_key key = {0};
	struct wr w = WR(store);
	struct span blob = {0};
	enum err e;

	memset(modulus, 0xff, sizeof modulus);
	modulus[0] = (uint8_t)(0xff >> ((8 - bits % 8) % 8));
	modulus[(bits + 7) / 8 - 1] = last;
	wr_str(&w, "ssh-rsa");
	wr_mpint(&w, exponent);
	wr_mpint(&w, (struct span){modulus, (bits + 7) / 8});
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	e = pk_parse(blob, &key);
	if (e == OK)
		ck_assert_uint_eq(key.bits, bits);
	pk_wipe(&key);
	return e;
}

START_TEST(rsa_parse_keeps_the_limits)
{
	static const uint8_t e3[] = {3}, e1[] = {1}, even[] = {4}, f4[] = {1, 0, 1};
	static const uint8_t long_e[] = {1, 0, 0, 0, 0, 0, 0, 0, 1};

	ck_assert_int_eq(rsa_parse(LIMIT_RSA_BITS_MIN, 0xff, SPAN_OF(f4)), OK);
	ck_assert_int_eq(rsa_parse(LIMIT_RSA_BITS_MIN, 0xff, SPAN_OF(e3)), OK);
	ck_assert_int_eq(rsa_parse(LIMIT_RSA_BITS_MIN - 1, 0xff, SPAN_OF(f4)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(LIMIT_RSA_BITS_MAX, 0xff, SPAN_OF(f4)), OK);
	ck_assert_int_eq(rsa_parse(LIMIT_RSA_BITS_MAX + 1, 0xff, SPAN_OF(f4)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(3072, 0xfe, SPAN_OF(f4)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(3072, 0xff, SPAN_OF(e1)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(3072, 0xff, SPAN_OF(even)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(3072, 0xff, SPAN_OF(long_e)), ERR_KEY);
	ck_assert_int_eq(rsa_parse(3072, 0xff, (struct span){0}), ERR_KEY);
}
END_TEST

/* Signs counters until the signature begins with a zero byte; one in 256 does. */
static size_t sign_short(EVP_PKEY *pkey, uint8_t *signature, size_t n, uint32_t *data)
{
	for (;; ++*data) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		size_t got = n;

		EVP_DigestSignInit(ctx, NULL, digest_md(DIGEST_SHA256), NULL, pkey);
		EVP_DigestSign(ctx, signature, &got, (uint8_t *)data, sizeof *data);
		EVP_MD_CTX_free(ctx);
		if (signature[0] == 0)
			return got;
	}
}

START_TEST(rsa_verify_takes_a_signature_without_its_leading_zero)
{
	const struct pk_alg *alg = pk_alg_find(SPAN_LIT("rsa-sha2-256"));
	struct pk_key key = {.alg = alg, .bits = 2048};
	uint8_t raw[256], wire[300];
	struct pk_touch touch;
	uint32_t data = 0;
	struct wr w = WR(wire);
	struct span s = {0};
	size_t n;

	key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	n = sign_short(key.pkey, raw, sizeof raw, &data);
	wr_str(&w, alg->name);
	wr_bytes(&w, (struct span){raw + 1, n - 1});
	ck_assert_int_eq(wr_end(&w, &s), OK);
	ck_assert_int_eq(pk_verify_key(alg, &key, s,
				       (struct span){(uint8_t *)&data, sizeof data},
				       &touch),
			 OK);
	w = WR(wire);
	wr_str(&w, alg->name);
	wr_bytes(&w, (struct span){raw, 0});
	ck_assert_int_eq(wr_end(&w, &s), OK);
	ck_assert_int_eq(pk_verify_key(alg, &key, s, s, &touch), ERR_SIGNATURE);
	pk_wipe(&key);
}
END_TEST

START_TEST(ecdsa_encode_is_what_verify_reads)
{
	static const char *const groups[] = {"P-256", "P-384", "P-521"};
	static const char *const names[] = {
	    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
	static const unsigned bits[] = {256, 384, 521};
	const struct pk_alg *alg = pk_alg_find(span_str(names[_i]));
	struct pk_key key = {.alg = alg, .bits = bits[_i]};
	struct span data = SPAN_LIT("data"), s = {0};

	key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", groups[_i]);
	for (int round = 0; round < 20; round++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		struct pk_touch touch;
		uint8_t der[200], wire[300];
		size_t n = sizeof der;
		struct wr w = WR(wire);

		EVP_DigestSignInit(ctx, NULL, digest_md(alg->digest), NULL, key.pkey);
		ck_assert_int_eq(EVP_DigestSign(ctx, der, &n, data.p, data.n), 1);
		EVP_MD_CTX_free(ctx);
		wr_str(&w, alg->name);
		ck_assert_int_eq(pk_ecdsa_encode((struct span){der, n}, &w), OK);
		ck_assert_int_eq(wr_end(&w, &s), OK);
		ck_assert_int_eq(pk_verify_key(alg, &key, s, data, &touch), OK);
	}
	pk_wipe(&key);
}
END_TEST

START_TEST(ecdsa_verify_refuses_zero_and_oversize_numbers)
{
	const struct pk_alg *alg = pk_alg_find(SPAN_LIT("ecdsa-sha2-nistp256"));
	struct span blob = pk_vector(alg->name, "blob"),
		    one = {(const uint8_t *)"\1", 1};
	uint8_t huge[33] = {1}, wire[200];
	struct span numbers[] = {{0}, one, SPAN_OF(huge)};

	for (size_t i = 0; i < 9; i++) {
		struct wr w = WR(wire);
		struct span s = {0};
		size_t mark;

		wr_str(&w, alg->name);
		mark = wr_open(&w);
		wr_mpint(&w, numbers[i % 3]);
		wr_mpint(&w, numbers[i / 3]);
		wr_close(&w, mark);
		ck_assert_int_eq(wr_end(&w, &s), OK);
		ck_assert_int_eq(pk_verify(alg, blob, s, s), ERR_SIGNATURE);
	}
}
END_TEST

START_TEST(ecdsa_encode_refuses_what_is_not_der)
{
	static const uint8_t bad[] = {0x30, 6, 2, 1, 1, 2, 9, 1};
	uint8_t wire[64];
	struct wr w = WR(wire);

	for (size_t n = 0; n <= sizeof bad; n++)
		ck_assert_int_ne(pk_ecdsa_encode((struct span){bad, n}, &w), OK);
}
END_TEST

START_TEST(families_can_be_warmed_twice)
{
	pk_family_warm();
	pk_family_warm();
	ck_assert_int_eq(ec_parse((struct span){0}), ERR_KEY);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_pk_family");
	TCase *t = tcase_create("families");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, ecdsa_parse_refuses_points_off_the_curve);
	tcase_add_test(t, ecdsa_parse_refuses_infinity_and_compressed_points);
	tcase_add_test(t, ecdsa_parse_refuses_a_curve_that_is_not_the_key_types);
	tcase_add_test(t, rsa_parse_keeps_the_limits);
	tcase_add_test(t, rsa_verify_takes_a_signature_without_its_leading_zero);
	tcase_add_loop_test(t, ecdsa_encode_is_what_verify_reads, 0, 3);
	tcase_add_test(t, ecdsa_verify_refuses_zero_and_oversize_numbers);
	tcase_add_test(t, ecdsa_encode_refuses_what_is_not_der);
	tcase_add_test(t, families_can_be_warmed_twice);
	suite_add_tcase(s, t);
	return s;
}
