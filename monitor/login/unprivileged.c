/*
 * Where a login helper gives up its rights: before a password is hashed, and while the user's
 * program runs. The only file here that knows common/sandbox.h.
 */
#include <pwd.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "monitor/login/login.h"

enum err unprivileged_verify(const struct child *c)
{
	const int keep[] = {STDERR_FILENO, c->sock};
	struct sandbox_plan plan = {.role = ROLE_VERIFY,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = sizeof keep / sizeof keep[0]};
	struct sandbox_layers layers = {0};
	const char *name = c->nobody != NULL ? c->nobody : "nobody";
	const struct passwd *pw = geteuid() == 0 ? getpwnam(name) : NULL;

	if (geteuid() == 0 && pw == NULL) {
		log_error("login: there is no account %s to check passwords with",
			  name);
		return ERR_SANDBOX;
	}
	if (pw != NULL) {
		plan.uid = pw->pw_uid;
		plan.gid = pw->pw_gid;
	}
	return sandbox_enter(&plan, &layers);
}

enum err unprivileged_wait(const struct account *a, const int *keep, size_t n_keep,
			   const char *own_dir)
{
	struct sandbox_plan plan = {.role = ROLE_SESSION,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = n_keep,
				    .own_dir = own_dir};
	struct sandbox_layers layers = {0};

	if (geteuid() == 0) {
		plan.uid = a->pw.pw_uid;
		plan.gid = a->pw.pw_gid;
	}
	return sandbox_enter(&plan, &layers);
}
