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
	struct queue out;  /* of the script's, for the client: one piece at most */
	bool out_is_error; /* it is stderr of a session */
	uint32_t tag;      /* the monitor's name for it, where we offered it */
	bool waits;        /* a piece was given, and not yet taken */
	bool wants;        /* a piece was asked for */
	bool eof_due;      /* the script sends no more */
	bool close_due;    /* and wants the channel to end, once all is sent */
	uint32_t status;   /* of a session, where close_due */
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
	bool is_error = c->script->out_is_error && c->session != NULL;
	struct wr *p = transport_begin(t, is_error ? SSH_MSG_CHANNEL_EXTENDED_DATA
						   : SSH_MSG_CHANNEL_DATA);
	size_t mark, n;
	uint8_t *at;
	enum err e;

	wr_u32(p, c->peer);
	if (is_error)
		wr_u32(p, SSH_EXTENDED_DATA_STDERR);
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
	chan_carried(c, n, 0);
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
	c->script->out_is_error = m->is_error != 0;
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

/* ---- channels and packets that the script wants ---- */

static enum err tell_offered(struct worker *w, uint32_t tag, uint32_t failure,
			     struct span text)
{
	struct span cut = {text.p,
			   text.n < LIMIT_TEXT_BYTES ? text.n : LIMIT_TEXT_BYTES};

	return worker_ask(
	    w, &MSG_OF(offered, .tag = tag, .failure = failure, .text = cut));
}

/* Makes the channel; ERR_NO_SPACE: there are too many. */
static enum err offer_begin(struct worker *w, const struct msg_offer *m,
			    struct chan **out)
{
	struct chan *c;
	enum err e;

	if (w->chans.n >= LIMIT_CHANNELS || w->chans.offered >= LIMIT_CHAN_OFFERS)
		return ERR_NO_SPACE;
	if ((e = chan_new(w, NULL, CHAN_OFFERED, &c)) != OK)
		return e;
	*out = c;
	if ((e = chan_keep_type(c, m->type)) != OK || (e = chan_join_script(c)) != OK)
		return e;
	c->script->tag = m->tag;
	return OK;
}

enum err on_offer(struct worker *w, const struct msg_offer *m, struct ipc_fds *fds)
{
	struct chan *c;
	struct wr *p;
	enum err e = offer_begin(w, m, &c);

	(void)fds;
	if (e == ERR_NO_SPACE)
		return tell_offered(w, m->tag, SSH_OPEN_RESOURCE_SHORTAGE,
				    SPAN_LIT("too many channels"));
	if (e != OK)
		return e;
	p = transport_begin(&w->transport, SSH_MSG_CHANNEL_OPEN);
	wr_bytes(p, m->type);
	wr_u32(p, c->number);
	wr_u32(p, c->window);
	wr_u32(p, LIMIT_CHAN_PACKET_BYTES);
	wr_raw(p, m->payload);
	return transport_commit(&w->transport);
}

enum err script_offer_taken(struct chan *c)
{
	return worker_ask(c->worker,
			  &MSG_OF(offered, .tag = c->script->tag, .chan = c->number));
}

enum err script_offer_refused(struct chan *c, uint32_t reason, struct span text)
{
	struct worker *w = c->worker;
	uint32_t tag = c->script->tag;

	chan_free(c);
	/* a failure for no reason is one all the same */
	return tell_offered(w, tag, reason != SSH_OPEN_OK ? reason : UINT32_MAX, text);
}

/* Packets by hand wait for nobody: a client that does not read gets no more of them. */
enum err on_packet(struct worker *w, const struct msg_packet *m, struct ipc_fds *fds)
{
	struct chan *c = NULL;
	struct transport *t = &w->transport;
	struct wr *p;

	(void)fds;
	if (m->on_channel != 0) {
		c = chan_find(w, m->chan, CHAN_OPEN);
		if (c == NULL || c->close_sent)
			return OK;
	}
	if (transport_choked(t) || t->held.n > LIMIT_HELD_BYTES / 2) {
		log_error("packet %u is not sent: the client does not read",
			  (unsigned)m->number);
		return OK;
	}
	p = transport_begin(t, (enum ssh_msg)m->number);
	if (c != NULL)
		wr_u32(p, c->peer);
	wr_raw(p, m->payload);
	return transport_commit(t);
}
