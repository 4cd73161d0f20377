/*
 * Password authentication. The password passes through and is wiped where it arrived;
 * a request to change it is refused like a wrong one. Source: RFC 4252 8
 */
#include "worker/ask.h"
#include "worker/worker.h"

enum err auth_password(struct worker *w, const struct auth_request *q, struct rd *r)
{
	bool change = rd_bool(r);
	struct span password = rd_bytes(r, LIMIT_PASSWORD_BYTES);
	struct span fresh = {0};
	enum err e;

	if (change)
		fresh = rd_bytes(r, LIMIT_PASSWORD_BYTES);
	if ((e = rd_end(r)) == OK)
		e = change ? ask_auth_none(w, q) : ask_auth_password(w, q, password);
	auth_forget(password);
	auth_forget(fresh);
	return e;
}
