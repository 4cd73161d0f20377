/*
 * The key exchange, seen from the server. Source: RFC 4253 7, RFC 8308, RFC 9142, PROTOCOL 1.10
 */
#ifndef WORKER_KEX_KEX_H
#define WORKER_KEX_KEX_H

#include "common/exhash.h"
#include "common/ipc.h"
#include "common/rd.h"
#include "worker/loop.h"

struct worker;
struct kex_run; /* what only an exchange in progress needs; freed at its end */

/* Where the exchange stands; assigned in kex_enter() only. */
enum kex_phase {
	KEX_IDLE,
	KEX_SENT_INIT,
	KEX_WAIT_METHOD,
	KEX_WAIT_SIGN,
	KEX_WAIT_NEWKEYS,
	KEX_PHASE_COUNT
};

struct kex {
	enum kex_phase phase;
	bool first_done; /* NEWKEYS of the first exchange went both ways */
	bool strict;     /* kex-strict-c-v00@openssh.com was offered */
	bool ext_info;   /* ext-info-c was offered */
	uint8_t hostkey; /* index of the host key that signed the first exchange */
	uint8_t session_id[LIMIT_HASH_BYTES];
	size_t session_id_n;
	char v_client[LIMIT_IDENT_BYTES + 1];
	struct kex_run *run;
	uint64_t rekey_bytes; /* 0: the cipher's own limit */
	struct timer rekey;   /* wakes the loop when the keys are old */
	bool old;             /* it has fired since the last exchange */
};

/* Sends our KEXINIT: first of all, and when a rekey is due. */
MUST_CHECK enum err kex_begin(struct worker *w);

/* Begins an exchange where bytes, packets or time under the present keys ask for it. */
MUST_CHECK enum err kex_begin_due(struct worker *w);

/* Takes the limits of the present keys from what the login was granted, else from the settings. */
void kex_limits_set(struct worker *w);

MUST_CHECK enum err recv_kexinit(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_kex_init(struct worker *w, struct rd *r);        /* 30 */
MUST_CHECK enum err recv_kex_gex_init(struct worker *w, struct rd *r);    /* 32 */
MUST_CHECK enum err recv_kex_gex_request(struct worker *w, struct rd *r); /* 34 */
MUST_CHECK enum err recv_newkeys(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_ext_info(struct worker *w, struct rd *r);
MUST_CHECK enum err on_kex_signed(struct worker *w, const struct msg_kex_signed *m,
				  struct ipc_fds *fds);

void kex_wipe(struct kex *k);

#endif
