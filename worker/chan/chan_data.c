/*
 * Data between the client and descriptors. Out of the client: written from the packet
 * it came in; what the descriptor does not take is queued, and window is given back
 * only as it drains, so what waits is bounded by the window and a stalled channel
 * stalls itself alone. Into the client: read straight into the packet. Source: RFC 4254
 * 5.2
 */
#include <errno.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"

/* ---- from the client ---- */

static enum err send_window_adjust(struct chan *c)
{
	struct transport *t = &c->worker->transport;
	struct wr *p = transport_begin(t, SSH_MSG_CHANNEL_WINDOW_ADJUST);

	wr_u32(p, c->peer);
	wr_u32(p, c->consumed);
	c->window += c->consumed;
	c->consumed = 0;
	return transport_commit(t);
}

/*
 * Bytes were written or dropped; window, consumed and queue always make up
 * the whole window.
 */
enum err chan_consume(struct chan *c, size_t bytes)
{
	const uint32_t half = c->whole / 2;
	const uint32_t give =
	    half < LIMIT_WINDOW_GIVE_BYTES ? half : LIMIT_WINDOW_GIVE_BYTES;

	c->consumed += (uint32_t)bytes;
	if (c->consumed < give || c->eof_got || c->close_got || c->close_sent)
		return OK;
	return send_window_adjust(c);
}

/* PROTOCOL 2.1: only OpenSSH knows what to do with it. */
static enum err send_eow(struct chan *c)
{
	struct worker *w = c->worker;
	struct wr *p;

	if (!names_glob(SPAN_LIT("SSH-2.0-OpenSSH*"), span_str(w->kex.v_client)))
		return OK;
	p = transport_begin(&w->transport, SSH_MSG_CHANNEL_REQUEST);
	wr_u32(p, c->peer);
	wr_str(p, "eow@openssh.com");
	wr_bool(p, false);
	return transport_commit(&w->transport);
}

enum err chan_write_failed(struct chan *c)
{
	size_t lost = c->queue.n;
	enum err e;

	c->writing = false;
	queue_wipe(&c->queue);
	if ((e = chan_consume(c, lost)) != OK)
		return e;
	if (c->session == NULL || c->session->phase != SESSION_RUNNING || c->eof_got ||
	    c->close_got || c->close_sent)
		return OK;
	return send_eow(c);
}

enum err chan_flush(struct chan *c)
{
	size_t taken;
	enum write_result result = queue_flush(&c->queue, c->to.fd, &taken);
	enum err e = chan_consume(c, taken);

	return e == OK && result == WRITE_FAILED ? chan_write_failed(c) : e;
}

/* Writes what the client sent, or keeps it for later. */
static enum err take_data(struct chan *c, struct span data)
{
	enum write_result result;
	size_t taken;
	enum err e;

	if (c->session != NULL && !session_began(c->session))
		return queue_put(&c->queue, data);
	if (!c->writing)
		return chan_consume(c,
				    data.n); /* else the client would wait for window */
	if (c->script != NULL)
		return (e = queue_put(&c->queue, data)) == OK ? script_give(c) : e;
	if (c->queue.n > 0)
		return queue_put(&c->queue, data);
	result = fd_write(c->to.fd, data, &taken);
	data = (struct span){data.p + taken, data.n - taken};
	if (result == WRITE_FAILED && (e = chan_write_failed(c)) != OK)
		return e;
	if (result == WRITE_FAILED)
		taken = data.n;
	else if ((e = queue_put(&c->queue, data)) != OK)
		return e;
	return chan_consume(c, taken);
}

/*
 * Charges data to the window.
 * take:   false where our CLOSE crossed it: it is passed over
 */
static enum err charge(struct chan *c, size_t bytes, bool *take)
{
	*take = !c->close_sent;
	if (c->eof_got || c->close_got)
		return ERR_FORBIDDEN; /* RFC 4254 5.3 */
	if (c->close_sent)
		return OK;
	if (bytes > c->window)
		return ERR_WINDOW;
	c->window -= (uint32_t)bytes;
	chan_carried(c, 0, bytes);
	return OK;
}

enum err recv_channel_data(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct span data = rd_bytes(r, LIMIT_CHAN_PACKET_BYTES);
	struct chan *c;
	bool take;
	enum err e;

	if ((e = rd_end(r)) != OK || (e = chan_lookup(w, number, &c)) != OK ||
	    (e = charge(c, data.n, &take)) != OK)
		return e;
	if (!take || data.n == 0)
		return OK;
	if ((e = take_data(c, data)) != OK)
		return e;
	return c->writing ? OK : chan_progress(c);
}

