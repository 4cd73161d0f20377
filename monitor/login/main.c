/*
 * sallyport-login: the login master. Forked once, it forks a child for each request, so that
 * nothing is exec'd in a login's path but the user's own program. It reads nothing but the
 * monitor's orders; the children have the rights, one request each.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/asan.h"
#include "monitor/login/login.h"

#define MASTER_BUF_BYTES 64 /* the longest order is 5 bytes */
#define CHILDREN_FIRST   16 /* room to begin with */

struct master_child {
	uint32_t child; /* the monitor's number for it */
	pid_t pid;
};

struct master {
	int sock;
	int signals; /* SIGCHLD */
	const char *nobody;
	struct master_child *children;
	size_t n, cap;
	bool retired;
};

static enum err tell_ended(struct master *m, uint32_t child, int status)
{
	struct msg ended =
	    MSG_OF(fork_ended, .child = child, .status = (uint32_t)status);

	return ipc_send(m->sock, &ended, NULL, 0, true);
}

static enum err room_for_child(struct master *m)
{
	size_t cap = m->cap == 0 ? CHILDREN_FIRST : m->cap * 2;
	struct master_child *children;

	if (m->n >= LIMIT_LOGIN_CHILDREN)
		return ERR_RANGE;
	if (m->n < m->cap)
		return OK;
	children = reallocarray(m->children, cap, sizeof *children);
	if (children == NULL)
		return ERR_MEMORY;
	m->children = children;
	m->cap = cap;
	return OK;
}

/* In the child: nothing of the master stays but the rights. */
static _Noreturn void child_run(const struct master *m, int sock)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	close(m->sock);
	close(m->signals);
	free(m->children);
	exit(child_serve(sock, m->nobody));
}

static enum err master_fork(struct master *m, uint32_t child, int sock)
{
	pid_t pid = -1;

	if (sock < 0)
		return ERR_RANGE;
	errno = ECANCELED; /* retired */
	if (!m->retired && room_for_child(m) == OK)
		pid = fork();
	if (pid == 0)
		child_run(m, sock);
	close(sock);
	if (pid < 0) {
		log_error("login: no child could be forked: %s", strerror(errno));
		return tell_ended(m, child, EXIT_FAILURE << 8);
	}
	m->children[m->n++] = (struct master_child){child, pid};
	return OK;
}

static void master_kill(const struct master *m, uint32_t child)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->children[i].child == child)
			(void)kill(m->children[i].pid, SIGKILL);
}

static enum err master_order(struct master *m)
{
	uint8_t store[MASTER_BUF_BYTES];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg order;
	enum err e = ipc_recv(m->sock, &buf, false, &order, &fds);

	if (e == ERR_AGAIN)
		return OK;
	if (e != OK)
		return e;
	if (order.type == MSG_fork_child)
		e = master_fork(m, order.u.fork_child.child, ipc_fd_take(&fds, 0));
	else if (order.type == MSG_fork_kill)
		master_kill(m, order.u.fork_kill.child);
	else if (order.type == MSG_fork_retire)
		m->retired = true;
	else
		e = ERR_FORBIDDEN;
	ipc_fds_close(&fds);
	return e;
}

static enum err master_forget(struct master *m, pid_t pid, int status)
{
	for (size_t i = 0; i < m->n; i++) {
		struct master_child ended = m->children[i];

		if (ended.pid != pid)
			continue;
		m->children[i] = m->children[--m->n];
		return tell_ended(m, ended.child, status);
	}
	return OK;
}

static enum err master_reap(struct master *m)
{
	struct signalfd_siginfo info;
	enum err e = OK;
	int status;
	pid_t pid;

	if (read(m->signals, &info, sizeof info) < 0 && errno != EAGAIN)
		return ERR_SYSTEM;
	while (e == OK && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		e = master_forget(m, pid, status);
	return e;
}

static enum err master_loop(struct master *m)
{
	struct pollfd p[] = {
	    {.fd = m->sock,    .events = POLLIN},
            {.fd = m->signals, .events = POLLIN}
        };
	enum err e = OK;

	while (e == OK && (!m->retired || m->n > 0)) {
		if (poll(p, sizeof p / sizeof p[0], -1) < 0 && errno != EINTR)
			return ERR_SYSTEM;
		if (p[1].revents != 0)
			e = master_reap(m);
		if (e == OK && p[0].revents != 0)
			e = master_order(m);
	}
	return e;
}

/* What the user's programs inherit must be what they would have had from any other login. */
static void settle(void)
{
	struct rlimit files;

	(void)umask(umask(0) | S_IWGRP | S_IWOTH);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur > LIMIT_SESSION_NOFILE) {
		files.rlim_cur = LIMIT_SESSION_NOFILE;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* passwords pass through here */
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C: when to end is the monitor's to say */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (chdir("/") != 0)
		log_error("login: cannot enter /");
}

/*
 * Name-service libraries are loaded once, here, and not in each login's path. Not shadow's: hashes
 * would stay in the memory that every child inherits.
 */
static void warm_up(void)
{
	gid_t gids[1];
	int n = 1;

	(void)getpwnam("nobody");
	(void)getgrouplist("nobody", 0, gids, &n);
	(void)getgrgid(0);
}

static enum err master_run(struct master *m)
{
	struct msg ready = MSG_OF(fork_ready, .layers = {0});
	sigset_t chld;
	enum err e;

	settle();
	warm_up();
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &chld, NULL) != 0)
		return ERR_SYSTEM;
	m->signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0)
		return ERR_SYSTEM;
	ready.u.fork_ready.layers =
	    geteuid() == 0 ? SPAN_LIT("root") : SPAN_LIT("own account only");
	if ((e = ipc_send(m->sock, &ready, NULL, 0, true)) != OK)
		return e;
	return master_loop(m);
}

/* --socket N [--user NAME]; NAME is whom the unprivileged parts become */
static enum err options(int argc, char **argv, struct master *m)
{
	for (int i = 1; i < argc; i += 2) {
		char *end = NULL;

		if (i + 1 == argc)
			return ERR_CONFIG;
		if (strcmp(argv[i], "--socket") == 0)
			m->sock = (int)strtol(argv[i + 1], &end, 10);
		else if (strcmp(argv[i], "--user") == 0)
			m->nobody = argv[i + 1];
		else
			return ERR_CONFIG;
		if (end != NULL && (*end != '\0' || end == argv[i + 1]))
			return ERR_CONFIG;
	}
	return m->sock > STDERR_FILENO ? OK : ERR_CONFIG;
}

int main(int argc, char **argv)
{
	struct master m = {.sock = -1, .signals = -1};
	enum err e = options(argc, argv, &m);

	if (e != OK) {
		log_fatal("sallyport-login is started by sallyportd: "
			  "sallyport-login --socket FD [--user NAME]");
		return EXIT_FAILURE;
	}
	e = master_run(&m);
	free(m.children);
	if (e == OK || e == ERR_CLOSED)
		return EXIT_SUCCESS;
	log_fatal("login: the master ends: %s", err_text(e));
	return EXIT_FAILURE;
}
