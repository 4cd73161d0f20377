/*
 * User authentication. Nothing is decided here: a request is parsed, the monitor is asked,
 * and its verdict is put into words. While it thinks, the client is not listened to, so
 * requests that were sent ahead are answered in order. Source: RFC 4252
 */
#include <stdlib.h>

#include "worker/ask.h"
#include "worker/worker.h"

static const struct auth_method methods[] = {
    {"none",				auth_none,                "RFC 4252 5.2"},
    {"publickey",			   auth_publickey,           "RFC 4252 7"  },
    {"publickey-hostbound-v00@openssh.com", auth_publickey_hostbound, "PROTOCOL 3"  },
    {"password",			    auth_password,            "RFC 4252 8"  },
    {"keyboard-interactive",                auth_kbdint,              "RFC 4256"    },
};

void auth_enter(struct worker *w, enum auth_phase phase)
{
	static const char *const names[AUTH_PHASE_COUNT] = {
	    "service", "method", "wait-monitor", "prompted", "open"};

	log_debug3("auth %s -> %s", names[w->auth.phase], names[phase]);
	w->auth.phase = phase;
}

void auth_forget(struct span secret)
{
	if (secret.n > 0)
		wipe((void *)(uintptr_t)secret.p, secret.n);
}

const struct auth_method *auth_method_find(struct span name)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (span_is(name, methods[i].name))
			return &methods[i];
	return &methods[0];
}

enum err auth_none(struct worker *w, const struct auth_request *q, struct rd *r)
{
	enum err e;

	rd_rest(r); /* a method that nobody knows has fields that nobody knows */
	if ((e = rd_end(r)) != OK)
		return e;
	return ask_auth_none(w, q);
}

/* RFC 4253 10 */
static enum err service_accept(struct worker *w)
{
	auth_enter(w, AUTH_METHOD);
	wr_str(transport_begin(&w->transport, SSH_MSG_SERVICE_ACCEPT), "ssh-userauth");
	return transport_commit(&w->transport);
}

enum err recv_service_request(struct worker *w, struct rd *r)
{
	struct span name = rd_bytes(r, LIMIT_NAME_BYTES);
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	if (!span_is(name, "ssh-userauth"))
		return ERR_SERVICE;
	/* paramiko asks for it again before each attempt; sshd lets it */
	if (++w->auth.requests > LIMIT_AUTH_REQUESTS)
		return ERR_AUTH_TRIES;
	if (!w->asks_service)
		return service_accept(w);
	e = ask_service_request(w, name);
	if (e == OK)
		auth_enter(w, AUTH_WAIT_MONITOR);
	return e;
}

enum err on_service_result(struct worker *w, const struct msg_service_result *m,
			   struct ipc_fds *fds)
{
	char text[LIMIT_TEXT_BYTES + 1];
	enum err e;

	(void)fds;
	if (!w->asks_service || w->auth.phase != AUTH_WAIT_MONITOR)
		return ERR_BUG;
	if (m->ok != 0)
		return service_accept(w);
	e = bytes_to_str(text, sizeof text, m->text);
	if (e == OK)
		worker_disconnect(w, SSH_DISCONNECT_SERVICE_NOT_AVAILABLE,
				  text[0] != '\0' ? text : "service not available");
	return e;
}

enum err recv_userauth_request(struct worker *w, struct rd *r)
{
	struct auth_request q;
	struct printable shown;
	enum err e;

	if (w->auth.phase == AUTH_OPEN) { /* RFC 4252 5.1: silently ignored */
		rd_rest(r);
		return rd_end(r);
	}
	q.user = rd_bytes(r, LIMIT_USER_BYTES);
	q.service = rd_bytes(r, LIMIT_NAME_BYTES);
	q.method = rd_bytes(r, LIMIT_NAME_BYTES);
	if (!rd_ok(r))
		return rd_end(r);
	if (!span_is(q.service, "ssh-connection"))
		return ERR_SERVICE;
	if (++w->auth.requests > LIMIT_AUTH_REQUESTS)
		return ERR_AUTH_TRIES;
	log_debug2("authentication method %s", printable(q.method, &shown));
	e = auth_method_find(q.method)->ask(w, &q, r);
	if (e == OK)
		auth_enter(w, AUTH_WAIT_MONITOR);
	return e;
}

