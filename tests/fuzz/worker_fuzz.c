/*
 * A whole worker between a client and a monitor. The input is a script: bytes of the client, packets
 * sealed as they must be, sound steps of a connection, and verdicts of the monitor. Whatever comes, each
 * question of the worker is one that the monitor's table takes in that state, the hash that it wants signed
 * is the one that the monitor computes, nobody is logged in unless the monitor said so, and no error is
 * the worker's own.
 */
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

#define STEPS        64
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
	expect(alg_warm() == OK);
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
		tell(&MSG_OF(granted, .permits = UINT8_MAX, .sessions = 4));
	}
	tell(&MSG_OF(auth_result, .verdict = verdict,
		     .methods = SPAN_LIT("publickey,password"),
		     .banner = {(const uint8_t *)"hello", f.verdict % 2 * 5U}));
}

static void serve_open(uint32_t chan)
{
	uint8_t failure = f.verdict % 5;

	tell(&MSG_OF(chan_opened, .chan = chan, .failure = failure == 0 ? 1 : failure));
}

static void serve(const struct msg *m)
{
	switch ((int)m->type) {
	case MSG_kex_sign:
		return serve_kex_sign(&m->u.kex_sign);
	case MSG_auth_none:
	case MSG_auth_password:
		return serve_auth(false);
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

/* ---- steps ---- */

static void step_bytes(struct rd *r)
{
	client_writes(take_short(r));
}

static void step_packet(struct rd *r)
{
	client_sends(take_short(r));
}

static void step_banner(struct rd *r)
{
	(void)r;
	client_writes(SPAN_LIT("SSH-2.0-OpenSSH_9.9\r\n"));
}

/* One name of the default list, by number, and what stands behind it. */
static void put_list(struct wr *w, enum alg_kind kind, uint8_t pick, const char *more)
{
	size_t mark = wr_open(w), n = 0, left;

	for (size_t i = 0; i < n_algs; i++)
		n += algs[i].kind == kind && algs[i].on;
	left = pick % n;
	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind == kind && algs[i].on && left-- == 0)
			wr_raw(w, span_str(algs[i].name));
	wr_raw(w, span_str(more));
	wr_close(w, mark);
}

/* Which of the default key exchange methods it is. */
static uint8_t kex_place(const char *name)
{
	uint8_t place = 0;

	for (size_t i = 0; i < n_algs && strcmp(algs[i].name, name) != 0; i++)
		place += algs[i].kind == ALG_KEX && algs[i].on;
	return place;
}

static void step_kexinit(struct rd *r)
{
	struct wr w = WR(f.payload);
	uint8_t flags = rd_u8(r);
	uint8_t kex = rd_u8(r), cipher = rd_u8(r), mac = rd_u8(r);

	wr_u8(&w, SSH_MSG_KEXINIT);
	wr_raw(&w, SPAN_LIT("0123456789abcdef"));
	/* mostly the one that costs least */
	put_list(&w, ALG_KEX, kex % 4 == 0 ? kex / 4 : kex_place("curve25519-sha256"),
		 flags & 1 ? ",ext-info-c,kex-strict-c-v00@openssh.com"
			   : ",ext-info-c");
	put_list(&w, ALG_HOSTKEY, flags >> 4, ",ssh-ed25519");
	put_list(&w, ALG_CIPHER, cipher, "");
	put_list(&w, ALG_CIPHER, cipher / 8, "");
	put_list(&w, ALG_MAC, mac, "");
	put_list(&w, ALG_MAC, mac / 8, "");
	put_list(&w, ALG_COMP, flags & 2 ? 1 : 0, "");
	put_list(&w, ALG_COMP, flags & 4 ? 1 : 0, "");
	wr_str(&w, "");
	wr_str(&w, "");
	wr_bool(&w, (flags & 8) != 0);
	wr_u32(&w, 0);
	client_sends_wr(&w);
}

/* What the agreed method asks for next. */
static void step_value(struct rd *r)
{
	const struct kex_run *run = f.w.kex.run;
	struct wr w = WR(f.payload);
	struct kex_client c = {0};
	struct kex_value q;
	bool guess = false;

	(void)r;
	if (f.w.kex.phase != KEX_WAIT_METHOD || run->method == NULL)
		return;
	guess = run->agreed.guessed_wrong;
	if (run->method->group_exchange && run->group == NULL) {
		wr_u8(&w, SSH_MSG_KEX_DH_GEX_REQUEST);
		wr_u32(&w, LIMIT_DH_BITS_MIN);
		wr_u32(&w, LIMIT_DH_BITS_MIN);
		wr_u32(&w, LIMIT_DH_BITS_MAX);
	} else {
		expect(kex_initiate(run->method, run->group, (struct span){0}, &c,
				    &q) == OK);
		wr_u8(&w, run->method->group_exchange ? SSH_MSG_KEX_DH_GEX_INIT
						      : SSH_MSG_KEXDH_INIT);
		wr_raw(&w, kex_value_span(&q));
		kex_client_wipe(&c);
	}
	client_sends_wr(&w);
	if (guess) {
		settle();
		client_sends_wr(&w);
	}
}

static void step_newkeys(struct rd *r)
{
	static const uint8_t payload[] = {SSH_MSG_NEWKEYS};
	struct dir_keys keys;

	(void)r;
	if (f.w.kex.phase != KEX_WAIT_NEWKEYS)
		return;
	keys = f.w.kex.run->keys_in;
	f.comp_row = f.w.kex.run->in.comp;
	client_sends(SPAN_OF(payload));
	comp_wipe(&f.comp);
	expect(dir_set_keys(&f.out, &keys, true) == OK);
	dir_keys_wipe(&keys);
	settle();
}

static void step_service(struct rd *r)
{
	struct wr w = WR(f.payload);

	(void)r;
	wr_u8(&w, SSH_MSG_SERVICE_REQUEST);
	wr_str(&w, "ssh-userauth");
	client_sends_wr(&w);
}

static void step_userauth(struct rd *r)
{
	static const char *const methods[] = {"none", "publickey",
					      "publickey-hostbound-v00@openssh.com",
					      "password", "keyboard-interactive"};
	struct wr w = WR(f.payload);
	uint8_t method = rd_u8(r) % 5, proof = rd_u8(r);

	f.verdict = rd_u8(r);
	wr_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	wr_bytes(&w, take_short(r));
	wr_str(&w, "ssh-connection");
	wr_str(&w, methods[method]);
	if (method == 0)
		return client_sends_wr(&w);
	wr_u8(&w, proof);
	if (method == 1 || method == 2)
		wr_bytes(&w, SPAN_LIT("ssh-ed25519"));
	wr_bytes(&w, take_short(r));
	if (method == 2)
		wr_bytes(&w, f.settings.hostkeys[proof % 3]);
	if (proof != 0 && method != 4)
		wr_bytes(&w, take_short(r));
	client_sends_wr(&w);
}

static void step_verdict(struct rd *r)
{
	f.verdict = rd_u8(r);
}

/* The number of a packet that a logged-in client may send, and its fields as they come. */
static void step_channel(struct rd *r)
{
	static const uint8_t numbers[] = {80, 81, 82, 90, 91, 92,  93,  94,
					  95, 96, 97, 98, 99, 100, 192, 7};
	static const char *const types[] = {"session",
					    "direct-tcpip",
					    "direct-streamlocal@openssh.com",
					    "tcpip-forward",
					    "shell",
					    "pty-req",
					    "env"};
	struct wr w = WR(f.payload);
	uint8_t number = numbers[rd_u8(r) % sizeof numbers];

	wr_u8(&w, number);
	if (number > 90 && number <= 100)
		wr_u32(&w, rd_u8(r) % 4);
	if (number == 80 || number == 90 || number == 98)
		wr_str(&w, types[rd_u8(r) % 7]);
	wr_raw(&w, take_short(r));
	client_sends_wr(&w);
}

static void step_monitor(struct rd *r)
{
	uint8_t what = rd_u8(r);

	if (what == 0)
		tell(&MSG_OF(disconnect, .reason = 11, .text = SPAN_LIT("enough")));
	else if (what == 1 && f.w.kex.phase == KEX_IDLE && f.w.kex.first_done)
		f.w.kex.old = true; /* keys are old: a rekey of ours */
}

static void step_connect(struct rd *r)
{
	step_banner(r);
	settle();
	step_kexinit(r);
	settle();
	step_value(r);
	settle();
	step_newkeys(r);
	step_service(r);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const steps[])(struct rd *) = {
	    step_connect,  step_bytes,   step_packet,  step_banner,
	    step_kexinit,  step_value,   step_newkeys, step_service,
	    step_userauth, step_verdict, step_channel, step_monitor};
	struct rd r = RD(((struct span){data, n}));

	begin();
	for (size_t i = 0; i < STEPS && r.left.n > 0 && !f.w.ending; i++) {
		steps[rd_u8(&r) % (sizeof steps / sizeof *steps)](&r);
		settle();
	}
	end();
	return 0;
}
