/*
 * The nursery. It believes the monitor and nobody else; a worker is a copy of it that
 * gives up what only the nursery needs before it hears from a client.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/pk.h"
#include "common/sandbox.h"
#include "worker/alg/alg.h"
#include "worker/nursery.h"
#include "worker/worker.h"

struct child {
	pid_t pid; /* 0: the slot is free */
	uint32_t id;
};

struct nursery {
	int socket;
	bool retired; /* forks no more */
	bool has_settings;
	struct worker_settings settings;
	struct sandbox_filter filter; /* of a worker */
	struct sandbox_layers layers;
	struct child *children;
	size_t cap, n;
	struct wr ipc;
	void **plugs; /* what fills the holes of the heap */
};

/* ---- beginning ---- */

/* One arena, and large blocks apart, so that they go back to the kernel when they are freed. */
static void malloc_set(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, LIMIT_MALLOC_APART_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, LIMIT_MALLOC_TOP_BYTES);
	(void)mallopt(M_TOP_PAD, LIMIT_MALLOC_TOP_BYTES);
}

/*
 * Fills the holes in the heap, so that what workers allocate lies close together on fresh pages
 * instead of one piece on each of ours, which would be copied for it. Each plug points to the
 * one before.
 */
static void **heap_plug(void)
{
	void **last = NULL;

#if defined(__SANITIZE_ADDRESS__)
	return last; /* its allocator says nothing of itself: we would never be done */
#endif
	for (size_t size = LIMIT_MALLOC_APART_BYTES / 2; size >= sizeof(void *);
	     size -= size / 4 > 0 ? size / 4 : 1) {
		size_t top = mallinfo2().keepcost;
		void **plug = malloc(size);

		/* what came off the top filled no hole */
		while (plug != NULL && mallinfo2().keepcost == top) {
			*plug = last;
			last = plug;
			plug = malloc(size);
		}
		free(plug);
	}
	return last;
}

static enum err find_user(const char *user, struct sandbox_plan *plan)
{
	const struct passwd *pw;

	if (user == NULL)
		return OK;
	if ((pw = getpwnam(user)) == NULL)
		return ERR_UNKNOWN;
	plan->uid = pw->pw_uid;
	plan->gid = pw->pw_gid;
	return OK;
}

/*
 * Makes 0, 1 and 2 sockets that lead nowhere: what a library writes there reaches no client,
 * and no client's socket can get such a number.
 */
static enum err deaden_stdio(void)
{
	int pair[2];
	enum err e = ipc_pair(pair);

	if (e != OK)
		return e;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(pair[0], fd) < 0)
			e = ERR_SYSTEM;
	for (size_t i = 0; i < 2; i++)
		if (pair[i] > STDERR_FILENO)
			close(pair[i]);
	return e;
}

/* All that a worker would otherwise fetch, compute or allocate for the first time. */
static enum err warm_up(const struct crypto_choice *crypto)
{
	pk_warm();
	return alg_warm(crypto->provider);
}

/* What is loaded from files: the world is still there. */
static enum err load_crypto(const struct crypto_choice *crypto)
{
	const char *why;
	enum err e;

	malloc_set();
	if ((e = crypto_begin(crypto, &why)) != OK)
		(void)fprintf(stderr, "sallyport-worker: %s\n", why);
	return e;
}

static enum err wall_in(struct nursery *n, const char *user,
			const struct crypto_choice *crypto)
{
	const int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, n->socket};
	struct sandbox_plan plan = {.role = ROLE_NURSERY,
				    .uid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = sizeof keep / sizeof keep[0]};
	struct sandbox_filter own = {0};
	enum err e;

	if ((e = load_crypto(crypto)) != OK || (e = find_user(user, &plan)) != OK ||
	    (e = sandbox_filter_make(ROLE_NURSERY, &own)) != OK ||
	    (e = sandbox_filter_make(ROLE_WORKER, &n->filter)) != OK ||
	    (e = sandbox_namespaces(&plan, &n->layers)) != OK ||
	    (e = warm_up(crypto)) != OK || (e = deaden_stdio()) != OK ||
	    (e = sandbox_drop(&plan, &n->layers)) != OK)
		goto out;
	e = sandbox_filter_load(&own, &n->layers);
out:
	sandbox_filter_wipe(&own);
	return e;
}

static enum err tell_ready(const struct nursery *n)
{
	char text[LIMIT_LAYERS_BYTES];
	struct msg m = MSG_OF(
	    fork_ready, .layers = span_str(sandbox_layers_text(&n->layers, text)));

	return ipc_send(n->socket, &m, NULL, 0, true);
}

/* ---- children ---- */

static enum err child_slot(struct nursery *n, struct child **out)
{
	size_t cap = n->cap == 0 ? LIMIT_SPARE_WORKERS * 2 : n->cap * 2;
	struct child *more;

	for (size_t i = 0; i < n->cap; i++)
		if (n->children[i].pid == 0) {
			*out = &n->children[i];
			return OK;
		}
	more = realloc(n->children, cap * sizeof *more);
	if (more == NULL)
		return ERR_MEMORY;
	memset(more + n->cap, 0, (cap - n->cap) * sizeof *more);
	*out = more + n->cap;
	n->children = more;
	n->cap = cap;
	return OK;
}

