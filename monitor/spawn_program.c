/*
 * Starts one of our programs: exec'd with one socket at descriptor 3 and nothing else of ours, as all other
 * descriptors are close-on-exec.
 */
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/spawn.h"

#define SOCKET_FD 3

static bool has_program(const char *dir, const char *name)
{
	char path[1200];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, X_OK) == 0;
}

enum err spawn_find_programs(struct monitor *m)
{
	char self[1024];
	char dir[1100];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return ERR_SYSTEM;
	self[n] = '\0';
	(void)snprintf(dir, sizeof dir, "%s", dirname(self));
	if (!has_program(dir, "sallyport-worker")) {
		n = (ssize_t)strlen(dir);
		(void)snprintf(dir + n, sizeof dir - (size_t)n,
			       "/../libexec/sallyport");
	}
	if (!has_program(dir, "sallyport-worker") || strlen(dir) >= sizeof m->bin_dir) {
		log_fatal("sallyport-worker is neither beside sallyportd nor in %s: "
			  "run make, or make install",
			  dir);
		return ERR_FILE;
	}
	memcpy(m->bin_dir, dir, strlen(dir) + 1);
	return OK;
}

/* posix_spawn shares our memory until the exec, so no copy of a key is ever made. */
static enum err start_program(struct monitor *m, const char *name, char *const argv[],
			      int sock)
{
	static char path_env[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const envp[] = {path_env, m->code_page[0] ? m->code_page : NULL, NULL};
	char path[1200];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	pid_t pid;
	int rc;

	(void)snprintf(path, sizeof path, "%s/%s", m->bin_dir, name);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
					 0);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, sock, SOCKET_FD);
	posix_spawn_file_actions_addclosefrom_np(&actions, SOCKET_FD + 1);
	rc = posix_spawn(&pid, path, &actions, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0) {
		log_error("%s: %s", path, strerror(rc));
		return ERR_FILE;
	}
	log_debug("started %s as process %ld", name, (long)pid);
	return OK;
}

enum err spawn_program(struct monitor *m, const char *name, const char *argument,
		       const char *user, int *out)
{
	static char socket_word[] = "--socket", user_word[] = "--user";
	char program[64], mode[64], socket_text[8], user_text[64];
	char *argv[8] = {program};
	size_t n = 1;
	int pair[2];
	enum err e = ipc_pair(pair);

	if (e != OK)
		return e;
	(void)snprintf(program, sizeof program, "%s", name);
	(void)snprintf(mode, sizeof mode, "%s", argument != NULL ? argument : "");
	(void)snprintf(socket_text, sizeof socket_text, "%d", SOCKET_FD);
	(void)snprintf(user_text, sizeof user_text, "%s", user != NULL ? user : "");
	if (argument != NULL)
		argv[n++] = mode;
	argv[n++] = socket_word;
	argv[n++] = socket_text;
	if (user != NULL && geteuid() == 0) {
		argv[n++] = user_word;
		argv[n++] = user_text;
	}
	e = start_program(m, name, argv, pair[1]);
	close(pair[1]);
	if (e == OK)
		*out = pair[0];
	else
		close(pair[0]);
	return e;
}
