/*
 * The monitor without its processes: what it would start is faked, and their far ends are here. They can say
 * any message; what the monitor says is checked and dropped.
 */
#ifndef TESTS_FUZZ_MONITOR_FAR_H
#define TESTS_FUZZ_MONITOR_FAR_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/keys/private.h"
#include "monitor/link.h"
#include "monitor/load.h"
#include "monitor/login_link.h"
#include "monitor/policy_private.h"
#include "monitor/spawn.h"
#include "tests/fuzz/msg_make.h"

#define TURNS     8
#define WORKERS   3
#define HELPERS   12
#define KEY_BYTES 4096

static const char settings[] = "HostKey %s\n"
			       "LocalSessions yes\n"
			       "PermitUserEnvironment yes\n"
			       "AcceptEnv *\n"
			       "SetEnv A=b\n"
			       "GatewayPorts clientspecified\n"
			       "AuthorizedKeysFile none\n"
			       "Subsystem sftp internal-sftp\n"
			       "MaxSessions 3\n"
			       "UsePAM yes\n"
			       "Match User bob\n"
			       "AllowTcpForwarding no\n";

static struct {
	struct monitor m;
	int worker[WORKERS], helper[HELPERS], connector; /* far ends; -1: none */
	int policy;
	uint8_t opinion; /* of the script, about all that it is asked */
	bool proved;     /* some helper said that a password is right */
	uint64_t now_ms;
	uint8_t store[LIMIT_MSG_BYTES + 8], ipc[LIMIT_MSG_BYTES];
} f;

/* ---- what the monitor stands on: time and other processes ---- */

uint64_t clock_ms(void)
{
	return f.now_ms;
}

uint64_t clock_us(void)
{
	return f.now_ms * 1000;
}

static enum err child_new(int *far, size_t n, int *sock, uint32_t *child)
{
	int pair[2];

	for (size_t i = 0; i < n; i++)
		if (far[i] < 0) {
			expect(ipc_pair(pair) == OK);
			far[i] = pair[1];
			*sock = pair[0];
			*child = (uint32_t)i + 1;
			return OK;
		}
	return ERR_SYSTEM;
}

enum err spawn_worker(struct monitor *m, struct conn *c, int *sock, uint32_t *child)
{
	(void)m;
	(void)c;
	return child_new(f.worker, WORKERS, sock, child);
}

enum err spawn_login(struct monitor *m, int *sock, uint32_t *child)
{
	(void)m;
	return child_new(f.helper, HELPERS, sock, child);
}

enum err spawn_program(struct monitor *m, const char *name, const char *argument,
		       const char *user, int *out)
{
	uint32_t child;

	(void)m;
	(void)name;
	(void)argument;
	(void)user;
	return child_new(&f.policy, 1, out, &child);
}

void spawn_burn_nursery(struct monitor *m, size_t why)
{
	(void)m;
	expect(why != NULL);
}

void child_kill(struct monitor *m, uint32_t child)
{
	(void)m;
	(void)child;
}

void child_dismiss(struct monitor *m, uint32_t id)
{
	(void)m;
	(void)id;
}

void fork_server_lost(struct fork_server *server, enum err e, const char *what)
{
	(void)server;
	(void)e;
	(void)what;
	abort(); /* there is none */
}

enum err serve_fork_ready(struct fork_server *server, const struct msg_fork_ready *m,
			  struct ipc_fds *fds)
{
	(void)server;
	(void)m;
	(void)fds;
	abort();
}

enum err serve_fork_ended(struct fork_server *server, const struct msg_fork_ended *m,
			  struct ipc_fds *fds)
{
	(void)server;
	(void)m;
	(void)fds;
	abort();
}

static void connector_start(void)
{
	int pair[2];

	expect(ipc_pair(pair) == OK);
	f.connector = pair[1];
	f.m.connector = (struct connector){
	    .link = {.sock = -1, .peer = MSG_CONNECTOR, .state = IN_CONNECTOR}
        };
	expect(link_open(&f.m.connector.link, &f.m, pair[0], &f.m.connector) == OK);
}

void connector_lost(struct connector *k, enum err e, const char *what)
{
	(void)e;
	(void)what;
	link_close(&k->link);
	requests_fail(&f.m);
	if (f.connector >= 0)
		close(f.connector);
	f.connector = -1;
	if (!f.m.stopping)
		connector_start();
}

/* ---- keys and configuration, once ---- */