static enum err send_banner(struct worker *w, struct span text)
{
	struct wr *p;

	if (text.n == 0)
		return OK;
	p = transport_begin(&w->transport, SSH_MSG_USERAUTH_BANNER);
	wr_bytes(p, text);
	wr_str(p, ""); /* language tag */
	return transport_commit(&w->transport);
}

static enum err send_failure(struct worker *w, struct span left, bool partial)
{
	struct wr *p = transport_begin(&w->transport, SSH_MSG_USERAUTH_FAILURE);

	wr_bytes(p, left);
	wr_bool(p, partial);
	return transport_commit(&w->transport);
}

/* RFC 4252 7: echoes what was asked about. */
static enum err send_pk_ok(struct worker *w)
{
	struct wr *p;

	if (w->auth.asked_key == NULL)
		return ERR_BUG;
	p = transport_begin(&w->transport, SSH_MSG_USERAUTH_PK_OK);
	wr_raw(p, (struct span){w->auth.asked_key, w->auth.asked_key_n});
	return transport_commit(&w->transport);
}

static enum err log_in(struct worker *w)
{
	enum err e;

	transport_begin(&w->transport, SSH_MSG_USERAUTH_SUCCESS);
	if ((e = transport_commit(&w->transport)) != OK)
		return e;
	auth_enter(w, AUTH_OPEN);
	if ((e = transport_logged_in(&w->transport)) != OK)
		return e;
	kex_limits_set(w);
	bucket_start(&w->rate_in, w->granted.rate_in, w->transport.bytes_in,
		     w->loop.now_ms);
	bucket_start(&w->rate_out, w->granted.rate_out, w->transport.bytes_out,
		     w->loop.now_ms);
	return chans_begin(w);
}

static enum err tell(struct worker *w, const struct msg_auth_result *m)
{
	enum auth_verdict verdict = (enum auth_verdict)m->verdict;

	switch (verdict) {
	case AUTH_FAILURE:
	case AUTH_PARTIAL:
		auth_enter(w, AUTH_METHOD);
		return send_failure(w, m->methods, verdict == AUTH_PARTIAL);
	case AUTH_KEY_WOULD_DO:
		auth_enter(w, AUTH_METHOD);
		return send_pk_ok(w);
	case AUTH_SUCCESS:
		return log_in(w);
	}
	return ERR_BUG;
}

enum err on_auth_banner(struct worker *w, const struct msg_auth_banner *m,
			struct ipc_fds *fds)
{
	(void)fds;
	return w->auth.phase == AUTH_WAIT_MONITOR ? send_banner(w, m->text) : ERR_BUG;
}

enum err on_auth_result(struct worker *w, const struct msg_auth_result *m,
			struct ipc_fds *fds)
{
	enum err e;

	(void)fds;
	if (w->auth.phase != AUTH_WAIT_MONITOR)
		return ERR_BUG;
	if ((e = send_banner(w, m->banner)) != OK || (e = tell(w, m)) != OK)
		return e;
	auth_wipe(&w->auth);
	return OK;
}

enum err on_granted(struct worker *w, const struct msg_granted *m, struct ipc_fds *fds)
{
	(void)fds;
	w->granted = *m;
	w->granted.timeouts = (struct span){0}; /* not ours to keep */
	return idle_types(w, m->timeouts);
}

void auth_wipe(struct auth *a)
{
	free(a->asked_key);
	a->asked_key = NULL;
	a->asked_key_n = 0;
}
