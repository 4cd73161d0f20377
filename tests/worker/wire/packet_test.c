/* Packets: every shape against known answers, cut anywhere, altered anywhere. */
#include <string.h>

#include "common/limits.h"
#include "tests/legacy.h"
#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/wire/packet.h"

#define RAW_BYTES     2048
#define PACKETS_KNOWN 3

static struct span at(const struct vector *v, const char *key, int i)
{
	char name[sizeof v->field->name];

	ck_assert_int_lt(snprintf(name, sizeof name, "%s%d", key, i), (int)sizeof name);
	return vector_get(v, name);
}

static struct span text(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return span_str(v->field[i].text);
	return (struct span){0};
}

static struct dir dir_of(const struct vector *v, bool seal)
{
	struct dir_keys k = {.cipher = cipher_find(text(v, "cipher")),
			     .mac = mac_find(text(v, "mac"))};
	struct dir d = {0};

	ck_assert_ptr_nonnull(k.cipher);
	ck_assert_int_eq(bytes_copy(k.key, sizeof k.key, vector_get(v, "key")), OK);
	ck_assert_int_eq(bytes_copy(k.iv, sizeof k.iv, vector_get(v, "iv")), OK);
	ck_assert_int_eq(
	    bytes_copy(k.mac_key, sizeof k.mac_key, vector_get(v, "mac_key")), OK);
	ck_assert_int_eq(dir_set_keys(&d, &k, seal), OK);
	dir_keys_wipe(&k);
	return d;
}

/* Calls check for each combination of cipher and MAC. */
static void each_shape(void (*check)(const struct vector *v))
{
	FILE *f = vector_open("packets.txt");
	struct vector v = {0};
	int n = 0;

	for (; vector_next(f, &v); n++)
		check(&v);
	vector_wipe(&v);
	(void)fclose(f);
	/* three AEADs, three ciphers with five MACs; what is on request with two, or with one cipher */
	ck_assert_int_eq(n, 3 + 3 * 5 + 2 * 10 + 16);
}

static void check_seal(const struct vector *v)
{
	struct dir d = dir_of(v, true);
	uint8_t packet[RAW_BYTES];
	size_t n = 0;

	for (int i = 0; i < PACKETS_KNOWN; i++) {
		const struct span payload = at(v, "payload", i),
				  want = at(v, "packet", i);

		memset(packet, 0xee, sizeof packet);
		memcpy(packet + PACKET_FRONT_BYTES, payload.p, payload.n);
		ck_assert_int_eq(packet_seal(&d, packet, want.n, payload.n, &n), OK);
		ck_assert(span_equal((struct span){packet, n}, want));
		ck_assert_uint_eq(packet[n], 0xee);
		ck_assert_uint_le(n - payload.n,
				  PACKET_FRONT_BYTES + PACKET_BACK_BYTES);
	}
	ck_assert_uint_eq(d.packets, PACKETS_KNOWN);
	dir_wipe(&d);
}

START_TEST(packet_seal_gives_known_packets)
{
	each_shape(check_seal);
}
END_TEST

static void check_open(const struct vector *v)
{
	struct dir d = dir_of(v, false);
	uint8_t raw[RAW_BYTES];
	struct span payload;
	size_t used = 0, n = 0, start = 0;

	/* all three lie in one buffer */
	for (int i = 0; i < PACKETS_KNOWN; i++) {
		memcpy(raw + n, at(v, "packet", i).p, at(v, "packet", i).n);
		n += at(v, "packet", i).n;
	}
	for (int i = 0; i < PACKETS_KNOWN; i++, start += used) {
		ck_assert_int_eq(
		    packet_open(&d, raw + start, n - start, &used, &payload), OK);
		ck_assert_uint_eq(used, at(v, "packet", i).n);
		ck_assert(span_equal(payload, at(v, "payload", i)));
	}
	ck_assert_uint_eq(start, n);
	ck_assert_uint_eq(d.seq, PACKETS_KNOWN);
	ck_assert_uint_eq(d.bytes, n);
	dir_wipe(&d);
}

START_TEST(packet_open_gives_the_payloads_of_known_packets)
{
	each_shape(check_open);
}
END_TEST