static int memory_file(const char *text, size_t n, char path[64])
{
	int fd = memfd_create("monitor", MFD_CLOEXEC);

	expect(fd >= 0 && write(fd, text, n) == (ssize_t)n && fchmod(fd, 0600) == 0);
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void load_once(void)
{
	uint8_t key[KEY_BYTES];
	struct wr w = WR(key);
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char key_path[64], path[64], text[sizeof settings + 64];
	struct config_errors errs = {0};
	struct config *config = NULL;
	int key_fd, fd, n;

	expect(pkey != NULL && private_write(pkey, "", &w) == OK);
	EVP_PKEY_free(pkey);
	key_fd = memory_file((const char *)key, w.n, key_path);
	n = snprintf(text, sizeof text, settings, key_path);
	fd = memory_file(text, (size_t)n, path);
	f.m.options.config_file = path;
	expect(config_load(&f.m.options, &config, &errs) == OK);
	expect(load_all(&f.m, config) == OK);
	config_errors_wipe(&errs);
	close(key_fd);
	close(fd);
	log_level_set(LOG_QUIET_ALL);
	f.m.base = event_base_new();
	f.m.ipc_bytes = malloc(LIMIT_MSG_BYTES);
	expect(f.m.base != NULL && f.m.ipc_bytes != NULL);
}

/* ---- invariants ---- */

static void check_conn(const struct conn *c)
{
	const struct conn_work *w = c->work;
	size_t chans = 0, sessions = 0, listens = 0;

	if (w == NULL)
		return;
	expect(f.proved || (!w->user_known && w->permits == 0));
	expect((w->link.state == IN_OPEN) == w->user_known);
	expect((w->kbdint.state != KBDINT_NONE) == (w->kbdint.source != NULL));
	expect(w->kbdint.state == KBDINT_NONE || w->attempting);
	expect(w->kbdint.n_asked <= LIMIT_PROMPTS);
	expect(w->user_known || (w->chans == NULL && w->listens == NULL));
	expect(w->link.state == IN_KEX || w->session_id.n > 0);
	for (const struct mchan *ch = w->chans; ch != NULL; ch = ch->next) {
		chans++;
		sessions += ch->session;
		expect(ch->login == NULL || ch->login->c == c);
	}
	for (const struct mlisten *l = w->listens; l != NULL; l = l->next) {
		listens++;
		expect(l->c == c && (l->login == NULL || l->login->listen == l));
	}
	expect(chans == w->n_chans && chans <= LIMIT_CHANNELS);
	expect(sessions == w->n_sessions && sessions <= w->set->max_sessions);
	expect(listens == w->n_listens && listens <= LIMIT_LISTENS);
}

static void check_all(void)
{
	size_t n = 0, startups = 0;

	for (const struct conn *c = f.m.conns; c != NULL; c = c->next) {
		n++;
		startups += c->startup;
		check_conn(c);
	}
	expect(n == f.m.n_conns && startups == f.m.n_startups);
}

/* ---- far ends ---- */

/* The script has one opinion, which the input changes. */
static void policy_answers(const struct msg_policy_ask *m)
{
	static const char *const routes[] = {"", "script", "refuse", "tcp"};
	const enum policy_event event = (enum policy_event)m->event;
	struct msg answer = MSG_OF(policy_decision, .id = m->id,
				   .verdict = f.opinion % (POLICY_ERROR + 1));
	uint8_t fields[256];
	struct wr w = WR(fields);

	expect(facts_check(m->facts) == OK);
	if (m->id == 0)
		return;
	if (answer.u.policy_decision.verdict == POLICY_ACCEPT && f.opinion >= 64 &&
	    event != POLICY_ON_channel_data_in)
		facts_str(&w, "route", span_str(routes[f.opinion / 64]));
	answer.u.policy_decision.fields = (struct span){w.p, w.n};
	(void)!ipc_send(f.policy, &answer, NULL, 0, false);
}

/* Reads what the monitor says; each is a message for that peer. A far end whose near one is gone is closed. */
static void far_drains(int *far, enum msg_peer peer)
{
	enum err e = OK;

	while (*far >= 0 && e == OK) {
		struct wr buf = WR(f.ipc);
		struct ipc_fds fds;
		struct msg m;

		e = ipc_recv(*far, &buf, false, &m, &fds);
		if (e == OK) {
			expect(msg_rules[m.type].peer == peer &&
			       msg_rules[m.type].states == 0);
			ipc_fds_close(&fds);
			if (m.type == MSG_policy_ask)
				policy_answers(&m.u.policy_ask);
		}
	}
	if (*far >= 0 && e != ERR_AGAIN) {
		expect(e == ERR_CLOSED);
		close(*far);
		*far = -1;
	}
}

static void settle(void)
{
	for (size_t i = 0; i < TURNS; i++) {
		expect(event_base_loop(f.m.base, EVLOOP_NONBLOCK) >= 0);
		for (size_t k = 0; k < WORKERS; k++)
			far_drains(&f.worker[k], MSG_WORKER);
		for (size_t k = 0; k < HELPERS; k++)
			far_drains(&f.helper[k], MSG_LOGIN);
		far_drains(&f.connector, MSG_CONNECTOR);
		far_drains(&f.policy, MSG_POLICY);
	}
	check_all();
}

static void far_sends(int far, const struct msg *m, size_t n_fds)
{
	int fds[LIMIT_MSG_FDS];
	enum err e;

	if (far < 0 || n_fds > msg_rules[m->type].fds)
		return;
	for (size_t i = 0; i < n_fds; i++)
		expect((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
	e = ipc_send(far, m, fds, n_fds, false);
	expect(e != ERR_SYSTEM);
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	if (e == OK &&
	    ((m->type == MSG_password_checked && m->u.password_checked.ok != 0) ||
	     (m->type == MSG_kbdint_ended && m->u.kbdint_ended.ok != 0)))
		f.proved = true;
}

static int *pick(uint8_t which)
{
	size_t i = which % (WORKERS + HELPERS + 2);

	if (i < WORKERS)
		return &f.worker[i];
	if (i < WORKERS + HELPERS)
		return &f.helper[i - WORKERS];
	return i == WORKERS + HELPERS ? &f.connector : &f.policy;
}

static enum msg_peer peer_of(const int *far)
{
	if (far == &f.connector)
		return MSG_CONNECTOR;
	if (far == &f.policy)
		return MSG_POLICY;
	return far < f.helper || far >= f.helper + HELPERS ? MSG_WORKER : MSG_LOGIN;
}

/* ---- begin and end ---- */

/* A script that hears of all there is about channels. */
static void script_start(void)
{
	struct script *s = calloc(1, sizeof *s);

	expect(s != NULL && (s->name = strdup("p.lua")) != NULL &&
	       (s->text = malloc(1)) != NULL);
	s->m = &f.m;
	s->refs = 1;
	s->state = SCRIPT_GOOD;
	for (unsigned i = POLICY_ON_channel_open_request; i < POLICY_EVENT_COUNT; i++)
		s->handlers |= POLICY_BIT(i);
	expect(policy_adopt(&f.m, s) == OK);
	s->sent_last = true;
	f.m.script = s;
	f.policy = -1;
	expect(policy_start(f.m.policy) == OK);
}

static void script_stop(void)
{
	script_unref(f.m.script);
	f.m.script = NULL;
	policy_wipe(&f.m);
	if (f.policy >= 0)
		close(f.policy);
}

static void begin(void)
{
	for (size_t i = 0; i < WORKERS; i++)
		f.worker[i] = -1;
	for (size_t i = 0; i < HELPERS; i++)
		f.helper[i] = -1;
	f.proved = false;
	f.now_ms = 1000;
	f.m.stopping = false;
	f.m.next_id = f.m.next_request = 0;
	f.opinion = 0;
	connector_start();
	script_start();
}

static void end(void)
{
	f.m.stopping = true;
	for (size_t i = 0; i < WORKERS; i++)
		if (f.worker[i] >= 0)
			close(f.worker[i]), f.worker[i] = -1;
	settle();
	/* those without a worker: nobody spoke */
	conns_end(&f.m, "end");
	settle();
	for (size_t i = 0; i < HELPERS; i++)
		if (f.helper[i] >= 0)
			close(f.helper[i]), f.helper[i] = -1;
	settle();
	expect(f.m.conns == NULL && f.m.startup_first == NULL && f.m.requests.n == 0);
	link_close(&f.m.connector.link);
	if (f.connector >= 0)
		close(f.connector);
	script_stop();
	accounts_forget(&f.m);
	idmap_wipe(&f.m.requests);
	idmap_wipe(&f.m.conns_by_id);
}

#endif
