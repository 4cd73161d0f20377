/*
 * Starts a program of PolicyHelper: its own account, its own session and process group, three
 * pipes, a small environment, and nothing else of ours. No shell is involved.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/login/helper.h"

#define EXIT_NOT_RUN 127 /* as shells say it */

/* What is given to the program. */
struct start {
	char *store; /* what argv points into */
	char *argv[LIMIT_HELPER_ARGS + 1];
	struct env env;
	int in[2], out[2], err[2]; /* pipes; -1: absent */
};

static enum err read_argv(struct span strings, struct start *s)
{
	struct rd r = RD(strings);
	char *at = s->store = calloc(1, strings.n + 1);
	size_t n = 0;

	if (at == NULL)
		return ERR_MEMORY;
	while (r.left.n > 0 && rd_ok(&r) && n < LIMIT_HELPER_ARGS) {
		struct span word = rd_bytes(&r, LIMIT_HELPER_ARGV_BYTES);

		/* a string has four bytes of length: the NUL finds its place */
		if (rd_ok(&r) && bytes_to_str(at, word.n + 1, word) != OK)
			return ERR_RANGE;
		s->argv[n++] = at;
		at += word.n + 1;
	}
	if (rd_end(&r) != OK)
		return r.err;
	return n > 0 && s->argv[0][0] == '/' ? OK : ERR_RANGE;
}

static enum err make_env(const struct msg_helper_start *m, const struct account *a,
			 struct env *env)
{
	char name[LIMIT_HELPER_NAME_BYTES + 1];
	enum err e = bytes_to_str(name, sizeof name, m->name);

	if (e != OK)
		return e;
	env_set(env, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
	env_set(env, "LANG", "C.UTF-8");
	env_set(env, "HOME", a != NULL ? a->pw.pw_dir : "/");
	env_set(env, "SALLYPORT_HELPER", name);
	return env->err;
}

static enum err make_pipes(struct start *s)
{
	if (pipe2(s->in, O_CLOEXEC) != 0 || pipe2(s->out, O_CLOEXEC) != 0 ||
	    pipe2(s->err, O_CLOEXEC) != 0 ||
	    fcntl(s->in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(s->out[0], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(s->err[0], F_SETFL, O_NONBLOCK) != 0)
		return ERR_SYSTEM;
	return OK;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void start_wipe(struct start *s)
{
	for (size_t i = 0; i < 2; i++) {
		fd_close(&s->in[i]);
		fd_close(&s->out[i]);
		fd_close(&s->err[i]);
	}
	env_wipe(&s->env);
	free(s->store);
}

/* In the forked process. What goes wrong is said on its standard error, so in our log. */
static _Noreturn void program_exec(struct start *s, const struct account *a)
{
	const struct rlimit no_core = {0, 0};

	if (setsid() < 0 || dup2(s->in[0], STDIN_FILENO) < 0 ||
	    dup2(s->out[1], STDOUT_FILENO) < 0 || dup2(s->err[1], STDERR_FILENO) < 0)
		_exit(EXIT_NOT_RUN);
	log_open(NULL, NULL, LOG_QUIET_ALL);
	signals_reset();
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (a != NULL && account_become(a) != OK) {
		(void)dprintf(STDERR_FILENO, "the account %s cannot be entered\n",
			      a->pw.pw_name);
		_exit(EXIT_NOT_RUN);
	}
	/* after the change of user, which takes it back: the program ends with its relay */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0 || chdir("/") != 0)
		_exit(EXIT_NOT_RUN);
	execve(s->argv[0], s->argv, s->env.vars);
	(void)dprintf(STDERR_FILENO, "%s: %s\n", s->argv[0], strerror(errno));
	_exit(EXIT_NOT_RUN);
}

static enum err program_fork(struct start *s, const struct account *a,
			     struct helper_program *out)
{
	struct helper_program p = {.fd = -1, .in = -1, .out = -1, .err = -1};

	p.pid = fork();
	if (p.pid == 0)
		program_exec(s, a);
	if (p.pid < 0)
		return ERR_SYSTEM;
	p.fd = (int)syscall(SYS_pidfd_open, p.pid, 0);
	if (p.fd < 0) {
		helper_program_wipe(&p);
		return ERR_SYSTEM;
	}
	p.in = s->in[1];
	p.out = s->out[0];
	p.err = s->err[0];
	s->in[1] = s->out[0] = s->err[0] = -1; /* moved */
	*out = p;
	return OK;
}

enum err helper_program_start(const struct msg_helper_start *m, const struct account *a,
			      struct helper_program *out)
{
	struct start s = {
	    .in = {-1, -1},
              .out = {-1, -1},
              .err = {-1, -1}
        };
	enum err e = read_argv(m->argv, &s);

	if (e == OK)
		e = make_env(m, a, &s.env);
	if (e == OK)
		e = make_pipes(&s);
	if (e == OK)
		e = program_fork(&s, a, out);
	start_wipe(&s);
	return e;
}

void helper_program_wipe(struct helper_program *p)
{
	if (p->pid > 0)
		(void)kill(-p->pid, SIGKILL);
	p->pid = -1;
	fd_close(&p->fd);
	fd_close(&p->in);
	fd_close(&p->out);
	fd_close(&p->err);
}