/* The bytes come one by one, and the buffer moves each time. */
static void check_drip(const struct vector *v)
{
	struct dir d = dir_of(v, false);
	uint8_t buf[2][RAW_BYTES];
	struct span payload = {0};
	size_t used = 0;

	for (int i = 0; i < PACKETS_KNOWN; i++) {
		const struct span packet = at(v, "packet", i);

		for (size_t n = 0; n < packet.n; n++) {
			ck_assert_int_eq(
			    packet_open(&d, buf[n % 2], n, &used, &payload), ERR_AGAIN);
			ck_assert_uint_gt(d.need, n);
			ck_assert_uint_le(d.need, packet.n);
			memcpy(buf[(n + 1) % 2], buf[n % 2], n);
			buf[(n + 1) % 2][n] = packet.p[n];
		}
		ck_assert_int_eq(
		    packet_open(&d, buf[packet.n % 2], packet.n, &used, &payload), OK);
		ck_assert(span_equal(payload, at(v, "payload", i)));
	}
	dir_wipe(&d);
}

START_TEST(packet_open_goes_on_where_it_asked_for_more)
{
	each_shape(check_drip);
}
END_TEST

static bool hides_errors(const struct vector *v)
{
	return cipher_find(text(v, "cipher"))->cbc && !mac_find(text(v, "mac"))->etm;
}

/* With one bit altered no packet opens: forged, or a length that is refused or never comes. */
static void check_altered(const struct vector *v)
{
	const struct span packet = at(v, "packet", 0);
	uint8_t raw[RAW_BYTES];
	struct span payload = {0};
	size_t used = 0;

	for (size_t bit = 0; bit < packet.n * 8; bit++) {
		struct dir d = dir_of(v, false);
		enum err e;

		ck_assert_int_eq(bytes_copy(raw, sizeof raw, packet), OK);
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		e = packet_open(&d, raw, packet.n, &used, &payload);
		if (hides_errors(v))
			ck_assert_int_eq(e, ERR_AGAIN);
		else if (bit >= CIPHER_LENGTH_BYTES * 8)
			ck_assert_int_eq(e, ERR_MAC);
		else
			ck_assert(e == ERR_PACKET || e == ERR_AGAIN || e == ERR_MAC);
		dir_wipe(&d);
	}
	ck_assert_ptr_null(payload.p);
	ck_assert_uint_eq(used, 0);
}

START_TEST(packet_open_refuses_every_altered_bit)
{
	each_shape(check_altered);
}
END_TEST

/* ---- CBC with the MAC over the plain text: what is wrong must not show ---- */

/* How much is read before a packet is refused whose bit is altered; n: bytes that are there at first */
static size_t read_before_refusal(const struct vector *v, size_t bit, size_t n)
{
	static uint8_t raw[CIPHER_LENGTH_BYTES + LIMIT_PACKET_BYTES + MAC_TAG_BYTES];
	struct dir d = dir_of(v, false);
	const struct span packet = at(v, "packet", 0);
	struct span payload;
	size_t used, need;

	memset(raw, 0x77, sizeof raw);
	ck_assert_int_eq(bytes_copy(raw, sizeof raw, packet), OK);
	raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
	while (packet_open(&d, raw, n, &used, &payload) == ERR_AGAIN) {
		ck_assert_uint_gt(d.need, n);
		n = d.need;
	}
	ck_assert_uint_le(n, sizeof raw);
	/* and it stays refused */
	ck_assert_int_eq(packet_open(&d, raw, n, &used, &payload), ERR_MAC);
	need = d.need;
	dir_wipe(&d);
	return need;
}

static void check_hidden(const struct vector *v)
{
	const size_t longest = CIPHER_LENGTH_BYTES + LIMIT_PACKET_BYTES;
	const struct span packet = at(v, "packet", 0);

	if (!hides_errors(v))
		return;
	for (size_t bit = 0; bit < packet.n * 8; bit++)
		ck_assert_uint_eq(read_before_refusal(v, bit, packet.n),
				  longest + mac_find(text(v, "mac"))->tag_bytes);
	/* also where all of it is there at once, and where it drips */
	ck_assert_uint_gt(read_before_refusal(v, 1, longest + MAC_TAG_BYTES), longest);
	ck_assert_uint_gt(read_before_refusal(v, 1, 0), longest);
}

START_TEST(packet_open_reads_on_as_far_whatever_is_wrong_under_cbc)
{
	each_shape(check_hidden);
}
END_TEST

static void check_replayed(const struct vector *v)
{
	struct dir d = dir_of(v, false);
	const struct span packet = at(v, "packet", 0);
	uint8_t raw[RAW_BYTES];
	struct span payload;
	size_t used;
	enum err e;

	ck_assert_int_eq(bytes_copy(raw, sizeof raw, packet), OK);
	ck_assert_int_eq(packet_open(&d, raw, packet.n, &used, &payload), OK);
	ck_assert_int_eq(bytes_copy(raw, sizeof raw, packet), OK);
	e = packet_open(&d, raw, packet.n, &used, &payload);
	ck_assert(e == ERR_PACKET || e == ERR_AGAIN || e == ERR_MAC);
	dir_wipe(&d);
}

