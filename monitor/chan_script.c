/*
 * The script's end of a channel. A piece of the client's data is asked about, not told:
 * the next is let come once the script had it, so that nothing waits but in the client's
 * window. What the script sends waits here, bounded, until the worker wants it: it wants
 * a piece once the client read the last. A worker's link that is half full is left alone
 * for a while, so that answers to others always find room.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/link.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"

struct chan_script {
	struct question question; /* the piece that the script has */
	struct evbuffer *queue;   /* what the worker has not wanted yet */
	struct evbuffer *errors;  /* the same, for stderr; NULL: nothing ever was */
	bool wants;               /* the worker has room for a piece */
	bool eof_due, eof_told;   /* the script sends no more; the worker knows */
	bool close_due, close_told;
	uint32_t status; /* of a session, with the close */
	bool refused;    /* a send was: the script hears when there is room again */
	struct conn *c;  /* for stalled */
	uint32_t chan;
	struct event stalled; /* ConnectionTimeout is over */
	bool timed;
};

enum err chan_script_begin(struct conn *c, struct mchan *ch)
{
	struct chan_policy *p = ch->policy;
	struct chan_script *s = calloc(1, sizeof *s);

	if (s == NULL || (s->queue = evbuffer_new()) == NULL) {
		free(s);
		return ERR_MEMORY;
	}
	s->c = c;
	s->chan = ch->chan;
	p->script = s;
	if (p->record > 0)
		conn_tell(c,
			  &MSG_OF(chan_record, .chan = ch->chan, .bytes = p->record));
	return OK;
}

/* Bytes that wait. */
static size_t queued(const struct chan_script *s)
{
	return evbuffer_get_length(s->queue) +
	       (s->errors == NULL ? 0 : evbuffer_get_length(s->errors));
}

void chan_script_free(struct conn *c, struct chan_script *s)
{
	if (s == NULL)
		return;
	c->work->send_queued -= queued(s);
	question_wipe(&s->question);
	if (s->timed)
		event_del(&s->stalled);
	if (s->errors != NULL)
		evbuffer_free(s->errors);
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

/* A client that takes something is not to be waited for any longer. */
static void stall_over(struct chan_script *s)
{
	if (s->timed)
		event_del(&s->stalled);
	s->timed = false;
}

static void stalled(evutil_socket_t fd, short events, void *arg);

/* ConnectionTimeout begins where data waits. */
static void stall_watch(struct chan_script *s)
{
	const struct timeval at = {.tv_sec = act_timeout_s(s->c)};

	if (queued(s) == 0)
		stall_over(s);
	if (s->timed || queued(s) == 0 || at.tv_sec == 0)
		return;
	evtimer_assign(&s->stalled, s->c->m->base, stalled, s);
	s->timed = event_add(&s->stalled, &at) == 0;
}

bool chan_link_has_room(const struct conn *c)
{
	return link_has_room(&c->work->link);
}

/* What goes to stderr goes behind what goes to stdout: a program's pipes have no order either. */
static void send_piece(struct conn *c, struct mchan *ch)
{
	struct chan_script *s = ch->policy->script;
	uint8_t piece[LIMIT_PIECE_BYTES];
	bool is_error = evbuffer_get_length(s->queue) == 0;
	int n = evbuffer_remove(is_error ? s->errors : s->queue, piece, sizeof piece);

	if (n <= 0)
		return;
	s->wants = false;
	c->work->send_queued -= (size_t)n;
	ch->policy->sent += (size_t)n;
	conn_tell(c, &MSG_OF(chan_send, .chan = ch->chan, .is_error = is_error,
			     .data = {piece, (size_t)n}));
	stall_over(s);
}

/* What comes after the last piece. */
static void tell_end(struct conn *c, struct mchan *ch)
{
	struct chan_script *s = ch->policy->script;

	if (s->eof_due && !s->eof_told && !s->close_due)
		conn_tell(c, &MSG_OF(chan_eof, .chan = ch->chan));
	s->eof_told = s->eof_told || s->eof_due;
	if (s->close_due && !s->close_told)
		conn_tell(c,
			  &MSG_OF(chan_close, .chan = ch->chan, .status = s->status));
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

	if (queued(s) > 0 && s->wants) {
		if (!chan_link_has_room(c)) {
			send_later(c);
			return;
		}
		send_piece(c, ch);
	}
	stall_watch(s);
	if (queued(s) == 0)
		tell_end(c, ch);
	if (s->refused && queued(s) < LIMIT_SEND_QUEUE_BYTES / 2) {
		s->refused = false;
		ch->policy->ready = true;
		chan_policy_tell(c, ch, POLICY_ON_channel_ready_to_send, NULL);
	}
}

/* What was sent cannot be delivered: it is dropped, and the channel ends. */
static void stalled(evutil_socket_t fd, short events, void *arg)
{
	struct chan_script *s = arg;
	struct conn *c = s->c;
	struct mchan *ch = chan_find(c, s->chan);
	char text[LIMIT_TEXT_BYTES];

	(void)fd;
	(void)events;
	s->timed = false;
	(void)snprintf(text, sizeof text,
		       "channel %u: the client took nothing for %u seconds",
		       (unsigned)s->chan, (unsigned)act_timeout_s(c));
	log_info("conn=%llu user=%s closed %s", (unsigned long long)c->id,
		 c->work->user_shown, text);
	c->work->send_queued -= queued(s);
	evbuffer_drain(s->queue, evbuffer_get_length(s->queue));
	if (s->errors != NULL)
		evbuffer_drain(s->errors, evbuffer_get_length(s->errors));
	s->refused = ch->policy->ready = false;
	conn_policy_error(c, CODE_TIMEOUT, span_str(text));
	chan_script_close(c, ch);
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

void chan_script_close(struct conn *c, struct mchan *ch)
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
		chan_script_close(c, ch);
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
		chan_script_close(c, ch);
	}
	return OK;
}

