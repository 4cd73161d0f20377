/* Input: packets cut anywhere, buffers that grow with the load, forged and bombed packets. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/wire/transport.h"

static struct transport t;
static struct dir out;
static int far;

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	t = (struct transport){.fd = ends[0]};
	far = ends[1];
	out = (struct dir){0};
}

static void teardown(void)
{
	close(t.fd);
	close(far);
	transport_wipe(&t);
	dir_wipe(&out);
}

static void keys(const char *cipher, const char *comp)
{
	struct dir_keys k = {.cipher = cipher_find(span_str(cipher))};

	if (k.cipher->tag_bytes == 0)
		k.mac = mac_find(SPAN_LIT("hmac-sha2-256"));
	ck_assert_int_eq(dir_set_keys(&out, &k, true), OK);
	ck_assert_int_eq(transport_keys_in(&t, &k, comp_find(span_str(comp)), false),
			 OK);
}

/* Seals a payload of n bytes behind what stands at store; gives the packet's length. */
static size_t seal(uint8_t *store, size_t cap, uint8_t fill, size_t n)
{
	size_t sealed;

	memset(store + PACKET_FRONT_BYTES, fill, n);
	ck_assert_int_eq(packet_seal(&out, store, cap, n, &sealed), OK);
	return sealed;
}

START_TEST(packets_are_opened_wherever_they_are_cut)
{
	uint8_t store[512];
	struct span payload;
	size_t first, all;

	keys(_i == 0 ? "aes128-ctr" : "aes128-gcm@openssh.com", "none");
	first = seal(store, sizeof store, 2, 40);
	all = first + seal(store + first, sizeof store - first, 4, 90);
	for (size_t i = 0; i < all; i++) {
		if (i == first)
			ck_assert_int_eq(transport_next(&t, &payload), OK);
		ck_assert_int_eq(transport_next(&t, &payload), ERR_AGAIN);
		ck_assert_int_eq(send(far, store + i, 1, 0), 1);
		ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
	}
	ck_assert_int_eq(transport_next(&t, &payload), OK);
	ck_assert_uint_eq(payload.n, 90);
	ck_assert_uint_eq(payload.p[89], 4);
	ck_assert_uint_eq(transport_last_seq(&t), 1);
	ck_assert_uint_eq(t.bytes_in, all);
}
END_TEST

START_TEST(the_buffer_is_small_until_a_read_fills_it_and_then_bounded)
{
	static uint8_t much[1024 * 1024];
	struct span payload;
	size_t sent = 0, got = 0, n;

	keys("aes128-gcm@openssh.com", "none");
	while (sent + 33000 < sizeof much)
		sent += seal(much + sent, sizeof much - sent, 94, 32000);
	ck_assert_int_eq(send(far, much, 100, 0), 100);
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
	ck_assert_uint_eq(t.input.cap, LIMIT_BUFFER_STEP_BYTES);
	for (size_t at = 100; at < sent;) {
		ssize_t put = send(far, much + at, sent - at, 0);

		if (put > 0)
			at += (size_t)put;
		ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
		while (transport_next(&t, &payload) == OK)
			got++;
	}
	n = t.input.n;
	while (transport_read(&t, SIZE_MAX) == OK)
		while (transport_next(&t, &payload) == OK)
			got++;
	ck_assert_uint_le(n, LIMIT_IN_BYTES);
	ck_assert_uint_eq(got, sent / 32020);
	ck_assert_uint_eq(t.input.cap, LIMIT_IN_BYTES);
}
END_TEST

START_TEST(a_packet_of_the_greatest_length_fits)
{
	const size_t n = LIMIT_PACKET_BYTES - 64;
	uint8_t *store = malloc(LIMIT_PACKET_BYTES + 1024);
	struct span payload;
	size_t sealed;
	enum err e = ERR_AGAIN;

	ck_assert_ptr_nonnull(store);
	keys("aes128-gcm@openssh.com", "none");
	sealed = seal(store, LIMIT_PACKET_BYTES + 1024, 94, n);
	for (size_t at = 0; e == ERR_AGAIN;) {
		ssize_t put = send(far, store + at, sealed - at, 0);

		if (put > 0)
			at += (size_t)put;
		ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
		e = transport_next(&t, &payload);
	}
	ck_assert_int_eq(e, OK);
	ck_assert_uint_eq(payload.n, n);
	free(store);
}
END_TEST

