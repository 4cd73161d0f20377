/*
 * Hybrids: a post-quantum key encapsulation and X25519, K is the hash of both secrets.
 */
#ifndef WORKER_ALG_HYBRID_H
#define WORKER_ALG_HYBRID_H

#include "worker/alg/kex.h"

kex_respond_fn hybrid_respond;
kex_initiate_fn hybrid_initiate;
kex_finish_fn hybrid_finish;

#endif