START_TEST(packet_open_refuses_a_packet_that_comes_twice)
{
	each_shape(check_replayed);
}
END_TEST

/* ---- in the clear ---- */

static enum err open_clear(uint32_t length, uint8_t padding)
{
	uint8_t raw[64] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16),
			   (uint8_t)(length >> 8), (uint8_t)length, padding};
	struct dir d = {0};
	struct span payload;
	size_t used;

	return packet_open(&d, raw, sizeof raw, &used, &payload);
}

START_TEST(packet_open_refuses_lengths_out_of_bounds)
{
	ck_assert_int_eq(open_clear(12, 4), OK);
	ck_assert_int_eq(open_clear(60, 4), OK);
	ck_assert_int_eq(open_clear(0, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(4, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(11, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(13, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(LIMIT_PACKET_BYTES - 4, 4), ERR_AGAIN);
	ck_assert_int_eq(open_clear(LIMIT_PACKET_BYTES + 4, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(UINT32_MAX - 3, 4), ERR_PACKET);
	ck_assert_int_eq(open_clear(UINT32_MAX, 4), ERR_PACKET);
}
END_TEST

START_TEST(packet_open_refuses_bad_padding)
{
	ck_assert_int_eq(open_clear(12, 10), OK);
	ck_assert_int_eq(open_clear(12, 3), ERR_PADDING);
	ck_assert_int_eq(open_clear(12, 0), ERR_PADDING);
	/* nothing left for a payload, or less */
	ck_assert_int_eq(open_clear(12, 11), ERR_PADDING);
	ck_assert_int_eq(open_clear(12, 12), ERR_PADDING);
	ck_assert_int_eq(open_clear(12, 255), ERR_PADDING);
}
END_TEST

START_TEST(packet_seal_pads_with_four_bytes_to_whole_blocks)
{
	struct dir out = {0}, in = {0};
	uint8_t packet[RAW_BYTES];
	struct span payload;
	size_t n, used;

	for (size_t payload_n = 1; payload_n < 100; payload_n++) {
		memset(packet, 0x5a, sizeof packet);
		ck_assert_int_eq(
		    packet_seal(&out, packet, sizeof packet, payload_n, &n), OK);
		ck_assert_uint_eq(n % 8, 0);
		ck_assert_uint_ge(n, 16);
		ck_assert_uint_ge(packet[4], 4);
		ck_assert_uint_lt(packet[4], 12);
		ck_assert_int_eq(packet_open(&in, packet, n, &used, &payload), OK);
		ck_assert_uint_eq(used, n);
		ck_assert_uint_eq(payload.n, payload_n);
	}
}
END_TEST

START_TEST(packet_seal_refuses_what_does_not_fit)
{
	static uint8_t packet[LIMIT_PACKET_BYTES + 64];
	struct dir d = {0};
	size_t n = 0;

	ck_assert_int_eq(packet_seal(&d, packet, 15, 1, &n), ERR_NO_SPACE);
	ck_assert_int_eq(packet_seal(&d, packet, 16, 1, &n), OK);
	ck_assert_int_eq(packet_seal(&d, packet, sizeof packet, 0, &n), ERR_BUG);
	ck_assert_int_eq(packet_seal(&d, packet, sizeof packet, SIZE_MAX, &n),
			 ERR_NO_SPACE);
	ck_assert_int_eq(packet_seal(&d, packet, sizeof packet, LIMIT_PACKET_BYTES, &n),
			 ERR_NO_SPACE);
	ck_assert_int_eq(
	    packet_seal(&d, packet, sizeof packet, LIMIT_PACKET_BYTES - 16, &n), OK);
	ck_assert_uint_eq(d.packets, 2);
}
END_TEST

/* ---- counters ---- */

START_TEST(sequence_numbers_wrap_and_can_be_reset)
{
	struct dir out = {.seq = UINT32_MAX};
	uint8_t packet[64];
	size_t n;

	ck_assert_int_eq(packet_seal(&out, packet, sizeof packet, 1, &n), OK);
	ck_assert_uint_eq(out.seq, 0);
	ck_assert_int_eq(packet_seal(&out, packet, sizeof packet, 1, &n), OK);
	ck_assert_uint_eq(out.seq, 1);
	dir_reset_seq(&out);
	ck_assert_uint_eq(out.seq, 0);
}
END_TEST

START_TEST(new_keys_keep_the_sequence_number_and_forget_the_counts)
{
	const struct dir_keys k = {.cipher =
				       cipher_find(SPAN_LIT("aes128-gcm@openssh.com"))};
	struct dir d = {.seq = 7, .packets = 7, .bytes = 700};

	ck_assert_int_eq(dir_set_keys(&d, &k, true), OK);
	ck_assert_uint_eq(d.seq, 7);
	ck_assert_uint_eq(d.packets, 0);
	ck_assert_uint_eq(d.bytes, 0);
	dir_wipe(&d);
}
END_TEST

START_TEST(keys_of_a_cipher_need_a_mac_unless_it_is_an_aead)
{
	const struct dir_keys aead_and_mac = {
	    .cipher = cipher_find(SPAN_LIT("aes128-gcm@openssh.com")),
	    .mac = mac_find(SPAN_LIT("hmac-sha2-256"))};
	const struct dir_keys no_mac = {.cipher = cipher_find(SPAN_LIT("aes128-ctr"))};
	struct dir d = {0};

	ck_assert_int_eq(dir_set_keys(&d, &aead_and_mac, true), ERR_BUG);
	ck_assert_int_eq(dir_set_keys(&d, &no_mac, true), ERR_BUG);
	ck_assert_ptr_null(d.cipher.row);
}
END_TEST

START_TEST(rekey_is_due_by_bytes_and_by_packets)
{
	const struct dir_keys k = {
	    .cipher = cipher_find(SPAN_LIT("chacha20-poly1305@openssh.com"))};
	struct dir d = {.bytes = UINT64_MAX};

	ck_assert(!dir_rekey_due(&d, 1)); /* in the clear there is nothing to renew */
	ck_assert_int_eq(dir_set_keys(&d, &k, true), OK);
	ck_assert(!dir_rekey_due(&d, 0));
	d.bytes = 1000;
	ck_assert(!dir_rekey_due(&d, 1001));
	ck_assert(dir_rekey_due(&d, 1000));
	ck_assert(!dir_rekey_due(&d, 0));
	d.bytes = k.cipher->rekey_bytes;
	ck_assert(dir_rekey_due(&d, 0));
	ck_assert(dir_rekey_due(&d, UINT64_MAX));
	d.bytes = 0;
	d.packets = UINT64_C(1) << 31;
	ck_assert(dir_rekey_due(&d, 0));
	dir_wipe(&d);
}
END_TEST

START_TEST(no_key_outlives_its_sequence_numbers)
{
	struct dir d = {.packets = UINT64_C(1) << 32};
	uint8_t packet[64] = {0, 0, 0, 12, 4};
	struct span payload;
	size_t n;

	ck_assert_int_eq(packet_seal(&d, packet, sizeof packet, 1, &n), ERR_BUDGET);
	ck_assert_int_eq(packet_open(&d, packet, sizeof packet, &n, &payload),
			 ERR_BUDGET);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_packet");
	TCase *t = tcase_create("packet");

	tcase_add_checked_fixture(t, legacy_too, NULL);
	tcase_add_test(t, packet_seal_gives_known_packets);
	tcase_add_test(t, packet_open_gives_the_payloads_of_known_packets);
	tcase_add_test(t, packet_open_goes_on_where_it_asked_for_more);
	tcase_add_test(t, packet_open_refuses_every_altered_bit);
	tcase_add_test(t, packet_open_reads_on_as_far_whatever_is_wrong_under_cbc);
	tcase_add_test(t, packet_open_refuses_a_packet_that_comes_twice);
	tcase_add_test(t, packet_open_refuses_lengths_out_of_bounds);
	tcase_add_test(t, packet_open_refuses_bad_padding);
	tcase_add_test(t, packet_seal_pads_with_four_bytes_to_whole_blocks);
	tcase_add_test(t, packet_seal_refuses_what_does_not_fit);
	tcase_add_test(t, sequence_numbers_wrap_and_can_be_reset);
	tcase_add_test(t, new_keys_keep_the_sequence_number_and_forget_the_counts);
	tcase_add_test(t, keys_of_a_cipher_need_a_mac_unless_it_is_an_aead);
	tcase_add_test(t, rekey_is_due_by_bytes_and_by_packets);
	tcase_add_test(t, no_key_outlives_its_sequence_numbers);
	suite_add_tcase(s, t);
	return s;
}
