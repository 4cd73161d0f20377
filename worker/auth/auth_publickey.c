/*
 * Public key authentication, plain and bound to the host key. The signed text is put
 * together and verified by the monitor, from its own session id.
 * Source: RFC 4252 7; publickey-hostbound-v00@openssh.com: PROTOCOL 3
 */
#include <stdlib.h>

#include "worker/ask.h"
#include "worker/worker.h"

/* Keeps what PK_OK will have to echo. */
static enum err keep_asked(struct auth *a, struct span algorithm, struct span key)
{
	struct wr p = {.cap = 2 * sizeof(uint32_t) + algorithm.n + key.n};
	struct span whole;
	enum err e;

	auth_wipe(a);
	if ((p.p = malloc(p.cap)) == NULL)
		return ERR_MEMORY;
	wr_bytes(&p, algorithm);
	wr_bytes(&p, key);
	if ((e = wr_end(&p, &whole)) != OK) {
		free(p.p);
		return e;
	}
	a->asked_key = p.p;
	a->asked_key_n = whole.n;
	return OK;
}

static enum err ask(struct worker *w, const struct auth_request *q, struct rd *r,
		    bool hostbound)
{
	struct msg_auth_publickey m = {.user = q->user, .service = q->service};
	enum err e;

	m.proof = rd_bool(r);
	m.algorithm = rd_bytes(r, LIMIT_NAME_BYTES);
	m.key = rd_bytes(r, LIMIT_PK_BLOB_BYTES);
	m.hostbound = hostbound;
	if (hostbound)
		m.hostkey = rd_bytes(r, LIMIT_PK_BLOB_BYTES);
	if (m.proof != 0)
		m.signature = rd_bytes(r, LIMIT_SIGNATURE_BYTES);
	if ((e = rd_end(r)) != OK)
		return e;
	/* signed for another server: somebody sits between; refused and counted */
	if (hostbound && !span_equal(m.hostkey, w->settings->hostkeys[w->kex.hostkey]))
		return ask_auth_none(w, q);
	if (m.proof == 0 && (e = keep_asked(&w->auth, m.algorithm, m.key)) != OK)
		return e;
	return ask_auth_publickey(w, &m);
}

enum err auth_publickey(struct worker *w, const struct auth_request *q, struct rd *r)
{
	return ask(w, q, r, false);
}

enum err auth_publickey_hostbound(struct worker *w, const struct auth_request *q,
				  struct rd *r)
{
	return ask(w, q, r, true);
}
