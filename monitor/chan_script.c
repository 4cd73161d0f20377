/*
 * The script's end of a channel. A piece of the client's data is asked about, not told:
 * the next is let come once the script had it, so that nothing waits but in the client's
 * window. What the script sends waits here, bounded, until the worker wants it: it wants
 * a piece once the client read the last. A worker's link that is half full is left alone
 * for a while, so that answers to others always find room.
 */
#include <event2/buffer.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "common/log.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"

struct chan_script {
	struct question question; /* the piece that the script has */
	struct evbuffer *queue;   /* what the worker has not wanted yet */
	bool wants;               /* the worker has room for a piece */
	bool eof_due, eof_told;   /* the script sends no more; the worker knows */
	bool close_due, close_told;
	bool refused; /* a send was: the script hears when there is room again */
};

enum err chan_script_begin(struct conn *c, struct mchan *ch)
{
	struct chan_policy *p = ch->policy;
	struct chan_script *s = calloc(1, sizeof *s);

	if (s == NULL || (s->queue = evbuffer_new()) == NULL) {
		free(s);
		return ERR_MEMORY;
	}
	p->script = s;
	if (p->record > 0)
		conn_tell(c,
			  &MSG_OF(chan_record, .chan = ch->chan, .bytes = p->record));
	return OK;
}

void chan_script_free(struct conn *c, struct chan_script *s)
{
	if (s == NULL)
		return;
	c->work->send_queued -= evbuffer_get_length(s->queue);
	question_wipe(&s->question);
	evbuffer_free(s->queue);
	free(s);
}

void chan_script_conn_wipe(struct conn *c)
{
	if (c->work->send_waits)
		event_del(&c->work->send_retry);
	c->work->send_waits = false;
}

static struct chan_script *script_of(const struct conn *c, uint32_t chan,
				     struct mchan **out)
{
	struct mchan *ch = chan_find(c, chan);

	if (ch == NULL || ch->policy == NULL)
		return NULL;
	*out = ch;
	return ch->policy->script;
}

/* ---- to the client ---- */

/* Whether the worker has read so much that half of its link is free. */
static bool link_has_room(const struct conn *c)
{
	int waits = 0, bytes = 0;
	socklen_t n = sizeof bytes;

	if (ioctl(c->work->link.sock, SIOCOUTQ, &waits) != 0 ||
	    getsockopt(c->work->link.sock, SOL_SOCKET, SO_SNDBUF, &bytes, &n) != 0)
		return false;
	return waits < bytes / 2;
}

static void send_piece(struct conn *c, struct mchan *ch)
{
	struct chan_script *s = ch->policy->script;
	uint8_t piece[LIMIT_PIECE_BYTES];
	int n = evbuffer_remove(s->queue, piece, sizeof piece);

	if (n <= 0)
		return;
	s->wants = false;
	c->work->send_queued -= (size_t)n;
	ch->policy->sent += (size_t)n;
	conn_tell(c, &MSG_OF(chan_send, .chan = ch->chan, .data = {piece, (size_t)n}));
}

/* What comes after the last piece. */
static void tell_end(struct conn *c, struct mchan *ch)
{
	struct chan_script *s = ch->policy->script;

	if (s->eof_due && !s->eof_told && !s->close_due)
		conn_tell(c, &MSG_OF(chan_eof, .chan = ch->chan));
	s->eof_told = s->eof_told || s->eof_due;
	if (s->close_due && !s->close_told)
		conn_tell(c, &MSG_OF(chan_close, .chan = ch->chan));
	s->close_told = s->close_due;
}

static void retry(evutil_socket_t fd, short events, void *arg);

static void send_later(struct conn *c)
{
	const struct timeval pause = {.tv_usec = LIMIT_SEND_PAUSE_US};
	struct conn_work *w = c->work;

	if (w->send_waits)
		return;
	evtimer_assign(&w->send_retry, c->m->base, retry, c);
	w->send_waits = event_add(&w->send_retry, &pause) == 0;
}

static void pump(struct conn *c, struct mchan *ch)
{
	struct chan_script *s = ch->policy->script;

	if (evbuffer_get_length(s->queue) > 0 && s->wants) {
		if (!link_has_room(c)) {
			send_later(c);
			return;
		}
		send_piece(c, ch);
	}
	if (evbuffer_get_length(s->queue) == 0)
		tell_end(c, ch);
	if (s->refused && evbuffer_get_length(s->queue) < LIMIT_SEND_QUEUE_BYTES / 2) {
		s->refused = false;
		ch->policy->ready = true;
		chan_policy_tell(c, ch, POLICY_ON_channel_ready_to_send, NULL);
	}
}

static void retry(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)events;
	c->work->send_waits = false;
	for (struct mchan *ch = c->work->chans; ch != NULL; ch = ch->next)
		if (ch->policy != NULL && ch->policy->script != NULL)
			pump(c, ch);
}

enum err serve_chan_want(struct conn *c, const struct msg_chan_want *m,
			 struct ipc_fds *fds)
{
	struct mchan *ch = NULL;
	struct chan_script *s = script_of(c, m->chan, &ch);

	(void)fds;
	if (s == NULL || s->wants)
		return ERR_FORBIDDEN;
	s->wants = true;
	pump(c, ch);
	return OK;
}

/* ---- from the client ---- */

