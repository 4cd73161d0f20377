/*
 * The monitor of few words. It checks what every monitor must: states and budgets by the table,
 * its own exchange hash.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/exhash.h"
#include "tests/unit.h"
#include "tests/worker/main_fake.h"

#define IDENT "SSH-2.0-Sallyport_test"
#define KEX                                                                            \
	"mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@"         \
	"openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,"                  \
	"ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"                    \
	"diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"                 \
	"diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256"
#define CIPHERS                                                                        \
	"chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com," \
	"aes128-ctr,aes192-ctr,aes256-ctr"
#define MACS                                                                           \
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,"   \
	"hmac-sha2-512,umac-128-etm@openssh.com"

enum { NURSERY_SOCKET = 3, FIRST_WAIT_MS = 10000, ED25519_BYTES = 32, SIG_BYTES = 64 };

static struct fake_options options;

static const char * or (const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

/* ---- start ---- */

static void key_make(struct fake *f)
{
	struct wr w = WR(f->blob);
	uint8_t raw[ED25519_BYTES];
	size_t n = sizeof raw;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
	wr_str(&w, "ssh-ed25519");
	wr_bytes(&w, SPAN_OF(raw));
	f->key = key;
	f->blob_n = w.n;
}

static void program_path(char out[PATH_MAX])
{
	char self[PATH_MAX] = {0};
	char *tests;

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
	tests = strstr(self, "/tests/");
	ck_assert_ptr_nonnull(tests);
	*tests = '\0';
	ck_assert_int_lt(snprintf(out, PATH_MAX, "%s/bin/sallyport-worker", self),
			 PATH_MAX);
	ck_assert_msg(access(out, X_OK) == 0, "%s is not built: make all", out);
}

static void nursery_exec(int sock)
{
	const char *account = options.account != NULL ? options.account : "nobody";
	bool root = geteuid() == 0;
	char path[PATH_MAX];

	program_path(path);
	if (sock == NURSERY_SOCKET)
		fcntl(sock, F_SETFD, 0);
	else
		dup2(sock, NURSERY_SOCKET);
	close_range(NURSERY_SOCKET + 1, UINT_MAX, 0);
	execl(path, "sallyport-worker", "--nursery", "--socket", "3",
	      root ? "--user" : NULL, account, (char *)NULL);
	_exit(127);
}

static void tell_settings(struct fake *f)
{
	uint8_t store[256];
	struct wr w = WR(store);
	struct msg m =
	    MSG_OF(fork_settings, .versions = SPAN_LIT("SSH-*"),
		   .ident = SPAN_LIT(IDENT), .kex = span_str(or (options.kex, KEX)),
		   .hostkey = SPAN_LIT("ssh-ed25519,rsa-sha2-512"),
		   .cipher = span_str(or (options.cipher, CIPHERS)),
		   .mac = span_str(or (options.mac, MACS)),
		   .comp = span_str(or (options.comp, "none,zlib@openssh.com")),
		   .user_pk = SPAN_LIT("ssh-ed25519,rsa-sha2-512"),
		   .rekey_bytes = options.rekey_bytes, .rekey_s = options.rekey_s,
		   .log_level = options.log_level);

	wr_bytes(&w, (struct span){f->blob, f->blob_n});
	m.u.fork_settings.hostkeys = (struct span){store, w.n};
	ck_assert_int_eq(ipc_send(f->nursery, &m, NULL, 0, true), OK);
}

static void listen_up(struct fake *f)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(f->port)};
	socklen_t n = sizeof at;
	int on = 1;

	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(f->listener, 0);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(f->listener, SOMAXCONN), 0);
	ck_assert_int_eq(getsockname(f->listener, (struct sockaddr *)&at, &n), 0);
	f->port = ntohs(at.sin_port);
}

static void text_keep(char out[FAKE_TEXT_BYTES], struct span s)
{
	struct span cut = {s.p, s.n < FAKE_TEXT_BYTES ? s.n : FAKE_TEXT_BYTES - 1};

	ck_assert_int_eq(bytes_to_str(out, FAKE_TEXT_BYTES, cut), OK);
}

