/*
 * Whoever can change a program of PolicyHelper has a say in who is let in: it and the folders
 * above it must belong to root or to us, and be closed to others. Read at start and reload only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/helper_check.h"

enum { OTHERS_WRITE = 022, ANYBODY_RUNS = 0111, STICKY = 01000 };

static enum err refuse(const struct policy_helper *h, const char *path,
		       const char *what, const char *remedy)
{
	log_error("PolicyHelper %s: %s: %s%s%s", h->name, path, what,
		  remedy != NULL ? ": " : "", remedy != NULL ? remedy : "");
	return ERR_CONFIG;
}

static enum err closed_to_others(const struct policy_helper *h, const char *path,
				 const struct stat *st)
{
	/* what lies in a sticky folder can be replaced by its owner only */
	bool shared = S_ISDIR(st->st_mode) && (st->st_mode & STICKY) != 0;

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return refuse(h, path, "belongs to neither root nor the gateway's user",
			      "use chown");
	if ((st->st_mode & OTHERS_WRITE) != 0 && !shared)
		return refuse(h, path, "can be changed by others", "use chmod go-w");
	return OK;
}

/* The folders from / on: path is cut and mended at each slash. */
static enum err folders_check(const struct policy_helper *h, char *path)
{
	struct stat st;
	enum err e = OK;

	for (char *slash = path; slash != NULL && e == OK;
	     slash = strchr(slash + 1, '/')) {
		char keep = slash[1];

		/* "/" itself, then "/a/" and so on: a link is followed as by exec */
		slash[1] = '\0';
		e = stat(path, &st) != 0 ? refuse(h, path, strerror(errno), NULL)
					 : closed_to_others(h, path, &st);
		slash[1] = keep;
	}
	return e;
}

static enum err program_check(const struct policy_helper *h)
{
	char path[LIMIT_FILE_PATH_BYTES];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s", h->argv[0]);
	enum err e;

	if (n < 0 || (size_t)n >= sizeof path)
		return refuse(h, h->argv[0], "the path is too long", NULL);
	if (stat(path, &st) != 0)
		return refuse(h, path, strerror(errno),
			      "the path of a program is wanted");
	if (!S_ISREG(st.st_mode))
		return refuse(h, path, "is no file", "the path of a program is wanted");
	if ((st.st_mode & ANYBODY_RUNS) == 0)
		return refuse(h, path, "cannot be run", "use chmod +x");
	e = closed_to_others(h, path, &st);
	return e != OK ? e : folders_check(h, path);
}

static enum err arguments_check(const struct policy_helper *h)
{
	size_t n = 0;

	for (const char *const *word = h->argv; *word != NULL; word++)
		n += strlen(*word) + sizeof(uint32_t);
	return n <= LIMIT_HELPER_ARGV_BYTES
		   ? OK
		   : refuse(h, h->argv[0], "its arguments are too long", NULL);
}

static enum err name_check(const struct settings *set, size_t i)
{
	const struct policy_helper *h = set->policy_helper.item;

	for (size_t k = 0; k < i; k++)
		if (strcmp(h[k].name, h[i].name) == 0)
			return refuse(&h[i], h[i].argv[0], "the name is taken by",
				      h[k].argv[0]);
	return OK;
}

enum err helpers_check(const struct settings *set)
{
	enum err all = OK, e;

	for (size_t i = 0; i < set->policy_helper.n; i++) {
		const struct policy_helper *h = &set->policy_helper.item[i];

		if ((e = name_check(set, i)) != OK || (e = arguments_check(h)) != OK ||
		    (e = program_check(h)) != OK)
			all = e;
	}
	return all;
}