/* Nothing of ours reads extended data: it is dropped, and its window given back. */
enum err recv_channel_extended_data(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct span data;
	struct chan *c;
	bool take;
	enum err e;

	rd_u32(r); /* data type */
	data = rd_bytes(r, LIMIT_CHAN_PACKET_BYTES);
	if ((e = rd_end(r)) != OK || (e = chan_lookup(w, number, &c)) != OK ||
	    (e = charge(c, data.n, &take)) != OK)
		return e;
	return take ? chan_consume(c, data.n) : OK;
}

/* ---- to the client ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A little room is none: it would go in packets that are mostly header. A rate has its own pieces. */
static size_t room_for_data(struct worker *w)
{
	size_t room = transport_room(&w->transport);

	if (room < LIMIT_CHAN_ROOM_BYTES)
		return 0;
	return least(room,
		     bucket_room(&w->rate_out, w->transport.bytes_out, w->loop.now_ms));
}

size_t chan_may_send(const struct chan *c, size_t share)
{
	size_t n = least(room_for_data(c->worker), share);

	n = least(n, c->peer_window);
	n = least(n, c->peer_packet);
	return least(n, LIMIT_CHAN_PACKET_BYTES);
}

enum { GOT_END = -1, GOT_NOTHING = 0 };

/* Reads once into a packet. got: bytes sent, or GOT_ */
static enum err read_packet(struct chan *c, size_t i, size_t max, ssize_t *got)
{
	struct transport *t = &c->worker->transport;
	struct wr *p = transport_begin(
	    t, i == CHAN_OUT ? SSH_MSG_CHANNEL_DATA : SSH_MSG_CHANNEL_EXTENDED_DATA);
	size_t mark, room;
	uint8_t *at;
	ssize_t n;

	wr_u32(p, c->peer);
	if (i == CHAN_ERR)
		wr_u32(p, SSH_EXTENDED_DATA_STDERR);
	mark = wr_open(p);
	at = wr_lend(p, max, &room);
	if (room == 0) {
		transport_cancel(t);
		return ERR_NO_SPACE;
	}
	do
		n = read(c->from[i].fd, at, room);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		*got = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? GOT_NOTHING
									  : GOT_END;
		transport_cancel(t);
		return OK;
	}
	wr_filled(p, (size_t)n);
	wr_close(p, mark);
	*got = n;
	return transport_commit(t);
}

/* A descriptor has no more for the moment, or for good. */
static void found_empty(struct chan *c, size_t i, ssize_t got)
{
	/*
	 * what holds a terminal open after its session ended is not waited for, as in
	 * sshd
	 */
	if (got == GOT_END || (c->drain[i] && c->duplex && got == GOT_NOTHING))
		c->reading[i] = false;
	if (!c->duplex || got <= 0)
		c->drain[i] = false;
}

static void mark_starved(struct chan *c, size_t i)
{
	if (!c->reading[i] || c->starved || room_for_data(c->worker) > 0)
		return;
	c->starved = true;
	c->worker->chans.starved++;
}

static enum err read_from(struct chan *c, size_t i, bool to_the_end)
{
	size_t share = c->worker->chans.n > 1 ? LIMIT_CHAN_TURN_BYTES : SIZE_MAX;
	size_t max;
	ssize_t got;
	enum err e;

	mark_starved(c, i);
	while (c->reading[i] && (max = chan_may_send(c, share)) > 0) {
		if ((e = read_packet(c, i, max, &got)) != OK)
			return e;
		if (got > 0) {
			c->peer_window -= (uint32_t)got;
			chan_carried(c, (size_t)got, 0);
			share -= (size_t)got;
		}
		/*
		 * a short read says so too, and saves the read that would only say
		 * EAGAIN
		 */
		if (got <= 0 || (size_t)got < max)
			found_empty(c, i, got);
		if (got <= 0 || ((size_t)got < max && !to_the_end))
			break;
	}
	return OK;
}

enum err chan_read(struct chan *c, size_t i, bool to_the_end)
{
	enum err e = read_from(c, i, to_the_end || c->drain[i]);

	return e == OK ? chan_progress(c) : e;
}

enum err chan_drain(struct chan *c)
{
	enum err e = OK;

