/*
 * Runs one of the monitor's hands, as the monitor does: a SEQPACKET socket at descriptor 3.
 * The test plays the monitor. For tests/monitor/connector and tests/monitor/login.
 */
#ifndef TESTS_MONITOR_HAND_H
#define TESTS_MONITOR_HAND_H

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ipc.h"
#include "tests/unit.h"

#define HAND_SOCKET  3
#define HAND_WAIT_MS 8000

struct hand {
	pid_t pid;
	int sock;
	uint8_t *store;
	struct msg m;
	struct ipc_fds fds;
};

/* The programs stand in BUILD/bin, the test programs in BUILD/tests/... */
static inline void hand_path(const char *program, char out[PATH_MAX])
{
	char self[PATH_MAX] = {0};
	char *tests;

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
	tests = strstr(self, "/tests/");
	ck_assert_ptr_nonnull(tests);
	*tests = '\0';
	ck_assert_int_lt(snprintf(out, PATH_MAX, "%s/bin/%s", self, program), PATH_MAX);
}

static inline void hand_start(struct hand *h, const char *program, const char *user)
{
	char path[PATH_MAX];
	int pair[2];

	hand_path(program, path);
	ck_assert_msg(access(path, X_OK) == 0, "%s is not built: make all", path);
	ck_assert_int_eq(ipc_pair(pair), OK);
	/* what leaves its parent behind (a pid namespace) falls to us, as to the monitor */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	h->pid = fork();
	if (h->pid == 0) {
		/* signals as the monitor gives them, whatever the tests were started with */
		for (int sig = 1; sig < NSIG; sig++)
			(void)signal(sig, SIG_DFL);
		if (pair[1] == HAND_SOCKET)
			fcntl(HAND_SOCKET, F_SETFD, 0);
		else
			dup2(pair[1], HAND_SOCKET);
		close_range(HAND_SOCKET + 1, UINT_MAX, 0);
		execl(path, program, "--socket", "3", user != NULL ? "--user" : NULL,
		      user, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(h->pid, 0);
	close(pair[1]);
	h->sock = pair[0];
	h->store = malloc(LIMIT_MSG_BYTES);
	ck_assert_ptr_nonnull(h->store);
}

/* Takes the next message from sock into h; fails the test where none comes in time. */
static inline void hand_recv(struct hand *h, int sock, enum msg_type type)
{
	struct wr buf = {.p = h->store, .cap = LIMIT_MSG_BYTES};
	struct pollfd p = {.fd = sock, .events = POLLIN};

	ck_assert_msg(poll(&p, 1, HAND_WAIT_MS) == 1, "no answer; %s was expected",
		      msg_rules[type].name);
	ck_assert_int_eq(ipc_recv(sock, &buf, true, &h->m, &h->fds), OK);
	ck_assert_msg(h->m.type == type, "%s came where %s was expected",
		      msg_rules[h->m.type].name, msg_rules[type].name);
}

static inline void hand_send(int sock, const struct msg *m)
{
	ck_assert_int_eq(ipc_send(sock, m, NULL, 0, true), OK);
}

/* Tells whether nothing comes on sock within ms. */
static inline bool hand_quiet(int sock, int ms)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};

	return poll(&p, 1, ms) == 0;
}

/*
 * A user's program may end by a signal, which its grandchildren tell us too; what may not be is
 * a hand of ours that crashed, or that its sandbox killed.
 */
static inline void hand_ended(const struct hand *h, pid_t pid, int status)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	ck_assert_msg(number != SIGSYS && number != SIGABRT && number != SIGSEGV &&
			  number != SIGBUS,
		      "ended by signal %d", number);
	ck_assert_msg(pid != h->pid || status == 0, "the hand ended with status %d",
		      status);
}

/* Closes the socket and waits until every child is gone: nothing may be left over. */
static inline void hand_end(struct hand *h)
{
	int status;
	int left_ms = HAND_WAIT_MS;
	const int step_ms = 10;
	pid_t pid;

	close(h->sock);
	free(h->store);
	while ((pid = waitpid(-1, &status, WNOHANG)) >= 0 && left_ms > 0) {
		if (pid > 0) {
			hand_ended(h, pid, status);
			continue;
		}
		usleep((useconds_t)step_ms * 1000);
		left_ms -= step_ms;
	}
	ck_assert_msg(left_ms > 0, "a process outlives its socket");
}

static inline void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* Puts a file of ours over path, made from what is there and one more line. */
static inline bool cover(const char *dir, const char *path, const char *line)
{
	static char text[1 << 16];
	char copy[PATH_MAX];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof text - 512, f);
	fclose(f);
	snprintf(text + n, sizeof text - n, "%s\n", line);
	snprintf(copy, sizeof copy, "%s%s", dir, strrchr(path, '/'));
	write_file(copy, text, 0600);
	ck_assert_int_eq(chmod(copy, strcmp(path, "/etc/shadow") == 0 ? 0600 : 0644),
			 0);
	return mount(copy, path, NULL, MS_BIND, NULL) == 0;
}

/* Lets this process cover files without anybody else seeing it. Only root can. */
static inline bool private_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

#endif
