/*
 * Packets in and out of the client's socket. Source: RFC 4253 6, 7; strict KEX: PROTOCOL 1.10
 *
 * In:  bytes are read large into one buffer, decrypted in place, and handed on as spans into it.
 * Out: a packet is written in place into one buffer, sealed in place, sent with what else is there.
 * Buffers are taken when there is data and given back when there has been none for a while.
 */
#ifndef WORKER_WIRE_TRANSPORT_H
#define WORKER_WIRE_TRANSPORT_H

#include "common/sshnum.h"
#include "common/wr.h"
#include "worker/alg/comp.h"
#include "worker/wire/packet.h"

struct buffer {
	uint8_t *p;
	size_t start, n, cap; /* bytes p[start .. start+n) are in use */
};

struct transport {
	int fd;
	struct dir in, out;
	struct comp comp_in, comp_out;
	struct buffer input, output;
	struct wr packet;      /* the packet between begin and commit */
	struct buffer held;    /* payloads that wait for the end of a key exchange */
	bool in_kex;           /* from our KEXINIT to our NEWKEYS: only kex messages go out */
	bool peer_closed;
	uint64_t bytes_in, bytes_out; /* plain payload since the keys were taken */
};

/*
 * Begins a packet. The writer goes straight into the output buffer, with room for
 * LIMIT_CHAN_PACKET_BYTES of data and a header at least.
 * Owns:   t; end it with transport_commit or transport_cancel
 */
struct wr *transport_begin(struct transport *t, enum ssh_msg number);

/*
 * Seals the packet and puts it behind what waits to be sent; held back during a key exchange unless it
 * belongs to it (RFC 4253 7.1).
 * Errors: ERR_NO_SPACE the writer failed, or more than LIMIT_OUT_BYTES or LIMIT_HELD_BYTES wait;
 *         ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err transport_commit(struct transport *t);

/* Forgets the packet that was begun. */
void transport_cancel(struct transport *t);

/*
 * Tells how many bytes of channel data may be put out now: 0 during a key exchange and while
 * LIMIT_OUT_DATA_BYTES wait. Control messages may always go.
 */
size_t transport_room(const struct transport *t);

/* Writes what waits; what the socket does not take stays. Errors: ERR_LOST; ERR_SYSTEM */
MUST_CHECK enum err transport_flush(struct transport *t);

#endif
