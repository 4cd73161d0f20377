/*
 * Landlock: handles every right that the running kernel knows, found by asking it bit
 * by bit, so that a kernel newer than this file is used whole. Source:
 * linux/landlock.h, landlock(7)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox_private.h"

/* struct landlock_ruleset_attr as of ABI 6; older headers know its beginning only */
struct ruleset_attr {
	uint64_t fs;     /* ABI 1 */
	uint64_t net;    /* ABI 4 */
	uint64_t scoped; /* ABI 6 */
};

#define SCOPE_SIGNAL (1ULL << 1)

static int ruleset_make(const struct ruleset_attr *attr)
{
	size_t n = attr->scoped != 0 ? sizeof *attr
		   : attr->net != 0  ? offsetof(struct ruleset_attr, scoped)
				     : offsetof(struct ruleset_attr, net);

	return (int)syscall(SYS_landlock_create_ruleset, attr, n, 0);
}

/* Collects the bits that the kernel takes in one field; it knows them without gaps. */
static uint64_t probe(struct ruleset_attr *attr, uint64_t *field)
{
	uint64_t known = 0;
	int fd;

	for (uint64_t bit = 1; bit != 0; bit <<= 1) {
		*field = bit;
		fd = ruleset_make(attr);
		if (fd < 0)
			break;
		close(fd);
		known |= bit;
	}
	*field = 0;
	return known;
}

static struct ruleset_attr rights_known(void)
{
	struct ruleset_attr attr = {0};
	uint64_t fs = probe(&attr, &attr.fs);
	uint64_t net = probe(&attr, &attr.net);
	uint64_t scoped = probe(&attr, &attr.scoped);

	return (struct ruleset_attr){fs, net, scoped};
}

/* Allows rights beneath a path; a path that is not there needs none. */
static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	int rc;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
			  &rule, 0);
	close(rule.parent_fd);
	return rc;
}

static int allow_files(int ruleset, enum sandbox_role role)
{
	for (size_t i = 0; i < sandbox_n_files; i++)
		if ((sandbox_files[i].who & SANDBOX_ON(role)) != 0 &&
		    allow(ruleset, sandbox_files[i].path,
			  LANDLOCK_ACCESS_FS_READ_FILE) != 0)
			return -1;
	return 0;
}

/* What stands in the folder may go, and the folder, which is a change to its parent. */
static int allow_own_dir(int ruleset, const char *dir)
{
	char parent[LIMIT_PATH_BYTES + 4];

	if (dir == NULL)
		return 0;
	if (snprintf(parent, sizeof parent, "%s/..", dir) >= (int)sizeof parent) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (allow(ruleset, parent, LANDLOCK_ACCESS_FS_REMOVE_DIR) != 0)
		return -1;
	return allow(ruleset, dir, LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

enum err landlock_enter(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset_attr attr;
	int fd, error;

	if (abi < 0)
		return layer_off(layers, LAYER_LANDLOCK, errno);
	attr = rights_known();
	if (plan->role == ROLE_CONNECTOR)
		attr.net = 0; /* its work */
	if (plan->role == ROLE_SESSION)
		attr.scoped &=
		    ~SCOPE_SIGNAL; /* the user's program is not in the domain */
	fd = ruleset_make(&attr);
	if (fd < 0)
		return layer_off(layers, LAYER_LANDLOCK, errno);
	if (allow_files(fd, plan->role) != 0 || allow_own_dir(fd, plan->own_dir) != 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
		error = errno;
		close(fd);
		return layer_off(layers, LAYER_LANDLOCK, error);
	}
	close(fd);
	layers->landlock_abi = (unsigned)abi;
	layer_on(layers, LAYER_LANDLOCK);
	return OK;
}
