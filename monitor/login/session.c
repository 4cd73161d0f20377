/*
 * A local session from request to end. Three processes where root has work left at the end
 * (PAM, utmp): the keeper, which only waits; the waiter, which has no rights; the program.
 * Elsewhere the waiter is this process. Sources: RFC 4254 6, sshd(8) LOGIN PROCESS
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/login/session.h"

static enum err copy_command(struct session *s, struct why *why)
{
	struct span command = s->ask->command;

	s->command = malloc(command.n + 1);
	if (s->command == NULL)
		return ERR_MEMORY;
	if (bytes_to_str(s->command, command.n + 1, command) == OK)
		return OK;
	why_set(why, "the command holds a NUL");
	return ERR_RANGE;
}

/* A session without agent or display is better than none: sshd goes on too. */
static void open_forwards(struct session *s)
{
	char xauth[LIMIT_FILE_PATH_BYTES];
	enum err e;

	if (s->ask->agent != 0 && (e = agent_open(&s->forwards, &s->account)) != OK)
		log_error("session: no agent socket could be made in /tmp: %s",
			  err_text(e));
	if (s->ask->x11 == 0)
		return;
	if (bytes_to_str(xauth, sizeof xauth, s->ask->xauth) != OK ||
	    access(xauth, X_OK) != 0)
		log_info(
		    "session: no X11 without xauth; install it or set XAuthLocation");
	else if ((e = x11_open(&s->forwards, s->ask)) != OK)
		log_info("session: no X11 display could be opened: %s", err_text(e));
}

static enum err make_env(struct session *s)
{
	enum err e = env_request(&s->env, s->ask->env);

	if (e != OK)
		return e;
	env_account(&s->env, &s->account.pw);
	if (s->forwards.display[0] != '\0')
		env_set(&s->env, "DISPLAY", s->forwards.display);
	pam_link_env(&s->pam, &s->env);
	if (s->forwards.agent_path[0] != '\0')
		env_set(&s->env, "SSH_AUTH_SOCK", s->forwards.agent_path);
	if ((e = env_connection(&s->env, s->ask)) != OK)
		return e;
	if (s->ask->pty != 0)
		env_set(&s->env, "SSH_TTY", s->io.pty.name);
	return s->env.err;
}

/* Everything that needs rights. */
static enum err session_prepare(struct session *s, struct why *why)
{
	bool root = geteuid() == 0;
	enum err e;

	if ((e = account_require(s->ask->user, &s->account, why)) != OK ||
	    (e = copy_command(s, why)) != OK || (e = account_groups(&s->account)) != OK)
		return e;
	if (root && (s->ask->flags & LOGIN_PAM) != 0 &&
	    (e = pam_link_open(&s->pam, s->ask, &s->account, why)) != OK)
		return e;
	if ((e = stdio_open(&s->io, s->ask, &s->account)) != OK)
		return e;
	s->recorded = root && s->ask->pty != 0;
	if ((s->ask->flags & LOGIN_LASTLOG) != 0)
		record_last(s->account.pw.pw_uid, &s->last);
	open_forwards(s);
	return make_env(s);
}

static enum err tell_started(const struct session *s, enum err e, const struct why *why)
{
	struct msg started = MSG_OF(login_started, .ok = e == OK);

	if (e == OK)
		return ipc_send(s->child->sock, &started, s->io.ours, s->io.n_ours,
				true);
	started.u.login_started.text =
	    span_str(why->text[0] != '\0' ? why->text : err_text(e));
	return ipc_send(s->child->sock, &started, NULL, 0, true);
}

/* Says why there is no session, and leaves none behind. */
static void session_refuse(struct session *s, enum err e, const struct why *why)
{
	if (tell_started(s, e, why) != OK)
		log_error("session: not started: %s", err_text(e));
	session_end(s);
	s->recorded = false; /* nobody was logged in */
}

static enum err session_fork(struct session *s)
{
	s->program = fork();
	if (s->program == 0)
		program_run(s);
	if (s->program < 0)
		return ERR_SYSTEM;
	s->program_fd = (int)syscall(SYS_pidfd_open, s->program, 0);
	return s->program_fd >= 0 ? OK : ERR_SYSTEM;
}

static enum err session_shut(struct session *s)
{
	int keep[SESSION_KEEP] = {STDERR_FILENO, s->child->sock, s->program_fd};
	size_t n = SESSION_KEEP - SESSION_LISTENERS;
	const char *own =
	    s->forwards.agent_dir[0] != '\0' ? s->forwards.agent_dir : NULL;

	for (size_t i = 0; i < s->forwards.n; i++)
		keep[n++] = s->forwards.at[i].fd;
	return unprivileged_wait(&s->account, keep, n, own);
}

/* The waiter's life. */
static void session_run(struct session *s)
{
	struct why why = {0};
	enum err e = session_fork(s);

	stdio_close_theirs(&s->io);
	if (e != OK) {
		session_refuse(s, e, &why);
		return;
	}
	e = tell_started(s, OK, &why);
	stdio_close_ours(&s->io);
	if (e == OK && (e = session_shut(s)) != OK)
		log_error("session: ended, the sandbox of its waiter failed: %s",
			  err_text(e));
	if (e == OK)
		session_wait(s);
	else
		session_end(s);
}

/* The keeper's life: it hears nobody, so nobody can talk it into anything. */
static void session_keep(struct session *s)
{
	struct why why = {0};
	pid_t waiter = fork();

	if (waiter == 0) {
		session_run(s);
		_exit(EXIT_SUCCESS);
	}
	if (waiter < 0) {
		session_refuse(s, ERR_SYSTEM, &why);
		return;
	}
	log_open(NULL, NULL, LOG_INFO_LEVEL);
	close(s->child->sock);
	stdio_close_theirs(&s->io);
	stdio_close_ours(&s->io);
	for (size_t i = 0; i < s->forwards.n; i++)
		close(s->forwards.at[i].fd);
	while (waitpid(waiter, NULL, 0) < 0 && errno == EINTR)
		;
}

static void session_wipe(struct session *s)
{
	stdio_close_theirs(&s->io);
	stdio_close_ours(&s->io);
	if (s->recorded)
		record_logout(s->io.pty.name);
	pam_link_close(&s->pam);
	env_wipe(&s->env);
	account_wipe(&s->account);
	if (s->command != NULL)
		wipe(s->command, strlen(s->command));
	free(s->command);
}

void serve_login_session(struct child *c, const struct msg_login_session *m)
{
	struct session s = {
	    .child = c, .ask = m, .io = stdio_none(), .program = -1, .program_fd = -1};
	struct why why = {0};
	enum err e = session_prepare(&s, &why);

	if (e != OK) {
		session_refuse(&s, e, &why);
	} else if (s.recorded || s.pam.handle != NULL) {
		session_keep(&s);
	} else {
		session_run(&s);
	}
	session_wipe(&s);
}
