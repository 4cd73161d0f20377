/*
 * The table of channels, what each is joined to, and its way to the end. Numbers come
 * from the client and are looked up, never trusted. Source: RFC 4254 5
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"

enum { FIRST_SLOTS = 4 };

/* ---- the table ---- */

void chan_enter(struct chan *c, enum chan_phase phase)
{
	struct chans *all = &c->worker->chans;

	if (c->phase == CHAN_OFFERED && phase != CHAN_OFFERED)
		all->offered--;
	if (c->phase != CHAN_OFFERED && phase == CHAN_OFFERED)
		all->offered++;
	c->phase = phase;
	if (phase == CHAN_OPEN)
		idle_opened(c);
}

static enum err table_grow(struct chans *all)
{
	size_t cap = all->cap == 0 ? FIRST_SLOTS : all->cap * 2;
	struct chan **slot = realloc(all->slot, cap * sizeof(struct chan *));

	if (slot == NULL)
		return ERR_MEMORY;
	for (size_t i = all->cap; i < cap; i++)
		slot[i] = NULL;
	all->slot = slot;
	all->cap = cap;
	return OK;
}

/* Where every queue is full, with a chunk half used at each end, memory must suffice. */
_Static_assert(LIMIT_WINDOWS_BYTES + LIMIT_CHANNELS * (LIMIT_WINDOW_LEAST_BYTES +
						       2 * LIMIT_CHAN_PACKET_BYTES) <=
		   LIMIT_WORKER_MIB / 4 * 3 * 1024 * 1024,
	       "stalled channels must fit a worker's address space");

/* The first channels get a large window each; those that come when it is given away a small one. */
static void promise_window(struct chan *c)
{
	struct chans *all = &c->worker->chans;

	c->whole = all->promised > LIMIT_WINDOWS_BYTES - LIMIT_WINDOW_BYTES
		       ? LIMIT_WINDOW_LEAST_BYTES
		       : LIMIT_WINDOW_BYTES;
	c->window = c->whole;
	all->promised += c->whole;
}

enum err chan_new(struct worker *w, const char *type, enum chan_phase phase,
		  struct chan **out)
{
	struct chans *all = &w->chans;
	struct chan *c;
	size_t i = 0;

	if (all->n == all->cap && table_grow(all) != OK)
		return ERR_MEMORY;
	while (all->slot[i] != NULL)
		i++;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return ERR_MEMORY;
	c->worker = w;
	c->type = type;
	c->number = (uint32_t)i;
	promise_window(c);
	c->from[CHAN_OUT].fd = c->from[CHAN_ERR].fd = c->to.fd = -1;
	chan_enter(c, phase);
	all->slot[i] = c;
	all->n++;
	*out = c;
	return OK;
}

static void watch_close(struct worker *w, struct watch *watch)
{
	loop_unwatch(&w->loop, watch);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

/*
 * Lets go of all but the number: the client may still name it until it closes it too.
 */
static void let_go(struct chan *c)
{
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++) {
		c->reading[i] = c->drain[i] = false;
		watch_close(c->worker, &c->from[i]);
	}
	c->writing = false;
	if (c->duplex)
		c->to.fd = -1; /* the same descriptor */
	watch_close(c->worker, &c->to);
	queue_wipe(&c->queue);
	if (c->starved)
		c->worker->chans.starved--;
	c->starved = false;
}

void chan_free(struct chan *c)
{
	struct chans *all = &c->worker->chans;

	let_go(c);
	session_free(c->session);
	script_free(c->script);
	hold_wipe(&c->held, &all->held);
	free(c->question);
	free(c->type_store);
	if (c->phase == CHAN_OFFERED)
		all->offered--;
	all->promised -= c->whole;
	all->slot[c->number] = NULL;
	all->n--;
	if (all->n == 0)
		idle_none(c->worker);
	free(c);
}

struct chan *chan_find(struct worker *w, uint32_t number, enum chan_phase phase)
{
	struct chan *c = number < w->chans.cap ? w->chans.slot[number] : NULL;

	return c != NULL && c->phase == phase ? c : NULL;
}

enum err chan_lookup(struct worker *w, uint32_t number, struct chan **out)
{
	struct chan *c = chan_find(w, number, CHAN_OPEN);

	if (c == NULL)
		return ERR_CHANNEL;
	*out = c;
	return OK;
}

