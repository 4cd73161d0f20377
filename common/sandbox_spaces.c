/*
 * Leaves the host: descriptors, namespaces, file tree. Runs before anything is read, so
 * it trusts all it sees. What cannot be had is recorded in layers, or is an error:
 * layer_off.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox_private.h"

#define PLACE_MODE  0555
#define TMPFS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Namespaces in the order in which they are left; the user's gives the right to the
 * rest. */
static const struct space {
	int flag;
	enum sandbox_layer layer;
} spaces[] = {
    {CLONE_NEWNS,  LAYER_MOUNT_NS},
    {CLONE_NEWNET, LAYER_NET_NS  },
    {CLONE_NEWIPC, LAYER_IPC_NS  },
    {CLONE_NEWUTS, LAYER_UTS_NS  },
};

/* Where the new root is mounted in passing, in a namespace nobody else sees. */
static const char *const places[] = {"/tmp", "/var/empty", "/proc"};

static bool has_sys_admin(void)
{
	cap_flag_value_t set = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps == NULL)
		return false;
	if (cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &set) != 0)
		set = CAP_CLEAR;
	cap_free(caps);
	return set == CAP_SET;
}

void layers_begin(enum sandbox_role role, struct sandbox_layers *layers)
{
	if (layers->wanted != 0)
		return;
	layers->strict = has_sys_admin();
	layers->wanted = sandbox_roles[role].layers;
	if (geteuid() == 0) /* it becomes another user instead */
		layers->wanted &= ~SANDBOX_ON(LAYER_USER_NS);
}

bool layer_wanted(const struct sandbox_layers *layers, enum sandbox_layer layer)
{
	return (layers->wanted & SANDBOX_ON(layer)) != 0;
}

bool layer_is_on(const struct sandbox_layers *layers, enum sandbox_layer layer)
{
	return (layers->on & SANDBOX_ON(layer)) != 0;
}

enum err layer_off(struct sandbox_layers *layers, enum sandbox_layer layer, int error)
{
	bool lacks = error == ENOSYS || error == EOPNOTSUPP || error == EINVAL;

	layers->error[layer] = error;
	return layers->strict && !lacks ? ERR_SANDBOX : OK;
}

void layer_on(struct sandbox_layers *layers, enum sandbox_layer layer)
{
	layers->on |= SANDBOX_ON(layer);
	layers->error[layer] = 0;
}

static int fd_order(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes everything between, and after, the descriptors to keep. */
static enum err close_others(const int *keep, size_t n_keep)
{
	int sorted[LIMIT_SANDBOX_KEEP];
	unsigned first = 0;

	if (n_keep > LIMIT_SANDBOX_KEEP)
		return ERR_RANGE;
	if (n_keep > 0)
		memcpy(sorted, keep, n_keep * sizeof *keep);
	qsort(sorted, n_keep, sizeof sorted[0], fd_order);
	for (size_t i = 0; i < n_keep; i++) {
		if (sorted[i] < 0)
			return ERR_RANGE;
		if ((unsigned)sorted[i] > first &&
		    syscall(SYS_close_range, first, (unsigned)sorted[i] - 1, 0) != 0)
			return ERR_SYSTEM;
		first = (unsigned)sorted[i] + 1;
	}
	return syscall(SYS_close_range, first, ~0U, 0) == 0 ? OK : ERR_SYSTEM;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* user_namespaces(7): a single id may be mapped without rights, once setgroups is shut.
 */
static int map_ids(uid_t uid, gid_t gid)
{
	char line[64];

	if (write_file("/proc/self/setgroups", "deny") != 0)
		return -1;
	(void)snprintf(line, sizeof line, "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (write_file("/proc/self/uid_map", line) != 0)
		return -1;
	(void)snprintf(line, sizeof line, "%u %u 1", (unsigned)gid, (unsigned)gid);
	return write_file("/proc/self/gid_map", line);
}

static enum err leave_user(struct sandbox_layers *layers)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!layer_wanted(layers, LAYER_USER_NS))
		return OK;
	/* an undumpable process may not map its ids; inside without them is no way back
	 */
	if (access("/proc/self/uid_map", W_OK) != 0 || unshare(CLONE_NEWUSER) != 0)
		return layer_off(layers, LAYER_USER_NS, errno);
	if (map_ids(uid, gid) != 0) {
		layers->error[LAYER_USER_NS] = errno;
		return ERR_SANDBOX;
	}
	layer_on(layers, LAYER_USER_NS);
	return OK;
}

static enum err leave_spaces(struct sandbox_layers *layers)
{
	enum err e;

	for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
		if (!layer_wanted(layers, spaces[i].layer))
			continue;
		if (unshare(spaces[i].flag) == 0)
			layer_on(layers, spaces[i].layer);
		else if ((e = layer_off(layers, spaces[i].layer, errno)) != OK)
			return e;
	}
	return OK;
}

