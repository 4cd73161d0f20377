/*
 * The last steps before the user's own program: terminal, records, user, home, greeting, exec.
 * Runs in the forked process. What goes wrong is said on the user's standard error, as sshd says.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monitor/login/session.h"

#define EXIT_REFUSED 254 /* as sshd: /etc/nologin, no such user */

static const char internal_sftp[] = "internal-sftp";
static const char *const sftp_servers[] = {
    "/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
    "/usr/libexec/sftp-server",     "/usr/lib/ssh/sftp-server",
    "/usr/lib/sftp-server",
};

__attribute__((format(printf, 1, 2))) static _Noreturn void refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vdprintf(STDERR_FILENO, fmt, ap);
	va_end(ap);
	_exit(EXIT_REFUSED);
}

/* With PAM, pam_nologin judges. Source: sshd(8) FILES */
static void check_nologin(const struct session *s)
{
	if ((s->ask->flags & LOGIN_PAM) != 0 || s->account.pw.pw_uid == 0)
		return;
	if (show_file("/etc/nologin", STDERR_FILENO))
		_exit(EXIT_REFUSED);
}

static void enter_home(const struct session *s)
{
	const char *home = s->account.pw.pw_dir;

	if (chdir("/") != 0 || chdir(home) != 0)
		dprintf(STDERR_FILENO, "Could not chdir to home directory %s: %s\n",
			home, strerror(errno));
}

/* What the user wrote may override the account's, but nothing that is set after it. */
static void enter_environment(struct session *s)
{
	const char *tty = env_get(&s->env, "SSH_TTY");

	if (s->ask->env_file.n == 0)
		return;
	if (env_file(&s->env, ".ssh/environment", s->ask->env_file) != OK ||
	    env_connection(&s->env, s->ask) != OK)
		refuse("The environment could not be set.\n");
	if (tty != NULL)
		env_set(&s->env, "SSH_TTY", s->io.pty.name);
}

static void show_last_login(const struct last_login *last)
{
	char when[64];
	struct tm tm;

	if (last->when == 0 || localtime_r(&last->when, &tm) == NULL ||
	    strftime(when, sizeof when, "%a %b %e %H:%M:%S %Y", &tm) == 0)
		return;
	printf("Last login: %s%s%s\r\n", when, last->host[0] != '\0' ? " from " : "",
	       last->host);
}

/* What a login shell on a terminal is greeted with, unless ~/.hushlogin is there. */
static void greet(const struct session *s)
{
	struct stat st;

	if (s->ask->pty == 0 || s->command[0] != '\0' || stat(".hushlogin", &st) == 0)
		return;
	if (s->pam.text != NULL)
		printf("%s", s->pam.text);
	if ((s->ask->flags & LOGIN_LASTLOG) != 0)
		show_last_login(&s->last);
	(void)fflush(stdout);
	if ((s->ask->flags & LOGIN_MOTD) != 0)
		(void)show_file("/etc/motd", STDOUT_FILENO);
}

/*
 * internal-sftp needs no shell, so that accounts without one can copy files. It is meant where
 * the configuration says it: a client's own "exec internal-sftp" is an ordinary command.
 */
static bool wants_sftp(const struct session *s)
{
	size_t n = sizeof internal_sftp - 1;
	bool forced = s->ask->original.n > 0 || s->ask->kind != SESSION_EXEC;

	return forced && strncmp(s->command, internal_sftp, n) == 0 &&
	       strchr(" \t", s->command[n]) != NULL;
}

static _Noreturn void exec_sftp(struct session *s)
{
	char *argv[LIMIT_SFTP_ARGS + 1] = {0};
	char *rest = s->command;
	size_t n = 0;

	while (n < LIMIT_SFTP_ARGS && (argv[n] = strsep(&rest, " \t")) != NULL)
		if (argv[n][0] != '\0')
			n++;
	argv[n] = NULL;
	for (size_t i = 0; i < sizeof sftp_servers / sizeof sftp_servers[0]; i++)
		execve(sftp_servers[i], argv, s->env.vars);
	refuse("sftp-server: not found; install openssh-sftp-server\n");
}

static _Noreturn void exec_shell(struct session *s)
{
	const char *shell = account_shell(&s->account);
	const char *slash = strrchr(shell, '/');
	const char *base = slash != NULL ? slash + 1 : shell;
	char login[PATH_MAX];
	char *const login_argv[] = {login, NULL};
	char *const command_argv[] = {(char *)base, "-c", s->command, NULL};

	/* a dash in front says "login shell" to every shell */
	(void)snprintf(login, sizeof login, "-%s", base);
	execve(shell, s->command[0] == '\0' ? login_argv : command_argv, s->env.vars);
	refuse("%s: %s\n", shell, strerror(errno));
}

_Noreturn void program_run(struct session *s)
{
	if (setsid() < 0 || stdio_take(&s->io) != OK)
		_exit(EXIT_REFUSED);
	log_open(NULL, NULL, LOG_QUIET_ALL); /* standard error is the user's now */
	if (s->recorded)
		record_login(&s->account, s->io.pty.name, s->ask->remote);
	signals_reset();
	if (account_become(&s->account) != OK)
		refuse("The account could not be entered.\n");
	/* nothing of ours reaches the user's program: no socket, no terminal's other end */
	if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0)
		refuse("Descriptors could not be closed.\n");
	check_nologin(s);
	enter_home(s);
	enter_environment(s);
	greet(s);
	rc_run(s);
	if (wants_sftp(s))
		exec_sftp(s);
	exec_shell(s);
}
