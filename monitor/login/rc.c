/*
 * What runs just before the user's program, as the user: ~/.ssh/rc or /etc/ssh/sshrc, or else
 * xauth. They get the X11 cookie on their standard input. Source: sshd(8) LOGIN PROCESS, SSHRC
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/login/session.h"

static const char user_rc[] = ".ssh/rc"; /* we are in the home directory */
static const char system_rc[] = "/etc/ssh/sshrc";
static const char sh[] = "/bin/sh";

bool show_file(const char *path, int out)
{
	char buf[1024];
	size_t shown = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (shown < LIMIT_MOTD_BYTES && (n = read(fd, buf, sizeof buf)) > 0) {
		shown += (size_t)n;
		if (write(out, buf, (size_t)n) != n)
			break;
	}
	close(fd);
	return true;
}

/* Runs argv with text as its input, and waits for it. */
static void run_with(const struct session *s, const char *const argv[],
		     const char *text)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (dup2(p[0], STDIN_FILENO) == STDIN_FILENO)
			execve(argv[0], (char *const *)argv, s->env.vars);
		dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
		_exit(EXIT_FAILURE);
	}
	close(p[0]);
	/* less than a pipe holds, so this cannot block on one who does not read */
	(void)!write(p[1], text, strlen(text));
	close(p[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The cookie as scripts get it: "protocol cookie". Checked by x11_open. */
static void cookie_line(const struct session *s, char *out, size_t cap)
{
	const struct msg_login_session *m = s->ask;

	out[0] = '\0';
	if (s->forwards.display[0] != '\0')
		(void)snprintf(out, cap, "%.*s %.*s\n", (int)m->x11_protocol.n,
			       (const char *)m->x11_protocol.p, (int)m->x11_cookie.n,
			       (const char *)m->x11_cookie.p);
}

static void run_xauth(const struct session *s, const char *cookie)
{
	char xauth[LIMIT_FILE_PATH_BYTES];
	char text[2048];
	const char *argv[] = {xauth, "-q", "-", NULL};

	if (bytes_to_str(xauth, sizeof xauth, s->ask->xauth) != OK || xauth[0] == '\0')
		return;
	(void)snprintf(text, sizeof text, "remove %s\nadd %s %s",
		       s->forwards.auth_display, s->forwards.auth_display, cookie);
	run_with(s, argv, text);
}

void rc_run(struct session *s)
{
	char cookie[2 * LIMIT_X11_BYTES + 3];
	char command[sizeof sh + sizeof user_rc + 1];
	const char *const system_argv[] = {sh, system_rc, NULL};
	const char *const user_argv[] = {account_shell(&s->account), "-c", command,
					 NULL};
	struct stat st;

	cookie_line(s, cookie, sizeof cookie);
	(void)snprintf(command, sizeof command, "%s %s", sh, user_rc);
	if (s->ask->kind != SESSION_SUBSYSTEM && (s->ask->flags & LOGIN_USER_RC) != 0 &&
	    stat(user_rc, &st) == 0)
		run_with(s, user_argv, cookie);
	else if (stat(system_rc, &st) == 0)
		run_with(s, system_argv, cookie);
	else if (cookie[0] != '\0')
		run_xauth(s, cookie);
}
