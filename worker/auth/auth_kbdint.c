/*
 * Keyboard-interactive: prompts of the monitor go to the client, its answers go back and are wiped
 * where they arrived. The client may begin another attempt instead of answering. Source: RFC 4256
 */
#include "worker/ask.h"
#include "worker/worker.h"

enum err auth_kbdint(struct worker *w, const struct auth_request *q, struct rd *r)
{
	struct span devices;
	enum err e;

	rd_bytes(r, LIMIT_NAME_BYTES); /* language tag: deprecated, RFC 4256 3.1 */
	devices = rd_bytes(r, LIMIT_DEVICES_BYTES);
	if ((e = rd_end(r)) != OK)
		return e;
	return ask_auth_kbdint(w, q, devices);
}

enum err on_auth_prompt(struct worker *w, const struct msg_auth_prompt *m,
			struct ipc_fds *fds)
{
	struct wr *p;

	(void)fds;
	if (w->auth.phase != AUTH_WAIT_MONITOR)
		return ERR_BUG;
	p = transport_begin(&w->transport, SSH_MSG_USERAUTH_INFO_REQUEST);
	wr_bytes(p, m->name);
	wr_bytes(p, m->instruction);
	wr_str(p, ""); /* language tag */
	wr_u32(p, m->count);
	wr_raw(p, m->prompts);
	auth_enter(w, AUTH_PROMPTED);
	return transport_commit(&w->transport);
}

/* RFC 4256 3.4: a wrong number of answers is a failure, which is the monitor's to say. */
enum err recv_userauth_info_response(struct worker *w, struct rd *r)
{
	uint32_t count = rd_u32(r);
	struct span answers = r->left;
	enum err e;

	if (count > LIMIT_PROMPTS)
		rd_fail(r, ERR_RANGE);
	for (uint32_t i = 0; i < count && rd_ok(r); i++)
		rd_bytes(r, LIMIT_ANSWERS_BYTES);
	if ((e = rd_end(r)) == OK)
		e = ask_auth_answers(w, (uint8_t)count, answers);
	auth_forget(answers);
	if (e == OK)
		auth_enter(w, AUTH_WAIT_MONITOR);
	return e;
}
