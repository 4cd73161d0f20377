/*
 * Channels. The input is a script: packets of the client, sound or raw, answers of the
 * monitor, moves of the far ends, turns of the loop with more or less room. After every
 * step the books must balance: what waits is bounded by the window, no packet is larger
 * than the client takes, no data goes beyond its window, counts are those of the table.
 * At the end every descriptor that was handed over must be closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"

#define FAR_ENDS     24
#define PACKET_BYTES (LIMIT_CHAN_PACKET_BYTES + 8192)
#define STEPS        400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct {
	struct worker w;
	struct worker_settings settings;
	uint8_t packet[PACKET_BYTES], payload[PACKET_BYTES];
	size_t room;
	int far[FAR_ENDS];
	size_t n_far;
	bool failed;
} f;

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* ---- what the worker stands on ---- */

struct wr *transport_begin(struct transport *t, enum ssh_msg number)
{
	t->packet = (struct wr){.p = f.packet, .cap = sizeof f.packet};
	wr_u8(&t->packet, (uint8_t)number);
	return &t->packet;
}

/* Data must be for a channel that the client knows, and within what it takes. */
static void check_data(struct rd *r)
{
	uint32_t peer = rd_u32(r);
	size_t n = rd_bytes(r, LIMIT_CHAN_PACKET_BYTES).n;
	bool fits = false;

	expect(rd_end(r) == OK && n > 0);
	for (size_t i = 0; i < f.w.chans.cap; i++) {
		const struct chan *c = f.w.chans.slot[i];

		fits |= c != NULL && c->phase == CHAN_OPEN && c->peer == peer &&
			n <= c->peer_packet && n <= c->peer_window && !c->eof_sent &&
			!c->close_sent;
	}
	expect(fits);
}

enum err transport_commit(struct transport *t)
{
	struct span s = {0};
	enum err e = wr_end(&t->packet, &s);
	struct rd r = RD(s);

	if (e != OK)
		return e;
	if (rd_u8(&r) == SSH_MSG_CHANNEL_DATA)
		check_data(&r);
	f.room -= f.room < s.n ? f.room : s.n;
	return OK;
}

void transport_cancel(struct transport *t)
{
	t->packet = (struct wr){0};
}

bool transport_choked(const struct transport *t)
{
	(void)t;
	return f.room == 0;
}

size_t transport_room(const struct transport *t)
{
	(void)t;
	return f.room;
}

enum err worker_ask(struct worker *w, const struct msg *m)
{
	struct wr wr = {.cap = msg_bytes(m)};

	(void)w;
	wr.p = malloc(wr.cap);
	expect(wr.p != NULL);
	msg_encode(&wr, m);
	free(wr.p);
	expect(wr.err == OK); /* a field beyond its bound would end the connection */
	return OK;
}

void worker_fail(struct worker *w, enum err e, const char *text)
{
	(void)text;
	expect(e != ERR_BUG);
	f.failed = true;
	w->ending = true;
}

/* ---- the books ---- */

static void check_chan(const struct chan *c)
{
	expect(c->queue.n <= LIMIT_WINDOW_BYTES);
	expect(c->window <= c->whole);
	if (!c->close_sent)
		expect(c->window + c->consumed + c->queue.n == c->whole);
	else
		expect(c->from[CHAN_OUT].fd < 0 && c->to.fd < 0 && c->queue.n == 0);
	expect((c->queue.n == 0) == (c->queue.first == NULL));
	expect(!c->starved || !c->close_sent);
	expect(!c->drain[CHAN_OUT] || c->reading[CHAN_OUT]);
	expect(!c->drain[CHAN_ERR] || c->reading[CHAN_ERR]);
}

static void check_books(void)
{
	const struct chans *all = &f.w.chans;
	size_t n = 0, offered = 0, starved = 0, held = 0;

	for (size_t i = 0; i < all->cap; i++) {
		const struct chan *c = all->slot[i];

		if (c == NULL)
			continue;
		expect(c->number == i);
		n++;
		offered += c->phase == CHAN_OFFERED;
		starved += c->starved;
		held += c->held.n;
		check_chan(c);
	}
	expect(n == all->n && n <= LIMIT_CHANNELS);
	expect(offered == all->offered && offered <= LIMIT_CHAN_OFFERS);
	expect(starved == all->starved);
	expect(held <= all->held && all->held <= LIMIT_CHANS_HELD_BYTES);
	expect(all->refusals <= LIMIT_CHANNEL_REFUSALS + 1);
}

