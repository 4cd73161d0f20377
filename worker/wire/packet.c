/*
 * The binary packet protocol. Four shapes: in the clear; AEAD; encrypt-then-MAC; and the first
 * one of RFC 4253, where length and all are encrypted and the MAC is over the plain packet.
 * The length is foreign and believed only within bounds; nothing else is before its tag is right.
 * Under CBC in the first shape, not even how long we read tells what was wrong.
 */
#include <string.h>

#include "common/limits.h"
#include "worker/wire/packet.h"

#define LENGTH_BYTES      CIPHER_LENGTH_BYTES
#define PADDING_BYTES_MIN 4 /* RFC 4253 6 */
#define BLOCK_BYTES_MIN   8 /* RFC 4253 6 */
#define LENGTH_MIN        (1 + 1 + PADDING_BYTES_MIN)

/* The MAC's nonce is the 32-bit sequence number: no key outlives it. RFC 4344 3.1 */
#define PACKETS_MAX   (UINT64_C(1) << 32)
#define PACKETS_REKEY (UINT64_C(1) << 31)

static bool is_aead(const struct dir *d)
{
	return d->cipher.row != NULL && d->cipher.row->tag_bytes != 0;
}

/* Tells whether the length goes in the clear, or by itself, and is no part of the blocks. */
static bool length_apart(const struct dir *d)
{
	return is_aead(d) || (d->mac.row != NULL && d->mac.row->etm);
}

static size_t block_bytes(const struct dir *d)
{
	if (d->cipher.row == NULL || d->cipher.row->block_bytes < BLOCK_BYTES_MIN)
		return BLOCK_BYTES_MIN;
	return d->cipher.row->block_bytes;
}

static size_t tag_bytes(const struct dir *d)
{
	if (is_aead(d))
		return d->cipher.row->tag_bytes;
	return d->mac.row == NULL ? 0 : d->mac.row->tag_bytes;
}

/* Bytes from which the length can be told; they are decrypted then where it is encrypted. */
static size_t head_bytes(const struct dir *d)
{
	return d->cipher.row == NULL || length_apart(d) ? LENGTH_BYTES : block_bytes(d);
}

void dir_keys_wipe(struct dir_keys *k)
{
	wipe(k, sizeof *k);
}

enum err dir_set_keys(struct dir *d, const struct dir_keys *k, bool seal)
{
	const struct span key = {k->key, k->cipher->key_bytes};
	const struct span iv = {k->iv, k->cipher->iv_bytes};
	struct cipher cipher = {0};
	struct mac mac = {0};
	enum err e;

	if ((k->cipher->tag_bytes != 0) != (k->mac == NULL) || d->begun)
		return ERR_BUG;
	if ((e = cipher_start(k->cipher, key, iv, seal, &cipher)) != OK)
		return e;
	if (k->mac != NULL &&
	    (e = mac_start(k->mac, (struct span){k->mac_key, k->mac->key_bytes},
			   &mac)) != OK) {
		cipher_wipe(&cipher);
		return e;
	}
	cipher_wipe(&d->cipher);
	mac_wipe(&d->mac);
	d->cipher = cipher;
	d->mac = mac;
	d->packets = 0;
	d->bytes = 0;
	return OK;
}

void dir_reset_seq(struct dir *d)
{
	d->seq = 0;
}

bool dir_rekey_due(const struct dir *d, uint64_t bytes)
{
	uint64_t limit;

	if (d->cipher.row == NULL)
		return false;
	limit = d->cipher.row->rekey_bytes;
	if (bytes != 0 && bytes < limit)
		limit = bytes;
	return d->bytes >= limit || d->packets >= PACKETS_REKEY;
}

void dir_wipe(struct dir *d)
{
	cipher_wipe(&d->cipher);
	mac_wipe(&d->mac);
	*d = (struct dir){0};
}

/* Counts a packet of n bytes. */
static void account(struct dir *d, size_t n)
{
	d->seq++;
	d->packets++;
	d->bytes += n;
}

