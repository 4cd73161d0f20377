/*
 * The far ends of a worker that is fuzzed: a monitor that answers as ours does and checks what it is asked, and
 * a client that seals its packets with the keys that the worker expects.
 */
#ifndef TESTS_FUZZ_WORKER_FAR_H
#define TESTS_FUZZ_WORKER_FAR_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/algs.h"
#include "tests/fuzz/fuzz.h"
#include "worker/alg/alg.h"
#include "worker/kex/kex_run.h"
#include "worker/worker.h"

#define TURNS        64
#define LIST_BYTES   2048
#define PACKET_BYTES (LIMIT_CHAN_PACKET_BYTES + 4096)
#define SMALL_BYTES  4096

static struct {
	struct worker w;
	int client, monitor,
	    inner;      /* the far ends, and the worker's end to the monitor */
	struct dir out; /* what the client seals with */
	const struct comp_alg *comp_row;
	struct comp comp;
	enum msg_state state;
	uint32_t sent[MSG_COUNT];
	uint8_t verdict;
	bool accepted, end_told;
	struct worker_settings settings;
	uint8_t packet[PACKET_BYTES], payload[PACKET_BYTES], ipc[LIMIT_MSG_BYTES];
} f;

/* ---- settings: the default lists, a host key of each kind by name ---- */

static struct span list_of(enum alg_kind kind)
{
	static uint8_t lists[ALG_KIND_COUNT][LIST_BYTES];
	struct wr w = {.p = lists[kind], .cap = LIST_BYTES};
	struct span bad;

	expect(algs_list(kind, (struct span){0}, &w, &bad) == OK);
	return (struct span){w.p, w.n};
}