/* ---- far ends ---- */

/* Gives our end of a pair; the far one is kept. Where there are too many: -1. */
static int pair_new(void)
{
	int pair[2];

	if (f.n_far == FAR_ENDS ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) !=
		0)
		return -1;
	f.far[f.n_far++] = pair[1];
	return pair[0];
}

static void far_moves(struct rd *r)
{
	static uint8_t bytes[LIMIT_CHAN_PACKET_BYTES];
	uint8_t which = rd_u8(r);
	uint8_t how = rd_u8(r);
	int fd = f.n_far == 0 ? -1 : f.far[which % f.n_far];
	ssize_t n = 0;

	if (fd < 0)
		return;
	if (how % 4 == 0)
		n = read(fd, bytes, sizeof bytes);
	else if (how % 4 == 1)
		n = write(fd, bytes, (size_t)how * 100 + 1);
	else if (how % 4 == 2)
		n = shutdown(fd, SHUT_WR);
	else
		n = shutdown(fd, SHUT_RDWR);
	(void)n; /* either is fine */
}

/* ---- packets of the client ---- */

static const struct {
	enum err (*fn)(struct worker *w, struct rd *r);
	bool names_channel;
} packets[] = {
    {recv_global_request,            false},
    {recv_request_success,           false},
    {recv_request_failure,           false},
    {recv_channel_open,              false},
    {recv_channel_open_confirmation, true },
    {recv_channel_open_failure,      true },
    {recv_channel_window_adjust,     true },
    {recv_channel_data,              true },
    {recv_channel_extended_data,     true },
    {recv_channel_eof,               true },
    {recv_channel_close,             true },
    {recv_channel_request,           true },
    {recv_channel_success,           true },
    {recv_channel_failure,           true },
};

static enum err give(size_t i, struct span payload)
{
	uint8_t *exact = malloc(payload.n + 1);
	struct rd r = RD(((struct span){exact, payload.n}));
	enum err e;

	expect(exact != NULL);
	if (payload.n > 0)
		memcpy(exact, payload.p, payload.n);
	e = packets[i].fn(&f.w, &r);
	expect(e != OK || r.ended);
	free(exact);
	return e;
}

static enum err raw_packet(struct rd *r)
{
	size_t i = rd_u8(r) % (sizeof packets / sizeof *packets);
	uint8_t channel = rd_u8(r);
	size_t n = rd_u8(r);
	struct wr w = WR(f.payload);

	if (packets[i].names_channel)
		wr_u32(&w, channel % 8);
	wr_raw(&w, rd_raw(r, n < r->left.n ? n : r->left.n));
	return give(i, (struct span){w.p, w.n});
}

static enum err named(enum err (*fn)(struct worker *, struct rd *), struct wr *w)
{
	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
		if (packets[i].fn == fn)
			return give(i, (struct span){w->p, w->n});
	abort();
}

static enum err sound_open(struct rd *r)
{
	static const char *const types[] = {"session", "direct-tcpip",
					    "direct-streamlocal@openssh.com",
					    "script@example.com"};
	uint8_t type = rd_u8(r) % 4;
	struct wr w = WR(f.payload);

	wr_str(&w, types[type]);
	wr_u32(&w, rd_u8(r));
	wr_u32(&w, rd_u16(r));
	wr_u32(&w, rd_u8(r));
	if (type != 0)
		wr_str(&w, "host");
	if (type == 1)
		wr_u32(&w, 80);
	if (type != 0) {
		wr_str(&w, "");
		wr_u32(&w, 0);
	}
	return named(recv_channel_open, &w);
}

static enum err sound_data(struct rd *r)
{
	uint32_t channel = rd_u8(r) % 8;
	size_t n = rd_u16(r) % (LIMIT_CHAN_PACKET_BYTES + 1), room;
	struct wr w = WR(f.payload);
	size_t mark;

	wr_u32(&w, channel);
	mark = wr_open(&w);
	wr_lend(&w, n, &room);
	wr_filled(&w, n);
	wr_close(&w, mark);
	return named(recv_channel_data, &w);
}

