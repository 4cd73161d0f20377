/*
 * A worker that lies: the real monitor, and this test at the worker's end of the link. Whatever it says,
 * nothing is gained: it is refused, killed, and its nursery replaced.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sshnum.h"
#include "monitor/account.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/keys/private.h"
#include "monitor/link.h"
#include "monitor/load.h"
#include "monitor/login_link.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"
#include "tests/unit.h"

enum { TURNS = 8, KEY_BYTES = 4096, BEYOND = LIMIT_CHANNELS + 1, UNHEARD = 8 };

static struct {
	struct monitor m;
	int worker, helper, connector, client, policy; /* far ends */
	bool killed, burnt;
	uint8_t ipc[LIMIT_MSG_BYTES], sent[LIMIT_MSG_BYTES];
} f;

/* ---- what stands in for processes ---- */

static enum err child_new(int *far, int *sock, uint32_t *child)
{
	int pair[2];

	ck_assert_int_eq(ipc_pair(pair), OK);
	if (*far >= 0)
		close(*far);
	*far = pair[1];
	*sock = pair[0];
	*child = 1;
	return OK;
}

enum err spawn_worker(struct monitor *m, struct conn *c, int *sock, uint32_t *child)
{
	(void)m;
	(void)c;
	return child_new(&f.worker, sock, child);
}

enum err spawn_login(struct monitor *m, int *sock, uint32_t *child)
{
	(void)m;
	return child_new(&f.helper, sock, child);
}

enum err spawn_program(struct monitor *m, const char *name, const char *argument,
		       const char *user, int *out)
{
	uint32_t child;

	(void)m;
	(void)name;
	(void)argument;
	(void)user;
	return child_new(&f.policy, out, &child);
}

void spawn_burn_nursery(struct monitor *m, size_t why)
{
	(void)m;
	(void)why;
	f.burnt = true;
}

uint64_t clock_ms(void)
{
	return 1;
}

uint64_t clock_us(void)
{
	return 1;
}

void child_kill(struct monitor *m, uint32_t child)
{
	(void)m;
	(void)child;
	f.killed = true;
}

void fork_server_lost(struct fork_server *server, enum err e, const char *what)
{
	(void)server;
	(void)e;
	(void)what;
}

enum err serve_fork_ready(struct fork_server *server, const struct msg_fork_ready *m,
			  struct ipc_fds *fds)
{
	(void)server;
	(void)m;
	(void)fds;
	return ERR_FORBIDDEN;
}

enum err serve_fork_ended(struct fork_server *server, const struct msg_fork_ended *m,
			  struct ipc_fds *fds)
{
	(void)server;
	(void)m;
	(void)fds;
	return ERR_FORBIDDEN;
}

void child_dismiss(struct monitor *m, uint32_t child)
{
	(void)m;
	(void)child;
}

void connector_lost(struct connector *k, enum err e, const char *what)
{
	(void)e;
	(void)what;
	link_close(&k->link);
}

/* ---- the monitor ---- */

