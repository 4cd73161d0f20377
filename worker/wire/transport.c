/*
 * The output side of the client's socket, and the keys of both. A packet is written where
 * it will be sent from; what waits is bounded, so a client that does not read cannot make
 * us keep more. Source: RFC 4253 6, 7
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/limits.h"
#include "common/rd.h"
#include "worker/wire/buffer.h"
#include "worker/wire/transport.h"

/* Payload of the largest packet that we send. */
#define PAYLOAD_BYTES (LIMIT_CHAN_PACKET_BYTES + LIMIT_OUT_HEADER_BYTES)

/* RFC 4253 7.1: transport messages but the service's, and those of the exchange. */
static bool goes_during_kex(uint8_t number)
{
	return number < SSH_MSG_USERAUTH_REQUEST && number != SSH_MSG_SERVICE_REQUEST &&
	       number != SSH_MSG_SERVICE_ACCEPT && number != SSH_MSG_EXT_INFO;
}

struct wr *transport_begin(struct transport *t, enum ssh_msg number)
{
	size_t payload = PAYLOAD_BYTES;
	enum err e;

	if (comp_active(&t->comp_out))
		payload = comp_deflate_bound(payload);
	e = buffer_reserve(&t->output,
			   PACKET_FRONT_BYTES + payload + PACKET_BACK_BYTES);
	t->packet = (struct wr){.err = e, .cap = PAYLOAD_BYTES};
	if (e == OK)
		t->packet.p = buffer_end(&t->output) + PACKET_FRONT_BYTES;
	wr_u8(&t->packet, (uint8_t)number);
	return &t->packet;
}

void transport_cancel(struct transport *t)
{
	t->packet = (struct wr){0};
}

static enum err hold(struct transport *t, struct span payload)
{
	struct wr w = {.cap = sizeof(uint32_t) + payload.n};
	enum err e;

	if (w.cap > LIMIT_HELD_BYTES - t->held.n)
		return ERR_NO_SPACE;
	if ((e = buffer_reserve(&t->held, w.cap)) != OK)
		return e;
	w.p = buffer_end(&t->held);
	wr_bytes(&w, payload);
	t->held.n += w.n;
	return w.err;
}

/* Deflates the payload where it lies; the way leads through a buffer of its own. */
static enum err deflate_payload(struct transport *t, struct span *payload)
{
	struct wr w = {.cap = comp_deflate_bound(payload->n)};
	struct span small;
	enum err e;

	if ((w.p = malloc(w.cap)) == NULL)
		return ERR_MEMORY;
	e = comp_deflate(&t->comp_out, *payload, &w);
	if (e == OK && (e = wr_end(&w, &small)) == OK) {
		memcpy(buffer_end(&t->output) + PACKET_FRONT_BYTES, small.p, small.n);
		payload->n = small.n;
	}
	free(w.p);
	return e;
}

static enum err seal(struct transport *t, struct span payload)
{
	struct buffer *b = &t->output;
	size_t sealed;
	enum err e = OK;

	if (comp_active(&t->comp_out))
		e = deflate_payload(t, &payload);
	if (e == OK)
		e = packet_seal(&t->out, buffer_end(b), b->cap - b->start - b->n,
				payload.n, &sealed);
	if (e != OK)
		return e;
	b->n += sealed;
	t->bytes_out += sealed;
	if (b->n > LIMIT_OUT_CHOKE_BYTES && (e = transport_flush(t)) != OK)
		return e;
	return b->n > LIMIT_OUT_BYTES ? ERR_NO_SPACE : OK;
}

enum err transport_commit(struct transport *t)
{
	struct span payload = {0};
	enum err e = wr_end(&t->packet, &payload);

	transport_cancel(t);
	if (e != OK)
		return e;
	if (payload.n == 0)
		return ERR_BUG;
	if (payload.p[0] == SSH_MSG_KEXINIT)
		t->in_kex = true;
	if (t->in_kex && !goes_during_kex(payload.p[0]))
		return hold(t, payload);
	return seal(t, payload);
}