static enum err sound_request(struct rd *r)
{
	static const char *const names[] = {"shell",
					    "exec",
					    "subsystem",
					    "pty-req",
					    "env",
					    "signal",
					    "window-change",
					    "break",
					    "x11-req",
					    "auth-agent-req@openssh.com",
					    "eow@openssh.com",
					    "unknown"};
	uint32_t channel = rd_u8(r) % 8;
	uint8_t name = rd_u8(r) % 12;
	size_t n = rd_u8(r);
	struct wr w = WR(f.payload);

	wr_u32(&w, channel);
	wr_str(&w, names[name]);
	wr_bool(&w, true);
	if (name == 1 || name == 2)
		wr_str(&w, "true");
	else if (name == 5)
		wr_str(&w, "TERM");
	else if (name != 0 && name < 9)
		wr_raw(&w, rd_raw(r, n < r->left.n ? n : r->left.n));
	return named(recv_channel_request, &w);
}

static enum err sound_small(struct rd *r)
{
	uint8_t what = rd_u8(r) % 4;
	struct wr w = WR(f.payload);

	wr_u32(&w, rd_u8(r) % 8);
	if (what == 0)
		return named(recv_channel_eof, &w);
	if (what == 1)
		return named(recv_channel_close, &w);
	wr_u32(&w, rd_u16(r));
	if (what == 2)
		return named(recv_channel_window_adjust, &w);
	wr_u32(&w, rd_u16(r));
	wr_u32(&w, rd_u8(r));
	return named(recv_channel_open_confirmation, &w);
}

static enum err sound_global(struct rd *r)
{
	static const char *const names[] = {"tcpip-forward",
					    "cancel-tcpip-forward",
					    "streamlocal-forward@openssh.com",
					    "cancel-streamlocal-forward@openssh.com",
					    "keepalive@openssh.com",
					    "hostkeys-prove-00@openssh.com"};
	uint8_t name = rd_u8(r) % 6;
	struct wr w = WR(f.payload);

	wr_str(&w, names[name]);
	wr_bool(&w, rd_bool(r));
	if (name < 4)
		wr_str(&w, "name");
	if (name < 2)
		wr_u32(&w, rd_u8(r) % 4);
	if (name == 5)
		wr_bytes(&w, f.settings.hostkeys[0]);
	return named(recv_global_request, &w);
}

/* ---- answers of the monitor ---- */

static enum err monitor_channel(struct rd *r)
{
	struct ipc_fds fds = {0};
	struct msg_chan_opened m = {.chan = rd_u8(r) % 8, .failure = rd_u8(r) % 5};
	int fd = m.failure == 0 ? pair_new() : -1;

	m.script = rd_u8(r) % 4 == 0;
	enum err e;

	if (fd >= 0)
		fds.fd[fds.n++] = fd;
	e = on_chan_opened(&f.w, &m, &fds);
	ipc_fds_close(&fds);
	return e;
}

static enum err monitor_session(struct rd *r)
{
	struct ipc_fds fds = {0};
	struct msg_session_started m = {.chan = rd_u8(r) % 8, .ok = rd_u8(r) % 4 != 0};
	struct msg_session_exited x = {.chan = m.chan, .status = 1};
	enum err e;

	if (!rd_bool(r))
		return on_session_exited(&f.w, &x, &fds);
	m.script = rd_u8(r) % 4 == 0;
	for (size_t i = 0; i < LIMIT_MSG_FDS && m.ok && !m.script; i++) {
		int fd = pair_new();

		if (fd >= 0)
			fds.fd[fds.n++] = fd;
	}
	e = on_session_started(&f.w, &m, &fds);
	ipc_fds_close(&fds);
	return e;
}

static enum err monitor_listens(struct rd *r)
{
	struct ipc_fds fds = {0};
	struct msg_listen_result m = {
	    .listen = rd_u8(r) % 4, .ok = rd_u8(r) % 4 != 0, .port = rd_u8(r)};
	struct msg_hostkey_proved p = {.signature = SPAN_LIT("signature")};

	if (rd_u8(r) % 4 == 0)
		return on_hostkey_proved(&f.w, &p, &fds);
	return on_listen_result(&f.w, &m, &fds);
}

static enum err monitor_incoming(struct rd *r)
{
	struct ipc_fds fds = {0};
	struct msg_incoming m = {.kind = rd_u8(r) % 4, .listen = rd_u8(r) % 4};
	int fd = pair_new();
	enum err e;

	if (fd >= 0)
		fds.fd[fds.n++] = fd;
	e = on_incoming(&f.w, &m, &fds);
	ipc_fds_close(&fds);
	return e;
}

