/*
 * The input side: one large read, then packets are opened where they lie. The buffer is
 * small until a read fills it. Source: RFC 4253 6
 */
#include <errno.h>
#include <sys/socket.h>

#include "common/limits.h"
#include "worker/wire/transport.h"

/* Room for the packet that has begun, and for twice as much where the last read was cut. */
static enum err make_room(struct transport *t)
{
	struct buffer *b = &t->input;
	size_t cap = b->cap == 0 ? LIMIT_BUFFER_STEP_BYTES : b->cap;

	if (b->cap > 0 && !t->read_short && cap < LIMIT_IN_BYTES)
		cap *= 2;
	if (t->in.need > cap)
		cap = t->in.need;
	/* the rest of a packet is closed up, so that the same few pages are used over and over */
	return cap > b->n ? buffer_reserve(b, cap - b->n) : OK;
}

static enum err read_errno(int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK)
		return ERR_AGAIN;
	if (error == ECONNRESET || error == ETIMEDOUT || error == EHOSTUNREACH ||
	    error == ENETUNREACH || error == EPIPE)
		return ERR_LOST;
	return ERR_SYSTEM;
}

enum err transport_read(struct transport *t, size_t most)
{
	struct buffer *b = &t->input;
	enum err e = make_room(t);
	size_t room;
	ssize_t n;

	if (e != OK)
		return e;
	room = buffer_free_bytes(b);
	if (room > most)
		room = most;
	if (room == 0)
		return ERR_AGAIN;
	do
		n = recv(t->fd, buffer_end(b), room, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return read_errno(errno);
	if (n == 0) {
		t->peer_closed = true;
		return ERR_CLOSED;
	}
	b->n += (size_t)n;
	t->bytes_in += (size_t)n;
	t->read_short = (size_t)n < room;
	return OK;
}

struct span transport_peek(const struct transport *t)
{
	return (struct span){t->input.p + t->input.start, t->input.n};
}

void transport_skip(struct transport *t, size_t n)
{
	buffer_take(&t->input, n);
}

/* Bounded by LIMIT_PAYLOAD_BYTES, whatever a bomb says. */
static enum err expand(struct transport *t, struct span *payload)
{
	enum err e = buffer_reserve(&t->expanded, LIMIT_PAYLOAD_BYTES);
	struct wr w = {.p = t->expanded.p, .cap = t->expanded.cap};

	if (e != OK || (e = comp_inflate(&t->comp_in, *payload, &w)) != OK ||
	    (e = wr_end(&w, payload)) != OK)
		return e;
	return payload->n == 0 ? ERR_COMPRESSION : OK;
}

enum err transport_next(struct transport *t, struct span *payload)
{
	struct buffer *b = &t->input;
	struct span taken;
	size_t used;
	enum err e;

	t->in.need = 0;
	if (b->n == 0)
		return ERR_AGAIN;
	e = packet_open(&t->in, b->p + b->start, b->n, &used, &taken);
	if (e != OK)
		return e;
	buffer_take(b, used);
	t->in.need = 0;
	if (comp_active(&t->comp_in) && (e = expand(t, &taken)) != OK)
		return e;
	*payload = taken;
	return OK;
}

uint32_t transport_last_seq(const struct transport *t)
{
	return t->in.seq - 1;
}
