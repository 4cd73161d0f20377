/*
 * Packets. The first bytes choose cipher, MAC and what is done with the rest:
 *   - opened as it is, cut in two: nothing may crash, and what opens came from a whole packet;
 *   - sealed as payloads, and opened again: the payloads must come back, whatever the cut;
 *   - sealed, changed in one byte: under keys it must not open.
 * Keys are fixed, so that a corpus stays valid.
 */
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/limits.h"
#include "worker/wire/packet.h"

#define PAYLOAD_BYTES 4096
#define RAW_BYTES     (PAYLOAD_BYTES + PACKET_FRONT_BYTES + PACKET_BACK_BYTES)
#define HEAD_BYTES    4
#define PACKETS       4
#define WAYS          3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* libFuzzer fixes the type. NOLINTNEXTLINE(readability-non-const-parameter) */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct crypto_choice choice = {CRYPTO_DEFAULT, true};
	const char *why;

	(void)argc;
	(void)argv;
	expect(crypto_begin(&choice, &why) == OK);
	return 0;
}

/* Which row of cipher_algs and mac_algs, one beyond the last: in the clear. */
static bool dir_make(uint8_t cipher, uint8_t mac, bool seal, struct dir *out)
{
	struct dir_keys k = {0};
	const size_t i = cipher % (cipher_algs_n + 1);

	if (i == cipher_algs_n)
		return true;
	k.cipher = &cipher_algs[i];
	if (k.cipher->tag_bytes == 0)
		k.mac = &mac_algs[mac % mac_algs_n];
	memset(k.key, 1, sizeof k.key);
	memset(k.iv, 2, sizeof k.iv);
	memset(k.mac_key, 3, sizeof k.mac_key);
	return dir_set_keys(out, &k, seal) == OK;
}

static struct span copy_of(struct span s)
{
	uint8_t *p = malloc(s.n + 1);

	expect(p != NULL);
	if (s.n != 0)
		memcpy(p, s.p, s.n);
	return (struct span){p, s.n};
}

/* Opens sealed, of which at first only part is there. What it gives is the caller's to free. */
static enum err open_cut(struct dir *d, struct span sealed, size_t part,
			 struct span *payload)
{
	uint8_t *raw = (uint8_t *)(uintptr_t)copy_of(sealed).p;
	size_t used = 0;
	enum err e;

	e = packet_open(d, raw, part, &used, payload);
	if (e == ERR_AGAIN) {
		expect(d->need > part);
		expect(d->need <=
		       LIMIT_PACKET_BYTES + CIPHER_LENGTH_BYTES + MAC_TAG_BYTES);
		e = packet_open(d, raw, sealed.n, &used, payload);
	}
	if (e == OK) {
		expect(used <= sealed.n && payload->n > 0);
		expect(payload->p > raw && payload->p + payload->n <= raw + used);
		*payload = copy_of(*payload);
	}
	free(raw);
	return e;
}

static void open_garbage(const uint8_t *head, struct span garbage)
{
	struct dir in = {0};
	struct span payload = {0};

	expect(dir_make(head[0], head[1], false, &in));
	if (open_cut(&in, garbage, garbage.n * head[3] / UINT8_MAX, &payload) == OK)
		free((void *)(uintptr_t)payload.p);
	dir_wipe(&in);
}

static void seal_and_open(const uint8_t *head, struct span payload)
{
	struct dir in = {0}, out = {0};
	uint8_t *packet = malloc(RAW_BYTES);
	struct span back = {0};
	size_t n = 0;

	expect(packet != NULL && dir_make(head[0], head[1], true, &out) &&
	       dir_make(head[0], head[1], false, &in));
	for (int i = 0; i < PACKETS; i++) {
		memcpy(packet + PACKET_FRONT_BYTES, payload.p, payload.n);
		expect(packet_seal(&out, packet, RAW_BYTES, payload.n, &n) == OK);
		expect(open_cut(&in, (struct span){packet, n}, n * head[3] / UINT8_MAX,
				&back) == OK);
		expect(span_equal(back, payload));
		expect(in.seq == out.seq && in.bytes == out.bytes);
		free((void *)(uintptr_t)back.p);
	}
	free(packet);
	dir_wipe(&in);
	dir_wipe(&out);
}

static void seal_and_change(const uint8_t *head, struct span payload)
{
	struct dir in = {0}, out = {0};
	uint8_t *packet = malloc(RAW_BYTES);
	struct span back = {0};
	size_t n = 0, at;

	expect(packet != NULL && dir_make(head[0], head[1], true, &out) &&
	       dir_make(head[0], head[1], false, &in));
	memcpy(packet + PACKET_FRONT_BYTES, payload.p, payload.n);
	expect(packet_seal(&out, packet, RAW_BYTES, payload.n, &n) == OK);
	at = n * head[3] / (UINT8_MAX + 1);
	packet[at] ^= (uint8_t)(1 + head[2] / WAYS);
	if (open_cut(&in, (struct span){packet, n}, n, &back) == OK) {
		expect(head[0] % (cipher_algs_n + 1) == cipher_algs_n);
		free((void *)(uintptr_t)back.p);
	}
	free(packet);
	dir_wipe(&in);
	dir_wipe(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span rest;

	if (n <= HEAD_BYTES)
		return 0;
	rest = (struct span){data + HEAD_BYTES, n - HEAD_BYTES};
	if (data[2] % WAYS == 0)
		open_garbage(data, rest);
	else if (rest.n <= PAYLOAD_BYTES && data[2] % WAYS == 1)
		seal_and_open(data, rest);
	else if (rest.n <= PAYLOAD_BYTES)
		seal_and_change(data, rest);
	return 0;
}
