/* chacha20-poly1305@openssh.com: what its two keys and its order promise. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/chacha.h"

#define PACKET_BYTES 28

static const uint8_t key[CIPHER_KEY_BYTES] = {1, 2, 3};

static struct cipher start(bool seal)
{
	struct cipher c = {0};

	ck_assert_int_eq(
	    cipher_start(cipher_find(SPAN_LIT("chacha20-poly1305@openssh.com")),
			 SPAN_OF(key), (struct span){0}, seal, &c),
	    OK);
	return c;
}

static void seal(uint32_t seq, uint8_t packet[PACKET_BYTES + CIPHER_TAG_BYTES])
{
	struct cipher c = start(true);

	memset(packet, 0, PACKET_BYTES);
	packet[3] = PACKET_BYTES - CIPHER_LENGTH_BYTES;
	ck_assert_int_eq(chacha_seal(&c, seq, packet, PACKET_BYTES), OK);
	cipher_wipe(&c);
}

START_TEST(chacha_length_leaves_the_packet_as_it_came)
{
	uint8_t packet[PACKET_BYTES + CIPHER_TAG_BYTES], before[sizeof packet];
	struct cipher c = start(false);
	uint32_t length = 0;

	seal(5, packet);
	memcpy(before, packet, sizeof packet);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(chacha_length(&c, 5, packet, &length), OK);
		ck_assert_uint_eq(length, PACKET_BYTES - CIPHER_LENGTH_BYTES);
	}
	ck_assert_int_eq(memcmp(before, packet, sizeof packet), 0);
	ck_assert_int_eq(chacha_open(&c, 5, packet, PACKET_BYTES), OK);
	cipher_wipe(&c);
}
END_TEST

START_TEST(chacha_open_decrypts_nothing_that_is_forged)
{
	uint8_t packet[PACKET_BYTES + CIPHER_TAG_BYTES], before[sizeof packet];
	struct cipher c = start(false);

	seal(5, packet);
	for (size_t i = 0; i < sizeof packet; i++) {
		packet[i] ^= 0x80;
		memcpy(before, packet, sizeof packet);
		ck_assert_int_eq(chacha_open(&c, 5, packet, PACKET_BYTES), ERR_MAC);
		ck_assert_int_eq(memcmp(before, packet, sizeof packet), 0);
		packet[i] ^= 0x80;
	}
	/* the right packet of another sequence number */
	ck_assert_int_eq(chacha_open(&c, 6, packet, PACKET_BYTES), ERR_MAC);
	ck_assert_int_eq(chacha_open(&c, 5, packet, PACKET_BYTES), OK);
	cipher_wipe(&c);
}
END_TEST

START_TEST(chacha_hides_the_same_packet_anew_each_time)
{
	uint8_t a[PACKET_BYTES + CIPHER_TAG_BYTES], b[sizeof a];

	seal(1, a);
	seal(UINT32_C(1) << 24, b);
	ck_assert_int_ne(memcmp(a, b, CIPHER_LENGTH_BYTES), 0);
	ck_assert_int_ne(memcmp(a + CIPHER_LENGTH_BYTES, b + CIPHER_LENGTH_BYTES,
				PACKET_BYTES - CIPHER_LENGTH_BYTES),
			 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_chacha");
	TCase *t = tcase_create("chacha");

	tcase_add_test(t, chacha_length_leaves_the_packet_as_it_came);
	tcase_add_test(t, chacha_open_decrypts_nothing_that_is_forged);
	tcase_add_test(t, chacha_hides_the_same_packet_anew_each_time);
	suite_add_tcase(s, t);
	return s;
}
