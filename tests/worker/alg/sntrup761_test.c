/* sntrup761: known answers, round trips, altered ciphertexts. */
#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/alg/sntrup761.h"

#define ROUNDS     10
#define KIND_COUNT 12 /* vectors of each kind in the file, at least */

static uint8_t pk[SNTRUP761_PK_BYTES], sk[SNTRUP761_SK_BYTES], ct[SNTRUP761_CT_BYTES];
static uint8_t ss[SNTRUP761_SS_BYTES], other[SNTRUP761_SS_BYTES];

/* Runs the vectors, altered or not. Gives: how many there were */
static size_t each(bool altered)
{
	FILE *f = vector_open("sntrup761.txt");
	struct vector v = {0};
	size_t n = 0;

	while (vector_next(f, &v)) {
		if (vector_is(&v, "note", "altered ciphertext") != altered)
			continue;
		ck_assert_int_eq(sntrup761_decap(vector_bytes(&v, "sk", sizeof sk),
						 vector_bytes(&v, "ct", sizeof ct), ss),
				 OK);
		vector_same(&v, "ss", SPAN_OF(ss));
		n++;
	}
	vector_wipe(&v);
	(void)fclose(f);
	return n;
}

START_TEST(sntrup761_decap_gives_known_answers)
{
	ck_assert_uint_ge(each(false), KIND_COUNT);
}
END_TEST

START_TEST(sntrup761_decap_of_altered_ciphertexts_gives_known_answers)
{
	ck_assert_uint_ge(each(true), KIND_COUNT);
}
END_TEST

START_TEST(sntrup761_encap_to_known_keys_decaps)
{
	FILE *f = vector_open("sntrup761.txt");
	struct vector v = {0};

	while (vector_next(f, &v)) {
		ck_assert_int_eq(
		    sntrup761_encap(vector_bytes(&v, "pk", sizeof pk), ct, ss), OK);
		ck_assert_int_eq(
		    sntrup761_decap(vector_bytes(&v, "sk", sizeof sk), ct, other), OK);
		ck_assert_mem_eq(ss, other, sizeof ss);
	}
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

START_TEST(sntrup761_secrets_agree)
{
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(sntrup761_keypair(pk, sk), OK);
		ck_assert_int_eq(sntrup761_encap(pk, ct, ss), OK);
		ck_assert_int_eq(sntrup761_decap(sk, ct, other), OK);
		ck_assert_mem_eq(ss, other, sizeof ss);
	}
}
END_TEST

START_TEST(sntrup761_decap_of_an_altered_ciphertext_gives_its_own_secret)
{
	uint8_t again[SNTRUP761_SS_BYTES];

	ck_assert_int_eq(sntrup761_keypair(pk, sk), OK);
	ck_assert_int_eq(sntrup761_encap(pk, ct, ss), OK);
	for (size_t at = 0; at < sizeof ct; at += sizeof ct / ROUNDS) {
		ct[at] ^= 1;
		ck_assert_int_eq(sntrup761_decap(sk, ct, other), OK);
		ck_assert_mem_ne(ss, other, sizeof ss);
		ck_assert_int_eq(sntrup761_decap(sk, ct, again), OK);
		ck_assert_mem_eq(again, other, sizeof again);
		ct[at] ^= 1;
	}
	ck_assert_int_eq(sntrup761_decap(sk, ct, other), OK);
	ck_assert_mem_eq(ss, other, sizeof ss);
}
END_TEST

START_TEST(sntrup761_takes_any_bytes_for_a_key_or_a_ciphertext)
{
	ck_assert_int_eq(sntrup761_keypair(pk, sk), OK);
	memset(ct, 0xff, sizeof ct);
	ck_assert_int_eq(sntrup761_decap(sk, ct, ss), OK);
	memset(pk, 0xff, sizeof pk);
	ck_assert_int_eq(sntrup761_encap(pk, ct, ss), OK);
	memset(pk, 0, sizeof pk);
	ck_assert_int_eq(sntrup761_encap(pk, ct, other), OK);
	ck_assert_mem_ne(ss, other, sizeof ss);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_sntrup761");
	TCase *t = tcase_create("sntrup761");

	tcase_add_test(t, sntrup761_decap_gives_known_answers);
	tcase_add_test(t, sntrup761_decap_of_altered_ciphertexts_gives_known_answers);
	tcase_add_test(t, sntrup761_encap_to_known_keys_decaps);
	tcase_add_test(t, sntrup761_secrets_agree);
	tcase_add_test(t,
		       sntrup761_decap_of_an_altered_ciphertext_gives_its_own_secret);
	tcase_add_test(t, sntrup761_takes_any_bytes_for_a_key_or_a_ciphertext);
	suite_add_tcase(s, t);
	return s;
}