static uint32_t length_get(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void length_put(uint8_t *p, uint32_t length)
{
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		p[i] = (uint8_t)(length >> (24 - 8 * i));
}

static enum err length_check(const struct dir *d, uint32_t length)
{
	const size_t in_blocks =
	    length_apart(d) ? length : length + (size_t)LENGTH_BYTES;

	if (length < LENGTH_MIN || length > LIMIT_PACKET_BYTES ||
	    in_blocks % block_bytes(d) != 0)
		return ERR_PACKET;
	return OK;
}

/*
 * Tells whether what is wrong with a packet must not show: under CBC, with the MAC over the plain
 * text, somebody on the way can put any block in front, and would learn four bytes of it from when
 * we give up. RFC 4251 9.3.1
 */
static bool hides_errors(const struct dir *d)
{
	return d->cipher.row != NULL && d->cipher.row->cbc && !length_apart(d);
}

/* The packet is read on as if it were the longest there is; done: bytes that the MAC went over. */
static enum err doom(struct dir *d, size_t done)
{
	d->doomed = true;
	d->begun = true;
	d->length = LIMIT_PACKET_BYTES;
	d->doomed_done = done;
	return ERR_MAC;
}

/* Refuses it when it is all there, after as much work as with any other. */
static enum err doomed_open(struct dir *d, const uint8_t *raw, size_t n)
{
	const size_t whole = LENGTH_BYTES + (size_t)LIMIT_PACKET_BYTES;
	uint8_t tag[MAC_TAG_BYTES];
	enum err e;

	d->need = whole + tag_bytes(d);
	if (n < d->need)
		return ERR_AGAIN;
	e = mac_tag(&d->mac, d->seq,
		    (struct span){raw + d->doomed_done, whole - d->doomed_done}, tag);
	return e == OK ? ERR_MAC : e;
}

/* Learns the length of the packet, once: a stream cannot decrypt its first block again. */
static enum err head_open(struct dir *d, uint8_t *raw, size_t n)
{
	const size_t head_n = head_bytes(d);
	uint32_t length = 0;
	enum err e = OK;

	if (n < head_n) {
		d->need = head_n;
		return ERR_AGAIN;
	}
	if (d->packets >= PACKETS_MAX)
		return ERR_BUDGET;
	if (is_aead(d)) {
		e = d->cipher.row->length(&d->cipher, d->seq, raw, &length);
	} else {
		if (d->cipher.row != NULL && !length_apart(d))
			e = d->cipher.row->crypt(&d->cipher, raw, head_n);
		length = length_get(raw);
	}
	if (e != OK)
		return e;
	if ((e = length_check(d, length)) != OK)
		return hides_errors(d) ? doom(d, 0) : e;
	d->length = length;
	d->begun = true;
	return OK;
}

/* Compares the tag behind n bytes of packet with the one that they should have. */
static enum err mac_verify(struct dir *d, const uint8_t *packet, size_t n)
{
	uint8_t tag[MAC_TAG_BYTES];
	const struct span ours = {tag, tag_bytes(d)};
	const struct span theirs = {packet + n, tag_bytes(d)};
	enum err e = mac_tag(&d->mac, d->seq, (struct span){packet, n}, tag);

	if (e != OK)
		return e;
	return bytes_equal_secret(ours, theirs) ? OK : ERR_MAC;
}

/* Decrypts and verifies a packet that is all there: n bytes, then the tag. */
static enum err body_open(struct dir *d, uint8_t *packet, size_t n)
{
	const struct cipher_alg *row = d->cipher.row;
	const size_t head_n = head_bytes(d);
	enum err e;

	if (row == NULL)
		return OK;
	if (is_aead(d))
		return row->open(&d->cipher, d->seq, packet, n);
	if (!length_apart(d)) {
		if ((e = row->crypt(&d->cipher, packet + head_n, n - head_n)) != OK)
			return e;
		return mac_verify(d, packet, n);
	}
	if ((e = mac_verify(d, packet, n)) != OK)
		return e;
	return row->crypt(&d->cipher, packet + head_n, n - head_n);
}

/* Decrypts and verifies; raw then holds the packet in the clear. */
static enum err plain_open(struct dir *d, uint8_t *raw, size_t n)
{
	size_t packet_n;
	enum err e;

	if (!d->begun && (e = head_open(d, raw, n)) != OK)
		return e;
	packet_n = LENGTH_BYTES + (size_t)d->length;
	d->need = packet_n + tag_bytes(d);
	if (n < d->need)
		return ERR_AGAIN;
	e = body_open(d, raw, packet_n);
	return e == ERR_MAC && hides_errors(d) ? doom(d, packet_n) : e;
}

enum err packet_open(struct dir *d, uint8_t *raw, size_t n, size_t *used,
		     struct span *payload)
{
	size_t padding_n;
	enum err e = d->doomed ? ERR_MAC : plain_open(d, raw, n);

	if (d->doomed)
		return doomed_open(d, raw, n);
	if (e != OK)
		return e;
	padding_n = raw[LENGTH_BYTES];
	/* one byte of payload at least: its message number */
	if (padding_n < PADDING_BYTES_MIN || padding_n > d->length - 2)
		return ERR_PADDING;
	account(d, d->need);
	d->begun = false;
	*used = d->need;
	*payload = (struct span){raw + PACKET_FRONT_BYTES, d->length - 1 - padding_n};
	return OK;
}

/* RFC 4253 6: at least four bytes, up to whole blocks. */
static size_t padding_for(const struct dir *d, size_t payload_n)
{
	const size_t block = block_bytes(d);
	const size_t plain_n = payload_n + 1 + (length_apart(d) ? 0 : LENGTH_BYTES);
	const size_t n = block - plain_n % block;

	return n < PADDING_BYTES_MIN ? n + block : n;
}

/* Encrypts n bytes and puts the tag behind them. */
static enum err body_seal(struct dir *d, uint8_t *packet, size_t n)
{
	const struct cipher_alg *row = d->cipher.row;
	const struct span whole = {packet, n};
	uint8_t tag[MAC_TAG_BYTES];
	const size_t plain_n = length_apart(d) ? LENGTH_BYTES : 0;
	enum err e = OK;

	if (row == NULL)
		return OK;
	if (is_aead(d))
		return row->seal(&d->cipher, d->seq, packet, n);
	if (plain_n == 0)
		e = mac_tag(&d->mac, d->seq, whole, tag);
	if (e == OK)
		e = row->crypt(&d->cipher, packet + plain_n, n - plain_n);
	if (e == OK && plain_n != 0)
		e = mac_tag(&d->mac, d->seq, whole, tag);
	if (e == OK)
		memcpy(packet + n, tag, tag_bytes(d));
	return e;
}

enum err packet_seal(struct dir *d, uint8_t *packet, size_t cap, size_t payload_n,
		     size_t *sealed_n)
{
	size_t padding_n, length, total;
	enum err e;

	if (payload_n == 0)
		return ERR_BUG;
	if (d->packets >= PACKETS_MAX)
		return ERR_BUDGET;
	if (payload_n > LIMIT_PACKET_BYTES)
		return ERR_NO_SPACE;
	padding_n = padding_for(d, payload_n);
	length = 1 + payload_n + padding_n;
	total = LENGTH_BYTES + length + tag_bytes(d);
	if (length > LIMIT_PACKET_BYTES || total > cap)
		return ERR_NO_SPACE;
	length_put(packet, (uint32_t)length);
	packet[LENGTH_BYTES] = (uint8_t)padding_n;
	/* zeros: random padding costs more than it gives under these ciphers and MACs */
	memset(packet + PACKET_FRONT_BYTES + payload_n, 0, padding_n);
	if ((e = body_seal(d, packet, LENGTH_BYTES + length)) != OK)
		return e;
	account(d, total);
	*sealed_n = total;
	return OK;
}
