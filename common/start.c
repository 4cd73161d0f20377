/*
 * What the monitor tells a process of ours when it starts it. Trusted: it is root's command line.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/start.h"

enum err start_options(int argc, char **argv, int *sock, const char **user)
{
	char *end;
	long fd = -1;

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return ERR_CONFIG;
		if (strcmp(argv[i], "--user") == 0) {
			*user = argv[i + 1];
			continue;
		}
		if (strcmp(argv[i], "--socket") != 0)
			return ERR_CONFIG;
		end = NULL;
		fd = strtol(argv[i + 1], &end, 10);
		if (*end != '\0' || end == argv[i + 1])
			return ERR_CONFIG;
	}
	if (fd <= STDERR_FILENO || fd > LIMIT_WORKER_FILES)
		return ERR_CONFIG;
	*sock = (int)fd;
	return OK;
}

enum err start_account(const char *role, const char *user, struct sandbox_plan *plan)
{
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;

	if (user != NULL && pw == NULL) {
		log_fatal("%s: there is no account %s; make it, e.g. "
			  "useradd --system %s",
			  role, user, user);
		return ERR_UNKNOWN;
	}
	if (pw != NULL && geteuid() == 0) {
		plan->uid = pw->pw_uid;
		plan->gid = pw->pw_gid;
	}
	return OK;
}