static void settings_once(void)
{
	static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
					    "ssh-rsa"};
	uint8_t keys[256];
	struct wr blobs = WR(keys), w = WR(f.ipc);
	struct msg m;

	if (f.settings.store != NULL)
		return;
	for (size_t i = 0; i < 3; i++) {
		size_t mark = wr_open(&blobs);

		wr_str(&blobs, types[i]);
		wr_close(&blobs, mark);
	}
	m = MSG_OF(fork_settings, .ident = SPAN_LIT("SSH-2.0-Sallyport"),
		   .kex = list_of(ALG_KEX), .hostkey = list_of(ALG_HOSTKEY),
		   .cipher = list_of(ALG_CIPHER), .mac = list_of(ALG_MAC),
		   .comp = list_of(ALG_COMP), .user_pk = list_of(ALG_USERKEY),
		   .hostkeys = {blobs.p, blobs.n}, .rekey_bytes = 1 << 20);
	msg_encode(&w, &m);
	expect(w.err == OK &&
	       worker_settings_read((struct span){w.p, w.n}, &f.settings) == OK);
	expect(alg_warm(CRYPTO_DEFAULT) == OK);
	log_level_set(LOG_QUIET_ALL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- the client ---- */

static void client_writes(struct span bytes)
{
	ssize_t n = write(f.client, bytes.p, bytes.n);

	(void)n; /* a worker that has ended reads no more */
}

static struct span compressed(struct span payload, uint8_t store[PACKET_BYTES])
{
	struct wr w = {.p = store, .cap = PACKET_BYTES};

	if (f.w.transport.logged_in && f.comp_row != NULL && f.comp_row->compresses &&
	    !comp_active(&f.comp))
		expect(comp_start(f.comp_row, true, &f.comp) == OK);
	if (!comp_active(&f.comp))
		return payload;
	expect(comp_deflate(&f.comp, payload, &w) == OK);
	return (struct span){w.p, w.n};
}

static void client_sends(struct span payload)
{
	static uint8_t store[PACKET_BYTES];
	size_t n;

	if (payload.n == 0 || payload.n > SMALL_BYTES)
		return;
	payload = compressed(payload, store);
	memcpy(f.packet + PACKET_FRONT_BYTES, payload.p, payload.n);
	f.out.seq = f.w.transport.in.seq;
	expect(packet_seal(&f.out, f.packet, sizeof f.packet, payload.n, &n) == OK);
	client_writes((struct span){f.packet, n});
}

static void client_sends_wr(const struct wr *w)
{
	if (w->err == OK)
		client_sends((struct span){w->p, w->n});
}

static void client_reads(void)
{
	static uint8_t bytes[SMALL_BYTES];

	while (read(f.client, bytes, sizeof bytes) > 0)
		;
}

/* ---- the monitor ---- */

static void tell(const struct msg *m)
{
	expect(ipc_tell(f.monitor, m) == OK);
}

/* As the monitor does: from its own ident and key. */
static void serve_kex_sign(const struct msg_kex_sign *m)
{
	struct exhash x = {.digest = (enum digest)m->digest,
			   .v_client = m->v_client,
			   .v_server = f.settings.m.ident,
			   .i_client = m->i_client,
			   .i_server = m->i_server,
			   .host_key = f.settings.hostkeys[m->hostkey],
			   .group = m->group,
			   .q_client = m->q_client,
			   .q_server = m->q_server,
			   .secret = m->secret};
	struct exhash_value h;

	expect(m->hostkey < f.settings.n_hostkeys && exhash(&x, &h) == OK);
	if (f.state == IN_KEX)
		f.state = IN_AUTH;
	tell(&MSG_OF(kex_signed, .hash = {h.bytes, h.n},
		     .signature = SPAN_LIT("signature")));
}

static void serve_auth(bool probe)
{
	uint8_t verdict = f.verdict % 3;

	expect(f.w.kex.first_done && !f.accepted);
	if (f.verdict % 4 == AUTH_KEY_WOULD_DO)
		verdict = probe ? AUTH_KEY_WOULD_DO : AUTH_SUCCESS;
	if (verdict == AUTH_SUCCESS && probe)
		verdict = AUTH_FAILURE;
	if (verdict == AUTH_SUCCESS) {
		f.accepted = true;
		f.state = IN_OPEN;
		tell(&MSG_OF(granted, .permits = UINT8_MAX, .sessions = 4,
			     .hears = f.verdict, .idle_s = 60, .unused_s = 30,
			     .rate_in = 1 << 20, .rate_out = 1 << 20,
			     .timeouts = SPAN_LIT("\0\0\0\1*\0\0\0\12")));
	}
	tell(&MSG_OF(auth_result, .verdict = verdict,
		     .methods = SPAN_LIT("publickey,password"),
		     .banner = {(const uint8_t *)"hello", f.verdict % 2 * 5U}));
}

/* Asks one to three things, or judges. */
static void serve_kbdint(void)
{
	static const uint8_t prompts[] = "\0\0\0\1?\0\0\0\0\1!\1\0\0\0\0\0";
	const uint8_t n = f.verdict % 4;

	if (f.verdict % 8 < 4)
		return serve_auth(false);
	if (f.verdict % 16 == 4)
		tell(&MSG_OF(auth_banner, .text = SPAN_LIT("hello")));
	tell(&MSG_OF(auth_prompt, .instruction = SPAN_LIT("answer"), .count = n,
		     .prompts = {prompts, n == 3 ? sizeof prompts - 1 : n * 6U}));
}

static void serve_open(uint32_t chan)
{
	uint8_t failure = f.verdict % 5;

	tell(&MSG_OF(chan_opened, .chan = chan, .failure = failure == 0 ? 1 : failure));
}

/* The script is the peer of what nobody else knows. */
static void serve_open_other(uint32_t chan)
{
	if (f.verdict % 2 == 0)
		serve_open(chan);
	else
		tell(&MSG_OF(chan_opened, .chan = chan, .script = 1));
}

/* A script that echoes what comes. */
static void serve_data(const struct msg_chan_data *m)
{
	static uint8_t bytes[LIMIT_PIECE_BYTES];
	const size_t n = m->data.n;

	expect(n > 0 && n <= sizeof bytes);
	memcpy(bytes, m->data.p, n);
	tell(&MSG_OF(chan_taken, .chan = m->chan));
	tell(&MSG_OF(chan_send, .chan = m->chan, .data = {bytes, n}));
}

static void serve_policy(const struct msg *m)
{
	switch ((int)m->type) {
	case MSG_open_other:
		return serve_open_other(m->u.open_other.chan);
	case MSG_chan_request:
		return tell(&MSG_OF(chan_request_result, .chan = m->u.chan_request.chan,
				    .global = m->u.chan_request.global,
				    .verdict = f.verdict % 3));
	case MSG_chan_data:
		return serve_data(&m->u.chan_data);
	}
}

static void serve(const struct msg *m)
{
	serve_policy(m);
	switch ((int)m->type) {
	case MSG_kex_sign:
		return serve_kex_sign(&m->u.kex_sign);
	case MSG_auth_none:
	case MSG_auth_password:
		return serve_auth(false);
	case MSG_auth_kbdint:
	case MSG_auth_answers:
		return serve_kbdint();
	case MSG_auth_publickey:
		return serve_auth(m->u.auth_publickey.proof == 0);
	case MSG_open_tcp:
		return serve_open(m->u.open_tcp.chan);
	case MSG_open_unix:
		return serve_open(m->u.open_unix.chan);
	case MSG_open_session:
		if (f.verdict % 2 == 0)
			return serve_open(m->u.open_session.chan);
		return tell(&MSG_OF(chan_opened, .chan = m->u.open_session.chan));
	case MSG_session_start:
		return tell(&MSG_OF(session_started, .chan = m->u.session_start.chan));
	case MSG_hostkey_prove:
		return tell(&MSG_OF(hostkey_proved, .signature = SPAN_LIT("proof")));
	case MSG_listen_tcp:
		return tell(&MSG_OF(listen_result, .listen = m->u.listen_tcp.listen,
				    .ok = f.verdict % 2, .port = 1024));
	case MSG_listen_unix:
		return tell(&MSG_OF(listen_result, .listen = m->u.listen_unix.listen,
				    .ok = f.verdict % 2));
	case MSG_conn_end:
		expect(f.w.ending && !f.end_told);
		f.end_told = true;
	}
}

static bool monitor_serves_one(void)
{
	struct wr buf = WR(f.ipc);
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(f.monitor, &buf, false, &m, &fds);

	if (e == ERR_AGAIN)
		return false;
	expect(e == OK && fds.n == 0);
	expect(msg_permit(m.type, MSG_WORKER, f.state, f.sent) == OK);
	f.sent[m.type]++;
	serve(&m);
	return true;
}

/* ---- turns, which must not wait ---- */

static bool must_wait(void)
{
	return f.w.kex.phase == KEX_WAIT_SIGN || f.w.auth.phase == AUTH_WAIT_MONITOR;
}

static bool something_to_do(void)
{
	struct pollfd p[] = {
	    {f.inner,			     POLLIN, 0},
            {f.w.pending ? -1 : f.w.transport.fd, POLLIN, 0}
        };

	if (f.w.ending)
		return false;
	return poll(p, 2, 0) > 0 || (f.w.pending && !must_wait());
}

static void settle(void)
{
	for (size_t i = 0; i < TURNS && something_to_do(); i++) {
		worker_turn(&f.w);
		client_reads();
		while (monitor_serves_one())
			;
		expect(f.w.auth.phase != AUTH_OPEN || f.accepted);
		expect(!f.w.transport.logged_in || f.accepted);
		expect(f.w.auth.phase == AUTH_SERVICE || f.w.kex.session_id_n > 0);
	}
}

static void begin(void)
{
	int client[2], monitor[2];

	settings_once();
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			  client) == 0);
	expect(ipc_pair(monitor) == OK);
	f.client = client[0];
	f.monitor = monitor[0];
	f.inner = monitor[1];
	f.state = IN_KEX;
	f.accepted = f.end_told = false;
	f.verdict = 0;
	f.comp_row = NULL;
	memset(f.sent, 0, sizeof f.sent);
	expect(worker_init(&f.w, &f.settings, f.inner) == OK);
	expect(ipc_send(f.monitor, &MSG_OF(conn_begin, .id = 1), &client[1], 1,
			false) == OK);
	close(client[1]);
	settle();
}

static void end(void)
{
	close(f.client);
	if (f.w.ending) {
		worker_farewell(&f.w);
		while (monitor_serves_one())
			;
		expect(f.end_told);
	}
	worker_wipe(&f.w);
	close(f.monitor);
	close(f.inner);
	dir_wipe(&f.out);
	comp_wipe(&f.comp);
}

#endif
