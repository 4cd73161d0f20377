/*
 * A worker whose transport keeps packets instead of sealing them, and whose monitor is
 * a list of messages. The loop, the descriptors and all of worker/chan are real.
 */
#ifndef TESTS_WORKER_CHAN_FAKE_H
#define TESTS_WORKER_CHAN_FAKE_H

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"

enum { FAKE_PACKETS = 4096, FAKE_PACKET_BYTES = LIMIT_CHAN_PACKET_BYTES + 4096 };

/* A packet to the client, or a message to the monitor in its wire form. */
struct kept {
	uint8_t *p;
	size_t n;
};

static struct fake {
	struct worker w;
	struct worker_settings settings;
	struct kept out[FAKE_PACKETS], asked[FAKE_PACKETS];
	size_t n_out, n_asked;
	size_t seen_out, seen_asked; /* how far the test has looked */
	size_t room;
	enum err failed; /* what worker_fail was told */
	uint8_t packet[FAKE_PACKET_BYTES];
} fake;

/* ---- what dispatch, transport and monitor would do ---- */

static inline void keep_bytes(struct kept *k, const uint8_t *p, size_t n)
{
	k->p = malloc(n + 1);
	memcpy(k->p, p, n);
	k->n = n;
}

struct wr *transport_begin(struct transport *t, enum ssh_msg number)
{
	t->packet = (struct wr){.p = fake.packet, .cap = sizeof fake.packet};
	wr_u8(&t->packet, (uint8_t)number);
	return &t->packet;
}

enum err transport_commit(struct transport *t)
{
	struct span s = {0};
	enum err e = wr_end(&t->packet, &s);

	if (e != OK)
		return e;
	if (fake.n_out == FAKE_PACKETS)
		return ERR_NO_SPACE;
	keep_bytes(&fake.out[fake.n_out++], s.p, s.n);
	fake.room -= fake.room < s.n ? fake.room : s.n;
	return OK;
}

void transport_cancel(struct transport *t)
{
	t->packet = (struct wr){0};
}

bool transport_choked(const struct transport *t)
{
	(void)t;
	return false;
}

size_t transport_room(const struct transport *t)
{
	(void)t;
	return fake.room;
}

enum err worker_ask(struct worker *w, const struct msg *m)
{
	struct wr wr = {.cap = msg_bytes(m)};
	struct msg back;

	(void)w;
	wr.p = malloc(wr.cap);
	msg_encode(&wr, m);
	if (wr.err != OK || msg_decode((struct span){wr.p, wr.n}, &back) != OK ||
	    fake.n_asked == FAKE_PACKETS) {
		free(wr.p);
		return ERR_RANGE;
	}
	fake.asked[fake.n_asked++] = (struct kept){wr.p, wr.n};
	return OK;
}

void worker_fail(struct worker *w, enum err e, const char *text)
{
	(void)text;
	fake.failed = e;
	w->ending = true;
}

/* ---- set-up ---- */

static inline void fake_begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	fake = (struct fake){.room = LIMIT_OUT_DATA_BYTES};
	fake.w.settings = &fake.settings;
	fake.w.granted.permits = UINT8_MAX;
	memcpy(fake.w.kex.v_client, "SSH-2.0-OpenSSH_9.2",
	       sizeof "SSH-2.0-OpenSSH_9.2");
	log_level_set(LOG_QUIET_ALL);
}

static inline void fake_end(void)
{
	chans_wipe(&fake.w);
	loop_wipe(&fake.w.loop);
	for (size_t i = 0; i < fake.n_out; i++)
		free(fake.out[i].p);
	for (size_t i = 0; i < fake.n_asked; i++)
		free(fake.asked[i].p);
	fake.n_out = fake.n_asked = 0;
}

/* One turn of the loop, with an output that was flushed before. */
static inline void turn(void)
{
	fake.room = LIMIT_OUT_DATA_BYTES;
	chans_prepare(&fake.w);
	ck_assert_int_eq(loop_turn(&fake.w.loop, false), OK);
}

static inline void turns(int n)
{
	while (n-- > 0)
		turn();
}

/* ---- packets of the client ---- */

typedef enum err recv_fn(struct worker *w, struct rd *r);

