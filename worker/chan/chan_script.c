/*
 * Channels whose other end is the policy script. What the client sends goes to the
 * monitor a piece at a time, the next once the script had the last; what the script
 * sends is asked for a piece at a time, once the client took the last. So nothing is
 * queued here beyond the window and one piece, and a client that does not read, or a
 * script that is slow, stalls its own channel only.
 */
#include <stdlib.h>

#include "worker/chan/chan_private.h"

struct script {
	struct queue out; /* of the script's, for the client: one piece at most */
	bool waits;       /* a piece was given, and not yet taken */
	bool wants;       /* a piece was asked for */
	bool eof_due;     /* the script sends no more */
	bool close_due;   /* and wants the channel to end, once all is sent */
	uint32_t status;  /* of a session, where close_due */
};

enum err chan_join_script(struct chan *c)
{
	c->script = calloc(1, sizeof *c->script);
	if (c->script == NULL)
		return ERR_MEMORY;
	c->reading[CHAN_OUT] = c->writing = true;
	return OK;
}

void script_free(struct script *s)
{
	if (s == NULL)
		return;
	queue_wipe(&s->out);
	free(s);
}

/* ---- from the client ---- */

/* How long the next piece is; 0: none is due. */
static size_t piece_due(const struct chan *c)
{
	const struct script *s = c->script;
	size_t n = c->queue.n;

	if (s->waits || n == 0)
		return 0;
	if (n < c->record && !c->eof_got && !c->close_got)
		return 0;
	if (c->record > 0 && n > c->record)
		return c->record;
	return n < LIMIT_PIECE_BYTES ? n : LIMIT_PIECE_BYTES;
}

enum err script_give(struct chan *c)
{
	struct script *s = c->script;
	uint8_t piece[LIMIT_PIECE_BYTES];
	size_t n = piece_due(c);
	enum err e = OK;

	if (n > 0) {
		queue_take(&c->queue, piece, n);
		s->waits = true;
		e = worker_ask(c->worker, &MSG_OF(chan_data, .chan = c->number,
						  .data = {piece, n}));
		if (e == OK)
			e = chan_consume(c, n);
	}
	return e;
}

/* A channel of a script's that is open; NULL: it closed meanwhile. */
static struct chan *script_chan(struct worker *w, uint32_t number)
{
	struct chan *c = chan_find(w, number, CHAN_OPEN);

	return c == NULL || c->close_sent || c->script == NULL ? NULL : c;
}

enum err on_chan_taken(struct worker *w, const struct msg_chan_taken *m,
		       struct ipc_fds *fds)
{
	struct chan *c = script_chan(w, m->chan);

	(void)fds;
	if (c == NULL)
		return OK;
	c->script->waits = false;
	return chan_progress(c);
}

enum err on_chan_record(struct worker *w, const struct msg_chan_record *m,
			struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->chan, CHAN_OPEN);
	struct chan *asked = chan_find(w, m->chan, CHAN_ASKED);

	(void)fds;
	if (asked != NULL)
		asked->record = m->bytes;
	if (c == NULL || c->close_sent)
		return OK;
	c->record = m->bytes;
	return chan_progress(c);
}

/* ---- the end ---- */

/* A session ends as if its program had: the client is told a status. */
static void end_session(struct session *s, uint32_t status)
{
	if (s == NULL || s->phase == SESSION_EXITED)
		return;
	s->phase = SESSION_EXITED;
	s->status = status;
	s->signal_n = 0;
}

static enum err close_now(struct chan *c, uint32_t status)
{
	size_t lost = c->queue.n;
	enum err e;

	end_session(c->session, status);
	queue_wipe(&c->queue);
	c->writing = false;
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++)
		c->reading[i] = c->drain[i] = false;
	if ((e = chan_consume(c, lost)) != OK)
		return e;
	return chan_progress(c);
}

/* ---- to the client ---- */

bool script_waits(const struct chan *c)
{
	return c->script != NULL && c->script->out.n > 0 && c->peer_window > 0 &&
	       !c->close_sent && !c->eof_sent;
}

static enum err send_piece(struct chan *c, size_t max)
{
	struct transport *t = &c->worker->transport;
	struct wr *p = transport_begin(t, SSH_MSG_CHANNEL_DATA);
	size_t mark, n;
	uint8_t *at;
	enum err e;

	wr_u32(p, c->peer);
	mark = wr_open(p);
	at = wr_lend(p, max, &n);
	if (n == 0) {
		transport_cancel(t);
		return ERR_NO_SPACE;
	}
	queue_take(&c->script->out, at, n);
	wr_filled(p, n);
	wr_close(p, mark);
	if ((e = transport_commit(t)) != OK)
		return e;
	c->peer_window -= (uint32_t)n;
	c->sent += n;
	idle_data(c);
	return OK;
}

enum err script_flush(struct chan *c)
{
	struct script *s = c->script;
	size_t max;
	enum err e;

	while (script_waits(c) && (max = chan_may_send(c, s->out.n)) > 0)
		if ((e = send_piece(c, max)) != OK)
			return e;
	if (s->out.n == 0 && s->close_due)
		return close_now(c, s->status);
	if (s->out.n == 0 && s->eof_due)
		c->reading[CHAN_OUT] = false;
	if (s->out.n > 0 || s->wants || s->eof_due || c->peer_window == 0)
		return chan_progress(c);
	s->wants = true;
	if ((e = worker_ask(c->worker, &MSG_OF(chan_want, .chan = c->number))) != OK)
		return e;
	return chan_progress(c);
}

enum err on_chan_send(struct worker *w, const struct msg_chan_send *m,
		      struct ipc_fds *fds)
{
	struct chan *c = script_chan(w, m->chan);
	enum err e;

	(void)fds;
	if (c == NULL || c->eof_sent || c->script->eof_due)
		return OK;
	c->script->wants = false;
	if ((e = queue_put(&c->script->out, m->data)) != OK)
		return e;
	return script_flush(c);
}

enum err on_chan_eof(struct worker *w, const struct msg_chan_eof *m,
		     struct ipc_fds *fds)
{
	struct chan *c = script_chan(w, m->chan);

	(void)fds;
	if (c == NULL)
		return OK;
	c->script->eof_due = true;
	return script_flush(c);
}

/* ---- the monitor ends a channel, of any kind ---- */

enum err on_chan_close(struct worker *w, const struct msg_chan_close *m,
		       struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->chan, CHAN_OPEN);

	(void)fds;
	if (c == NULL || c->close_sent)
		return OK;
	if (c->script == NULL)
		return close_now(c, m->status);
	c->script->close_due = c->script->eof_due = true;
	c->script->status = m->status;
	return script_flush(c);
}