static struct mchan *asked_by(const struct conn *c, const void *ctx)
{
	struct mchan *ch = c->work->chans;

	while (ch != NULL && !(ch->policy != NULL && ch->policy->script != NULL &&
			       question_is(&ch->policy->script->question, ctx)))
		ch = ch->next;
	return ch;
}

static void close_it(struct conn *c, struct mchan *ch)
{
	ch->policy->script->eof_due = ch->policy->script->close_due = true;
	pump(c, ch);
}

/* A script that failed on a piece has lost its thread. */
static void data_taken(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mchan *ch = asked_by(c, ctx);
	struct printable where;
	struct kept_msg none;

	if (ch == NULL)
		return;
	question_end(&ch->policy->script->question, &none);
	kept_free(&none);
	if (a->verdict == POLICY_ERROR) {
		log_error("conn=%llu user=%s channel=%u closed: on_channel_data_in "
			  "failed%s%s",
			  (unsigned long long)c->id, c->work->user_shown,
			  (unsigned)ch->chan, a->where.n > 0 ? " at=" : "",
			  printable(a->where, &where));
		close_it(c, ch);
		return;
	}
	conn_tell(c, &MSG_OF(chan_taken, .chan = ch->chan));
}

static enum err ask_data(struct conn *c, struct mchan *ch, struct span data)
{
	struct facts_store f;
	struct asks asks = {
	    .event = POLICY_ON_channel_data_in, .facts = &f, .done = data_taken};
	enum err e = facts_begin(&f);

	if (e != OK)
		return e;
	chan_policy_facts(&f.w, ch);
	facts_str(&f.w, "data.bytes", data);
	e = question_ask(c, &ch->policy->script->question, &asks);
	facts_end(&f);
	return e;
}

enum err serve_chan_data(struct conn *c, const struct msg_chan_data *m,
			 struct ipc_fds *fds)
{
	struct mchan *ch = NULL;
	struct chan_script *s = script_of(c, m->chan, &ch);
	enum err e;

	(void)fds;
	if (s == NULL || s->question.id != 0 || m->data.n == 0)
		return ERR_FORBIDDEN;
	ch->policy->received += m->data.n;
	if (!policy_hears(c, POLICY_ON_channel_data_in)) {
		conn_tell(c, &MSG_OF(chan_taken, .chan = ch->chan));
		return OK;
	}
	if ((e = ask_data(c, ch, m->data)) != OK) {
		log_error("conn=%llu channel=%u closed: policy is not asked: %s",
			  (unsigned long long)c->id, (unsigned)ch->chan, err_text(e));
		close_it(c, ch);
	}
	return OK;
}

/* ---- what the script does ---- */

static const char *send_data(struct conn *c, struct mchan *ch, struct span data)
{
	struct chan_script *s = ch->policy->script;
	size_t waits = evbuffer_get_length(s->queue);

	if (s->eof_due)
		return "it was ended before";
	if (data.n > LIMIT_SEND_QUEUE_BYTES - waits ||
	    data.n > LIMIT_SEND_QUEUES_BYTES - c->work->send_queued) {
		s->refused = true;
		ch->policy->ready = false;
		return "the client does not read: wait for on_channel_ready_to_send";
	}
	if (evbuffer_add(s->queue, data.p, data.n) != 0)
		return "no memory";
	c->work->send_queued += data.n;
	return NULL;
}

static const char *set_record(struct conn *c, struct mchan *ch, struct span data)
{
	struct rd r = RD(data);
	uint32_t bytes = rd_u32(&r);

	if (rd_end(&r) != OK || bytes > LIMIT_PIECE_BYTES)
		return "beyond what a record may have";
	ch->policy->record = bytes;
	if (ch->policy->script != NULL)
		conn_tell(c, &MSG_OF(chan_record, .chan = ch->chan, .bytes = bytes));
	return NULL;
}

static const char *act(struct conn *c, struct mchan *ch, enum policy_action action,
		       struct span data)
{
	struct chan_script *s = ch->policy == NULL ? NULL : ch->policy->script;

	if (ch->policy != NULL && action == POLICY_RECORD_LENGTH)
		return set_record(c, ch, data);
	if (s == NULL && action == POLICY_CLOSE) {
		conn_tell(c, &MSG_OF(chan_close, .chan = ch->chan));
		return NULL;
	}
	if (s == NULL)
		return "its peer is not the script";
	if (action == POLICY_SEND)
		return send_data(c, ch, data);
	s->eof_due = true;
	s->close_due = s->close_due || action == POLICY_CLOSE;
	return NULL;
}

void chan_script_act(struct conn *c, uint32_t chan, enum policy_action action,
		     struct span data)
{
	static const char *const names[POLICY_ACTION_COUNT] = {[POLICY_SEND] = "send",
							       [POLICY_EOF] = "eof",
							       [POLICY_CLOSE] = "close",
							       [POLICY_RECORD_LENGTH] =
								   "set_record_length"};
	struct mchan *ch = chan_find(c, chan);
	const char *wrong = ch == NULL ? "it is closed" : act(c, ch, action, data);

	if (wrong != NULL)
		log_error("conn=%llu channel=%u policy: channel:%s: %s",
			  (unsigned long long)c->id, (unsigned)chan, names[action],
			  wrong);
	if (ch != NULL && ch->policy != NULL && ch->policy->script != NULL)
		pump(c, ch);
}
