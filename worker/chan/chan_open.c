/*
 * How channels come to be: asked for by the client and decided by the monitor, or
 * offered to the client for what was accepted. Source: RFC 4254 5.1
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"

struct chan_type {
	const char *name;
	chan_open_fn *open;
};

/* What every open says. */
struct asked {
	struct span type;
	uint32_t peer, window, packet;
};

static const struct chan_type types[] = {
    {"session",			session_open           }, /* RFC 4254 6.1 */
    {"direct-tcpip",                   direct_tcpip_open      }, /* RFC 4254 7.2 */
    {"direct-streamlocal@openssh.com", direct_streamlocal_open}, /* PROTOCOL 2.4 */
};

/* What no row has is the script's, where it wants to be asked. */
static const struct chan_type other = {NULL, other_open};

/* ---- opened by the client ---- */

enum err chan_refuse(struct worker *w, uint32_t peer, enum ssh_open_failure reason,
		     struct span text)
{
	struct wr *p;

	/* a host that does not answer is nobody's fault; the rest is bounded */
	if (reason != SSH_OPEN_CONNECT_FAILED &&
	    ++w->chans.refusals > LIMIT_CHANNEL_REFUSALS)
		return ERR_CHANNELS;
	p = transport_begin(&w->transport, SSH_MSG_CHANNEL_OPEN_FAILURE);
	wr_u32(p, peer);
	wr_u32(p, reason);
	wr_bytes(p, text);
	wr_str(p, ""); /* language tag */
	return transport_commit(&w->transport);
}

static const struct chan_type *type_find(struct span name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is(name, types[i].name))
			return &types[i];
	return NULL;
}

enum err chan_keep_type(struct chan *c, struct span name)
{
	c->type_store = strndup((const char *)name.p, name.n);
	if (c->type_store == NULL)
		return ERR_MEMORY;
	c->type = c->type_store;
	return OK;
}

static enum err open_type(struct worker *w, const struct chan_type *type,
			  const struct asked *asked, struct rd *r)
{
	struct chan *c;
	enum err e = chan_new(w, type->name, CHAN_ASKED, &c);

	if (e != OK)
		return e;
	c->peer = asked->peer;
	c->peer_window = asked->window;
	c->peer_packet = asked->packet;
	if (type == &other && (e = chan_keep_type(c, asked->type)) != OK)
		return e;
	e = type->open(c, r);
	if (e == ERR_DENIED) {
		chan_free(c);
		return chan_refuse(w, asked->peer, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
				   SPAN_LIT("open failed"));
	}
	return e;
}

enum err recv_channel_open(struct worker *w, struct rd *r)
{
	struct asked asked = {.type = rd_bytes(r, LIMIT_TEXT_BYTES)};
	const struct chan_type *type;
	struct rd rest;
	enum err e;

	asked.peer = rd_u32(r);
	asked.window = rd_u32(r);
	asked.packet = rd_u32(r);
	rest = RD(rd_rest(r));
	if ((e = rd_end(r)) != OK)
		return e;
	type = type_find(asked.type);
	if (type == NULL && (w->granted.hears & HEARS_OPEN) != 0 &&
	    names_sound(asked.type))
		type = &other;
	if (type == NULL)
		return chan_refuse(w, asked.peer, SSH_OPEN_UNKNOWN_CHANNEL_TYPE,
				   SPAN_LIT("unknown channel type"));
	if (w->chans.no_more_sessions && type->open == session_open)
		return ERR_FORBIDDEN; /* PROTOCOL 2.2: somebody else speaks */
	if (w->chans.n >= LIMIT_CHANNELS)
		return chan_refuse(w, asked.peer, SSH_OPEN_RESOURCE_SHORTAGE,
				   SPAN_LIT("too many channels"));
	if (asked.packet == 0)
		return chan_refuse(w, asked.peer, SSH_OPEN_RESOURCE_SHORTAGE,
				   SPAN_LIT("maximum packet size is zero"));
	return open_type(w, type, &asked, &rest);
}

/* The type's fields are the script's to read. */
enum err other_open(struct chan *c, struct rd *r)
{
	struct span payload = rd_rest(r);
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	if (payload.n > LIMIT_REQUEST_BYTES)
		return ERR_DENIED;
	return worker_ask(c->worker,
			  &MSG_OF(open_other, .chan = c->number,
				  .type = span_str(c->type), .payload = payload));
}