	for (size_t i = 0; i < CHAN_FROM_COUNT && e == OK; i++)
		if (c->drain[i])
			e = read_from(c, i, true);
	return e == OK ? chan_progress(c) : e;
}

enum err recv_channel_window_adjust(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	uint32_t bytes = rd_u32(r);
	struct chan *c;
	bool ready;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	c = chan_find(w, number, CHAN_OPEN);
	if (c == NULL && number < LIMIT_CHANNELS)
		return OK; /* some clients send one after their CLOSE; sshd takes it too */
	if (c == NULL)
		return ERR_CHANNEL;
	if (bytes > UINT32_MAX - c->peer_window)
		return ERR_RANGE; /* RFC 4254 5.2: not beyond 2^32-1 */
	ready = c->peer_window == 0 && bytes > 0;
	c->peer_window += bytes;
	if (c->close_sent)
		return OK;
	if (ready && (e = chan_tell(c, CHAN_EVENT_READY)) != OK)
		return e;
	return c->script != NULL ? script_flush(c) : OK;
}

/* ---- the loop ---- */

static enum err write_ready(struct chan *c, const struct watch *watch, short revents)
{
	if (!c->writing)
		return OK;
	if (watch == &c->to && (revents & (POLLERR | POLLNVAL)) != 0)
		return chan_write_failed(c); /* nobody reads the pipe */
	if (c->queue.n > 0 && (revents & (POLLOUT | POLLERR | POLLHUP)) != 0)
		return chan_flush(c);
	return OK;
}

void chan_ready(struct watch *watch, short revents)
{
	struct chan *c = watch->ctx;
	struct worker *w = c->worker;
	size_t i = watch == &c->from[CHAN_ERR] ? CHAN_ERR : CHAN_OUT;
	enum err e = OK;

	if (w->ending)
		return;
	if (watch == &c->to || c->duplex)
		e = write_ready(c, watch, revents);
	if (e == OK && watch != &c->to && (revents & ~POLLOUT) != 0)
		e = chan_read(c, i, (revents & POLLHUP) != 0);
	else if (e == OK)
		e = chan_progress(c);
	if (e != OK)
		worker_fail(w, e, NULL);
}

/* What ended sessions left behind and scripts sent: no descriptor becomes ready for it. */
static void drain_all(struct timer *t)
{
	struct worker *w = t->ctx;
	enum err e = OK;

	for (size_t i = 0; i < w->chans.cap && e == OK && !w->ending; i++) {
		struct chan *c = w->chans.slot[i];

		if (c != NULL && script_waits(c))
			e = script_flush(c);
		else if (c != NULL && (c->drain[CHAN_OUT] || c->drain[CHAN_ERR]))
			e = chan_drain(c);
	}
	if (e != OK)
		worker_fail(w, e, NULL);
}

static void set_events(struct chan *c, bool may_read)
{
	struct watch *from = c->from;
	bool in = may_read && c->peer_window > 0;
	int out = c->writing && c->queue.n > 0 ? POLLOUT : 0;
	int events = in && c->reading[CHAN_OUT] ? POLLIN : 0;

	from[CHAN_OUT].events = (short)(c->duplex ? events | out : events);
	events = in && c->reading[CHAN_ERR] ? POLLIN : 0;
	from[CHAN_ERR].events = (short)events;
	events = out == 0 ? POLLERR : out; /* the reader may go */
	if (!c->duplex && c->writing)
		c->to.events = (short)events;
}

static bool leaves_something(const struct chan *c)
{
	bool ended = c->drain[CHAN_OUT] || c->drain[CHAN_ERR];

	return (ended && c->peer_window > 0) || script_waits(c);
}

/*
 * Who found no room goes first, alone, in the next turn in which there is some: so
 * every channel gets its share however many have data, and an idle worker has nothing
 * to sort.
 */
void chans_prepare(struct worker *w)
{
	struct chans *all = &w->chans;
	bool room = room_for_data(w) > 0;
	bool turn = all->starved > 0;
	bool drain = false;

	for (size_t i = 0; i < all->cap; i++) {
		struct chan *c = all->slot[i];

		if (c == NULL || c->phase != CHAN_OPEN || c->close_sent)
			continue;
		set_events(c, room && (!turn || c->starved));
		if (c->starved && room) {
			c->starved = false;
			all->starved--;
		}
		drain |= leaves_something(c);
	}
	if (!drain || !room)
		return;
	all->drain.fn = drain_all;
	all->drain.ctx = w;
	loop_timer(&w->loop, &all->drain, 0);
}
