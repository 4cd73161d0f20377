/*
 * A whole worker between a client and a monitor. The input is a script: bytes of the client, packets
 * sealed as they must be, sound steps of a connection, and verdicts of the monitor. Whatever comes, each
 * question of the worker is one that the monitor's table takes in that state, the hash that it wants signed
 * is the one that the monitor computes, nobody is logged in unless the monitor said so, and no error is
 * the worker's own.
 */
#include "tests/fuzz/worker_far.h"

#define STEPS 64

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
	if (method == 4) {
		wr_str(&w, "");
		wr_bytes(&w, take_short(r));
		return client_sends_wr(&w);
	}
	wr_u8(&w, proof);
	if (method == 1 || method == 2)
		wr_bytes(&w, SPAN_LIT("ssh-ed25519"));
	wr_bytes(&w, take_short(r));
	if (method == 2)
		wr_bytes(&w, f.settings.hostkeys[proof % 3]);
	if (proof != 0)
		wr_bytes(&w, take_short(r));
	client_sends_wr(&w);
}

/* Answers, as many as were asked for or not. */
static void step_answers(struct rd *r)
{
	struct wr w = WR(f.payload);
	uint8_t n = rd_u8(r);

	f.verdict = rd_u8(r);
	wr_u8(&w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	wr_u32(&w, n);
	for (uint8_t i = 0; i < n % 8; i++)
		wr_bytes(&w, take_short(r));
	client_sends_wr(&w);
}

static void step_verdict(struct rd *r)
{
	f.verdict = rd_u8(r);
}

/* A packet of a logged-in client, its fields as they come. */
static void step_channel(struct rd *r)
{
	static const uint8_t numbers[] = {80, 81, 82, 90, 91, 92,  93,  94,
					  95, 96, 97, 98, 99, 100, 192, 7};
	struct wr w = WR(f.payload);
	uint8_t number = numbers[rd_u8(r) % sizeof numbers];

	wr_u8(&w, number);
	if (number > 90 && number <= 100)
		wr_u32(&w, rd_u8(r) % 4);
	wr_raw(&w, take_short(r));
	client_sends_wr(&w);
}

static void step_open(struct rd *r)
{
	static const char *const types[] = {"session", "direct-tcpip",
					    "direct-streamlocal@openssh.com"};
	struct wr w = WR(f.payload);
	uint8_t type = rd_u8(r) % 3;

	wr_u8(&w, SSH_MSG_CHANNEL_OPEN);
	wr_str(&w, types[type]);
	wr_u32(&w, rd_u8(r));
	wr_u32(&w, LIMIT_WINDOW_BYTES);
	wr_u32(&w, LIMIT_CHAN_PACKET_BYTES);
	if (type != 0) {
		wr_bytes(&w, take_short(r));
		if (type == 1)
			wr_u32(&w, rd_u8(r));
		wr_str(&w, "::1");
		wr_u32(&w, 0);
	}
	client_sends_wr(&w);
}

static void step_request(struct rd *r)
{
	static const char *const types[] = {"shell",     "exec",
					    "subsystem", "pty-req",
					    "env",       "window-change",
					    "signal",    "break",
					    "x11-req",   "auth-agent-req@openssh.com"};
	struct wr w = WR(f.payload);

	wr_u8(&w, SSH_MSG_CHANNEL_REQUEST);
	wr_u32(&w, rd_u8(r) % 4);
	wr_str(&w, types[rd_u8(r) % 10]);
	wr_bool(&w, rd_bool(r));
	wr_raw(&w, take_short(r));
	client_sends_wr(&w);
}

static void step_global(struct rd *r)
{
	static const char *const types[] = {"tcpip-forward",
					    "cancel-tcpip-forward",
					    "streamlocal-forward@openssh.com",
					    "cancel-streamlocal-forward@openssh.com",
					    "hostkeys-prove-00@openssh.com",
					    "keepalive@openssh.com",
					    "no-more-sessions@openssh.com"};
	struct wr w = WR(f.payload);
	uint8_t type = rd_u8(r) % 7;

	wr_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	wr_str(&w, types[type]);
	wr_bool(&w, rd_bool(r));
	if (type < 4)
		wr_bytes(&w, take_short(r));
	if (type < 2)
		wr_u32(&w, rd_u8(r));
	if (type == 4)
		wr_bytes(&w, f.settings.hostkeys[rd_u8(r) % 3]);
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

/* Up to a login that the monitor accepts. */
static void step_login(struct rd *r)
{
	struct wr w = WR(f.payload);

	step_connect(r);
	settle();
	f.verdict = AUTH_SUCCESS;
	wr_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	wr_str(&w, "alice");
	wr_str(&w, "ssh-connection");
	wr_str(&w, "none");
	client_sends_wr(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const steps[])(struct rd *) = {
	    step_connect, step_bytes,   step_packet,  step_banner,   step_kexinit,
	    step_value,   step_newkeys, step_service, step_userauth, step_verdict,
	    step_channel, step_monitor, step_login,   step_open,     step_request,
	    step_global,  step_answers};
	struct rd r = RD(((struct span){data, n}));

	begin();
	for (size_t i = 0; i < STEPS && r.left.n > 0 && !f.w.ending; i++) {
		steps[rd_u8(&r) % (sizeof steps / sizeof *steps)](&r);
		settle();
	}
	end();
	return 0;
}
