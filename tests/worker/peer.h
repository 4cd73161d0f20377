/*
 * Both ends of one worker in one process, for hostile tests: a client that seals what it is told,
 * sense or not, and a monitor that signs with nonsense and takes every key. Nothing waits.
 */
#ifndef TESTS_WORKER_PEER_H
#define TESTS_WORKER_PEER_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/rd.h"
#include "tests/unit.h"
#include "worker/alg/kex.h"
#include "worker/kex/keys.h"
#include "worker/kex/negotiate.h"
#include "worker/worker.h"

enum { PEER_BYTES = 2 * 1024 * 1024, PEER_MSGS = 256, PEER_BLOB_BYTES = 51 };

#define PEER_IDENT  "SSH-2.0-Peer_1"
#define PEER_SERVER "SSH-2.0-Sallyport_test"

struct peer {
	struct worker w;
	struct worker_settings settings;
	int client, monitor; /* the test's ends */
	uint8_t blob[PEER_BLOB_BYTES];

	/* the client */
	struct dir in, out;
	uint8_t *got; /* bytes from the worker, not yet opened */
	size_t n_got;
	uint8_t i_client[4096], i_server[4096];
	size_t n_i_client, n_i_server;
	const char *kex_list; /* NULL: curve25519-sha256 with all markers */
	const char *cipher, *mac, *comp;
	struct kex_value q_client;
	struct kex_client agreement;
	uint8_t session_id[LIMIT_HASH_BYTES];
	size_t n_session_id;

	/* the monitor */
	uint8_t *store;
	uint32_t asked[MSG_COUNT]; /* how often */
	bool mute;                 /* it does not answer */
	bool lies;                 /* it signs another hash */
	enum auth_verdict verdict;
	uint64_t rekey_bytes;
	uint32_t end_reason;
	char end_text[LIMIT_TEXT_BYTES + 1];
	uint8_t last[PEER_BYTES / 8]; /* the last question about a login, wire form */
	size_t n_last;
};

static inline void peer_settings(struct peer *p)
{
	static uint8_t wire[8192];
	struct wr w = WR(wire), blob = WR(p->blob);
	uint8_t key[32] = {7}, keys[128];
	struct wr k = WR(keys);
	struct msg m = MSG_OF(
	    fork_settings, .versions = SPAN_LIT("SSH-2.0-*,SSH-1.99-*"),
	    .ident = SPAN_LIT(PEER_SERVER),
	    .kex = SPAN_LIT("curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group-"
			    "exchange-sha256,diffie-hellman-group14-sha256,unheard-of"),
	    .hostkey = SPAN_LIT("ssh-ed25519,rsa-sha2-512"),
	    .cipher = SPAN_LIT("aes128-gcm@openssh.com,aes128-ctr,unheard-of"),
	    .mac = SPAN_LIT("hmac-sha2-256,hmac-sha2-256-etm@openssh.com"),
	    .comp = SPAN_LIT("none,zlib@openssh.com"),
	    .user_pk = SPAN_LIT("ssh-ed25519"), .rekey_bytes = p->rekey_bytes);

	wr_str(&blob, "ssh-ed25519");
	wr_bytes(&blob, SPAN_OF(key));
	ck_assert_uint_eq(blob.n, PEER_BLOB_BYTES);
	wr_bytes(&k, SPAN_OF(p->blob));
	m.u.fork_settings.hostkeys = (struct span){keys, k.n};
	msg_encode(&w, &m);
	ck_assert_int_eq(worker_settings_read((struct span){wire, w.n}, &p->settings),
			 OK);
}

/* ---- the monitor ---- */

static inline void peer_tell(struct peer *p, const struct msg *m)
{
	ck_assert_int_eq(ipc_send(p->monitor, m, NULL, 0, true), OK);
}

static inline void peer_sign(struct peer *p, const struct msg_kex_sign *m)
{
	const struct exhash x = {(enum digest)m->digest,
				 m->v_client,
				 SPAN_LIT(PEER_SERVER),
				 m->i_client,
				 m->i_server,
				 SPAN_OF(p->blob),
				 m->group,
				 m->q_client,
				 m->q_server,
				 m->secret};
	struct exhash_value h;

	ck_assert_int_eq(exhash(&x, &h), OK);
	if (p->lies)
		h.bytes[0] ^= 1;
	peer_tell(p, &MSG_OF(kex_signed, .hash = {h.bytes, h.n},
			     .signature = SPAN_LIT("signed")));
}