enum err transport_release(struct transport *t)
{
	struct rd r = RD(((struct span){t->held.p, t->held.n}));
	enum err e = OK;

	while (e == OK && r.left.n > 0) {
		struct span payload = rd_bytes(&r, LIMIT_HELD_BYTES);

		if (payload.n == 0)
			return ERR_BUG;
		transport_begin(t, payload.p[0]);
		wr_raw(&t->packet, (struct span){payload.p + 1, payload.n - 1});
		e = transport_commit(t);
	}
	buffer_free(&t->held);
	return e;
}

size_t transport_room(const struct transport *t)
{
	if (t->in_kex || t->output.n >= LIMIT_OUT_DATA_BYTES)
		return 0;
	return LIMIT_OUT_DATA_BYTES - t->output.n;
}

bool transport_choked(const struct transport *t)
{
	return t->output.n >= LIMIT_OUT_CHOKE_BYTES;
}

enum err transport_raw(struct transport *t, struct span bytes)
{
	enum err e = buffer_reserve(&t->output, bytes.n);

	if (e != OK)
		return e;
	memcpy(buffer_end(&t->output), bytes.p, bytes.n);
	t->output.n += bytes.n;
	return OK;
}

enum err transport_flush(struct transport *t)
{
	ssize_t n;

	if (t->output.n == 0)
		return OK;
	do
		n = send(t->fd, t->output.p + t->output.start, t->output.n,
			 MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		buffer_take(&t->output, (size_t)n);
		return OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return OK;
	return errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT ||
		       errno == ENOTCONN || errno == EHOSTUNREACH ||
		       errno == ENETUNREACH
		   ? ERR_LOST
		   : ERR_SYSTEM;
}

/* Begins a new stream, or notes which one is to begin with the login. */
static enum err comp_take(const struct transport *t, const struct comp_alg *row,
			  bool deflates, struct comp *out)
{
	comp_wipe(out);
	if (row->delayed && !t->logged_in) {
		out->row = row;
		return OK;
	}
	return comp_start(row, deflates, out);
}

enum err transport_keys_out(struct transport *t, const struct dir_keys *k,
			    const struct comp_alg *comp, bool strict)
{
	enum err e = dir_set_keys(&t->out, k, true);

	if (e != OK || (e = comp_take(t, comp, true, &t->comp_out)) != OK)
		return e;
	if (strict)
		dir_reset_seq(&t->out);
	t->in_kex = false;
	return OK;
}

enum err transport_keys_in(struct transport *t, const struct dir_keys *k,
			   const struct comp_alg *comp, bool strict)
{
	enum err e = dir_set_keys(&t->in, k, false);

	if (e != OK || (e = comp_take(t, comp, false, &t->comp_in)) != OK)
		return e;
	if (strict)
		dir_reset_seq(&t->in);
	return OK;
}

static enum err comp_now(struct comp *c, bool deflates)
{
	const struct comp_alg *row = c->row;

	if (row == NULL || !row->delayed || comp_active(c))
		return OK;
	return comp_start(row, deflates, c);
}

enum err transport_logged_in(struct transport *t)
{
	enum err e = comp_now(&t->comp_out, true);

	t->logged_in = true;
	return e != OK ? e : comp_now(&t->comp_in, false);
}

void transport_rest(struct transport *t)
{
	if (t->input.n == 0)
		buffer_free(&t->input);
	if (t->output.n == 0 && t->packet.p == NULL)
		buffer_free(&t->output);
	buffer_free(&t->expanded);
}

void transport_wipe(struct transport *t)
{
	int fd = t->fd;

	dir_wipe(&t->in);
	dir_wipe(&t->out);
	comp_wipe(&t->comp_in);
	comp_wipe(&t->comp_out);
	buffer_free(&t->input);
	buffer_free(&t->output);
	buffer_free(&t->expanded);
	buffer_free(&t->held);
	*t = (struct transport){.fd = fd};
}
