/* ML-KEM-768: known answers, round trips, and what must be refused. */
#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/alg/mlkem768.h"
#include "worker/alg/mlkem768_evp.h"

#define ROUNDS      20
#define KIND_COUNT  20 /* vectors of each kind in the file, at least */
#define WRONG_COUNT 6  /* of each kind that must be refused */

static uint8_t ek[MLKEM768_EK_BYTES], dk[MLKEM768_DK_BYTES], ct[MLKEM768_CT_BYTES];
static uint8_t ss[MLKEM768_SS_BYTES], other[MLKEM768_SS_BYTES];

typedef void check_fn(const struct vector *v);

/* Runs check on each vector of a kind. Gives: how many there were */
static size_t each(const char *kind, check_fn *check)
{
	FILE *f = vector_open("mlkem768.txt");
	struct vector v = {0};
	size_t n = 0;

	while (vector_next(f, &v))
		if (vector_is(&v, "op", kind)) {
			check(&v);
			n++;
		}
	vector_wipe(&v);
	(void)fclose(f);
	return n;
}

static void check_keygen(const struct vector *v)
{
	const uint8_t *seed = vector_bytes(v, "seed", MLKEM768_SEED_BYTES);

	ck_assert_int_eq(mlkem768_keypair(seed, ek, dk), OK);
	vector_same(v, "ek", SPAN_OF(ek));
	vector_same(v, "dk", SPAN_OF(dk));
}

static void check_encap(const struct vector *v)
{
	const uint8_t *m = vector_bytes(v, "m", MLKEM768_M_BYTES);

	ck_assert_int_eq(mlkem768_encap(vector_bytes(v, "ek", sizeof ek), m, ct, ss),
			 OK);
	vector_same(v, "ct", SPAN_OF(ct));
	vector_same(v, "ss", SPAN_OF(ss));
}

static void check_decap(const struct vector *v)
{
	const uint8_t *key = vector_bytes(v, "dk", sizeof dk);

	ck_assert_int_eq(mlkem768_decap(key, vector_bytes(v, "ct", sizeof ct), ss), OK);
	vector_same(v, "ss", SPAN_OF(ss));
}

static void check_encap_refused(const struct vector *v)
{
	const uint8_t *key = vector_bytes(v, "ek", sizeof ek);
	const uint8_t zero[MLKEM768_SS_BYTES] = {0};

	memset(ss, 0, sizeof ss);
	ck_assert_int_eq(mlkem768_encap(key, NULL, ct, ss), ERR_KEX_VALUE);
	ck_assert_int_eq(mlkem768_encap(key, zero, ct, ss), ERR_KEX_VALUE);
	ck_assert_mem_eq(ss, zero, sizeof ss);
}

static void check_decap_refused(const struct vector *v)
{
	const uint8_t *key = vector_bytes(v, "dk", sizeof dk);

	ck_assert_int_eq(mlkem768_decap(key, ct, ss), ERR_KEY);
}

static void check_length_wrong(const struct vector *v)
{
	/* the caller reads exactly MLKEM768_CT_BYTES, so the constant is what refuses
	 * these */
	ck_assert_uint_ne(vector_get(v, "ct").n, MLKEM768_CT_BYTES);
}

START_TEST(mlkem768_keypair_gives_known_answers)
{
	ck_assert_uint_ge(each("keygen", check_keygen), KIND_COUNT);
}
END_TEST

START_TEST(mlkem768_encap_gives_known_answers)
{
	ck_assert_uint_ge(each("encap", check_encap), KIND_COUNT);
}
END_TEST

START_TEST(mlkem768_encap_refuses_coefficients_beyond_the_modulus)
{
	ck_assert_uint_ge(each("encap-invalid", check_encap_refused), WRONG_COUNT);
}
END_TEST

START_TEST(mlkem768_decap_gives_known_answers)
{
	ck_assert_uint_ge(each("decap", check_decap), KIND_COUNT);
}
END_TEST

START_TEST(mlkem768_decap_refuses_keys_out_of_range)
{
	ck_assert_uint_ge(each("decap-invalid-key", check_decap_refused), WRONG_COUNT);
	ck_assert_uint_ge(each("decap-invalid-ciphertext", check_length_wrong),
			  WRONG_COUNT);
}
END_TEST

START_TEST(mlkem768_decap_refuses_a_key_whose_hash_is_wrong)
{
	ck_assert_int_eq(mlkem768_keypair(NULL, ek, dk), OK);
	ck_assert_int_eq(mlkem768_encap(ek, NULL, ct, ss), OK);
	dk[MLKEM768_DK_BYTES - 2 * MLKEM768_SS_BYTES] ^= 1;
	ck_assert_int_eq(mlkem768_decap(dk, ct, ss), ERR_KEY);
}
END_TEST

START_TEST(mlkem768_secrets_agree)
{
	ck_assert_int_eq(mlkem768_warm(), OK);
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(mlkem768_keypair(NULL, ek, dk), OK);
		ck_assert_int_eq(mlkem768_encap(ek, NULL, ct, ss), OK);
		ck_assert_int_eq(mlkem768_decap(dk, ct, other), OK);
		ck_assert_mem_eq(ss, other, sizeof ss);
	}
}
END_TEST

START_TEST(mlkem768_decap_of_an_altered_ciphertext_gives_its_own_secret)
{
	uint8_t again[MLKEM768_SS_BYTES];

	ck_assert_int_eq(mlkem768_keypair(NULL, ek, dk), OK);
	ck_assert_int_eq(mlkem768_encap(ek, NULL, ct, ss), OK);
	for (size_t at = 0; at < sizeof ct; at += sizeof ct / ROUNDS) {
		ct[at] ^= 1;
		ck_assert_int_eq(mlkem768_decap(dk, ct, other), OK);
		ck_assert_mem_ne(ss, other, sizeof ss);
		ck_assert_int_eq(mlkem768_decap(dk, ct, again), OK);
		ck_assert_mem_eq(again, other, sizeof again);
		ct[at] ^= 1;
	}
	ck_assert_int_eq(mlkem768_decap(dk, ct, other), OK);
	ck_assert_mem_eq(ss, other, sizeof ss);
}
END_TEST

START_TEST(mlkem768_draws_anew_each_time)
{
	uint8_t second[MLKEM768_CT_BYTES];

	ck_assert_int_eq(mlkem768_keypair(NULL, ek, dk), OK);
	ck_assert_int_eq(mlkem768_encap(ek, NULL, ct, ss), OK);
	ck_assert_int_eq(mlkem768_encap(ek, NULL, second, other), OK);
	ck_assert_mem_ne(ct, second, sizeof ct);
	ck_assert_mem_ne(ss, other, sizeof ss);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_mlkem768");
	TCase *t = tcase_create("mlkem768");

	tcase_add_test(t, mlkem768_keypair_gives_known_answers);
	tcase_add_test(t, mlkem768_encap_gives_known_answers);
	tcase_add_test(t, mlkem768_encap_refuses_coefficients_beyond_the_modulus);
	tcase_add_test(t, mlkem768_decap_gives_known_answers);
	tcase_add_test(t, mlkem768_decap_refuses_keys_out_of_range);
	tcase_add_test(t, mlkem768_decap_refuses_a_key_whose_hash_is_wrong);
	tcase_add_test(t, mlkem768_secrets_agree);
	tcase_add_test(t, mlkem768_decap_of_an_altered_ciphertext_gives_its_own_secret);
	tcase_add_test(t, mlkem768_draws_anew_each_time);
	suite_add_tcase(s, t);
	return s;
}