static inline void peer_judge(struct peer *p)
{
	if (p->verdict == AUTH_SUCCESS)
		peer_tell(p, &MSG_OF(granted, .permits = UINT32_MAX, .sessions = 10,
				     .rekey_bytes = p->rekey_bytes));
	peer_tell(p, &MSG_OF(auth_result, .verdict = (uint8_t)p->verdict,
			     .methods = SPAN_LIT("publickey,password")));
}

static inline bool peer_asks_login(enum msg_type type)
{
	return type == MSG_auth_none || type == MSG_auth_publickey ||
	       type == MSG_auth_password || type == MSG_auth_kbdint ||
	       type == MSG_auth_answers;
}

static inline void peer_answer(struct peer *p, const struct msg *m)
{
	struct wr last = WR(p->last);

	p->asked[m->type]++;
	if (m->type == MSG_conn_end) {
		p->end_reason = m->u.conn_end.reason;
		ck_assert_int_eq(
		    bytes_to_str(p->end_text, sizeof p->end_text, m->u.conn_end.text),
		    OK);
	}
	if (peer_asks_login(m->type)) {
		msg_encode(&last, m);
		p->n_last = last.n;
	}
	if (p->mute)
		return;
	if (m->type == MSG_kex_sign)
		peer_sign(p, &m->u.kex_sign);
	else if (peer_asks_login(m->type))
		peer_judge(p);
}

/* Answers what was asked. */
static inline void peer_serve(struct peer *p)
{
	struct wr buf = {.p = p->store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;
	struct msg m;

	while (ipc_recv(p->monitor, &buf, false, &m, &fds) == OK)
		peer_answer(p, &m);
}

/* ---- the worker ---- */

static inline bool readable(int fd)
{
	struct pollfd f = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&f, 1, 0) == 1;
}

static inline void peer_drain(struct peer *p)
{
	ssize_t n;

	while (p->n_got < PEER_BYTES &&
	       (n = recv(p->client, p->got + p->n_got, PEER_BYTES - p->n_got,
			 MSG_DONTWAIT)) > 0)
		p->n_got += (size_t)n;
}

/* Lets worker and monitor go on until neither has anything to do. */
static inline void peer_run(struct peer *p)
{
	bool paused = false;

	for (int i = 0; i < 4000 && !p->w.ending; i++) {
		paused = p->w.kex.phase == KEX_WAIT_SIGN ||
			 p->w.auth.phase == AUTH_WAIT_MONITOR;
		peer_drain(p);
		peer_serve(p);
		if (readable(p->w.monitor.fd) ||
		    (!paused && (readable(p->w.client.fd) || p->w.pending)))
			worker_turn(&p->w);
		else
			break;
	}
	if (!p->w.ending)
		(void)!transport_flush(&p->w.transport);
	peer_drain(p);
	peer_serve(p);
}

/* Begins: the socket is handed over, nothing was said by the client. */
static inline void peer_start(struct peer *p)
{
	struct msg begin = MSG_OF(conn_begin, .id = 1);
	int link[2], socket[2];

	peer_settings(p);
	ck_assert_int_eq(ipc_pair(link), OK);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, socket),
	    0);
	p->monitor = link[0];
	p->client = socket[0];
	p->got = malloc(PEER_BYTES);
	p->store = malloc(LIMIT_MSG_BYTES);
	ck_assert_ptr_nonnull(p->got);
	ck_assert_ptr_nonnull(p->store);
	ck_assert_int_eq(worker_init(&p->w, &p->settings, link[1]), OK);
	ck_assert_int_eq(ipc_send(p->monitor, &begin, &socket[1], 1, true), OK);
	close(socket[1]);
	peer_run(p);
}

/* The worker says its last words; then all is closed. */
static inline void peer_end(struct peer *p)
{
	int link = p->w.monitor.fd;

	if (p->w.ending) {
		shutdown(p->client, SHUT_WR); /* so that nobody lingers for us */
		worker_farewell(&p->w);
		peer_drain(p);
		peer_serve(p);
	}
	worker_wipe(&p->w);
	worker_settings_wipe(&p->settings);
	kex_client_wipe(&p->agreement);
	dir_wipe(&p->in);
	dir_wipe(&p->out);
	close(link);
	close(p->monitor);
	close(p->client);
	free(p->got);
	free(p->store);
}

/* ---- the client ---- */

