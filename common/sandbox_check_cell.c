/*
 * Cells and leaves. Trusts both: they are this program. A leaf that hangs is ended by its
 * alarm; its exit status is errno, so that the filter need let nothing else through.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox_check_private.h"

#define STATUS_NO_WALLS 250 /* no errno is as high */
#define LEAF_SECONDS    5

/* Asks a cell for a leaf. Addresses are the same in all: none of them calls exec. */
struct request {
	check_fn *fn;
	enum check_depth depth;
	uint64_t args[CHECK_ARGS];
};

/* The number by which the host knows this process: the old /proc still tells it. */
static int host_pid(const struct check_world *w)
{
	char text[LIMIT_NAME_BYTES];
	ssize_t n = readlinkat(w->proc_fd, "self", text, sizeof text - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (int)strtol(text, NULL, 10);
}

static bool leaf_enter(const struct check_world *w, const struct sandbox_plan *plan,
		       enum sandbox_role role, enum check_depth depth)
{
	struct sandbox_layers *layers = &w->board->layers;
	enum sandbox_role outer = sandbox_roles[role].inside;

	if (depth == CHECK_SPACES_ONLY)
		return true;
	if (sandbox_drop(plan, layers) != OK)
		return false;
	if (depth == CHECK_NO_FILTER)
		return true;
	if (sandbox_filter_load(&w->filters[outer], layers) != OK)
		return false;
	return outer == role || sandbox_filter_load(&w->filters[role], layers) == OK;
}

static void leaf(const struct check_world *w, const struct sandbox_plan *plan,
		 enum sandbox_role role, const struct request *ask)
{
	(void)signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would make calls */
	(void)alarm(LEAF_SECONDS);
	atomic_store(&w->board->pid, host_pid(w));
	if (!leaf_enter(w, plan, role, ask->depth))
		_exit(STATUS_NO_WALLS);
	_exit(ask->fn(w, ask->args));
}

/* Serves requests until the check closes its end. Orphans of leaves are reaped too. */
static void serve(const struct check_world *w, const struct sandbox_plan *plan,
		  enum sandbox_role role, int sock)
{
	struct sandbox_layers begun = w->board->layers;
	struct request ask;
	pid_t pid, ended;
	int status;

	while (read(sock, &ask, sizeof ask) == (ssize_t)sizeof ask) {
		w->board->layers = begun;
		pid = fork();
		if (pid == 0)
			leaf(w, plan, role, &ask);
		status = STATUS_NO_WALLS << 8;
		do
			ended = waitpid(-1, &status, 0);
		while (ended > 0 && ended != pid);
		if (write(sock, &status, sizeof status) != (ssize_t)sizeof status)
			break;
	}
}

static void cell(const struct check_world *w, enum sandbox_role role, int sock)
{
	int keep[] = {sock, w->root_fd, w->proc_fd, w->net_fd, w->tty_fd};
	struct sandbox_plan plan = {
	    .role = sandbox_roles[role].inside,
	    .uid = w->root ? w->uid : SANDBOX_KEEP_ID,
	    .gid = w->gid,
	    .keep = keep,
	    .n_keep = sizeof keep / sizeof keep[0],
	};
	enum err e;

	w->board->layers = (struct sandbox_layers){0};
	e = sandbox_namespaces(&plan, &w->board->layers);
	if (write(sock, &e, sizeof e) == (ssize_t)sizeof e && e == OK)
		serve(w, &plan, role, sock);
	_exit(0);
}

enum err check_cell_open(const struct check_world *w, enum sandbox_role role,
			 struct check_cell *out)
{
	enum err e = ERR_SYSTEM;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR_SYSTEM;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		cell(w, role, pair[1]);
	close(pair[1]);
	if (pid < 0 || read(pair[0], &e, sizeof e) != (ssize_t)sizeof e || e != OK) {
		close(pair[0]);
		return e;
	}
	*out = (struct check_cell){role, pair[0]};
	return OK;
}

/* The cell ends when it reads the end of its socket; so does all that it forked. */
void check_cell_close(struct check_cell *cell)
{
	close(cell->sock);
	cell->sock = -1;
	while (waitpid(-1, NULL, 0) > 0)
		;
}

void check_try_begin(const struct check_cell *cell, enum check_depth depth,
		     check_fn *fn, const uint64_t *args)
{
	struct request ask = {.fn = fn, .depth = depth};

	if (args != NULL)
		memcpy(ask.args, args, sizeof ask.args);
	if (write(cell->sock, &ask, sizeof ask) != (ssize_t)sizeof ask)
		shutdown(cell->sock, SHUT_RDWR); /* check_try_end then reads the end */
}

struct check_result check_try_end(const struct check_cell *cell)
{
	int status = STATUS_NO_WALLS << 8;

	if (read(cell->sock, &status, sizeof status) != (ssize_t)sizeof status)
		status = STATUS_NO_WALLS << 8;
	if (WIFSIGNALED(status))
		return (struct check_result){WTERMSIG(status) == SIGSYS ? CHECK_KILLED
									: CHECK_DIED,
					     WTERMSIG(status)};
	if (WEXITSTATUS(status) == 0)
		return (struct check_result){CHECK_DONE, 0};
	if (WEXITSTATUS(status) >= STATUS_NO_WALLS)
		return (struct check_result){CHECK_DIED, WEXITSTATUS(status)};
	return (struct check_result){CHECK_REFUSED, WEXITSTATUS(status)};
}

struct check_result check_try(const struct check_cell *cell, enum check_depth depth,
			      check_fn *fn, const uint64_t *args)
{
	check_try_begin(cell, depth, fn, args);
	return check_try_end(cell);
}

const char *check_result_text(struct check_result r, char out[LIMIT_NAME_BYTES])
{
	const char *name = strerrorname_np(r.number);

	switch (r.what) {
	case CHECK_DONE:
		(void)snprintf(out, LIMIT_NAME_BYTES, "done");
		break;
	case CHECK_REFUSED:
		(void)snprintf(out, LIMIT_NAME_BYTES, "%s",
			       name == NULL ? "refused" : name);
		break;
	case CHECK_KILLED:
		(void)snprintf(out, LIMIT_NAME_BYTES, "killed");
		break;
	case CHECK_DIED:
		(void)snprintf(out, LIMIT_NAME_BYTES, "died(%d)", r.number);
		break;
	}
	return out;
}

const char *check_count(struct check_world *w, bool ok)
{
	w->tried++;
	if (!ok)
		w->wrong++;
	return ok ? "ok" : "FAIL";
}
