/*
 * The dispatch of every message to the monitor, generated from common/msg.def, and what has no
 * better place: what workers inherit, log lines, ends.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"

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
#define SERVE(name)                                                                    \
	case MSG_##name:                                                               \
		return serve_##name(l->owner, &m->u.name, fds);
#define NOT_OURS(name)                                                                 \
	case MSG_##name:                                                               \
		return ERR_FORBIDDEN;
#define W2M(name, states, budget, fds, fields) SERVE(name)
#define F2M(name, states, budget, fds, fields) SERVE(name)
#define C2M(name, states, budget, fds, fields) SERVE(name)
#define L2M(name, states, budget, fds, fields) SERVE(name)
#define M2W(name, fds, fields)                 NOT_OURS(name)
#define M2F(name, fds, fields)                 NOT_OURS(name)
#define M2C(name, fds, fields)                 NOT_OURS(name)
#define M2L(name, fds, fields)                 NOT_OURS(name)
#define P2M(name, states, budget, fds, fields) SERVE(name)
#define M2P(name, fds, fields)                 NOT_OURS(name)
#define A2M(name, states, budget, fds, fields) SERVE(name)
#define M2A(name, fds, fields)                 NOT_OURS(name)
#define T2M(name, states, budget, fds, fields) SERVE(name)
#define H2M(name, states, budget, fds, fields) SERVE(name)
#define M2T(name, fds, fields)                 NOT_OURS(name)
#define M2H(name, fds, fields)                 NOT_OURS(name)

enum err serve(struct link *l, const struct msg *m, struct ipc_fds *fds)
{
	switch (m->type) {
#include "common/msg.def"
	case MSG_COUNT:
		break;
	}
	return ERR_FORBIDDEN;
}

static struct span ident_of(const struct monitor *m)
{
	struct span s = span_str(m->ring->ident);

	return (struct span){s.p, s.n - 2}; /* without CR LF */
}

/*
 * What server-sig-algs says: clients look there for the name of the signature, which a certificate's
 * algorithm shares with the plain one. Source: RFC 8308 3.1
 */
static void put_sig_algs(struct wr *w, struct span accepted)
{
	struct span list = accepted, name;
	size_t at = w->n;

	wr_raw(w, accepted);
	while (names_next(&list, &name)) {
		const struct pk_alg *alg = pk_alg_find(name);
		struct span plain = span_str(alg != NULL ? alg->plain : NULL);

		if (plain.n == 0 ||
		    names_has((struct span){w->p + at, w->n - at}, plain))
			continue;
		wr_raw(w, SPAN_LIT(","));
		wr_raw(w, plain);
	}
}

enum err serve_fork_settings(struct monitor *m, struct wr *w, struct msg *msg)
{
	const struct settings *set = m->set;
	struct span all;
	size_t keys_at, sig_at;
	enum err e;

	e = hostkeys_algorithms(&m->ring->keys, span_str(set->host_key_algorithms), w);
	if (e != OK)
		return e;
	keys_at = w->n;
	for (size_t i = 0; i < m->ring->keys.n; i++)
		wr_bytes(w, hostkey_blob(&m->ring->keys.key[i]));
	sig_at = w->n;
	put_sig_algs(w, span_str(set->pubkey_accepted_algorithms));
	e = wr_end(w, &all);
	if (e != OK)
		return e;
	*msg = MSG_OF(
	    fork_settings, .ident = ident_of(m), .kex = span_str(set->kex_algorithms),
	    .cipher = span_str(set->ciphers), .mac = span_str(set->macs),
	    .comp = set->compression == COMPRESSION_NO
			? SPAN_LIT("none")
			: span_str(set->compression_algorithms),
	    .versions = span_str(set->client_version_pattern),
	    .user_pk = {all.p + sig_at, all.n - sig_at}, .hostkey = {all.p, keys_at},
	    .hostkeys = {all.p + keys_at, sig_at - keys_at},
	    .rekey_bytes = set->rekey_limit.bytes, .rekey_s = set->rekey_limit.s,
	    .log_level = (uint8_t)set->log_level);
	return OK;
}

enum err serve_negotiated(struct conn *c, const struct msg_negotiated *m,
			  struct ipc_fds *fds)
{
	struct printable version, algorithms;

	(void)fds;
	conn_policy_negotiated(c, m);
	log_verbose("conn=%llu client=\"%s\" %s", (unsigned long long)c->id,
		    printable(m->version, &version),
		    printable(m->algorithms, &algorithms));
	return OK;
}

enum err serve_carried(struct conn *c, const struct msg_carried *m, struct ipc_fds *fds)
{
	(void)fds;
	c->m->metrics.slot[METRIC_AT(bytes_total, METRIC_DIRECTION_IN, 0)] +=
	    m->received;
	c->m->metrics.slot[METRIC_AT(bytes_total, METRIC_DIRECTION_OUT, 0)] += m->sent;
	return OK;
}

enum err serve_conn_end(struct conn *c, const struct msg_conn_end *m,
			struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	c->work->told_end = true;
	conn_policy_last_words(c, m);
	log_info("conn=%llu end client=\"%s port %u\"%s%s reason=%u %s",
		 (unsigned long long)c->id, c->remote.address, (unsigned)c->remote.port,
		 c->work->user_known ? " user=" : "",
		 c->work->user_known ? c->work->user_shown : "", (unsigned)m->reason,
		 printable(m->text, &keep));
	return OK;
}

enum err serve_log_line(struct conn *c, const struct msg_log_line *m,
			struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	log_line((enum log_level)m->level, "conn=%llu %s", (unsigned long long)c->id,
		 printable(m->text, &keep));
	return OK;
}