START_TEST(a_forged_packet_is_told_from_a_short_one)
{
	uint8_t store[256];
	struct span payload;
	size_t n;

	keys("aes128-gcm@openssh.com", "none");
	n = seal(store, sizeof store, 2, 40);
	store[n - 1] ^= 1;
	ck_assert_int_eq(send(far, store, n, 0), (ssize_t)n);
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
	ck_assert_int_eq(transport_next(&t, &payload), ERR_MAC);
}
END_TEST

START_TEST(a_length_beyond_the_limit_is_refused_at_once)
{
	static const uint8_t store[8] = {0x7f, 0xff, 0xff, 0xff};
	struct span payload;

	ck_assert_int_eq(send(far, store, sizeof store, 0), sizeof store);
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
	ck_assert_int_eq(transport_next(&t, &payload), ERR_PACKET);
}
END_TEST

/* A payload of n zeros, deflated, as a client would send it. */
static size_t deflated(uint8_t *store, size_t cap, size_t n)
{
	uint8_t *zeros = calloc(1, n);
	struct comp c = {0};
	struct wr w = {.p = store + PACKET_FRONT_BYTES,
		       .cap = cap - PACKET_FRONT_BYTES};
	size_t sealed;

	ck_assert_ptr_nonnull(zeros);
	zeros[0] = 94;
	ck_assert_int_eq(comp_start(comp_find(SPAN_LIT("zlib@openssh.com")), true, &c),
			 OK);
	ck_assert_int_eq(comp_deflate(&c, (struct span){zeros, n}, &w), OK);
	ck_assert_int_eq(packet_seal(&out, store, cap, w.n, &sealed), OK);
	comp_wipe(&c);
	free(zeros);
	return sealed;
}

START_TEST(a_compressed_packet_expands_and_a_bomb_does_not)
{
	static uint8_t store[64 * 1024];
	struct span payload;
	size_t n;

	keys("aes128-gcm@openssh.com", "zlib@openssh.com");
	ck_assert_int_eq(transport_logged_in(&t), OK);
	n = deflated(store, sizeof store,
		     _i == 0 ? LIMIT_PAYLOAD_BYTES - 1 : LIMIT_PAYLOAD_BYTES);
	ck_assert_int_eq(send(far, store, n, 0), (ssize_t)n);
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), OK);
	if (_i == 0) {
		ck_assert_int_eq(transport_next(&t, &payload), OK);
		ck_assert_uint_eq(payload.n, LIMIT_PAYLOAD_BYTES - 1);
	} else {
		ck_assert_int_eq(transport_next(&t, &payload), ERR_COMPRESSION);
	}
}
END_TEST

START_TEST(the_end_of_the_client_and_nothing_there_are_told_apart)
{
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), ERR_AGAIN);
	shutdown(far, SHUT_WR);
	ck_assert_int_eq(transport_read(&t, SIZE_MAX), ERR_CLOSED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_transport_in");
	TCase *c = tcase_create("transport_in");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, packets_are_opened_wherever_they_are_cut, 0, 2);
	tcase_add_test(c, the_buffer_is_small_until_a_read_fills_it_and_then_bounded);
	tcase_add_test(c, a_packet_of_the_greatest_length_fits);
	tcase_add_test(c, a_forged_packet_is_told_from_a_short_one);
	tcase_add_test(c, a_length_beyond_the_limit_is_refused_at_once);
	tcase_add_loop_test(c, a_compressed_packet_expands_and_a_bomb_does_not, 0, 2);
	tcase_add_test(c, the_end_of_the_client_and_nothing_there_are_told_apart);
	suite_add_tcase(s, c);
	return s;
}