static int memory_file(const void *text, size_t n, char path[64])
{
	int fd = memfd_create("worker_test", MFD_CLOEXEC);

	ck_assert(fd >= 0 && write(fd, text, n) == (ssize_t)n && fchmod(fd, 0600) == 0);
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void monitor_load(void)
{
	uint8_t key[KEY_BYTES];
	struct wr w = WR(key);
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char key_path[64], path[64], text[256];
	struct config_errors errs = {0};
	struct config *config = NULL;
	int key_fd, fd, n;

	ck_assert(pkey != NULL && private_write(pkey, "", &w) == OK);
	EVP_PKEY_free(pkey);
	key_fd = memory_file(key, w.n, key_path);
	n = snprintf(text, sizeof text, "HostKey %s\nLocalSessions yes\n", key_path);
	fd = memory_file(text, (size_t)n, path);
	f.m.options.config_file = path;
	ck_assert_int_eq(config_load(&f.m.options, &config, &errs), OK);
	ck_assert_int_eq(load_all(&f.m, config), OK);
	config_errors_wipe(&errs);
	close(key_fd);
	close(fd);
}

static void turns(void)
{
	for (size_t i = 0; i < TURNS; i++)
		ck_assert_int_ge(event_base_loop(f.m.base, EVLOOP_NONBLOCK), 0);
}

static const struct source client_source = {
    .known = true, .bytes = {192, 0, 2, 1}
};

/* A client has spoken, and its worker is the test. */
static void begin(void)
{
	const struct endpoint remote = {"192.0.2.1", 1024}, local = {"192.0.2.2", 22};
	int pair[2];

	memset(&f, 0, sizeof f);
	f.worker = f.helper = f.connector = f.policy = -1;
	log_level_set(LOG_QUIET_ALL);
	monitor_load();
	f.m.base = event_base_new();
	f.m.ipc_bytes = malloc(LIMIT_MSG_BYTES);
	ck_assert(f.m.base != NULL && f.m.ipc_bytes != NULL);
	ck_assert_int_eq(ipc_pair(pair), OK);
	f.connector = pair[1];
	f.m.connector.link =
	    (struct link){.sock = -1, .peer = MSG_CONNECTOR, .state = IN_CONNECTOR};
	ck_assert_int_eq(link_open(&f.m.connector.link, &f.m, pair[0], &f.m.connector),
			 OK);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	f.client = pair[1];
	ck_assert_int_eq(
	    conn_begin(&f.m, &(struct arrival){pair[0], client_source, remote, local}),
	    OK);
	ck_assert_int_eq(write(f.client, "SSH", 3), 3);
	turns();
	ck_assert_int_ge(f.worker, 0);
}

static void end(void)
{
	close(f.worker);
	close(f.helper);
	close(f.connector);
	close(f.policy);
	close(f.client);
	turns();
	penalties_wipe(&f.m.penalties);
}

/* ---- the worker's end ---- */

static void says(const struct msg *m)
{
	ck_assert_int_eq(ipc_send(f.worker, m, NULL, 0, false), OK);
	turns();
}

/* The next message of a type; others before it are passed over. */
static struct msg hears(int far, enum msg_type type)
{
	struct wr buf = WR(f.ipc);
	struct ipc_fds fds;
	struct msg m = {.type = MSG_COUNT};

	while (m.type != type) {
		ck_assert_msg(ipc_recv(far, &buf, false, &m, &fds) == OK, "no %s",
			      msg_rules[type].name);
		ipc_fds_close(&fds);
	}
	return m;
}

/* As for a crash: the client that the worker served may have seized it. */
static void assert_penalized(void)
{
	struct refusal why;

	ck_assert(
	    penalty_refuses(&f.m.penalties, f.m.set, &client_source, clock_ms(), &why));
	ck_assert_uint_gt(why.left_ms, 60000);
}

static void assert_refused(void)
{
	ck_assert_uint_eq(f.m.n_conns, 0);
	ck_assert(f.killed && f.burnt);
	assert_penalized();
}

static struct msg kex_message(uint8_t hostkey, const char *algorithm)
{
	return MSG_OF(
	    kex_sign, .hostkey = hostkey, .algorithm = span_str(algorithm),
	    .digest = DIGEST_SHA256, .v_client = SPAN_LIT("SSH-2.0-x"),
	    .i_client = SPAN_LIT("\x14 i_c"), .i_server = SPAN_LIT("\x14 i_s"),
	    .q_client = SPAN_LIT("\0\0\0\1c"), .q_server = SPAN_LIT("\0\0\0\1s"),
	    .secret = SPAN_LIT("\0\0\0\1k"));
}

static void exchange_keys(void)
{
	struct msg m = kex_message(0, "ssh-ed25519");

	says(&m);
	hears(f.worker, MSG_kex_signed);
}

static struct msg password(const char *user)
{
	return MSG_OF(auth_password, .user = span_str(user),
		      .service = SPAN_LIT("ssh-connection"),
		      .password = SPAN_LIT("secret"));
}

/* A login by password, as far as the question whether it is right. */
static void ask_login(const char *user)
{
	struct msg m = password(user);

	says(&m);
	hears(f.helper, MSG_account_find);
	ck_assert_int_eq(
	    ipc_send(f.helper,
		     &MSG_OF(account_found, .found = 1, .uid = 1000, .gid = 1000,
			     .home = SPAN_LIT("/"), .shell = SPAN_LIT("/bin/sh")),
		     NULL, 0, false),
	    OK);
	turns();
	hears(f.helper, MSG_password_check);
}

static void log_in(void)
{
	exchange_keys();
	ask_login("alice");
	ck_assert_int_eq(
	    ipc_send(f.helper, &MSG_OF(password_checked, .ok = 1), NULL, 0, false), OK);
	turns();
	ck_assert_int_eq(hears(f.worker, MSG_auth_result).u.auth_result.verdict,
			 AUTH_SUCCESS);
}

static struct msg connection(uint32_t chan)
{
	return MSG_OF(open_tcp, .chan = chan, .host = SPAN_LIT("192.0.2.9"), .port = 80,
		      .origin = SPAN_LIT("x"), .origin_port = 1);
}

/* ---- lies ---- */

START_TEST(what_a_login_allows_is_refused_before_it)
{
	const struct msg early[] = {
	    connection(0), MSG_OF(open_session, .chan = 0),
	    MSG_OF(session_start, .chan = 0),
	    MSG_OF(listen_tcp, .host = SPAN_LIT("localhost")),
	    MSG_OF(hostkey_prove, .algorithm = SPAN_LIT("ssh-ed25519"))};

	if (_i >= 5)
		exchange_keys();
	says(&early[_i % 5]);
	assert_refused();
}
END_TEST

START_TEST(login_before_a_key_exchange_is_refused)
{
	struct msg m = password("alice");

	says(&m);
	assert_refused();
}
END_TEST

START_TEST(login_without_a_proof_opens_nothing)
{
	exchange_keys();
	says(&MSG_OF(auth_publickey, .user = SPAN_LIT("alice"),
		     .service = SPAN_LIT("ssh-connection"),
		     .algorithm = SPAN_LIT("ssh-ed25519"), .key = SPAN_LIT("k"),
		     .proof = 1, .signature = SPAN_LIT("s")));
	hears(f.helper, MSG_account_find);
	ck_assert_int_eq(f.m.conns->work->link.state, IN_AUTH);
	ck_assert(!f.m.conns->work->user_known);
	says(&MSG_OF(open_session, .chan = 0));
	assert_refused();
}
END_TEST

START_TEST(two_attempts_at_once_are_refused)
{
	struct msg m = password("alice");

	exchange_keys();
	says(&m);
	says(&m);
	assert_refused();
}
END_TEST

/* A conversation, as far as its first prompt. */
static void ask_kbdint(void)
{
	says(&MSG_OF(auth_kbdint, .user = SPAN_LIT("alice"),
		     .service = SPAN_LIT("ssh-connection")));
	if (f.m.conns->work->helper != NULL) {
		hears(f.helper, MSG_account_find);
		ck_assert_int_eq(
		    ipc_send(f.helper,
			     &MSG_OF(account_found, .found = 1, .uid = 1000,
				     .gid = 1000, .home = SPAN_LIT("/"),
				     .shell = SPAN_LIT("/bin/sh")),
			     NULL, 0, false),
		    OK);
		turns();
	}
	ck_assert_uint_eq(hears(f.worker, MSG_auth_prompt).u.auth_prompt.count, 1);
}

static struct msg answer(void)
{
	static const uint8_t one[] = {0, 0, 0, 1, 'x'};

	return MSG_OF(auth_answers, .count = 1, .answers = {one, sizeof one});
}

START_TEST(answers_to_what_nobody_asked_are_refused)
{
	struct msg m = answer();

	exchange_keys();
	if (_i == 1) { /* twice */
		ask_kbdint();
		says(&m);
		hears(f.helper, MSG_password_check);
		ck_assert_uint_eq(f.m.n_conns, 1);
	} else if (_i == 2) { /* after another attempt was begun */
		ask_kbdint();
		says(&MSG_OF(auth_none, .user = SPAN_LIT("alice"),
			     .service = SPAN_LIT("ssh-connection")));
		ck_assert_uint_eq(f.m.n_conns, 1);
	}
	says(&m);
	assert_refused();
}
END_TEST

START_TEST(answers_that_are_none_are_refused)
{
	static const uint8_t one[] = {0, 0, 0, 1, 'x'};

	exchange_keys();
	ask_kbdint();
	says(&MSG_OF(auth_answers, .count = _i == 0 ? 2 : 1,
		     .answers = {one, _i == 0 ? sizeof one : sizeof one - 1}));
	assert_refused();
}
END_TEST

START_TEST(another_number_of_answers_is_a_failure)
{
	exchange_keys();
	ask_kbdint();
	says(&MSG_OF(auth_answers, .count = 0));
	ck_assert_int_eq(event_base_loop(f.m.base, EVLOOP_ONCE), 0); /* held back */
	ck_assert_int_eq(hears(f.worker, MSG_auth_result).u.auth_result.verdict,
			 AUTH_FAILURE);
	ck_assert_uint_eq(f.m.conns->work->failures, 1);
}
END_TEST

START_TEST(answers_do_not_log_in_unless_the_helper_says_so)
{
	struct msg m = answer();

	exchange_keys();
	ask_kbdint();
	says(&m);
	hears(f.helper, MSG_password_check);
	ck_assert_int_eq(f.m.conns->work->link.state, IN_AUTH);
	ck_assert_int_eq(
	    ipc_send(f.helper, &MSG_OF(password_checked, .ok = 1), NULL, 0, false), OK);
	turns();
	ck_assert_int_eq(hears(f.worker, MSG_auth_result).u.auth_result.verdict,
			 AUTH_SUCCESS);
}
END_TEST

START_TEST(another_user_is_told_to_go_and_heard_no_more)
{
	struct msg bob = password("bob");

	exchange_keys();
	ask_login("alice");
	ck_assert_int_eq(
	    ipc_send(f.helper, &MSG_OF(password_checked, .ok = 0), NULL, 0, false), OK);
	turns();
	ck_assert_int_eq(event_base_loop(f.m.base, EVLOOP_ONCE), 0); /* held back */
	ck_assert_int_eq(hears(f.worker, MSG_auth_result).u.auth_result.verdict,
			 AUTH_FAILURE);
	says(&bob);
	hears(f.worker, MSG_disconnect);
	says(&MSG_OF(open_session, .chan = 0));
	ck_assert_uint_eq(f.m.n_conns, 1);
	ck_assert(!f.m.conns->work->user_known);
	ck_assert_uint_eq(f.m.conns->work->n_chans, 0);
}
END_TEST

START_TEST(key_that_is_not_there_signs_nothing)
{
	struct msg m =
	    kex_message(_i == 0 ? 1 : 0, _i == 0 ? "ssh-ed25519" : "rsa-sha2-512");

	says(&m);
	assert_refused();
}
END_TEST

START_TEST(session_keeps_its_name_in_later_exchanges)
{
	struct exhash_value name;
	struct msg other = kex_message(0, "ssh-ed25519");

	exchange_keys();
	name = f.m.conns->work->session_id;
	other.u.kex_sign.secret = SPAN_LIT("\0\0\0\1z");
	says(&other);
	hears(f.worker, MSG_kex_signed);
	ck_assert_mem_eq(f.m.conns->work->session_id.bytes, name.bytes, name.n);
}
END_TEST

START_TEST(login_is_once)
{
	struct msg m = password("alice");

	log_in();
	says(&m);
	assert_refused();
}
END_TEST

START_TEST(what_no_script_hears_of_is_refused)
{
	const struct msg unheard[] = {
	    MSG_OF(open_other, .chan = 0, .type = SPAN_LIT("x")),
	    MSG_OF(chan_request, .chan = 0, .name = SPAN_LIT("env")),
	    MSG_OF(chan_request, .global = 1, .name = SPAN_LIT("cancel-tcpip-forward")),
	    MSG_OF(chan_requested, .chan = 0, .name = SPAN_LIT("env")),
	    MSG_OF(chan_event, .chan = 0, .event = CHAN_EVENT_EOF),
	    MSG_OF(chan_event, .chan = 1, .event = CHAN_EVENT_OPENED),
	    MSG_OF(chan_data, .chan = 0, .data = SPAN_LIT("x")),
	    MSG_OF(chan_want, .chan = 0)};

	ck_assert_uint_eq(sizeof unheard / sizeof *unheard, UNHEARD);
	if (_i < UNHEARD)
		log_in();
	else
		exchange_keys();
	if (_i < UNHEARD)
		says(&MSG_OF(open_session, .chan = 0));
	says(&unheard[_i % UNHEARD]);
	assert_refused();
}
END_TEST

/* ---- with a script, whose process is the test too ---- */

static void with_script(uint32_t handlers)
{
	struct script *s = calloc(1, sizeof *s);

	ck_assert_ptr_nonnull(s);
	*s = (struct script){.m = &f.m,
			     .refs = 1,
			     .name = strdup("p.lua"),
			     .text = malloc(1),
			     .state = SCRIPT_GOOD,
			     .handlers = handlers};
	ck_assert_int_eq(policy_adopt(&f.m, s), OK);
	s->sent_last = true;
	f.m.conns->script = s;
	ck_assert_int_eq(policy_start(f.m.policy), OK);
	log_in();
	says(&MSG_OF(open_session, .chan = 0));
}

static void script_says(enum policy_verdict verdict)
{
	struct msg m = hears(f.policy, MSG_policy_ask);

	m = MSG_OF(policy_decision, .id = m.u.policy_ask.id,
		   .verdict = (uint8_t)verdict);
	ck_assert_int_eq(ipc_send(f.policy, &m, NULL, 0, false), OK);
	turns();
}

static const uint32_t on_request = POLICY_BIT(POLICY_ON_channel_request);

START_TEST(start_with_what_the_script_refused_is_refused)
{
	const struct {
		const char *name;
		struct msg_session_start start;
	} rows[] = {
	    {"pty-req",                    {.pty = 1}  },
	    {"auth-agent-req@openssh.com", {.agent = 1}},
	    {"x11-req",                    {.x11 = 1}  }
        };
	struct msg start = {.type = MSG_session_start,
			    .u.session_start = rows[_i % 3].start};

	with_script(on_request);
	if (_i >= 3) {
		says(&MSG_OF(chan_request, .name = span_str(rows[_i % 3].name)));
		script_says(POLICY_REFUSE);
	}
	says(&start);
	assert_refused();
}
END_TEST

START_TEST(variables_that_the_script_did_not_see_do_not_pass)
{
	static const uint8_t env[] = {0, 0, 0, 1, 'A', 0, 0, 0, 1, 'b'};

	with_script(on_request);
	says(&MSG_OF(session_start, .chan = 0, .env = SPAN_OF(env)));
	script_says(POLICY_NONE);
	ck_assert_uint_eq(hears(f.helper, MSG_login_session).u.login_session.env.n, 0);
}
END_TEST

START_TEST(signal_without_the_scripts_consent_is_refused)
{
	const struct msg signal = MSG_OF(session_signal, .signal = SPAN_LIT("TERM"));

	with_script(on_request);
	says(&MSG_OF(chan_request, .name = SPAN_LIT("signal")));
	script_says(POLICY_NONE);
	says(&signal);
	ck_assert_uint_eq(f.m.n_conns, 1);
	says(&signal); /* once for each consent */
	assert_refused();
}
END_TEST

START_TEST(two_questions_about_a_channel_are_refused)
{
	const struct msg request = MSG_OF(chan_request, .name = SPAN_LIT("env"));
	const struct msg start = MSG_OF(session_start, .kind = SESSION_SHELL);

	with_script(on_request);
	says(_i < 2 ? &request : &start);
	ck_assert_uint_eq(f.m.n_conns, 1);
	says(_i % 2 == 0 ? &request : &start);
	assert_refused();
}
END_TEST

START_TEST(data_without_a_script_at_the_other_end_is_refused)
{
	with_script(POLICY_BIT(POLICY_ON_channel_data_in));
	says(_i == 0 ? &MSG_OF(chan_data, .data = SPAN_LIT("x"))
		     : &MSG_OF(chan_want, .chan = 0));
	assert_refused();
}
END_TEST

START_TEST(channel_that_was_refused_is_not_there)
{
	with_script(POLICY_BIT(POLICY_ON_channel_open_request));
	script_says(POLICY_REFUSE);
	ck_assert_uint_eq(hears(f.worker, MSG_chan_opened).u.chan_opened.failure,
			  SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	says(&MSG_OF(session_start, .chan = 0));
	assert_refused();
}
END_TEST

START_TEST(channel_that_is_being_decided_does_not_start)
{
	with_script(POLICY_BIT(POLICY_ON_channel_open_request));
	says(&MSG_OF(session_start, .chan = 0));
	assert_refused();
}
END_TEST

START_TEST(decision_about_a_worker_that_is_gone_changes_nothing)
{
	with_script(on_request);
	says(&MSG_OF(session_start, .chan = 0, .kind = SESSION_SHELL));
	close(f.worker);
	f.worker = -1;
	turns();
	ck_assert_uint_eq(f.m.n_conns, 0);
	script_says(POLICY_ACCEPT);
	ck_assert(!f.killed && !f.burnt);
}
END_TEST

START_TEST(dead_policy_process_refuses_what_it_was_asked)
{
	with_script(on_request);
	says(&MSG_OF(chan_request, .name = SPAN_LIT("env")));
	hears(f.policy, MSG_policy_ask);
	close(f.policy);
	f.policy = -1;
	turns();
	ck_assert_uint_eq(
	    hears(f.worker, MSG_chan_request_result).u.chan_request_result.verdict,
	    REQUEST_REFUSED);
	ck_assert_uint_eq(f.m.n_conns, 1);
}
END_TEST

START_TEST(session_that_was_not_opened_does_not_start)
{
	struct msg tcp = connection(7);

	log_in();
	if (_i == 1)
		says(&tcp);
	says(&MSG_OF(session_start, .chan = 7, .kind = SESSION_SHELL));
	assert_refused();
}
END_TEST

START_TEST(session_does_not_start_twice)
{
	log_in();
	says(&MSG_OF(open_session, .chan = 0));
	says(&MSG_OF(session_start, .chan = 0, .kind = SESSION_SHELL));
	ck_assert_uint_eq(f.m.n_conns, 1);
	says(&MSG_OF(session_start, .chan = 0, .kind = SESSION_SHELL));
	assert_refused();
}
END_TEST

START_TEST(channels_are_counted_here_too)
{
	struct msg m;
	struct msg_chan_opened last = {0};

	log_in();
	for (uint32_t i = 0; i < BEYOND; i++) {
		m = connection(i);
		says(&m);
	}
	last = hears(f.worker, MSG_chan_opened).u.chan_opened;
	ck_assert_uint_eq(last.chan, LIMIT_CHANNELS);
	ck_assert_uint_eq(last.failure, SSH_OPEN_RESOURCE_SHORTAGE);
	ck_assert_uint_eq(f.m.conns->work->n_chans, LIMIT_CHANNELS);
}
END_TEST

/* Bytes as they come, with n descriptors. */
static void says_raw(struct span bytes, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {(void *)(uintptr_t)bytes.p, bytes.n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (n_fds > 0) {
		h.msg_control = control;
		h.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &f.client, sizeof(int));
	}
	ck_assert_int_eq(sendmsg(f.worker, &h, MSG_NOSIGNAL), (ssize_t)bytes.n);
	turns();
}

static struct span encoded(const struct msg *m)
{
	struct wr w = WR(f.sent);
	struct span whole = {0};

	msg_encode(&w, m);
	ck_assert_int_eq(wr_end(&w, &whole), OK);
	return whole;
}

START_TEST(descriptors_that_nobody_asked_for_are_refused)
{
	struct msg m = kex_message(0, "ssh-ed25519");

	says_raw(encoded(&m), 1);
	assert_refused();
}
END_TEST

START_TEST(malformed_messages_are_refused)
{
	struct msg m = kex_message(0, "ssh-ed25519");
	struct span whole = encoded(&m);
	uint8_t unknown[] = {MSG_COUNT};

	if (_i == 0)
		whole.n--;
	else if (_i == 1)
		whole.n++;
	else if (_i == 2)
		whole = SPAN_OF(unknown);
	else
		whole = encoded(&MSG_OF(disconnect, .text = SPAN_LIT("x")));
	says_raw(whole, 0);
	assert_refused();
}
END_TEST

START_TEST(floods_beyond_the_budget_are_refused)
{
	for (uint32_t i = 0; i <= LIMIT_LOG_LINES; i++) {
		says_raw(encoded(&MSG_OF(log_line, .text = SPAN_LIT("x"))), 0);
		if (f.m.n_conns == 0)
			break;
	}
	assert_refused();
	ck_assert(f.killed);
}
END_TEST

START_TEST(end_is_told_once)
{
	says(&MSG_OF(conn_end, .text = SPAN_LIT("x")));
	ck_assert_uint_eq(f.m.n_conns, 1);
	says(&MSG_OF(conn_end, .text = SPAN_LIT("x")));
	assert_refused();
}
END_TEST

START_TEST(worker_that_ended_is_not_blamed_for_what_it_is_told)
{
	exchange_keys();
	ask_login("alice");
	close(f.worker);
	f.worker = -1;
	ck_assert_int_eq(
	    ipc_send(f.helper, &MSG_OF(password_checked, .ok = 1), NULL, 0, false), OK);
	turns();
	ck_assert_uint_eq(f.m.n_conns, 0);
	ck_assert(!f.killed && !f.burnt);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("hostile_worker");
	TCase *t = tcase_create("worker");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_a_login_allows_is_refused_before_it, 0, 10);
	tcase_add_test(t, login_before_a_key_exchange_is_refused);
	tcase_add_test(t, login_without_a_proof_opens_nothing);
	tcase_add_test(t, two_attempts_at_once_are_refused);
	tcase_add_loop_test(t, answers_to_what_nobody_asked_are_refused, 0, 3);
	tcase_add_loop_test(t, answers_that_are_none_are_refused, 0, 2);
	tcase_add_test(t, another_number_of_answers_is_a_failure);
	tcase_add_test(t, answers_do_not_log_in_unless_the_helper_says_so);
	tcase_add_test(t, another_user_is_told_to_go_and_heard_no_more);
	tcase_add_loop_test(t, key_that_is_not_there_signs_nothing, 0, 2);
	tcase_add_test(t, session_keeps_its_name_in_later_exchanges);
	tcase_add_test(t, login_is_once);
	tcase_add_loop_test(t, what_no_script_hears_of_is_refused, 0, 2 * UNHEARD);
	tcase_add_loop_test(t, start_with_what_the_script_refused_is_refused, 0, 6);
	tcase_add_test(t, variables_that_the_script_did_not_see_do_not_pass);
	tcase_add_test(t, signal_without_the_scripts_consent_is_refused);
	tcase_add_loop_test(t, two_questions_about_a_channel_are_refused, 0, 4);
	tcase_add_loop_test(t, data_without_a_script_at_the_other_end_is_refused, 0, 2);
	tcase_add_test(t, channel_that_was_refused_is_not_there);
	tcase_add_test(t, channel_that_is_being_decided_does_not_start);
	tcase_add_test(t, decision_about_a_worker_that_is_gone_changes_nothing);
	tcase_add_test(t, dead_policy_process_refuses_what_it_was_asked);
	tcase_add_loop_test(t, session_that_was_not_opened_does_not_start, 0, 2);
	tcase_add_test(t, session_does_not_start_twice);
	tcase_add_test(t, channels_are_counted_here_too);
	tcase_add_test(t, descriptors_that_nobody_asked_for_are_refused);
	tcase_add_loop_test(t, malformed_messages_are_refused, 0, 4);
	tcase_add_test(t, floods_beyond_the_budget_are_refused);
	tcase_add_test(t, end_is_told_once);
	tcase_add_test(t, worker_that_ended_is_not_blamed_for_what_it_is_told);
	suite_add_tcase(s, t);
	return s;
}
