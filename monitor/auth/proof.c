/*
 * Rebuilds the text that a client's signature covers, from what this process knows by
 * itself; nothing of it is taken from the worker but what the signature binds anyway.
 * Source: RFC 4252 7; PROTOCOL 3.1
 */
#include <stdlib.h>

#include "common/limits.h"
#include "common/sshnum.h"
#include "common/wr.h"
#include "monitor/auth/proof.h"

/* Number, flag, the method's name and seven lengths. */
enum { FIXED_BYTES = 128 };

static size_t text_bytes(const struct proof *p)
{
	return FIXED_BYTES + p->session_id.n + p->user.n + p->service.n +
	       LIMIT_NAME_BYTES + p->key.n + (p->hostbound ? p->hostkey.n : 0);
}

static enum err text_write(const struct proof *p, struct wr *w, struct span *out)
{
	wr_bytes(w, p->session_id);
	wr_u8(w, SSH_MSG_USERAUTH_REQUEST);
	wr_bytes(w, p->user);
	wr_bytes(w, p->service);
	wr_str(w, p->hostbound ? "publickey-hostbound-v00@openssh.com" : "publickey");
	wr_bool(w, true);
	wr_str(w, p->alg->name);
	wr_bytes(w, p->key);
	if (p->hostbound)
		wr_bytes(w, p->hostkey);
	return wr_end(w, out);
}

enum err proof_publickey(const struct proof *p, struct pk_touch *touch)
{
	struct wr w = {.cap = text_bytes(p)};
	struct span text;
	enum err e;

	w.p = malloc(w.cap);
	if (w.p == NULL)
		return ERR_MEMORY;
	e = text_write(p, &w, &text);
	if (e == OK)
		e = pk_verify_touch(p->alg, p->key, p->signature, text, touch);
	free(w.p);
	return e;
}