static inline void peer_raw(struct peer *p, const void *bytes, size_t n)
{
	ck_assert_int_eq(send(p->client, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Seals a payload and sends it, and lets the worker run. */
static inline void peer_send(struct peer *p, struct span payload)
{
	static uint8_t packet[LIMIT_PACKET_BYTES + 1024];
	size_t n;

	if (payload.n > 0)
		memcpy(packet + PACKET_FRONT_BYTES, payload.p, payload.n);
	ck_assert_int_eq(packet_seal(&p->out, packet, sizeof packet, payload.n, &n),
			 OK);
	peer_raw(p, packet, n);
	peer_run(p);
}

static inline void peer_send_wr(struct peer *p, const struct wr *w)
{
	ck_assert_int_eq(w->err, OK);
	peer_send(p, (struct span){w->p, w->n});
}

/* Sends a message that is nothing but its number. */
static inline void peer_send_number(struct peer *p, uint8_t number)
{
	peer_send(p, (struct span){&number, 1});
}

/* Takes the worker's next packet; an empty span: there is none. */
static inline struct span peer_recv(struct peer *p)
{
	static uint8_t kept[LIMIT_PACKET_BYTES];
	struct span payload;
	size_t used;
	enum err e = packet_open(&p->in, p->got, p->n_got, &used, &payload);

	if (e == ERR_AGAIN)
		return (struct span){0};
	ck_assert_int_eq(e, OK);
	memcpy(kept, payload.p, payload.n);
	payload.p = kept;
	memmove(p->got, p->got + used, p->n_got - used);
	p->n_got -= used;
	return payload;
}

/* Takes packets until one has this number; fails the test where none does. */
static inline struct span peer_expect(struct peer *p, uint8_t number)
{
	struct span s;

	do {
		s = peer_recv(p);
		ck_assert_msg(s.n > 0, "no packet %u came; ending: %s", number,
			      p->w.end_text);
	} while (s.p[0] != number);
	return s;
}

/* Asserts that the worker ended with a DISCONNECT of this reason, and told the monitor so. */
static inline void peer_expect_disconnect(struct peer *p, uint32_t reason)
{
	struct rd r;

	ck_assert(p->w.ending);
	shutdown(p->client, SHUT_WR);
	worker_farewell(&p->w);
	peer_drain(p);
	peer_serve(p);
	r = RD(peer_expect(p, SSH_MSG_DISCONNECT));
	rd_u8(&r);
	ck_assert_uint_eq(rd_u32(&r), reason);
	ck_assert_uint_eq(p->end_reason, reason);
	ck_assert_uint_eq(p->asked[MSG_conn_end], 1);
}

/* Exchanges identification strings. */
static inline void peer_banner(struct peer *p)
{
	peer_raw(p, PEER_IDENT "\r\n", sizeof PEER_IDENT + 1);
	peer_run(p);
}

static inline void peer_keep(uint8_t *out, size_t *n, struct span s)
{
	ck_assert_int_eq(bytes_copy(out, sizeof((struct peer *)0)->i_client, s), OK);
	*n = s.n;
}

/* Sends our KEXINIT. guess: first_kex_packet_follows */
static inline void peer_kexinit(struct peer *p, bool guess)
{
	static const uint8_t cookie[KEXINIT_COOKIE_BYTES];
	const struct span cipher =
	    span_str(p->cipher != NULL ? p->cipher : "aes128-gcm@openssh.com");
	const struct span mac = span_str(p->mac != NULL ? p->mac : "hmac-sha2-256");
	const struct span comp = span_str(p->comp != NULL ? p->comp : "none");
	const struct proposal ours = {
	    .list = {span_str(p->kex_list != NULL
				  ? p->kex_list
				  : "curve25519-sha256,ext-info-c,kex-strict-c-v00@"
				    "openssh.com"),
		     SPAN_LIT("ssh-ed25519"), cipher, cipher, mac, mac, comp, comp},
	    .guess = guess
        };
	struct wr w = WR(p->i_client);

	wr_u8(&w, SSH_MSG_KEXINIT);
	proposal_write(&w, (struct span){cookie, sizeof cookie}, &ours);
	p->n_i_client = w.n;
	peer_send_wr(p, &w);
}

/* Sends the first message of the method. */
static inline void peer_kexdh_init(struct peer *p, const char *method)
{
	const struct kex_alg *row = kex_find(span_str(method));
	uint8_t store[LIMIT_KEX_VALUE_BYTES + 16];
	struct wr w = WR(store);

	kex_client_wipe(&p->agreement);
	ck_assert_int_eq(
	    kex_initiate(row, NULL, (struct span){0}, &p->agreement, &p->q_client), OK);
	wr_u8(&w, SSH_MSG_KEXDH_INIT);
	wr_raw(&w, kex_value_span(&p->q_client));
	peer_send_wr(p, &w);
}

static inline void peer_dir_keys(struct peer *p, const struct keys_root *root)
{
	const struct cipher_alg *cipher = cipher_find(
	    span_str(p->cipher != NULL ? p->cipher : "aes128-gcm@openssh.com"));
	const struct mac_alg *mac =
	    mac_find(span_str(p->mac != NULL ? p->mac : "hmac-sha2-256"));
	struct dir_keys in, out;

	ck_assert_int_eq(keys_for_dir(root, cipher, mac, true, &out), OK);
	ck_assert_int_eq(keys_for_dir(root, cipher, mac, false, &in), OK);
	ck_assert_int_eq(dir_set_keys(&p->in, &in, false), OK);
	peer_send_number(p, SSH_MSG_NEWKEYS);
	ck_assert_int_eq(dir_set_keys(&p->out, &out, true), OK);
	if (p->w.kex.strict) {
		dir_reset_seq(&p->in);
		dir_reset_seq(&p->out);
	}
}

/* Takes the reply and NEWKEYS, answers with ours: both directions have keys then. */
static inline void peer_newkeys(struct peer *p)
{
	struct rd r = RD(peer_expect(p, SSH_MSG_KEXDH_REPLY));
	const struct kex_alg *row = p->agreement.row;
	struct kex_value q_server, secret;
	struct exhash x = {.digest = row->digest};
	struct exhash_value h;
	struct keys_root root;
	struct span raw;

	rd_u8(&r);
	ck_assert(span_equal(rd_bytes(&r, 4096), SPAN_OF(p->blob)));
	raw = row->mpint_values ? rd_mpint(&r, 2048) : rd_bytes(&r, 2048);
	ck_assert(span_is(rd_bytes(&r, 4096), "signed"));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(kex_finish(&p->agreement, raw, &secret), OK);
	ck_assert_int_eq(kex_value_set(&q_server, row->mpint_values, raw), OK);
	x.v_client = SPAN_LIT(PEER_IDENT);
	x.v_server = SPAN_LIT(PEER_SERVER);
	x.i_client = (struct span){p->i_client, p->n_i_client};
	x.i_server = (struct span){p->i_server, p->n_i_server};
	x.host_key = SPAN_OF(p->blob);
	x.q_client = kex_value_span(&p->q_client);
	x.q_server = kex_value_span(&q_server);
	x.secret = kex_value_span(&secret);
	ck_assert_int_eq(exhash(&x, &h), OK);
	if (p->n_session_id == 0) {
		memcpy(p->session_id, h.bytes, h.n);
		p->n_session_id = h.n;
	}
	peer_expect(p, SSH_MSG_NEWKEYS);
	root = (struct keys_root){
	    row->digest,
	    kex_value_span(&secret),
	    {h.bytes,       h.n            },
	    {p->session_id, p->n_session_id}
        };
	peer_dir_keys(p, &root);
}

/* A whole exchange, ours being the first KEXINIT or the second. */
static inline void peer_exchange(struct peer *p)
{
	peer_kexinit(p, false);
	peer_keep(p->i_server, &p->n_i_server, peer_expect(p, SSH_MSG_KEXINIT));
	peer_kexdh_init(p, "curve25519-sha256");
	peer_newkeys(p);
	ck_assert_msg(!p->w.ending, "ending: %s", p->w.end_text);
}

/* From the start to keys in both directions. */
static inline void peer_connect(struct peer *p)
{
	peer_start(p);
	peer_banner(p);
	peer_exchange(p);
}

static inline void peer_request(struct wr *w, const char *user, const char *method)
{
	wr_u8(w, SSH_MSG_USERAUTH_REQUEST);
	wr_str(w, user);
	wr_str(w, "ssh-connection");
	wr_str(w, method);
}

static inline void peer_service(struct peer *p, const char *name)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_SERVICE_REQUEST);
	wr_str(&w, name);
	peer_send_wr(p, &w);
}

/* From keys to a login by password. */
static inline void peer_log_in(struct peer *p)
{
	uint8_t store[128];
	struct wr w = WR(store);

	peer_service(p, "ssh-userauth");
	peer_expect(p, SSH_MSG_SERVICE_ACCEPT);
	p->verdict = AUTH_SUCCESS;
	peer_request(&w, "tester", "password");
	wr_bool(&w, false);
	wr_str(&w, "right");
	peer_send_wr(p, &w);
	peer_expect(p, SSH_MSG_USERAUTH_SUCCESS);
	ck_assert_int_eq(p->w.auth.phase, AUTH_OPEN);
}

/* A fresh pair; free(3) it after peer_end. */
static inline struct peer *peer_new(void)
{
	struct peer *p = calloc(1, sizeof *p);

	ck_assert_ptr_nonnull(p);
	return p;
}

#endif
