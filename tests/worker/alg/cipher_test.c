/* Ciphers beside their known answers, which tests/tables/algorithms_test.c has. */
#include <string.h>

#include "tests/legacy.h"
#include "tests/unit.h"
#include "worker/alg/cipher.h"

static const uint8_t key[CIPHER_KEY_BYTES] = {1, 2, 3};
static const uint8_t iv[CIPHER_IV_BYTES] = {4, 5, 6};

static struct cipher start(const char *name, struct span iv_given, bool seal)
{
	const struct cipher_alg *row = cipher_find(span_str(name));
	struct cipher c = {0};

	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(
	    cipher_start(row, (struct span){key, row->key_bytes}, iv_given, seal, &c),
	    OK);
	return c;
}

START_TEST(cipher_start_refuses_wrong_lengths)
{
	for (size_t i = 0; i < cipher_algs_n; i++) {
		const struct cipher_alg *row = &cipher_algs[i];
		const struct span short_key = {key, row->key_bytes - 1};
		const struct span good_key = {key, row->key_bytes};
		struct cipher c = {0};

		ck_assert_int_eq(cipher_start(row, short_key,
					      (struct span){iv, row->iv_bytes}, true,
					      &c),
				 ERR_BUG);
		ck_assert_int_eq(cipher_start(row, good_key,
					      (struct span){iv, row->iv_bytes + 1},
					      true, &c),
				 ERR_BUG);
		ck_assert_ptr_null(c.row);
		ck_assert_ptr_null(c.body);
	}
}
END_TEST

START_TEST(cipher_wipe_takes_the_zero_state_and_leaves_it)
{
	struct cipher zero = {0};
	struct cipher c = start("aes128-ctr", SPAN_OF(iv), true);

	cipher_wipe(&zero);
	cipher_wipe(&c);
	ck_assert_int_eq(memcmp(&c, &zero, sizeof c), 0);
}
END_TEST

START_TEST(gcm_counts_packets_in_the_last_64_bits_only)
{
	static const uint8_t full[12] = {9,   9,   9,   9,   255, 255,
					 255, 255, 255, 255, 255, 255};
	static const uint8_t wrapped[12] = {9, 9, 9, 9};
	struct cipher c = start("aes256-gcm@openssh.com", SPAN_OF(full), true);
	uint8_t packet[20 + CIPHER_TAG_BYTES] = {0};

	ck_assert_int_eq(c.row->seal(&c, 0, packet, 20), OK);
	ck_assert_int_eq(memcmp(c.iv, wrapped, sizeof wrapped), 0);
	cipher_wipe(&c);
}
END_TEST

START_TEST(gcm_authenticates_length_body_and_tag)
{
	uint8_t sealed[20 + CIPHER_TAG_BYTES] = {0}, packet[sizeof sealed];
	struct cipher out =
	    start("aes128-gcm@openssh.com", (struct span){iv, 12}, true);

	ck_assert_int_eq(out.row->seal(&out, 0, sealed, 20), OK);
	for (size_t i = 0; i <= sizeof sealed; i++) {
		struct cipher in =
		    start("aes128-gcm@openssh.com", (struct span){iv, 12}, false);

		memcpy(packet, sealed, sizeof sealed);
		if (i < sizeof sealed)
			packet[i] ^= 1;
		ck_assert_int_eq(in.row->open(&in, 0, packet, 20),
				 i < sizeof sealed ? ERR_MAC : OK);
		cipher_wipe(&in);
	}
	cipher_wipe(&out);
}
END_TEST

START_TEST(counter_mode_goes_on_from_call_to_call)
{
	uint8_t whole[64] = {0}, parts[64] = {0};
	struct cipher a = start("aes192-ctr", SPAN_OF(iv), true);
	struct cipher b = start("aes192-ctr", SPAN_OF(iv), false);

	ck_assert_int_eq(a.row->crypt(&a, whole, sizeof whole), OK);
	for (size_t i = 0; i < sizeof parts; i += 16)
		ck_assert_int_eq(b.row->crypt(&b, parts + i, 16), OK);
	ck_assert_int_eq(memcmp(whole, parts, sizeof whole), 0);
	cipher_wipe(&a);
	cipher_wipe(&b);
}
END_TEST

START_TEST(cipher_warm_may_be_called_again)
{
	ck_assert_int_eq(cipher_warm(), OK);
	ck_assert_int_eq(cipher_warm(), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_cipher");
	TCase *t = tcase_create("cipher");

	tcase_add_checked_fixture(t, legacy_too, NULL);
	tcase_add_test(t, cipher_start_refuses_wrong_lengths);
	tcase_add_test(t, cipher_wipe_takes_the_zero_state_and_leaves_it);
	tcase_add_test(t, gcm_counts_packets_in_the_last_64_bits_only);
	tcase_add_test(t, gcm_authenticates_length_body_and_tag);
	tcase_add_test(t, counter_mode_goes_on_from_call_to_call);
	tcase_add_test(t, cipher_warm_may_be_called_again);
	suite_add_tcase(s, t);
	return s;
}