/* ---- what the script does ---- */

/* Where data of that kind waits; NULL: no memory. */
static struct evbuffer *queue_of(struct chan_script *s, enum policy_action action)
{
	if (action == POLICY_SEND)
		return s->queue;
	if (s->errors == NULL)
		s->errors = evbuffer_new();
	return s->errors;
}

static struct act_result send_data(struct conn *c, struct mchan *ch,
				   enum policy_action action, struct span data)
{
	struct chan_script *s = ch->policy->script;
	struct evbuffer *queue;

	if (s->eof_due)
		return (struct act_result){CODE_AFTER_END, "it was ended before"};
	if (action == POLICY_SEND_ERROR && !ch->session)
		return (struct act_result){CODE_INVALID, "only sessions have a stderr"};
	if (data.n > LIMIT_SEND_QUEUE_BYTES - queued(s) ||
	    data.n > LIMIT_SEND_QUEUES_BYTES - c->work->send_queued) {
		s->refused = true;
		ch->policy->ready = false;
		return (struct act_result){
		    CODE_WOULD_BLOCK,
		    "the client does not read: wait for on_channel_ready_to_send"};
	}
	queue = queue_of(s, action);
	if (queue == NULL || evbuffer_add(queue, data.p, data.n) != 0)
		return (struct act_result){CODE_NO_BUFFERS, "no memory"};
	c->work->send_queued += data.n;
	return ACT_DONE;
}

static struct act_result set_record(struct conn *c, struct mchan *ch, struct span data)
{
	struct rd r = RD(data);
	uint32_t bytes = rd_u32(&r);

	if (rd_end(&r) != OK || bytes > LIMIT_PIECE_BYTES)
		return (struct act_result){CODE_INVALID,
					   "beyond what a record may have"};
	ch->policy->record = bytes;
	if (ch->policy->script != NULL)
		conn_tell(c, &MSG_OF(chan_record, .chan = ch->chan, .bytes = bytes));
	return ACT_DONE;
}

/* The status is a session's, where one was given. */
static struct act_result end(struct conn *c, struct mchan *ch,
			     enum policy_action action, struct span data)
{
	struct chan_script *s = ch->policy == NULL ? NULL : ch->policy->script;
	struct rd r = RD(data);
	uint32_t status = data.n > 0 ? rd_u32(&r) : 0;

	if (rd_end(&r) != OK)
		return (struct act_result){CODE_INVALID, "malformed"};
	if (s == NULL) {
		conn_tell(c, &MSG_OF(chan_close, .chan = ch->chan, .status = status));
		return ACT_DONE;
	}
	s->eof_due = true;
	if (action == POLICY_CLOSE && !s->close_due) {
		s->close_due = true;
		s->status = status;
	}
	return ACT_DONE;
}

static struct act_result act(struct conn *c, struct mchan *ch,
			     enum policy_action action, struct span data)
{
	bool script = ch->policy != NULL && ch->policy->script != NULL;

	if (ch->policy != NULL && action == POLICY_RECORD_LENGTH)
		return set_record(c, ch, data);
	if (!script && action != POLICY_CLOSE)
		return (struct act_result){CODE_INVALID, "its peer is not the script"};
	if (action == POLICY_SEND || action == POLICY_SEND_ERROR)
		return send_data(c, ch, action, data);
	return end(c, ch, action, data);
}

struct act_result chan_script_act(struct conn *c, uint32_t chan,
				  enum policy_action action, struct span data)
{
	struct mchan *ch = chan_find(c, chan);
	struct act_result done = {CODE_NO_SUCH, "it is closed"};

	if (ch == NULL)
		return done;
	done = act(c, ch, action, data);
	if (ch->policy != NULL && ch->policy->script != NULL)
		pump(c, ch);
	return done;
}
