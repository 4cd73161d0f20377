/*
 * User authentication, seen from the server: it parses, the monitor decides. Source: RFC 4252
 */
#ifndef WORKER_AUTH_AUTH_H
#define WORKER_AUTH_AUTH_H

#include "common/ipc.h"
#include "common/rd.h"

struct worker;

/* Where authentication stands; assigned in auth_enter() only. */
enum auth_phase {
	AUTH_SERVICE,
	AUTH_METHOD,
	AUTH_WAIT_MONITOR,
	AUTH_PROMPTED, /* answers are wanted, or another request: RFC 4256 3.1 */
	AUTH_OPEN,
	AUTH_PHASE_COUNT
};

struct auth {
	enum auth_phase phase;
	uint32_t requests; /* of the service too; bounded by LIMIT_AUTH_REQUESTS */
	uint8_t *
	    asked_key; /* algorithm and blob of a key that was only asked about, wire form */
	size_t asked_key_n;
};

/* What every request begins with; spans into the packet. */
struct auth_request {
	struct span user, service, method;
};

/*
 * Parses a method's own fields to rd_end, and asks the monitor.
 * Errors: as the reader's; what worker_ask says
 */
typedef enum err auth_method_fn(struct worker *w, const struct auth_request *q,
				struct rd *r);

/* A row of the method table; a method without one is refused like none. */
struct auth_method {
	const char *name;
	auth_method_fn *ask;
	const char *source;
};

/* Finds a method; one that nobody knows has the row of none. */
const struct auth_method *auth_method_find(struct span name);

auth_method_fn auth_none, auth_publickey, auth_publickey_hostbound, auth_password,
    auth_kbdint;

/* Moves to another phase; the only place that does. */
void auth_enter(struct worker *w, enum auth_phase phase);

/* Wipes a secret where it arrived: in the transport's buffer, which outlives the handler. */
void auth_forget(struct span secret);

MUST_CHECK enum err recv_service_request(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_userauth_request(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_userauth_info_response(struct worker *w, struct rd *r);
MUST_CHECK enum err on_service_result(struct worker *w,
				      const struct msg_service_result *m,
				      struct ipc_fds *fds);
MUST_CHECK enum err on_auth_banner(struct worker *w, const struct msg_auth_banner *m,
				   struct ipc_fds *fds);
MUST_CHECK enum err on_auth_prompt(struct worker *w, const struct msg_auth_prompt *m,
				   struct ipc_fds *fds);
MUST_CHECK enum err on_auth_result(struct worker *w, const struct msg_auth_result *m,
				   struct ipc_fds *fds);
MUST_CHECK enum err on_granted(struct worker *w, const struct msg_granted *m,
			       struct ipc_fds *fds);

void auth_wipe(struct auth *a);

#endif