static enum err fake_recv(struct fake *f, int sock, struct msg *m)
{
	struct wr buf = {.p = f->store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;

	return ipc_recv(sock, &buf, false, m, &fds);
}

void fake_start(struct fake *f, const struct fake_options *o)
{
	struct pollfd p;
	struct msg m;
	int pair[2];

	options = *o;
	key_make(f);
	listen_up(f);
	f->store = malloc(LIMIT_MSG_BYTES);
	ck_assert_ptr_nonnull(f->store);
	ck_assert_int_eq(ipc_pair(pair), OK);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	f->pid = fork();
	if (f->pid == 0)
		nursery_exec(pair[1]);
	ck_assert_int_gt(f->pid, 0);
	close(pair[1]);
	f->nursery = pair[0];
	p = (struct pollfd){.fd = f->nursery, .events = POLLIN};
	ck_assert_msg(poll(&p, 1, FIRST_WAIT_MS) == 1, "the nursery is not ready");
	ck_assert_int_eq(fake_recv(f, f->nursery, &m), OK);
	ck_assert_int_eq(m.type, MSG_fork_ready);
	text_keep(f->layers, m.u.fork_ready.layers);
	tell_settings(f);
}

/* ---- what a worker asks ---- */

/* The worker may have ended meanwhile. */
static void tell_fds(const struct fake_conn *c, const struct msg *m, const int *fds,
		     size_t n)
{
	enum err e = ipc_send(c->worker, m, fds, n, true);

	ck_assert(e == OK || e == ERR_CLOSED);
}

static void tell(const struct fake_conn *c, const struct msg *m)
{
	tell_fds(c, m, NULL, 0);
}

static void serve_kex_sign(struct fake *f, struct fake_conn *c,
			   const struct msg_kex_sign *m)
{
	const struct exhash x = {
	    (enum digest)m->digest,
	    m->v_client,
	    SPAN_LIT(IDENT),
	    m->i_client,
	    m->i_server,
	    {f->blob, f->blob_n},
	    m->group,
	    m->q_client,
	    m->q_server,
	    m->secret
        };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct exhash_value h;
	uint8_t raw[SIG_BYTES], store[2 * SIG_BYTES];
	struct wr w = WR(store);
	size_t n = sizeof raw;

	ck_assert_int_eq(exhash(&x, &h), OK);
	ck_assert_int_eq(m->hostkey, 0);
	ck_assert(span_is(m->algorithm, "ssh-ed25519"));
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, f->key), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, raw, &n, h.bytes, h.n), 1);
	EVP_MD_CTX_free(ctx);
	wr_str(&w, "ssh-ed25519");
	wr_bytes(&w, SPAN_OF(raw));
	tell(c, &MSG_OF(kex_signed, .hash = {h.bytes, h.n}, .signature = {store, w.n}));
	f->exchanges++;
}

static void tell_verdict(struct fake *f, const struct fake_conn *c, enum auth_verdict v)
{
	if (v == AUTH_SUCCESS) {
		f->logins++;
		tell(c, &MSG_OF(granted, .permits = UINT32_MAX, .sessions = 10,
				.rekey_bytes = options.rekey_bytes,
				.rekey_s = options.rekey_s));
	}
	tell(c, &MSG_OF(auth_result, .verdict = (uint8_t)v,
			.methods = span_str(
			    options.only_password ? "password" : "publickey,password"),
			.banner = v == AUTH_FAILURE ? span_str(options.banner)
						    : (struct span){0}));
}

static void socket_set(int fd)
{
	int on = 1;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int connect_loopback(uint32_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		close(fd);
		return -1;
	}
	socket_set(fd);
	return fd;
}

static void serve_open_tcp(const struct fake_conn *c, const struct msg_open_tcp *m)
{
	int fd = connect_loopback(m->port);

	tell_fds(c, &MSG_OF(chan_opened, .chan = m->chan, .failure = fd < 0 ? 2 : 0),
		 &fd, fd < 0 ? 0 : 1);
	if (fd >= 0)
		close(fd);
}

