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
#include "worker/wire/buffer.h"
#include "worker/wire/packet.h"

/* Zero state but for fd: no keys, nothing allocated. */
struct transport {
	int fd;
	struct dir in, out;
	struct comp comp_in, comp_out;
	struct buffer input, output;
	struct buffer expanded; /* the payload that was inflated last */
	struct wr packet;       /* the packet between begin and commit */
	struct buffer held;     /* payloads that wait for the end of a key exchange */
	bool in_kex; /* from our KEXINIT to our NEWKEYS: only kex messages go out */
	bool peer_closed;
	bool logged_in;     /* delayed compression may start */
	bool read_short;    /* the last read emptied the socket */
	uint64_t bytes_in;  /* read so far: tells that the client lives */
	uint64_t bytes_out; /* sealed so far */
};

/* --- in --- */

/*
 * Reads once, as much as there is up to the buffer's size and most.
 * Errors: ERR_AGAIN nothing there; ERR_CLOSED the client closed; ERR_LOST; ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err transport_read(struct transport *t, size_t most);

/* Borrows what was read and not yet taken; for the identification string. */
struct span transport_peek(const struct transport *t);

/* Takes n bytes off the front of it. */
void transport_skip(struct transport *t, size_t n);

/*
 * Takes the next packet off what was read: decrypted, verified, expanded.
 * payload: at least one byte; valid until the next transport_next or transport_read
 * Errors:  ERR_AGAIN more bytes needed; as packet_open; ERR_COMPRESSION; ERR_MEMORY
 */
MUST_CHECK enum err transport_next(struct transport *t, struct span *payload);

/* Gives the sequence number of the packet that transport_next took last. */
uint32_t transport_last_seq(const struct transport *t);

/* --- out --- */

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

/* Tells that so much waits that the client's packets must wait too, since they cause more. */
bool transport_choked(const struct transport *t);

/* Puts bytes out as they are: the refusal of a bad identification. */
MUST_CHECK enum err transport_raw(struct transport *t, struct span bytes);

/* Writes what waits; what the socket does not take stays. Errors: ERR_LOST; ERR_SYSTEM */
MUST_CHECK enum err transport_flush(struct transport *t);

/* --- key exchange, compression, rest --- */

/*
 * Takes new keys and a new compression stream for what goes out, or comes in, after NEWKEYS.
 * strict: the sequence number begins anew
 * Errors: as dir_set_keys; ERR_MEMORY
 */
MUST_CHECK enum err transport_keys_out(struct transport *t, const struct dir_keys *k,
				       const struct comp_alg *comp, bool strict);
MUST_CHECK enum err transport_keys_in(struct transport *t, const struct dir_keys *k,
				      const struct comp_alg *comp, bool strict);

/* Sends what was held, once our NEWKEYS is out. Errors: as transport_commit */
MUST_CHECK enum err transport_release(struct transport *t);

/* Somebody logged in: starts delayed compression. Errors: ERR_MEMORY */
MUST_CHECK enum err transport_logged_in(struct transport *t);

/* Gives back the buffers that hold nothing. */
void transport_rest(struct transport *t);

/* Frees all and wipes the keys; the descriptor stays the caller's. */
void transport_wipe(struct transport *t);

#endif