enum err chan_tell(struct chan *c, enum chan_event event)
{
	static const uint32_t bits[] = {[CHAN_EVENT_OPENED] = HEARS_OPENED,
					[CHAN_EVENT_EOF] = HEARS_EOF,
					[CHAN_EVENT_READY] = HEARS_READY};

	if ((c->worker->granted.hears & bits[event]) == 0)
		return OK;
	return worker_ask(
	    c->worker, &MSG_OF(chan_event, .chan = c->number, .event = (uint8_t)event,
			       .type = event == CHAN_EVENT_OPENED ? span_str(c->type)
								  : (struct span){0},
			       .sent = c->sent, .received = c->received));
}

static enum err tell_closed(struct chan *c)
{
	return worker_ask(c->worker, &MSG_OF(chan_closed, .chan = c->number,
					     .sent = c->sent, .received = c->received));
}

void chan_carried(struct chan *c, size_t sent, size_t received)
{
	struct chans *all = &c->worker->chans;

	c->sent += sent;
	c->received += received;
	all->sent += sent;
	all->received += received;
	idle_data(c);
}

enum err chans_tell_carried(struct worker *w, uint64_t least)
{
	struct chans *all = &w->chans;
	struct msg m = MSG_OF(carried, .sent = all->sent, .received = all->received);

	if (all->sent + all->received < least)
		return OK;
	all->sent = all->received = 0;
	return worker_ask(w, &m);
}

enum err chans_farewell(struct worker *w)
{
	enum err e = chans_tell_carried(w, 1);

	for (size_t i = 0; i < w->chans.cap && w->granted.hears != 0 && e == OK; i++)
		if (chan_find(w, (uint32_t)i, CHAN_OPEN) != NULL)
			e = tell_closed(w->chans.slot[i]);
	return e;
}

void chans_wipe(struct worker *w)
{
	struct chans *all = &w->chans;

	for (size_t i = 0; i < all->cap; i++)
		if (all->slot[i] != NULL)
			chan_free(all->slot[i]);
	loop_timer_stop(&w->loop, &all->drain);
	loop_timer_stop(&w->loop, &all->alive.timer);
	idle_wipe(w);
	listens_free(all->listens);
	globals_free(w);
	free(all->slot);
	*all = (struct chans){0};
}

enum err chans_begin(struct worker *w)
{
	alive_begin(w);
	idle_begin(w);
	return hostkeys_announce(w);
}

/* ---- what a channel is joined to ---- */

static enum err join(struct chan *c, struct watch *watch, int fd)
{
	watch->fd = fd;
	watch->events = 0;
	watch->fn = chan_ready;
	watch->ctx = c;
	return loop_watch(&c->worker->loop, watch);
}

enum err chan_join_tty(struct chan *c, int fd)
{
	enum err e = join(c, &c->from[CHAN_OUT], fd);

	c->to.fd = fd;
	c->duplex = true;
	c->reading[CHAN_OUT] = c->writing = true;
	return e;
}

enum err chan_join_socket(struct chan *c, int fd)
{
	c->socket = true;
	return chan_join_tty(c, fd);
}

enum err chan_join_pipes(struct chan *c, const int fds[3])
{
	enum err e, first;

	first = join(c, &c->to, fds[0]);
	e = join(c, &c->from[CHAN_OUT], fds[1]);
	first = first != OK ? first : e;
	e = join(c, &c->from[CHAN_ERR], fds[2]);
	c->reading[CHAN_OUT] = c->reading[CHAN_ERR] = c->writing = true;
	return first != OK ? first : e;
}

/* ---- towards the end ---- */

static enum err send_about(struct chan *c, enum ssh_msg number)
{
	wr_u32(transport_begin(&c->worker->transport, number), c->peer);
	return transport_commit(&c->worker->transport);
}

/*
 * Closes each descriptor of which nothing is wanted any more, or the half of a socket.
 */
static void close_done(struct chan *c)
{
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++)
		if (!c->reading[i] && !(c->duplex && c->writing))
			watch_close(c->worker, &c->from[i]);
	if (c->duplex && c->from[CHAN_OUT].fd < 0)
		c->to.fd = -1;
	if (!c->duplex && !c->writing)
		watch_close(c->worker, &c->to);
}