static enum err send_confirmation(struct chan *c)
{
	struct transport *t = &c->worker->transport;
	struct wr *p = transport_begin(t, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);

	wr_u32(p, c->peer);
	wr_u32(p, c->number);
	wr_u32(p, c->window);
	wr_u32(p, LIMIT_CHAN_PACKET_BYTES);
	return transport_commit(t);
}

/* Before a session is its program that is joined to it later. */
static enum err join_peer(struct chan *c, bool script, struct ipc_fds *fds)
{
	if (c->session != NULL)
		return OK;
	return script ? chan_join_script(c) : chan_join_socket(c, ipc_fd_take(fds, 0));
}

static enum err tell_ready(struct chan *c)
{
	return c->peer_window > 0 ? chan_tell(c, CHAN_EVENT_READY) : OK;
}

enum err on_chan_opened(struct worker *w, const struct msg_chan_opened *m,
			struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->chan, CHAN_ASKED);
	struct span text = m->text;
	uint8_t failure = m->failure;
	uint32_t peer;
	enum err e;

	if (c == NULL)
		return OK;
	if (failure == SSH_OPEN_OK && c->session == NULL && m->script == 0 &&
	    fds->n == 0) {
		failure = SSH_OPEN_CONNECT_FAILED;
		text = SPAN_LIT("open failed");
	}
	if (failure != SSH_OPEN_OK) {
		peer = c->peer;
		chan_free(c);
		return chan_refuse(w, peer, failure, text);
	}
	w->chans.refusals = 0;
	chan_enter(c, CHAN_OPEN);
	log_debug("channel %u: %s opened", c->number, c->type);
	if ((e = join_peer(c, m->script != 0, fds)) != OK ||
	    (e = send_confirmation(c)) != OK || (e = tell_ready(c)) != OK)
		return e;
	return c->script != NULL ? script_flush(c) : OK;
}

/* ---- opened by us ---- */

enum err chan_offer(struct worker *w, const char *type, int fd, struct wr **packet)
{
	struct chan *c;
	struct wr *p;
	enum err e = ERR_NO_SPACE;

	if (w->chans.n >= LIMIT_CHANNELS || w->chans.offered >= LIMIT_CHAN_OFFERS ||
	    (e = chan_new(w, type, CHAN_OFFERED, &c)) != OK) {
		close(fd);
		return e;
	}
	if ((e = chan_join_socket(c, fd)) != OK)
		return e;
	p = transport_begin(&w->transport, SSH_MSG_CHANNEL_OPEN);
	wr_str(p, type);
	wr_u32(p, c->number);
	wr_u32(p, c->window);
	wr_u32(p, LIMIT_CHAN_PACKET_BYTES);
	*packet = p;
	return OK;
}

enum err recv_channel_open_confirmation(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	uint32_t peer = rd_u32(r);
	uint32_t window = rd_u32(r);
	uint32_t packet = rd_u32(r);
	struct chan *c;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	c = chan_find(w, number, CHAN_OFFERED);
	if (c == NULL)
		return ERR_CHANNEL;
	if (packet == 0)
		return ERR_RANGE;
	c->peer = peer;
	c->peer_window = window;
	c->peer_packet = packet;
	chan_enter(c, CHAN_OPEN);
	log_debug("channel %u: %s opened", c->number, c->type);
	e = c->script != NULL ? script_offer_taken(c) : chan_tell(c, CHAN_EVENT_OPENED);
	if (e != OK || (e = tell_ready(c)) != OK)
		return e;
	return c->script != NULL ? script_flush(c) : OK;
}

enum err recv_channel_open_failure(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	uint32_t reason = rd_u32(r);
	struct span text = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	struct printable shown;
	struct chan *c;
	enum err e;

	rd_bytes(r, LIMIT_PAYLOAD_BYTES); /* language tag */
	if ((e = rd_end(r)) != OK)
		return e;
	c = chan_find(w, number, CHAN_OFFERED);
	if (c == NULL)
		return ERR_CHANNEL;
	if (log_wants(LOG_DEBUG1))
		log_debug("channel %u: client refused %s, reason %u: %s", c->number,
			  c->type, reason, printable(text, &shown));
	if (c->script != NULL)
		return script_offer_refused(c, reason, text);
	chan_free(c);
	return OK;
}
