/*
 * Packets to their handlers, by the table in ssh.def.
 */
#ifndef WORKER_WIRE_DISPATCH_H
#define WORKER_WIRE_DISPATCH_H

#include "common/rd.h"
#include "worker/auth/auth.h"
#include "worker/kex/kex.h"

struct worker;

typedef enum err packet_fn(struct worker *w, struct rd *r);

/* Whether the first key exchange is over, and if not, how strict it is. */
enum packet_first { PACKET_AFTER, PACKET_LAX, PACKET_STRICT, PACKET_FIRST_COUNT };

/* A row of ssh.def. */
struct packet_row {
	const char *name;
	packet_fn *recv;
	uint8_t kex;   /* bits 1 << enum kex_phase */
	uint8_t auth;  /* bits 1 << enum auth_phase */
	uint8_t first; /* bits 1 << enum packet_first */
};

/* Gives the row of a message number; NULL where it has none. */
const struct packet_row *packet_row(uint8_t number);

/*
 * Decides whether a message may come now.
 * Errors: ERR_FORBIDDEN; ERR_UNKNOWN has no row, and may be answered with UNIMPLEMENTED
 */
MUST_CHECK enum err packet_permit(uint8_t number, enum kex_phase kex,
				  enum auth_phase auth, enum packet_first first);

/*
 * Hands a packet to its handler.
 * Errors: ERR_FORBIDDEN; ERR_TRUNCATED an empty payload; what the handler refuses;
 *         ERR_BUG a handler did not read to the end
 */
MUST_CHECK enum err dispatch(struct worker *w, struct span payload);

/* Packets that belong to nobody else. */
packet_fn recv_disconnect, recv_ignore, recv_unimplemented, recv_debug, recv_ping;

#endif
