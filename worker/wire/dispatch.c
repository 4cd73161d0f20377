/*
 * The one way from a packet to its handler: the table says when it may come, the handler
 * reads it to its end. Source: RFC 4253 11, RFC 4252 6, PROTOCOL 1.9, 1.10
 */
#include "worker/wire/dispatch.h"
#include "worker/worker.h"

enum {
	K_IDLE = 1 << KEX_IDLE,
	K_SENT_INIT = 1 << KEX_SENT_INIT,
	K_WAIT_METHOD = 1 << KEX_WAIT_METHOD,
	K_WAIT_NEWKEYS = 1 << KEX_WAIT_NEWKEYS,
	K_ANY = K_IDLE | K_SENT_INIT | K_WAIT_METHOD | K_WAIT_NEWKEYS
};

enum {
	A_SERVICE = 1 << AUTH_SERVICE,
	A_METHOD = 1 << AUTH_METHOD,
	A_PROMPTED = 1 << AUTH_PROMPTED,
	A_OPEN = 1 << AUTH_OPEN,
	A_ANY = A_SERVICE | A_METHOD | A_PROMPTED | A_OPEN
};

enum {
	AFTER = 1 << PACKET_AFTER,
	LAX = AFTER | 1 << PACKET_LAX,
	STRICT = LAX | 1 << PACKET_STRICT
};

static const struct packet_row rows[UINT8_MAX + 1] = {
#define SSH(number, name, kex, auth, first)                                            \
	[number] = {#name, recv_##name, kex, auth, first},
#include "worker/wire/ssh.def"
#undef SSH
};

const struct packet_row *packet_row(uint8_t number)
{
	return rows[number].recv == NULL ? NULL : &rows[number];
}

enum err packet_permit(uint8_t number, enum kex_phase kex, enum auth_phase auth,
		       enum packet_first first)
{
	const struct packet_row *row = &rows[number];

	/* nothing is read while the monitor thinks */
	if (kex == KEX_WAIT_SIGN || auth == AUTH_WAIT_MONITOR)
		return ERR_FORBIDDEN;
	if (row->recv == NULL)
		return first == PACKET_STRICT ? ERR_FORBIDDEN : ERR_UNKNOWN;
	if ((row->kex >> kex & 1) == 0 || (row->auth >> auth & 1) == 0 ||
	    (row->first >> first & 1) == 0)
		return ERR_FORBIDDEN;
	return OK;
}

static enum packet_first first_of(const struct kex *k)
{
	if (k->first_done)
		return PACKET_AFTER;
	return k->strict ? PACKET_STRICT : PACKET_LAX;
}

/* RFC 4253 11.4: names the packet by its sequence number. */
static enum err send_unimplemented(struct worker *w)
{
	struct wr *p = transport_begin(&w->transport, SSH_MSG_UNIMPLEMENTED);

	wr_u32(p, transport_last_seq(&w->transport));
	return transport_commit(&w->transport);
}

static enum err refuse(struct worker *w, uint8_t number, enum err e)
{
	if (e == ERR_UNKNOWN) {
		log_debug("packet of unknown type %u", number);
		return send_unimplemented(w);
	}
	return worker_blame(w, e, "packet type %u", number);
}

enum err dispatch(struct worker *w, struct span payload)
{
	struct rd r = RD(payload);
	uint8_t number = rd_u8(&r);
	enum err e;

	if (!rd_ok(&r))
		return rd_end(&r);
	e = packet_permit(number, w->kex.phase, w->auth.phase, first_of(&w->kex));
	if (e != OK)
		return refuse(w, number, e);
	e = rows[number].recv(w, &r);
	/* values that were used without rd_end were used unchecked */
	return e == OK && !r.ended ? ERR_BUG : e;
}

enum err recv_disconnect(struct worker *w, struct rd *r)
{
	uint32_t reason = rd_u32(r);
	struct span text = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	struct printable shown;
	enum err e;

	rd_bytes(r, LIMIT_PAYLOAD_BYTES); /* language tag */
	if ((e = rd_end(r)) != OK)
		return e;
	worker_disconnected(w, reason, printable(text, &shown));
	return OK;
}

enum err recv_ignore(struct worker *w, struct rd *r)
{
	(void)w;
	rd_rest(r); /* RFC 4253 11.2: whatever it holds */
	return rd_end(r);
}

enum err recv_unimplemented(struct worker *w, struct rd *r)
{
	uint32_t seq = rd_u32(r);
	enum err e;

	(void)w;
	if ((e = rd_end(r)) == OK)
		log_debug("client does not implement packet %u", seq);
	return e;
}

enum err recv_debug(struct worker *w, struct rd *r)
{
	struct printable shown;
	struct span text;
	enum err e;

	(void)w;
	rd_bool(r); /* always_display: we display none */
	text = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	rd_bytes(r, LIMIT_PAYLOAD_BYTES); /* language tag */
	if ((e = rd_end(r)) == OK && log_wants(LOG_DEBUG1))
		log_debug("client says: %s", printable(text, &shown));
	return e;
}

/* PROTOCOL 1.9: the data comes back as it was. */
enum err recv_ping(struct worker *w, struct rd *r)
{
	struct span data = rd_bytes(r, LIMIT_CHAN_PACKET_BYTES);
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	wr_bytes(transport_begin(&w->transport, SSH_MSG_PONG), data);
	return transport_commit(&w->transport);
}
