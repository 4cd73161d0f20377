/*
 * What an exchange in progress needs. Private to worker/kex.
 */
#ifndef WORKER_KEX_KEX_RUN_H
#define WORKER_KEX_KEX_RUN_H

#include "common/pk.h"
#include "worker/alg/comp.h"
#include "worker/alg/kex.h"
#include "worker/kex/kex.h"
#include "worker/kex/negotiate.h"
#include "worker/wire/packet.h"

/* The rows that one direction will use. */
struct kex_dir {
	const struct cipher_alg *cipher;
	const struct mac_alg *mac; /* NULL beside an AEAD */
	const struct comp_alg *comp;
};

struct kex_run {
	struct span i_client, i_server; /* KEXINIT payloads; malloc'ed */
	struct agreed agreed;           /* names, in i_client */
	const struct kex_alg *method;
	const struct pk_alg *sign; /* the row of the host key or its certificate */
	uint8_t hostkey;
	struct kex_dir in, out;
	const struct dh_group *group;        /* of a group exchange, once chosen */
	uint8_t asked[3 * sizeof(uint32_t)]; /* what it was chosen for, wire form */
	size_t asked_n;
	struct kex_reply reply;
	struct exhash_value hash;
	struct dir_keys keys_in; /* from our NEWKEYS to the client's */
};

/* Sets the phase; the only place that does. */
void kex_enter(struct worker *w, enum kex_phase phase);

/* Sends EXT_INFO, the packet after our first NEWKEYS. Errors: as transport_commit */
MUST_CHECK enum err send_ext_info(struct worker *w);

#endif
