/*
 * What a worker asks the monitor, and the way of its answers to their handlers.
 */
#ifndef WORKER_ASK_H
#define WORKER_ASK_H

#include "common/exhash.h"
#include "common/ipc.h"

struct worker;
struct auth_request;

/* Errors of all: ERR_CLOSED; ERR_RANGE a field beyond its bound; ERR_MEMORY; ERR_SYSTEM */

/* Asks for a signature over the exchange hash; x->v_server and host_key are not told. */
MUST_CHECK enum err ask_kex_sign(struct worker *w, const struct exhash *x,
				 uint8_t hostkey, struct span algorithm);

/* Tells what was negotiated. */
MUST_CHECK enum err ask_negotiated(struct worker *w, struct span algorithms);

MUST_CHECK enum err ask_service_request(struct worker *w, struct span name);
MUST_CHECK enum err ask_auth_none(struct worker *w, const struct auth_request *q);
MUST_CHECK enum err ask_auth_publickey(struct worker *w,
				       const struct msg_auth_publickey *m);
MUST_CHECK enum err ask_auth_password(struct worker *w, const struct auth_request *q,
				      struct span password);

MUST_CHECK enum err ask_auth_kbdint(struct worker *w, const struct auth_request *q,
				    struct span devices);

/* Gives answers to the last auth_prompt: count strings in wire form. */
MUST_CHECK enum err ask_auth_answers(struct worker *w, uint8_t count,
				     struct span answers);

/* Tells how the connection ended. */
MUST_CHECK enum err ask_conn_end(struct worker *w, uint32_t reason, struct span text);

/*
 * Hands a message of the monitor to its handler.
 * Errors: what the handler says; ERR_BUG not a message for a worker
 */
MUST_CHECK enum err ask_answered(struct worker *w, const struct msg *m,
				 struct ipc_fds *fds);

/* Handlers that belong to the worker as a whole. */
MUST_CHECK enum err on_rekey(struct worker *w, const struct msg_rekey *m,
			     struct ipc_fds *fds);
MUST_CHECK enum err on_conn_begin(struct worker *w, const struct msg_conn_begin *m,
				  struct ipc_fds *fds);
MUST_CHECK enum err on_disconnect(struct worker *w, const struct msg_disconnect *m,
				  struct ipc_fds *fds);

#endif