static uint8_t draft_bytes[FAKE_PACKET_BYTES];
static struct wr draft;

/* Begins a packet of the client that names a channel, or begins with any number. */
static inline struct wr *client(uint32_t first)
{
	draft = WR(draft_bytes);
	wr_u32(&draft, first);
	return &draft;
}

/*
 * Gives it to its handler, from storage of just its size so that a reader beyond it is
 * found.
 */
static inline enum err give(recv_fn *fn)
{
	struct kept k;
	struct rd r;
	enum err e;

	keep_bytes(&k, draft_bytes, draft.n);
	r = RD(((struct span){k.p, k.n}));
	e = fn(&fake.w, &r);
	ck_assert(e != OK || r.ended);
	free(k.p);
	return e;
}

static inline enum err client_open(const char *type, uint32_t peer, uint32_t window,
				   uint32_t packet)
{
	draft = WR(draft_bytes);
	wr_str(&draft, type);
	wr_u32(&draft, peer);
	wr_u32(&draft, window);
	wr_u32(&draft, packet);
	if (strcmp(type, "direct-tcpip") == 0) {
		wr_str(&draft, "host.example");
		wr_u32(&draft, 80);
		wr_str(&draft, "127.0.0.1");
		wr_u32(&draft, 4242);
	}
	return give(recv_channel_open);
}

static inline enum err client_data(uint32_t number, size_t n)
{
	client(number);
	wr_u32(&draft, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		wr_u8(&draft, (uint8_t)('a' + i % 26));
	return give(recv_channel_data);
}

static inline enum err client_eof(uint32_t number)
{
	client(number);
	return give(recv_channel_eof);
}

static inline enum err client_close(uint32_t number)
{
	client(number);
	return give(recv_channel_close);
}

static inline enum err client_adjust(uint32_t number, uint32_t bytes)
{
	wr_u32(client(number), bytes);
	return give(recv_channel_window_adjust);
}

/*
 * Begins a channel request that wants an answer; add its fields, then
 * give(recv_channel_request).
 */
static inline struct wr *client_request(uint32_t number, const char *name)
{
	client(number);
	wr_str(&draft, name);
	wr_bool(&draft, true);
	return &draft;
}

/* ---- what came out ---- */

/* The next packet to the client; its reader stands behind the message number. */
static inline struct rd next_out(enum ssh_msg number)
{
	struct rd r;

	ck_assert_msg(fake.seen_out < fake.n_out, "no packet, %d wanted", (int)number);
	r = RD(((struct span){fake.out[fake.seen_out].p, fake.out[fake.seen_out].n}));
	fake.seen_out++;
	ck_assert_int_eq(rd_u8(&r), (int)number);
	return r;
}

/* The next packet names a channel of the client and nothing else. */
static inline void expect_about(enum ssh_msg number, uint32_t peer)
{
	struct rd r = next_out(number);

	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert_int_eq(rd_end(&r), OK);
}

static inline void expect_data(uint32_t peer, const char *text)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_DATA);

	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert(span_is(rd_bytes(&r, LIMIT_CHAN_PACKET_BYTES), text));
	ck_assert_int_eq(rd_end(&r), OK);
}

static inline void expect_exit_status(uint32_t peer, uint32_t status)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_REQUEST);

	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert(span_is(rd_bytes(&r, 64), "exit-status"));
	ck_assert(!rd_bool(&r));
	ck_assert_uint_eq(rd_u32(&r), status);
	ck_assert_int_eq(rd_end(&r), OK);
}

static inline void expect_adjust(uint32_t peer, uint32_t bytes)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_WINDOW_ADJUST);

	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert_uint_eq(rd_u32(&r), bytes);
	ck_assert_int_eq(rd_end(&r), OK);
}

static inline void expect_refusal(uint32_t peer, enum ssh_open_failure reason)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_OPEN_FAILURE);

	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert_uint_eq(rd_u32(&r), reason);
	rd_bytes(&r, LIMIT_TEXT_BYTES);
	rd_bytes(&r, LIMIT_TEXT_BYTES);
	ck_assert_int_eq(rd_end(&r), OK);
}

static inline void expect_nothing(void)
{
	ck_assert_uint_eq(fake.seen_out, fake.n_out);
}