static enum err tell_ended(const struct nursery *n, uint32_t id, int status)
{
	return ipc_send(n->socket,
			&MSG_OF(fork_ended, .child = id, .status = (uint32_t)status),
			NULL, 0, true);
}

/* Becomes a worker. */
static _Noreturn void child_begin(const struct nursery *n, int fd)
{
	close(n->socket);
	if (sandbox_filter_load(&n->filter, NULL) != OK)
		_exit(EXIT_FAILURE);
	worker_run(&n->settings, fd);
}

static enum err child_fork(struct nursery *n, uint32_t id, int fd)
{
	struct child *slot;
	pid_t pid = -1;

	if (!n->retired && n->has_settings && fd >= 0 && child_slot(n, &slot) == OK)
		pid = fork();
	if (pid == 0)
		child_begin(n, fd);
	if (pid < 0)
		return tell_ended(n, id, W_EXITCODE(EXIT_FAILURE, 0));
	*slot = (struct child){.pid = pid, .id = id};
	n->n++;
	return OK;
}

static void child_kill(const struct nursery *n, uint32_t id)
{
	for (size_t i = 0; i < n->cap; i++)
		if (n->children[i].pid > 0 && n->children[i].id == id)
			(void)kill(n->children[i].pid, SIGKILL);
}

static enum err child_ended(struct nursery *n, pid_t pid, int status)
{
	for (size_t i = 0; i < n->cap; i++)
		if (n->children[i].pid == pid) {
			n->children[i].pid = 0;
			n->n--;
			return tell_ended(n, n->children[i].id, status);
		}
	return OK;
}

static void reap(struct nursery *n)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (child_ended(n, pid, status) != OK)
			n->retired = true; /* the monitor is gone */
}

/* ---- the link ---- */

static enum err take_settings(struct nursery *n, struct span bytes)
{
	struct worker_settings fresh;
	const struct span *ours = fresh.offer.again.list;
	enum err e = worker_settings_read(bytes, &fresh);

	if (e != OK)
		return e;
	/* what is not in the default lists was not fetched before */
	e = alg_warm_lists(ours[LIST_KEX], ours[LIST_CIPHER_IN], ours[LIST_MAC_IN]);
	if (e != OK) {
		worker_settings_wipe(&fresh);
		return e;
	}
	worker_settings_wipe(&n->settings);
	n->settings = fresh;
	n->has_settings = true;
	return OK;
}

static enum err serve(struct nursery *n)
{
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(n->socket, &n->ipc, false, &m, &fds);

	if (e != OK)
		return e;
	if (m.type == MSG_fork_settings)
		e = take_settings(n, (struct span){n->ipc.p, msg_bytes(&m)});
	else if (m.type == MSG_fork_child)
		e = child_fork(n, m.u.fork_child.child, fds.n > 0 ? fds.fd[0] : -1);
	else if (m.type == MSG_fork_kill)
		child_kill(n, m.u.fork_kill.child);
	else if (m.type == MSG_fork_retire)
		n->retired = true;
	ipc_fds_close(&fds);
	return e;
}

static void child_signalled(int number)
{
	(void)number; /* it has woken the wait: that is all */
}

/* SIGCHLD is let in while waiting only, so none is lost between reaping and waiting. */
static enum err signals_set(sigset_t *waiting)
{
	struct sigaction wake = {.sa_handler = child_signalled};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t held;

	if (sigemptyset(&held) != 0 || sigaddset(&held, SIGCHLD) != 0 ||
	    sigprocmask(SIG_BLOCK, &held, waiting) != 0 ||
	    sigdelset(waiting, SIGCHLD) != 0 || sigaction(SIGCHLD, &wake, NULL) != 0 ||
	    sigaction(SIGPIPE, &ignore, NULL) != 0)
		return ERR_SYSTEM;
	return OK;
}

static enum err serve_all(struct nursery *n, const sigset_t *waiting)
{
	struct pollfd p = {.fd = n->socket, .events = POLLIN};
	enum err e;

	while (!n->retired || n->n > 0) {
		int ready = ppoll(&p, 1, NULL, waiting);

		if (ready < 0 && errno != EINTR)
			return ERR_SYSTEM;
		if (ready < 0)
			reap(n);
		if (ready <= 0)
			continue;
		e = serve(n);
		if (e == ERR_CLOSED) {
			n->retired = true;
			p.fd = -1;
		} else if (e != OK && e != ERR_AGAIN) {
			return e;
		}
	}
	return OK;
}

enum err nursery_run(int socket, const char *user, const struct crypto_choice *crypto)
{
	struct nursery n = {.socket = socket};
	sigset_t waiting;
	enum err e;

	n.ipc.cap = LIMIT_MSG_BYTES;
	if ((e = signals_set(&waiting)) != OK || (e = wall_in(&n, user, crypto)) != OK)
		goto out;
	e = ERR_MEMORY;
	if ((n.ipc.p = malloc(n.ipc.cap)) == NULL || (e = tell_ready(&n)) != OK)
		goto out;
	n.plugs = heap_plug();
	e = serve_all(&n, &waiting);
out:
	worker_settings_wipe(&n.settings);
	sandbox_filter_wipe(&n.filter);
	free(n.children);
	free(n.ipc.p);
	return e;
}
