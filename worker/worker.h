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
#include "worker/loop.h"
#include "worker/wire/transport.h"

/* What the nursery was told once; every worker inherits it, and it outlives them. */
struct worker_settings {
	struct msg_fork_settings m;
	struct span hostkeys[LIMIT_HOSTKEYS]; /* public blobs, from m.hostkeys */
	size_t n_hostkeys;
};

struct worker {
	const struct worker_settings *settings;
	struct loop loop;
	struct watch client, monitor;
	struct transport transport;
	struct kex kex;
	struct auth auth;
	struct chans chans;
	struct msg_granted granted; /* what the login may do; for polite answers only */
	uint64_t id;
	bool ending; /* a DISCONNECT was sent or received, or the socket is gone */
};

/*
 * Ends the connection for e: DISCONNECT with the row's reason where the peer is to
 * blame, a conn_end for the monitor's log, then no more reading. text adds to the
 * error's own text; may be NULL.
 */
void worker_fail(struct worker *w, enum err e, const char *text);

/* Ends the connection with a reason of our own. */
void worker_disconnect(struct worker *w, uint32_t reason, const char *text);

/*
 * Asks the monitor; blocks only where the socket is full.
 * Errors: ERR_CLOSED; ERR_SYSTEM; ERR_MEMORY
 */
MUST_CHECK enum err worker_ask(struct worker *w, const struct msg *m);

/* Gives a log line to the monitor; at most LIMIT_LOG_LINES of them. The log's sink. */
void worker_log(void *ctx, enum log_level level, const char *line);

#endif