/* The next message to the monitor. */
static inline struct msg next_asked(enum msg_type type)
{
	struct msg m;

	ck_assert_msg(fake.seen_asked < fake.n_asked, "nothing asked, %s wanted",
		      msg_rules[type].name);
	ck_assert_int_eq(msg_decode((struct span){fake.asked[fake.seen_asked].p,
						  fake.asked[fake.seen_asked].n},
				    &m),
			 OK);
	fake.seen_asked++;
	ck_assert_str_eq(msg_rules[m.type].name, msg_rules[type].name);
	return m;
}

static inline void expect_nothing_asked(void)
{
	ck_assert_uint_eq(fake.seen_asked, fake.n_asked);
}

/* ---- whole scenes ---- */

/* The monitor says yes, with a descriptor or -1. */
static inline enum err monitor_opens(uint32_t chan, int fd)
{
	struct ipc_fds fds = {.fd = {fd}, .n = fd >= 0 ? 1 : 0};
	struct msg_chan_opened m = {.chan = chan};
	enum err e = on_chan_opened(&fake.w, &m, &fds);

	ipc_fds_close(&fds);
	return e;
}

static inline enum err monitor_refuses(uint32_t chan, enum ssh_open_failure reason)
{
	struct ipc_fds fds = {0};
	struct msg_chan_opened m = {
	    .chan = chan, .failure = (uint8_t)reason, .text = SPAN_LIT("no")};

	return on_chan_opened(&fake.w, &m, &fds);
}

/*
 * Opens a direct-tcpip channel, number 0 where it is the first; gives the far end of
 * its socket.
 */
static inline int open_tcp_channel(uint32_t number, uint32_t peer, uint32_t window)
{
	int pair[2];
	struct rd r;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	ck_assert_int_eq(
	    client_open("direct-tcpip", peer, window, LIMIT_CHAN_PACKET_BYTES), OK);
	ck_assert_uint_eq(next_asked(MSG_open_tcp).u.open_tcp.chan, number);
	ck_assert_int_eq(monitor_opens(number, pair[0]), OK);
	r = next_out(SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	ck_assert_uint_eq(rd_u32(&r), peer);
	ck_assert_uint_eq(rd_u32(&r), number);
	ck_assert_uint_eq(rd_u32(&r), fake.w.chans.slot[number]->whole);
	ck_assert_uint_eq(rd_u32(&r), LIMIT_CHAN_PACKET_BYTES);
	ck_assert_int_eq(rd_end(&r), OK);
	return pair[1];
}

static inline void open_session_channel(uint32_t number, uint32_t peer)
{
	ck_assert_int_eq(
	    client_open("session", peer, LIMIT_WINDOW_BYTES, LIMIT_CHAN_PACKET_BYTES),
	    OK);
	ck_assert_uint_eq(next_asked(MSG_open_session).u.open_session.chan, number);
	ck_assert_int_eq(monitor_opens(number, -1), OK);
	next_out(SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
}

/* The program's ends of a session's pipes. */
struct program {
	int in, out, err;
};

static inline enum err monitor_starts(uint32_t chan, const int *fd, size_t n)
{
	struct ipc_fds fds = {.n = n};
	struct msg_session_started m = {.chan = chan, .ok = n > 0};
	enum err e;

	for (size_t i = 0; i < n; i++)
		fds.fd[i] = fd[i];
	e = on_session_started(&fake.w, &m, &fds);
	ipc_fds_close(&fds);
	return e;
}

static inline enum err monitor_exits(uint32_t chan, uint32_t status, const char *name)
{
	struct ipc_fds fds = {0};
	struct msg_session_exited m = {
	    .chan = chan, .status = status, .signal = span_str(name)};

	return on_session_exited(&fake.w, &m, &fds);
}

/* Starts a session on pipes by exec; its answer has been looked at. */
static inline struct program start_pipes(uint32_t number, uint32_t peer)
{
	int in[2], out[2], err[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	wr_str(client_request(number, "exec"), "true");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_int_eq(monitor_starts(number, (int[]){in[1], out[0], err[0]}, 3), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, peer);
	return (struct program){in[0], out[1], err[1]};
}

static inline void program_ends(struct program *p)
{
	close(p->in);
	close(p->out);
	close(p->err);
}

#endif
