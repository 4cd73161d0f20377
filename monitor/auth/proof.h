/*
 * Proof that a client holds a private key. The signed text is built from what the
 * monitor knows itself: its session id and its host key.
 * Source: RFC 4252 7; PROTOCOL 3.1
 */
#ifndef MONITOR_AUTH_PROOF_H
#define MONITOR_AUTH_PROOF_H

#include "common/pk.h"

struct proof {
	struct span session_id; /* the monitor's */
	struct span user;       /* as claimed */
	struct span service;
	const struct pk_alg *alg;
	struct span key; /* public key or certificate */
	bool hostbound;  /* publickey-hostbound-v00@openssh.com */
	struct span
	    hostkey; /* the monitor's, of the first key exchange; else ignored */
	struct span signature; /* wire form */
};

/*
 * Verifies a publickey proof.
 * touch:  what a security key said; its caller demands (no-touch-required,
 * verify-required) Errors: ERR_SIGNATURE; ERR_KEY; ERR_UNKNOWN; ERR_CRYPTO; ERR_MEMORY
 */
MUST_CHECK enum err proof_publickey(const struct proof *p, struct pk_touch *touch);

#endif
