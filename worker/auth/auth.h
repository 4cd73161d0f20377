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
	AUTH_OPEN,
	AUTH_PHASE_COUNT
};

struct auth {
	enum auth_phase phase;
	uint8_t *asked_key; /* algorithm and blob of a key that was only asked about, wire form */
	size_t asked_key_n;
};

MUST_CHECK enum err recv_service_request(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_userauth_request(struct worker *w, struct rd *r);
MUST_CHECK enum err on_auth_result(struct worker *w, const struct msg_auth_result *m,
    struct ipc_fds *fds);
MUST_CHECK enum err on_granted(struct worker *w, const struct msg_granted *m,
    struct ipc_fds *fds);

void auth_wipe(struct auth *a);

#endif