/* The client sends no more, and all it sent is written. */
static void end_writing(struct chan *c)
{
	c->writing = false;
	if (c->script != NULL)
		return;
	if (c->socket)
		shutdown(c->to.fd,
			 SHUT_WR); /* its failure says what the next read will say */
}

static void stop_reading(struct chan *c)
{
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++)
		c->reading[i] = c->drain[i] = false;
}

static bool is_reading(const struct chan *c)
{
	return c->reading[CHAN_OUT] || c->reading[CHAN_ERR];
}

static enum err finish(struct chan *c)
{
	enum err e = tell_closed(c);

	log_debug("channel %u: closed, %llu bytes sent, %llu received", c->number,
		  (unsigned long long)c->sent, (unsigned long long)c->received);
	chan_free(c);
	return e;
}

/* EOF, then what became of the program: what it wrote last has been sent before. */
static enum err send_endings(struct chan *c)
{
	struct session *s = c->session;
	bool drained = !c->drain[CHAN_OUT] && !c->drain[CHAN_ERR];
	enum err e = OK;

	if (s != NULL && !session_began(s))
		return OK;
	if (!is_reading(c) && !c->eof_sent && !c->close_got) {
		c->eof_sent = true;
		e = send_about(c, SSH_MSG_CHANNEL_EOF);
	}
	/* a child that keeps the pipes open does not keep back the status */
	if (e == OK && s != NULL && s->phase == SESSION_EXITED && drained && !s->told) {
		s->told = true;
		e = send_exit(c);
	}
	return e;
}

/*
 * Some clients close as soon as both sides sent EOF, just before the program ends: they
 * still get its status, as from sshd.
 */
static bool owes_status(const struct chan *c)
{
	const struct session *s = c->session;

	return s != NULL && session_began(s) && !s->told &&
	       (c->eof_sent || !c->close_got) && !(c->script != NULL && c->close_got);
}

static bool is_over(const struct chan *c)
{
	if (owes_status(c))
		return false;
	if (c->close_got || c->session == NULL)
		return !is_reading(c) && !c->writing;
	return !is_reading(c) && c->session->told;
}

/*
 * The script hears that no more comes once it had all that came before; of a session, not
 * before the start that it decides about: whatever waits may be its own.
 */
static enum err tell_eof(struct chan *c)
{
	bool early = c->session != NULL && !session_began(c->session) && !c->close_got;

	if (!c->eof_got || c->eof_told || c->close_sent || early ||
	    (c->script != NULL && c->queue.n > 0))
		return OK;
	c->eof_told = true;
	return chan_tell(c, CHAN_EVENT_EOF);
}

enum err chan_progress(struct chan *c)
{
	enum err e = OK;

	if (c->script != NULL && !c->close_sent && (e = script_give(c)) != OK)
		return e;
	if ((e = tell_eof(c)) != OK)
		return e;
	if (c->close_got)
		stop_reading(c);
	if ((c->eof_got || c->close_got) && c->writing && c->queue.n == 0)
		end_writing(c);
	if (!c->close_sent)
		close_done(c);
	if (!c->close_sent)
		e = send_endings(c);
	if (e == OK && !c->close_sent && is_over(c)) {
		c->close_sent = true;
		let_go(c);
		e = send_about(c, SSH_MSG_CHANNEL_CLOSE);
	}
	if (e == OK && c->close_sent && c->close_got)
		return finish(c);
	return e;
}

enum err chan_abandon(struct chan *c)
{
	enum err e;

	c->close_sent = true;
	let_go(c);
	e = send_about(c, SSH_MSG_CHANNEL_CLOSE);
	return e == OK && c->close_got ? finish(c) : e;
}

enum err recv_channel_eof(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct chan *c;
	enum err e;

	if ((e = rd_end(r)) != OK || (e = chan_lookup(w, number, &c)) != OK)
		return e;
	if (c->eof_got || c->close_got)
		return ERR_FORBIDDEN;
	c->eof_got = true;
	return chan_progress(c);
}

/*
 * RFC 4254 5.3: answered once all that the client sent is written; the rest is dropped.
 */
enum err recv_channel_close(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct chan *c;
	enum err e;

	if ((e = rd_end(r)) != OK || (e = chan_lookup(w, number, &c)) != OK)
		return e;
	if (c->close_got)
		return ERR_FORBIDDEN;
	c->close_got = true;
	return chan_progress(c);
}