static enum err monitor_hears(struct rd *r)
{
	f.w.granted.hears = rd_u8(r);
	return OK;
}

/* What the script of the connection decides, and does with channels that it serves. */
static enum err monitor_policy(struct rd *r)
{
	static uint8_t piece[LIMIT_PIECE_BYTES];
	struct ipc_fds fds = {0};
	const uint32_t chan = rd_u8(r) % 8;
	const uint8_t what = rd_u8(r);
	struct msg_chan_request_result decided = {
	    .chan = chan,
	    .global = what / 8 % 2,
	    .verdict = what / 16 % 3,
	    .message = {piece, what / 64 * 30U}
        };
	struct msg_chan_send data = {
	    .chan = chan, .is_error = what / 8 % 2, .data = {piece, what * 60U + 1}
        };
	struct msg_offer offer = {
	    .tag = what, .type = SPAN_LIT("x@example.com"), .payload = {piece, what}
        };
	struct msg_packet packet = {
	    .chan = chan,
	    .on_channel = what / 8 % 2,
	    .number = 98,
	    .payload = {piece, what * 60U}
        };

	switch (what % 8) {
	case 0:
		return on_chan_taken(&f.w, &(struct msg_chan_taken){chan}, &fds);
	case 1:
		return on_chan_record(&f.w, &(struct msg_chan_record){chan, what * 64U},
				      &fds);
	case 2:
		return on_chan_send(&f.w, &data, &fds);
	case 3:
		return on_chan_eof(&f.w, &(struct msg_chan_eof){chan}, &fds);
	case 4:
		return on_chan_close(&f.w, &(struct msg_chan_close){chan, what}, &fds);
	case 5:
		return on_offer(&f.w, &offer, &fds);
	case 6:
		return on_packet(&f.w, &packet, &fds);
	default:
		return on_chan_request_result(&f.w, &decided, &fds);
	}
}

/* ---- the script ---- */

static enum err turn(struct rd *r)
{
	f.room = (size_t)rd_u8(r) * 1024;
	chans_prepare(&f.w);
	return loop_turn(&f.w.loop, false);
}

static enum err step(struct rd *r)
{
	static enum err (*const steps[])(struct rd *) = {raw_packet,
							 sound_open,
							 sound_data,
							 sound_request,
							 sound_small,
							 sound_global,
							 monitor_channel,
							 monitor_session,
							 monitor_listens,
							 monitor_incoming,
							 turn,
							 monitor_policy,
							 monitor_hears};
	size_t n = sizeof steps / sizeof *steps;
	size_t i = rd_u8(r) % (n + 1);

	if (i < n)
		return steps[i](r);
	far_moves(r);
	return OK;
}

static void begin(void)
{
	static const uint8_t key[] = {0,   0,   0,   11,  's', 's', 'h', '-',
				      'e', 'd', '2', '5', '5', '1', '9'};

	signal(SIGPIPE, SIG_IGN);
	log_level_set(LOG_QUIET_ALL);
	memset(&f.w, 0, sizeof f.w);
	f.settings.hostkeys[0] = SPAN_OF(key);
	f.settings.n_hostkeys = 1;
	f.w.settings = &f.settings;
	f.w.granted.permits = UINT8_MAX;
	memcpy(f.w.kex.v_client, "SSH-2.0-OpenSSH_9", sizeof "SSH-2.0-OpenSSH_9");
	f.n_far = 0;
	f.failed = false;
	f.room = LIMIT_OUT_DATA_BYTES;
}

/* Whoever forgot to close its end would keep the far one open. */
static void end(void)
{
	static uint8_t bytes[LIMIT_CHAN_PACKET_BYTES];

	chans_wipe(&f.w);
	loop_wipe(&f.w.loop);
	for (size_t i = 0; i < f.n_far; i++) {
		ssize_t n;

		do
			n = read(f.far[i], bytes, sizeof bytes);
		while (n > 0);
		expect(n == 0 || errno != EAGAIN);
		close(f.far[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));
	enum err e = OK;

	begin();
	for (size_t i = 0; i < STEPS && e == OK && !f.failed && r.left.n > 0; i++) {
		e = step(&r);
		expect(e != ERR_BUG);
		if (e == OK && !f.failed)
			check_books();
	}
	end();
	return 0;
}
