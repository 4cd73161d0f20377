/* DSA: numbers out of range, and signatures of odd shape. Known answers: pk_test.c */
#include "common/limits.h"
#include "common/pk_family.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

enum { P, Q, G, Y, NUMBERS };
#define HALF_BYTES 20

static uint8_t store[LIMIT_PK_BLOB_BYTES];

/* The known key, with one number replaced. */
static enum err parse_with(int which, struct span number)
{
	struct rd r = RD(pk_vector("ssh-dss", "blob"));
	struct wr w = WR(store);
	struct pk_key key = {0};
	struct span blob;
	enum err e;

	wr_bytes(&w, rd_bytes(&r, LIMIT_NAME_BYTES));
	for (int i = 0; i < NUMBERS; i++) {
		struct span known = rd_mpint(&r, LIMIT_PK_BLOB_BYTES);

		wr_mpint(&w, i == which ? number : known);
	}
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	e = pk_parse(blob, &key);
	ck_assert((key.pkey != NULL) == (e == OK));
	pk_wipe(&key);
	return e;
}

static struct span known_number(int which)
{
	struct rd r = RD(pk_vector("ssh-dss", "blob"));
	struct span s = {0};

	(void)rd_bytes(&r, LIMIT_NAME_BYTES);
	for (int i = 0; i <= which; i++)
		s = rd_mpint(&r, LIMIT_PK_BLOB_BYTES);
	ck_assert(rd_ok(&r));
	return s;
}

START_TEST(numbers_out_of_range_are_no_key)
{
	struct span p = known_number(P);
	uint8_t *bent = pk_vector_copy(p);
	const struct span whole = {bent, p.n};

	ck_assert_int_eq(parse_with(P, p), OK);
	for (int i = P; i < NUMBERS; i++) {
		ck_assert_int_eq(parse_with(i, (struct span){0}), ERR_KEY);
		ck_assert_int_eq(parse_with(i, SPAN_LIT("\1")), ERR_KEY);
	}
	/* g and y: p itself, and more */
	ck_assert_int_eq(parse_with(G, p), ERR_KEY);
	ck_assert_int_eq(parse_with(Y, p), ERR_KEY);
	/* p: even, and short by a byte */
	bent[p.n - 1] ^= 1;
	ck_assert_int_eq(parse_with(P, whole), ERR_KEY);
	bent[p.n - 1] ^= 1;
	ck_assert_int_eq(parse_with(P, (struct span){bent + 1, p.n - 1}), ERR_KEY);
	free(bent);
}
END_TEST

START_TEST(q_has_160_bits)
{
	uint8_t q[HALF_BYTES + 1] = {1};

	q[HALF_BYTES] = 1;
	ck_assert_int_eq(parse_with(Q, (struct span){q, HALF_BYTES + 1}), ERR_KEY);
	q[1] = 0x7f;
	ck_assert_int_eq(parse_with(Q, (struct span){q + 1, HALF_BYTES}), ERR_KEY);
}
END_TEST

START_TEST(too_long_a_modulus_is_refused_before_it_costs)
{
	static uint8_t p[LIMIT_DSA_BITS_MAX / 8 + 1];

	memset(p, 0xff, sizeof p);
	ck_assert_int_eq(parse_with(P, SPAN_OF(p)), ERR_KEY);
}
END_TEST

static enum err verify_halves(const uint8_t *r, const uint8_t *s)
{
	const struct pk_alg *alg = pk_alg_find(SPAN_LIT("ssh-dss"));
	struct wr w = WR(store);
	struct span signature;

	wr_str(&w, "ssh-dss");
	wr_u32(&w, 2 * HALF_BYTES);
	wr_raw(&w, (struct span){r, HALF_BYTES});
	wr_raw(&w, (struct span){s, HALF_BYTES});
	ck_assert_int_eq(wr_end(&w, &signature), OK);
	return pk_verify(alg, pk_vector("ssh-dss", "blob"), signature,
			 pk_vector("ssh-dss", "data"));
}

START_TEST(halves_of_zero_do_not_verify)
{
	struct span known = pk_vector("ssh-dss", "signature");
	const uint8_t *r = known.p + known.n - 2 * HALF_BYTES, *s = r + HALF_BYTES;
	static const uint8_t zero[HALF_BYTES];

	ck_assert_int_eq(verify_halves(r, s), OK);
	ck_assert_int_eq(verify_halves(zero, s), ERR_SIGNATURE);
	ck_assert_int_eq(verify_halves(r, zero), ERR_SIGNATURE);
	ck_assert_int_eq(verify_halves(zero, zero), ERR_SIGNATURE);
	ck_assert_int_eq(verify_halves(s, r), ERR_SIGNATURE);
}
END_TEST

START_TEST(encode_pads_short_halves)
{
	static const uint8_t der[] = {0x30, 0x07, 0x02, 0x01, 0x05,
				      0x02, 0x02, 0x00, 0x80};
	static const uint8_t longer[] = {0x30, 0x03, 0x02, 0x01, 0x05, 0x00};
	uint8_t out[64];
	struct wr w = WR(out);

	ck_assert_int_eq(pk_dss_encode(SPAN_OF(der), &w), OK);
	ck_assert_uint_eq(w.n, 4 + 2 * HALF_BYTES);
	ck_assert_uint_eq(out[4 + HALF_BYTES - 1], 5);
	ck_assert_uint_eq(out[4 + 2 * HALF_BYTES - 1], 0x80);
	ck_assert_uint_eq(out[4 + 2 * HALF_BYTES - 2], 0);
	w = WR(out);
	ck_assert_int_eq(pk_dss_encode(SPAN_OF(longer), &w), ERR_CRYPTO);
	ck_assert_int_eq(pk_dss_encode(SPAN_LIT("x"), &w), ERR_CRYPTO);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_pk_dss");
	TCase *t = tcase_create("pk_dss");

	tcase_add_test(t, numbers_out_of_range_are_no_key);
	tcase_add_test(t, q_has_160_bits);
	tcase_add_test(t, too_long_a_modulus_is_refused_before_it_costs);
	tcase_add_test(t, halves_of_zero_do_not_verify);
	tcase_add_test(t, encode_pads_short_halves);
	suite_add_tcase(s, t);
	return s;
}
