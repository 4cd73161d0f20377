/*
 * A worker: one connection, from identification to end.
 * Handlers return an error; only worker_fail decides what becomes of the connection.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "common/ipc.h"
#include "common/log.h"
#include "worker/auth/auth.h"
#include "worker/chan/chan.h"
#include "worker/kex/kex.h"
#include "worker/kex/offer.h"
#include "worker/loop.h"
#include "worker/wire/bucket.h"
#include "worker/wire/transport.h"

/* What the nursery was told once; every worker inherits it, and it outlives them. */
struct worker_settings {
	struct msg_fork_settings m;
	struct span hostkeys[LIMIT_HOSTKEYS]; /* public blobs, from m.hostkeys */
	size_t n_hostkeys;
	struct offer offer;
	uint8_t *store; /* what the spans point into */
};

struct worker {
	const struct worker_settings *settings;
	struct loop loop;
	struct watch client, monitor;
	struct transport transport;
	struct kex kex;
	struct auth auth;
	bool asks_service; /* a script decides whether the login may begin */
	struct chans chans;
	bool interactive;           /* a session has a terminal: see qos.h */
	struct msg_granted granted; /* what the login may do; for polite answers only */
	uint64_t id;
	bool ending; /* a DISCONNECT was sent or received, or the socket is gone */

	struct wr ipc; /* where messages of the monitor are received */
	struct bucket rate_in, rate_out; /* RateLimit */
	struct timer rate;               /* wakes us when there is room again */
	struct timer rest;               /* gives buffers back */
	bool busy;                       /* since it was set */
	bool pending;                    /* input was read and not looked at yet */
	bool linger;                     /* the client is to see our last words */
	uint32_t log_lines;              /* sent so far */
	uint32_t asked[MSG_COUNT];       /* by worker_ask */
	uint32_t end_reason;             /* of the DISCONNECT; 0: none */
	enum err end_error;              /* why there was none */
	char blame[LIMIT_TEXT_BYTES];    /* what worker_blame said */
	char end_text[LIMIT_TEXT_BYTES];
};

/*
 * Reads the settings out of a fork_settings message.
 * bytes:  the datagram, which is copied
 * Owns:   the caller frees with worker_settings_wipe
 * Errors: as msg_decode; ERR_RANGE too many host keys; as offer_make
 */
MUST_CHECK enum err worker_settings_read(struct span bytes,
					 struct worker_settings *out);
void worker_settings_wipe(struct worker_settings *s);

/*
 * Makes a worker that waits for its client.
 * monitor_fd: stays the caller's
 * Owns:   the caller ends it with worker_wipe
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err worker_init(struct worker *w, const struct worker_settings *s,
				int monitor_fd);

/* Waits once and does what there is to do; failures end the connection. */
void worker_turn(struct worker *w);

/* Last words: what the client is still to get, bounded; then conn_end. Before worker_wipe. */
void worker_farewell(struct worker *w);

void worker_wipe(struct worker *w);

/* Serves one connection, to its end; does not return. */
_Noreturn void worker_run(const struct worker_settings *s, int monitor_fd);

/*
 * Ends the connection for e: DISCONNECT with the row's reason where the peer is to blame, a conn_end for the
 * monitor's log, then no more reading. text adds to the error's own text; may be NULL.
 */
void worker_fail(struct worker *w, enum err e, const char *text);

/* Notes what worker_fail will add to the error's own text. Gives: e */
enum err worker_blame(struct worker *w, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the connection with a reason of our own. */
void worker_disconnect(struct worker *w, uint32_t reason, const char *text);

/* The client ended the connection. text is printable. */
void worker_disconnected(struct worker *w, uint32_t reason, const char *text);

/*
 * Asks the monitor; blocks only where the socket is full.
 * Errors: ERR_BUDGET so often as the monitor takes it; ERR_CLOSED; ERR_SYSTEM; ERR_MEMORY
 */
MUST_CHECK enum err worker_ask(struct worker *w, const struct msg *m);

/* Gives a log line to the monitor; at most LIMIT_LOG_LINES of them. The log's sink. */
void worker_log(void *ctx, enum log_level level, const char *line);

#endif
