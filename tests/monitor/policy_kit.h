/*
 * The monitor without its processes: what it would start is faked, and a test is the policy process.
 */
#ifndef TESTS_MONITOR_POLICY_KIT_H
#define TESTS_MONITOR_POLICY_KIT_H

#include "common/log.h"
#include "monitor/connector_link.h"
#include "monitor/link.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	struct monitor m;
	int process; /* the far end of the one that runs; -1: none */
	int starts;
	bool missing;
	uint64_t now_ms;
	uint8_t ipc[LIMIT_MSG_BYTES];
} kit;

uint64_t clock_ms(void)
{
	return kit.now_ms;
}

uint64_t clock_us(void)
{
	return kit.now_ms * 1000;
}

enum err spawn_program(struct monitor *m, const char *name, const char *argument,
		       const char *user, int *out)
{
	int pair[2];

	(void)m;
	ck_assert_str_eq(name, "sallyport-policy");
	ck_assert_ptr_null(argument);
	ck_assert_str_eq(user, "sallyport-policy");
	if (kit.missing)
		return ERR_FILE;
	ck_assert_int_eq(ipc_pair(pair), OK);
	kit.process = pair[1];
	*out = pair[0];
	kit.starts++;
	return OK;
}

enum err spawn_worker(struct monitor *m, struct conn *c, int *sock, uint32_t *child)
{
	(void)m, (void)c, (void)sock, (void)child;
	return ERR_CLOSED;
}

enum err spawn_login(struct monitor *m, int *sock, uint32_t *child)
{
	(void)m, (void)sock, (void)child;
	return ERR_CLOSED;
}

void spawn_burn_nursery(struct monitor *m, size_t why)
{
	(void)m, (void)why;
}

void child_kill(struct monitor *m, uint32_t child)
{
	(void)m, (void)child;
}

void child_dismiss(struct monitor *m, uint32_t child)
{
	(void)m, (void)child;
}

void fork_server_lost(struct fork_server *server, enum err e, const char *what)
{
	(void)server, (void)e, (void)what;
}

enum err serve_fork_ready(struct fork_server *server, const struct msg_fork_ready *m,
			  struct ipc_fds *fds)
{
	(void)server, (void)m, (void)fds;
	return ERR_FORBIDDEN;
}

enum err serve_fork_ended(struct fork_server *server, const struct msg_fork_ended *m,
			  struct ipc_fds *fds)
{
	(void)server, (void)m, (void)fds;
	return ERR_FORBIDDEN;
}

void connector_lost(struct connector *k, enum err e, const char *what)
{
	(void)k, (void)e, (void)what;
}

enum { TURNS = 4 };

static inline void turns(void)
{
	for (int i = 0; i < TURNS; i++)
		ck_assert_int_ge(event_base_loop(kit.m.base, EVLOOP_NONBLOCK), 0);
}

static inline void says(const struct msg *m)
{
	ck_assert_int_eq(ipc_send(kit.process, m, NULL, 0, false), OK);
	turns();
}

/* The next message that it gets, which is of that type. */
static inline struct msg hears(enum msg_type type)
{
	struct wr buf = WR(kit.ipc);
	struct ipc_fds fds;
	struct msg m = {.type = MSG_COUNT};

	turns();
	ck_assert_msg(ipc_recv(kit.process, &buf, false, &m, &fds) == OK, "no %s",
		      msg_rules[type].name);
	ck_assert_str_eq(msg_rules[m.type].name, msg_rules[type].name);
	return m;
}

static inline void hears_nothing(void)
{
	struct wr buf = WR(kit.ipc);
	struct ipc_fds fds;
	struct msg m;

	turns();
	ck_assert_int_eq(ipc_recv(kit.process, &buf, false, &m, &fds), ERR_AGAIN);
}

static inline void dies(void)
{
	close(kit.process);
	kit.process = -1;
	turns();
}

static inline void memory_path(const char *text, size_t n, unsigned mode, char path[64])
{
	int fd = memfd_create("policy_link_test", MFD_CLOEXEC);

	ck_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		  ftruncate(fd, (off_t)n) == 0 && fchmod(fd, mode) == 0);
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* Configuration with a script of n bytes; nothing is asked of the process yet. */
static inline void kit_begin(size_t n)
{
	char script[64], path[64], text[160];
	struct config_errors errs = {0};

	memset(&kit, 0, sizeof kit);
	kit.process = -1;
	kit.now_ms = 1000;
	log_level_set(LOG_QUIET_ALL);
	memory_path("-- a script\n", n, 0644, script);
	(void)snprintf(text, sizeof text, "PolicyScript %s\nPolicyTimeout 1\n", script);
	memory_path(text, strlen(text), 0600, path);
	kit.m.options.config_file = path;
	ck_assert_int_eq(config_load(&kit.m.options, &kit.m.config, &errs), OK);
	config_errors_wipe(&errs);
	kit.m.set = config_settings(kit.m.config);
	kit.m.base = event_base_new();
	kit.m.ipc_bytes = malloc(LIMIT_MSG_BYTES);
	ck_assert(kit.m.base != NULL && kit.m.ipc_bytes != NULL);
	ck_assert_int_eq(script_read(&kit.m, kit.m.set, &kit.m.script), OK);
	ck_assert_ptr_nonnull(kit.m.script);
}

static inline void hears_script(void)
{
	struct msg m;

	do
		m = hears(MSG_policy_script);
	while (m.u.policy_script.last == 0);
}

/* Gives all of it back. */
static inline void kit_end(void)
{
	script_unref(kit.m.script);
	policy_wipe(&kit.m);
	if (kit.process >= 0)
		close(kit.process);
	config_unref(kit.m.config);
	event_base_free(kit.m.base);
	free(kit.m.ipc_bytes);
}

#endif
