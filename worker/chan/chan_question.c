/*
 * Requests that the script of the connection decides about: the monitor is asked before
 * they are answered, and what the client sends meanwhile waits, so that answers keep
 * their order. Source: RFC 4254 5.4
 */
#include <stdlib.h>
#include <string.h>

#include "worker/chan/chan_private.h"

bool question_due(const struct chan *c)
{
	return (c->worker->granted.hears & HEARS_REQUEST) != 0;
}

bool question_open(const struct chan *c)
{
	return c->question != NULL ||
	       (c->session != NULL && c->session->phase == SESSION_ASKED);
}

static bool may_be_told(const struct asked_request *q)
{
	return q->name.n <= LIMIT_NAME_BYTES && q->payload.n <= LIMIT_REQUEST_BYTES;
}

enum err question_ask(struct chan *c, struct span request,
		      const struct asked_request *q)
{
	if (!may_be_told(q))
		return q->reply ? send_request_answer(c, false) : OK;
	c->question = malloc(request.n);
	if (c->question == NULL)
		return ERR_MEMORY;
	memcpy(c->question, request.p, request.n);
	c->question_n = request.n;
	return worker_ask(c->worker,
			  &MSG_OF(chan_request, .chan = c->number, .name = q->name,
				  .reply = q->reply, .payload = q->payload));
}

enum err question_tell(struct chan *c, const struct asked_request *q)
{
	if ((c->worker->granted.hears & HEARS_REQUESTED) == 0 || !may_be_told(q))
		return OK;
	return worker_ask(c->worker,
			  &MSG_OF(chan_requested, .chan = c->number, .name = q->name,
				  .reply = q->reply, .payload = q->payload));
}

enum err requests_resume(struct chan *c)
{
	size_t *total = &c->worker->chans.held;
	struct hold held;
	struct rd r;
	enum err e = OK;

	hold_move(&c->held, total, &held);
	r = RD(((struct span){held.p, held.n}));
	while (e == OK && r.left.n > 0) {
		struct span request = rd_bytes(&r, LIMIT_CHAN_HELD_BYTES);

		if (!rd_ok(&r))
			e = rd_end(&r);
		else if (question_open(c))
			e = hold_put(&c->held, total, request);
		else
			e = request_take(c, request, DECIDED_NOT);
	}
	free(held.p);
	return e;
}

enum err send_notice(struct chan *c, struct span text)
{
	struct transport *t = &c->worker->transport;
	bool ends = text.n > 0 && text.p[text.n - 1] == '\n';
	struct span end = ends ? (struct span){0} : SPAN_LIT("\r\n");
	size_t n = text.n + end.n, mark;
	struct wr *p;

	if (text.n == 0 || c->session == NULL || c->eof_sent || c->close_got ||
	    n > c->peer_window || n > c->peer_packet)
		return OK;
	p = transport_begin(t, SSH_MSG_CHANNEL_EXTENDED_DATA);
	wr_u32(p, c->peer);
	wr_u32(p, SSH_EXTENDED_DATA_STDERR);
	mark = wr_open(p);
	wr_raw(p, text);
	wr_raw(p, end);
	wr_close(p, mark);
	c->peer_window -= (uint32_t)n;
	chan_carried(c, n, 0);
	return transport_commit(t);
}

/* Goes on with a request that was decided. */
static enum err go_on(struct chan *c, enum request_verdict verdict,
		      struct span question)
{
	struct rd r = RD(question);
	bool reply;

	if (verdict != REQUEST_REFUSED)
		return request_take(c, question,
				    verdict == REQUEST_GRANTED ? DECIDED_GRANTED
							       : DECIDED_AS_EVER);
	rd_bytes(&r, LIMIT_TEXT_BYTES);
	reply = rd_bool(&r);
	return reply ? send_request_answer(c, false) : OK;
}

enum err on_chan_request_result(struct worker *w,
				const struct msg_chan_request_result *m,
				struct ipc_fds *fds)
{
	struct chan *c;
	uint8_t *question;
	enum err e;

	(void)fds;
	if (m->global != 0)
		return global_decided(w, m);
	c = chan_find(w, m->chan, CHAN_OPEN);
	if (c == NULL || c->close_sent || c->question == NULL)
		return OK;
	question = c->question;
	c->question = NULL;
	e = send_notice(c, m->message);
	if (e == OK)
		e = go_on(c, (enum request_verdict)m->verdict,
			  (struct span){question, c->question_n});
	free(question);
	if (e == OK)
		e = requests_resume(c);
	return e == OK ? chan_progress(c) : e;
}