static pid_t run_command(struct span command, int pipes[3][2])
{
	char text[LIMIT_COMMAND_BYTES + 1];
	pid_t pid;

	ck_assert_int_eq(bytes_to_str(text, sizeof text, command), OK);
	pid = fork();
	if (pid != 0)
		return pid;
	dup2(pipes[0][0], STDIN_FILENO);
	dup2(pipes[1][1], STDOUT_FILENO);
	dup2(pipes[2][1], STDERR_FILENO);
	close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

static void serve_session_start(struct fake *f, struct fake_conn *c,
				const struct msg_session_start *m)
{
	struct fake_command *cmd = f->commands;
	int pipes[3][2];
	int ours[3];

	while (cmd->pid != 0)
		cmd++;
	ck_assert_int_lt(cmd - f->commands, FAKE_COMMANDS);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(pipe2(pipes[i], O_CLOEXEC), 0);
		ours[i] = pipes[i][i == 0 ? 1 : 0];
		fcntl(ours[i], F_SETFL, O_NONBLOCK);
	}
	*cmd = (struct fake_command){run_command(m->command, pipes), c, m->chan};
	tell_fds(c, &MSG_OF(session_started, .chan = m->chan, .ok = 1), ours, 3);
	for (size_t i = 0; i < 3; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void serve_conn_end(struct fake *f, struct fake_conn *c,
			   const struct msg_conn_end *m)
{
	c->ended = true;
	f->end_reason = m->reason;
	text_keep(f->end_text, m->text);
}

static void serve_log(struct fake *f, const struct msg_log_line *m)
{
	text_keep(f->log, m->text);
	if (options.chatty)
		(void)fprintf(stderr, "worker: %s\n", f->log);
}

static enum auth_verdict judge_key(const struct msg_auth_publickey *m)
{
	if (options.only_password)
		return AUTH_FAILURE;
	return m->proof != 0 ? AUTH_SUCCESS : AUTH_KEY_WOULD_DO;
}

/* The rest the tests do not need an answer to. */
static void serve(struct fake *f, struct fake_conn *c, const struct msg *m)
{
	if (m->type == MSG_kex_sign)
		serve_kex_sign(f, c, &m->u.kex_sign);
	else if (m->type == MSG_auth_none)
		tell_verdict(f, c, AUTH_FAILURE);
	else if (m->type == MSG_auth_publickey)
		tell_verdict(f, c, judge_key(&m->u.auth_publickey));
	else if (m->type == MSG_auth_password)
		tell_verdict(f, c,
			     span_is(m->u.auth_password.password, "right")
				 ? AUTH_SUCCESS
				 : AUTH_FAILURE);
	else if (m->type == MSG_open_session)
		tell(c, &MSG_OF(chan_opened, .chan = m->u.open_session.chan));
	else if (m->type == MSG_open_tcp)
		serve_open_tcp(c, &m->u.open_tcp);
	else if (m->type == MSG_session_start)
		serve_session_start(f, c, &m->u.session_start);
	else if (m->type == MSG_conn_end)
		serve_conn_end(f, c, &m->u.conn_end);
	else if (m->type == MSG_log_line)
		serve_log(f, &m->u.log_line);
	else if (m->type == MSG_negotiated) {
		text_keep(f->algorithms, m->u.negotiated.algorithms);
		text_keep(f->version, m->u.negotiated.version);
	}
}

static void conn_lost(struct fake *f, struct fake_conn *c)
{
	close(c->worker);
	c->worker = -1;
	c->used = false;
	f->n_open--;
	for (size_t i = 0; i < FAKE_COMMANDS; i++)
		if (f->commands[i].conn == c)
			f->commands[i].conn = NULL;
}

static void serve_worker(struct fake *f, struct fake_conn *c)
{
	struct msg m;
	enum err e = fake_recv(f, c->worker, &m);

	if (e == ERR_AGAIN)
		return;
	if (e != OK) {
		ck_assert_int_eq(e, ERR_CLOSED);
		conn_lost(f, c);
		return;
	}
	ck_assert_int_eq(msg_rules[m.type].peer, MSG_WORKER);
	ck_assert_uint_lt(c->sent[m.type]++, msg_rules[m.type].budget);
	serve(f, c, &m);
}

/* ---- the rest of its life ---- */

void fake_take(struct fake *f, int client)
{
	struct fake_conn *c = f->conns;
	int pair[2];

	while (c->used)
		c++;
	ck_assert_int_lt(c - f->conns, FAKE_CONNS);
	ck_assert_int_eq(ipc_pair(pair), OK);
	*c = (struct fake_conn){.used = true, .worker = pair[0], .child = ++f->forked};
	f->n_open++;
	f->fds_left++;
	socket_set(client);
	ck_assert_int_ge(write(client, IDENT "\r\n", sizeof IDENT + 1), 0);
	ck_assert_int_eq(ipc_send(f->nursery, &MSG_OF(fork_child, .child = c->child),
				  &pair[1], 1, true),
			 OK);
	ck_assert_int_eq(ipc_send(c->worker,
				  &MSG_OF(conn_begin, .id = c->child,
					  .remote = SPAN_LIT("127.0.0.1:1")),
				  &client, 1, true),
			 OK);
	close(pair[1]);
	close(client);
}

static void serve_nursery(struct fake *f)
{
	struct msg m;

	if (fake_recv(f, f->nursery, &m) != OK)
		ck_abort_msg("the nursery is gone");
	ck_assert_int_eq(m.type, MSG_fork_ended);
	f->fds_left--;
	if (m.u.fork_ended.status != 0)
		f->crashes++;
}

static void reap_commands(struct fake *f)
{
	for (size_t i = 0; i < FAKE_COMMANDS; i++) {
		struct fake_command *cmd = &f->commands[i];
		int status;

		if (cmd->pid == 0 || waitpid(cmd->pid, &status, WNOHANG) != cmd->pid)
			continue;
		if (cmd->conn != NULL)
			tell(cmd->conn,
			     &MSG_OF(session_exited, .chan = cmd->chan,
				     .status = (uint32_t)WEXITSTATUS(status)));
		*cmd = (struct fake_command){0};
	}
}

void fake_step(struct fake *f, int ms)
{
	static struct pollfd p[FAKE_CONNS + 2];
	size_t n = 2;
	int client;

	p[0] = (struct pollfd){.fd = f->nursery, .events = POLLIN};
	p[1] = (struct pollfd){.fd = f->listener, .events = POLLIN};
	for (size_t i = 0; i < FAKE_CONNS; i++)
		p[n++] = (struct pollfd){
		    .fd = f->conns[i].used ? f->conns[i].worker : -1, .events = POLLIN};
	ck_assert(poll(p, n, ms) >= 0 || errno == EINTR);
	if ((p[0].revents & (POLLIN | POLLHUP)) != 0)
		serve_nursery(f);
	while ((p[1].revents & POLLIN) != 0 &&
	       (client = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		fake_take(f, client);
	for (size_t i = 0; i < FAKE_CONNS; i++)
		if (f->conns[i].used && p[i + 2].revents != 0)
			serve_worker(f, &f->conns[i]);
	reap_commands(f);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int fake_serve_until(struct fake *f, pid_t pid, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	int status;

	while (now_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		fake_step(f, 10);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

bool fake_serve_all(struct fake *f, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;

	while (now_ms() < end && (f->n_open > 0 || f->fds_left > 0))
		fake_step(f, 10);
	return f->n_open == 0 && f->fds_left == 0;
}

bool fake_end(struct fake *f)
{
	int64_t end = now_ms() + FIRST_WAIT_MS;
	int status;

	close(f->nursery);
	close(f->listener);
	while (now_ms() < end) {
		if (waitpid(-1, &status, WNOHANG) < 0)
			break;
		usleep(1000);
	}
	EVP_PKEY_free(f->key);
	free(f->store);
	return now_ms() < end;
}
