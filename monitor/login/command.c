/*
 * Runs AuthorizedKeysCommand and AuthorizedPrincipalsCommand. This process has become the account that was
 * configured before it looks at the program; it reads what that prints, and no more and no longer than
 * is allowed. No shell is started: arguments may be a client's text.
 * Source: sshd_config(5) AuthorizedKeysCommand
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/login/login.h"

enum { EXIT_EXEC = 127, MS_PER_S = 1000, NS_PER_MS = 1000000, POLL_MS = 20 };

/* A command under way. */
struct run {
	char **argv;
	pid_t pid;
	int out; /* where it prints to */
	int64_t until_ms;
	uint8_t *text;
	size_t n;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * MS_PER_S + t.tv_nsec / NS_PER_MS;
}

/* ---- its arguments ---- */

static void argv_free(char **argv)
{
	for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

static enum err argv_make(struct span list, char ***out)
{
	char **argv = calloc(LIMIT_LIST_COMMAND_ARGS + 1, sizeof *argv);
	struct rd r = RD(list);
	enum err e = argv == NULL ? ERR_MEMORY : OK;

	for (size_t i = 0; e == OK && r.left.n > 0 && rd_ok(&r); i++) {
		struct span word = rd_bytes(&r, LIMIT_COMMAND_BYTES);

		if (i == LIMIT_LIST_COMMAND_ARGS)
			e = ERR_RANGE;
		else if ((argv[i] = strndup((const char *)word.p, word.n)) == NULL)
			e = ERR_MEMORY;
	}
	if (e == OK && (e = rd_end(&r)) == OK && argv[0] == NULL)
		e = ERR_RANGE;
	if (e == OK)
		*out = argv;
	else
		argv_free(argv);
	return e;
}

/* ---- the program ---- */

static _Noreturn void program(const struct run *r, const struct env *env, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	/* it ends with the helper that reads it: nobody else would end it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0 || null < 0)
		_exit(EXIT_EXEC);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(EXIT_EXEC);
	if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0)
		_exit(EXIT_EXEC);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	execve(r->argv[0], r->argv, env->vars);
	_exit(EXIT_EXEC);
}

static enum err start(struct run *r, const struct account *a)
{
	struct env env = {0};
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	env_account(&env, &a->pw);
	r->pid = env.err == OK ? fork() : -1;
	if (r->pid == 0)
		program(r, &env, pair[1]);
	env_wipe(&env);
	close(pair[1]);
	r->out = pair[0];
	return r->pid > 0 ? OK : ERR_SYSTEM;
}

/* Reads to the end of what it prints. Errors: ERR_RANGE too much; ERR_AGAIN too late */
static enum err drain(struct run *r)
{
	struct pollfd p = {.fd = r->out, .events = POLLIN};
	ssize_t got = 1;

	while (got > 0) {
		int64_t left = r->until_ms - now_ms();

		if (left <= 0)
			return ERR_AGAIN;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		if (r->n == LIMIT_KEYS_FILE_BYTES)
			return ERR_RANGE;
		got = read(r->out, r->text + r->n, LIMIT_KEYS_FILE_BYTES - r->n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			r->n += (size_t)got;
	}
	return got == 0 ? OK : ERR_SYSTEM;
}

/* Waits until it has ended; status is then as waitpid gives it. Errors: ERR_AGAIN too late */
static enum err ended(const struct run *r, int *status)
{
	pid_t done;

	while ((done = waitpid(r->pid, status, WNOHANG)) != r->pid) {
		if (done < 0 && errno != EINTR)
			return ERR_SYSTEM;
		if (now_ms() >= r->until_ms)
			return ERR_AGAIN;
		(void)poll(NULL, 0, POLL_MS);
	}
	return OK;
}

static enum err listen_to(struct run *r, struct why *why)
{
	int status = 0;
	enum err e = drain(r);

	if (e == OK)
		e = ended(r, &status);
	if (e == ERR_AGAIN)
		why_set(why, "%s: killed: it took longer than %d seconds", r->argv[0],
			LIMIT_LIST_COMMAND_MS / MS_PER_S);
	else if (e == ERR_RANGE)
		why_set(why, "%s: killed: it printed more than %d bytes", r->argv[0],
			LIMIT_KEYS_FILE_BYTES);
	else if (e != OK)
		why_set(why, "%s: %s", r->argv[0], strerror(errno));
	if (e != OK) {
		(void)kill(-r->pid, SIGKILL); /* what it started too */
		(void)kill(r->pid, SIGKILL);
		(void)waitpid(r->pid, NULL, 0);
		return e;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OK;
	why_set(why, "%s: ended with %s %d: what it printed is not used", r->argv[0],
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return ERR_DENIED;
}

/* ---- the request ---- */

static enum err become(const struct account *a, struct why *why)
{
	enum err e = account_groups(a);

	if (e == OK && geteuid() == 0)
		e = account_become(a);
	if (e != OK)
		why_set(why, "account %s cannot be entered: %s", a->pw.pw_name,
			err_text(e));
	return e;
}

static enum err run(struct run *r, const struct account *a, struct why *why)
{
	enum err e = keyfile_program(r->argv[0], why);

	if (e == OK)
		e = become(a, why);
	if (e != OK)
		return e;
	r->text = malloc(LIMIT_KEYS_FILE_BYTES);
	if (r->text == NULL)
		return ERR_MEMORY;
	r->until_ms = now_ms() + LIMIT_LIST_COMMAND_MS;
	e = start(r, a);
	if (e == OK)
		return listen_to(r, why);
	why_set(why, "%s cannot be started: %s", r->argv[0], strerror(errno));
	return e;
}

struct listed {
	uint8_t listed[LIMIT_KEYS_BYTES];
	uint8_t notes[LIMIT_LOG_BYTES];
};

void serve_command_run(struct child *c, const struct msg_command_run *m)
{
	struct account account = {0};
	struct run r = {.pid = -1, .out = -1};
	struct why why = {""};
	struct listed *l = calloc(1, sizeof *l);
	struct msg ran = MSG_OF(command_ran, .listed = {0});
	struct wr listed = {0}, notes = {0};
	enum err e = l == NULL ? ERR_MEMORY : account_require(m->user, &account, &why);

	if (l != NULL) {
		listed = WR(l->listed);
		notes = WR(l->notes);
	}
	if (e == OK)
		e = argv_make(m->argv, &r.argv);
	if (e == OK)
		e = run(&r, &account, &why);
	if (e == OK && m->kind == COMMAND_PRINCIPALS)
		principals_lines((struct span){r.text, r.n}, r.argv[0], &listed,
				 &notes);
	else if (e == OK)
		keyfile_lines((struct span){r.text, r.n}, r.argv[0], &listed, &notes);
	else
		note_add(&notes, "%s", why.text[0] != '\0' ? why.text : err_text(e));
	ran.u.command_ran.listed = (struct span){listed.p, listed.n};
	ran.u.command_ran.notes = (struct span){notes.p, notes.n};
	child_answer(c, &ran, NULL, 0);
	argv_free(r.argv);
	free(r.text);
	free(l);
	account_wipe(&account);
	if (r.out >= 0)
		close(r.out);
}
