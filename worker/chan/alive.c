/*
 * Keepalives, as sshd's ClientAliveInterval and ClientAliveCountMax: whatever comes
 * from the client shows that it is there; a request that wants an answer is sent when
 * nothing came. Source: sshd_config(5)
 */
#include "worker/chan/chan_private.h"

enum { MS_PER_S = 1000 };

static enum err send_keepalive(struct worker *w)
{
	struct wr *p = transport_begin(&w->transport, SSH_MSG_GLOBAL_REQUEST);

	wr_str(p, "keepalive@openssh.com");
	wr_bool(p, true);
	return transport_commit(&w->transport);
}

static enum err alive_check(struct worker *w)
{
	struct alive *a = &w->chans.alive;
	uint32_t seen = w->transport.in.seq;

	/* it may begin anew with a key exchange, so any change will do */
	if (seen != a->seen) {
		a->seen = seen;
		a->unanswered = 0;
	} else if (w->granted.alive_count > 0 &&
		   a->unanswered >= w->granted.alive_count) {
		return ERR_NO_REPLY;
	} else {
		a->unanswered++;
	}
	if (a->unanswered == 0)
		return OK;
	return send_keepalive(w);
}

static void alive_due(struct timer *t)
{
	struct worker *w = t->ctx;
	enum err e;

	if (w->ending)
		return;
	e = alive_check(w);
	if (e != OK) {
		worker_fail(w, e, NULL);
		return;
	}
	loop_timer(&w->loop, t, (uint64_t)w->granted.alive_s * MS_PER_S);
}

void alive_begin(struct worker *w)
{
	struct alive *a = &w->chans.alive;

	if (w->granted.alive_s == 0)
		return;
	a->seen = w->transport.in.seq;
	a->timer.fn = alive_due;
	a->timer.ctx = w;
	loop_timer(&w->loop, &a->timer, (uint64_t)w->granted.alive_s * MS_PER_S);
}
