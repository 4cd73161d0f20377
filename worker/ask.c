/*
 * Questions to the monitor and its answers; msg.def says which there are. The monitor
 * believes none of it: fields that it knows itself are not sent.
 */
#include "worker/ask.h"
#include "worker/worker.h"

enum err ask_kex_sign(struct worker *w, const struct exhash *x, uint8_t hostkey,
		      struct span algorithm)
{
	return worker_ask(w,
			  &MSG_OF(kex_sign, .hostkey = hostkey, .algorithm = algorithm,
				  .digest = (uint8_t)x->digest, .v_client = x->v_client,
				  .i_client = x->i_client, .i_server = x->i_server,
				  .group = x->group, .q_client = x->q_client,
				  .q_server = x->q_server, .secret = x->secret));
}

enum err ask_negotiated(struct worker *w, struct span algorithms)
{
	return worker_ask(w, &MSG_OF(negotiated, .version = span_str(w->kex.v_client),
				     .algorithms = algorithms));
}

enum err ask_service_request(struct worker *w, struct span name)
{
	return worker_ask(w, &MSG_OF(service_request, .name = name));
}

enum err ask_auth_none(struct worker *w, const struct auth_request *q)
{
	return worker_ask(w,
			  &MSG_OF(auth_none, .user = q->user, .service = q->service));
}

enum err ask_auth_publickey(struct worker *w, const struct msg_auth_publickey *m)
{
	return worker_ask(w, &(struct msg){MSG_auth_publickey, {.auth_publickey = *m}});
}

enum err ask_auth_password(struct worker *w, const struct auth_request *q,
			   struct span password)
{
	return worker_ask(w, &MSG_OF(auth_password, .user = q->user,
				     .service = q->service, .password = password));
}

enum err ask_auth_kbdint(struct worker *w, const struct auth_request *q,
			 struct span devices)
{
	return worker_ask(w, &MSG_OF(auth_kbdint, .user = q->user,
				     .service = q->service, .devices = devices));
}

enum err ask_auth_answers(struct worker *w, uint8_t count, struct span answers)
{
	return worker_ask(w, &MSG_OF(auth_answers, .count = count, .answers = answers));
}

enum err ask_conn_end(struct worker *w, uint32_t reason, struct span text)
{
	return worker_ask(w, &MSG_OF(conn_end, .reason = reason,
				     .error = (uint8_t)w->end_error, .text = text));
}

/* From here on the table is read for the rows to a worker alone. */
#undef W2M
#undef F2M
#undef C2M
#undef L2M
#undef M2W
#undef M2F
#undef M2C
#undef M2L
#undef P2M
#undef M2P
#undef A2M
#undef M2A
#undef T2M
#undef H2M
#undef M2T
#undef M2H
#define W2M(name, states, budget, fds, fields)
#define F2M(name, states, budget, fds, fields)
#define C2M(name, states, budget, fds, fields)
#define L2M(name, states, budget, fds, fields)
#define M2F(name, fds, fields)
#define M2C(name, fds, fields)
#define M2L(name, fds, fields)
#define P2M(name, states, budget, fds, fields)
#define M2P(name, fds, fields)
#define A2M(name, states, budget, fds, fields)
#define M2A(name, fds, fields)
#define T2M(name, states, budget, fds, fields)
#define H2M(name, states, budget, fds, fields)
#define M2T(name, fds, fields)
#define M2H(name, fds, fields)
#define M2W(name, n_fds, fields)                                                       \
	case MSG_##name:                                                               \
		return on_##name(w, &m->u.name, fds);

enum err ask_answered(struct worker *w, const struct msg *m, struct ipc_fds *fds)
{
	switch ((unsigned)m->type) {
#include "common/msg.def"
	}
	return ERR_BUG;
}
