/* Hashes and samples of ML-KEM. */
#include "tests/unit.h"
#include "worker/alg/mlkem768_sample.h"

#define SEEDS 200 /* 1800 polynomials: about ten take the longer stream */

static const uint8_t sha3_256_abc[] = {0x3a, 0x98, 0x5d, 0xa7, 0x4f, 0xe2, 0x25, 0xb2,
				       0x04, 0x5c, 0x17, 0x2d, 0x6b, 0xd3, 0x90, 0xbd,
				       0x85, 0x5f, 0x08, 0x6e, 0x3e, 0x9d, 0x52, 0x5b,
				       0x46, 0xbf, 0xe2, 0x45, 0x11, 0x43, 0x15, 0x32};

START_TEST(mlkem768_sample_md_has_every_hash)
{
	for (int h = 0; h < MLKEM768_HASH_COUNT; h++)
		ck_assert_ptr_nonnull(mlkem768_sample_md((enum mlkem768_hash)h));
}
END_TEST

START_TEST(mlkem768_sample_hash_joins_its_parts)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t out[32], other[32];
	struct mlkem768_digest to = {out, sizeof out}, again = {other, sizeof other};

	ck_assert_int_eq(
	    mlkem768_sample_hash(ctx, MLKEM768_H, SPAN_LIT("a"), SPAN_LIT("bc"), to),
	    OK);
	ck_assert_mem_eq(out, sha3_256_abc, sizeof out);
	ck_assert_int_eq(mlkem768_sample_hash(ctx, MLKEM768_XOF, SPAN_LIT("abc"),
					      (struct span){0}, to),
			 OK);
	ck_assert_int_eq(mlkem768_sample_hash(ctx, MLKEM768_XOF, SPAN_LIT("ab"),
					      SPAN_LIT("c"), again),
			 OK);
	ck_assert_mem_eq(out, other, sizeof out);
	EVP_MD_CTX_free(ctx);
}
END_TEST

START_TEST(mlkem768_sample_uniform_stays_below_the_modulus_and_fills_the_polynomial)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int64_t total = 0;

	for (uint8_t seed = 0; seed < SEEDS; seed++)
		for (uint8_t i = 0; i < 9; i++) {
			uint8_t rho[MLKEM768_SYMBOL] = {seed};
			uint8_t index[2] = {i % 3, i / 3};
			struct mlkem768_poly a;

			memset(&a, 0xff, sizeof a);
			ck_assert_int_eq(mlkem768_sample_uniform(ctx, rho, index, &a),
					 OK);
			for (size_t k = 0; k < MLKEM768_N; k++) {
				ck_assert_int_ge(a.c[k], 0);
				ck_assert_int_lt(a.c[k], MLKEM768_Q);
				total += a.c[k];
			}
		}
	total /= (int64_t)SEEDS * 9 * MLKEM768_N; /* mean 1664, deviation 1.4 */
	ck_assert_int_gt(total, MLKEM768_Q / 2 - 10);
	ck_assert_int_lt(total, MLKEM768_Q / 2 + 10);
	EVP_MD_CTX_free(ctx);
}
END_TEST

START_TEST(mlkem768_sample_small_is_binomial)
{
	/* of 16 draws: 1, 4, 6, 4, 1 */
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int count[5] = {0};
	const int part = SEEDS * MLKEM768_N / 16;

	for (uint8_t counter = 0; counter < SEEDS; counter++) {
		const uint8_t seed[MLKEM768_SYMBOL] = {7};
		struct mlkem768_poly a;

		ck_assert_int_eq(mlkem768_sample_small(ctx, seed, counter, &a), OK);
		for (size_t k = 0; k < MLKEM768_N; k++) {
			ck_assert_int_le(abs(a.c[k]), 2);
			count[a.c[k] + 2]++;
		}
	}
	for (int i = 0; i < 5; i++) {
		static const int share[5] = {1, 4, 6, 4, 1};

		ck_assert_int_gt(count[i], share[i] * part * 9 / 10);
		ck_assert_int_lt(count[i], share[i] * part * 11 / 10);
	}
	EVP_MD_CTX_free(ctx);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_mlkem768_sample");
	TCase *t = tcase_create("mlkem768_sample");

	tcase_add_test(t, mlkem768_sample_md_has_every_hash);
	tcase_add_test(t, mlkem768_sample_hash_joins_its_parts);
	tcase_add_test(
	    t,
	    mlkem768_sample_uniform_stays_below_the_modulus_and_fills_the_polynomial);
	tcase_add_test(t, mlkem768_sample_small_is_binomial);
	suite_add_tcase(s, t);
	return s;
}