/* Shows one file of the old tree in the new one, read-only; one that is not there, is
 * not. */
static int place_file(const char *root, const char *path)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	char at[LIMIT_PATH_BYTES];
	int fd;

	if (access(path, R_OK) != 0)
		return 0;
	if (snprintf(at, sizeof at, "%s%s", root, path) >= (int)sizeof at) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR);
	if (fd < 0)
		return -1;
	close(fd);
	if (mount(path, at, NULL, MS_BIND, NULL) != 0)
		return -1;
	return mount_setattr(AT_FDCWD, at, 0, &attr, sizeof attr);
}

static int place_files(enum sandbox_role role, const char *root)
{
	char etc[LIMIT_PATH_BYTES];
	bool made = false;

	(void)snprintf(etc, sizeof etc, "%s/etc", root);
	for (size_t i = 0; i < sandbox_n_files; i++) {
		if ((sandbox_files[i].who & SANDBOX_ON(role)) == 0)
			continue;
		if (!made && mkdir(etc, S_IRWXU | PLACE_MODE) != 0)
			return -1;
		made = true;
		if (place_file(root, sandbox_files[i].path) != 0)
			return -1;
	}
	return 0;
}

/* Mounts an empty file system and makes it the root; the old tree is let go of. */
static int root_mount(enum sandbox_role role)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	const char *place = NULL;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -1;
	for (size_t i = 0; place == NULL && i < sizeof places / sizeof places[0]; i++)
		if (mount("sallyport", places[i], "tmpfs", TMPFS_FLAGS,
			  "size=16k,nr_inodes=16,mode=0755") == 0)
			place = places[i];
	if (place == NULL || place_files(role, place) != 0 || chdir(place) != 0)
		return -1;
	/* pivot_root(2), "pivot_root(".", ".")": the old root ends on top of the new
	 * one */
	if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
		return -1;
	if (chdir("/") != 0)
		return -1;
	return mount_setattr(AT_FDCWD, "/", 0, &attr, sizeof attr);
}

/* A folder that is removed while we stand in it is empty and stays so. */
static int root_removed(void)
{
	char dir[] = "/tmp/sallyport.XXXXXX";

	if (mkdtemp(dir) == NULL)
		return -1;
	if (chdir(dir) != 0 || rmdir(dir) != 0 || chroot(".") != 0)
		return -1;
	return 0;
}

static bool role_reads_files(enum sandbox_role role)
{
	for (size_t i = 0; i < sandbox_n_files; i++)
		if ((sandbox_files[i].who & SANDBOX_ON(role)) != 0)
			return true;
	return false;
}

static enum err empty_root(enum sandbox_role role, struct sandbox_layers *layers)
{
	int error = ENOTSUP;

	if (!layer_wanted(layers, LAYER_EMPTY_ROOT))
		return OK;
	if (layer_is_on(layers, LAYER_MOUNT_NS)) {
		if (root_mount(role) == 0) {
			layer_on(layers, LAYER_EMPTY_ROOT);
			return OK;
		}
		error = errno;
	}
	if (!role_reads_files(role) && root_removed() == 0) {
		layer_on(layers, LAYER_EMPTY_ROOT);
		return OK;
	}
	return layer_off(layers, LAYER_EMPTY_ROOT, error);
}

/* The first process of the new namespace goes on; when it ends, so does all inside. */
static enum err leave_pid(struct sandbox_layers *layers)
{
	pid_t pid;

	if (!layer_wanted(layers, LAYER_PID_NS))
		return OK;
	if (unshare(CLONE_NEWPID) != 0)
		return layer_off(layers, LAYER_PID_NS, errno);
	pid = fork();
	if (pid < 0)
		return ERR_SYSTEM;
	if (pid > 0)
		_exit(0);
	(void)setsid(); /* away from the terminal; it cannot lead a group yet */
	layer_on(layers, LAYER_PID_NS);
	return OK;
}

enum err sandbox_namespaces(const struct sandbox_plan *plan,
			    struct sandbox_layers *layers)
{
	enum err e = close_others(plan->keep, plan->n_keep);

	if (e != OK)
		return e;
	layers_begin(plan->role, layers);
	e = leave_user(layers);
	if (e == OK)
		e = leave_spaces(layers);
	if (layer_is_on(layers,
			LAYER_USER_NS)) /* a new one inside would give rights again */
		(void)write_file("/proc/sys/user/max_user_namespaces", "0");
	if (e == OK)
		e = leave_pid(layers);
	return e == OK ? empty_root(plan->role, layers) : e;
}
