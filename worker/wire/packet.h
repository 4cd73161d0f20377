/*
 * The binary packet protocol, one direction at a time: opened and sealed in place, nothing copied.
 * Pure: bytes in, bytes out. Source: RFC 4253 6; AEAD and encrypt-then-MAC: PROTOCOL 1.5, 1.6
 */
#ifndef WORKER_WIRE_PACKET_H
#define WORKER_WIRE_PACKET_H

#include "common/bytes.h"
#include "worker/alg/cipher.h"
#include "worker/alg/mac.h"

#define PACKET_FRONT_BYTES 5 /* before the payload: length, padding length */
#define PACKET_BACK_BYTES                                                              \
	(CIPHER_IV_BYTES + 3 + MAC_TAG_BYTES) /* behind: padding, tag */

/* One direction. Zero state: in the clear, sequence number 0. */
struct dir {
	struct cipher cipher;
	struct mac mac;
	uint32_t seq;
	uint64_t packets, bytes; /* since the keys were taken; bytes on the wire */
	size_t need;     /* bytes that the packet asks for, set with ERR_AGAIN */
	uint32_t length; /* of the packet begun, in the clear */
	bool begun;      /* its length is known */
	bool
	    doomed; /* it is not genuine, which is not to show before as much came as may */
	size_t doomed_done;
};

/* What a direction is given at NEWKEYS. Wiped by dir_keys_wipe. */
struct dir_keys {
	const struct cipher_alg *cipher;
	const struct mac_alg *mac; /* NULL where the cipher is an AEAD */
	uint8_t iv[CIPHER_IV_BYTES], key[CIPHER_KEY_BYTES], mac_key[MAC_KEY_BYTES];
};

void dir_keys_wipe(struct dir_keys *k);

/*
 * Takes new keys; the sequence number goes on.
 * seal:   the direction is for packet_seal; else for packet_open
 * Errors: ERR_CRYPTO; ERR_MEMORY; ERR_BUG; d then keeps its old keys
 */
MUST_CHECK enum err dir_set_keys(struct dir *d, const struct dir_keys *k, bool seal);

/* Sets the sequence number to 0, as strict key exchange asks at NEWKEYS. PROTOCOL 1.10 */
void dir_reset_seq(struct dir *d);

/*
 * Tells whether new keys are due. Source: RFC 4344 3
 * bytes: the configured limit; 0: the cipher's own, which holds in any case
 */
bool dir_rekey_due(const struct dir *d, uint64_t bytes);

void dir_wipe(struct dir *d);

/*
 * Decrypts and verifies in place the first packet in raw.
 * raw:     n bytes as they came; called again after ERR_AGAIN, it holds the same bytes, maybe at
 *          another place, and more
 * used:    bytes of raw that the packet took
 * payload: points into raw; at least one byte
 * Errors:  ERR_AGAIN d->need bytes are needed; ERR_MAC forged; ERR_PACKET length below the least,
 *          beyond LIMIT_PACKET_BYTES or not in whole blocks; ERR_PADDING; ERR_BUDGET more packets
 *          with one key than it bears; ERR_CRYPTO. After any but ERR_AGAIN d is of no use. Under
 *          CBC without encrypt-then-MAC both of ERR_MAC and ERR_PACKET are ERR_MAC, and come when
 *          as much was read as the longest packet has
 * Source:  RFC 4253 6; chacha20: PROTOCOL.chacha20poly1305; CBC: RFC 4251 9.3.1
 */
MUST_CHECK enum err packet_open(struct dir *d, uint8_t *raw, size_t n, size_t *used,
				struct span *payload);

/*
 * Pads, encrypts and authenticates in place the packet whose payload lies at
 * packet + PACKET_FRONT_BYTES.
 * cap:    bytes at packet; payload_n + PACKET_FRONT_BYTES + PACKET_BACK_BYTES always suffice
 * Errors: ERR_NO_SPACE cap too small, or longer than LIMIT_PACKET_BYTES; ERR_BUDGET more packets
 *         with one key than it bears; ERR_BUG no payload; ERR_CRYPTO
 * Source: RFC 4253 6
 */
MUST_CHECK enum err packet_seal(struct dir *d, uint8_t *packet, size_t cap,
				size_t payload_n, size_t *sealed_n);

#endif
