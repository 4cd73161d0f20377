/*
 * Each layer's evidence: not what sandbox.c says it did, but what /proc shows of a whole
 * leaf from outside, and what a leaf without the filter sees from inside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sandbox_check_private.h"

#define PAUSE_MS     2
#define STATUS_BYTES 4096
#define LINE_BYTES   512

enum { STAGE_NONE, STAGE_WAITING, STAGE_GO };

/* What one role showed. */
struct evidence {
	const struct check_board *board;
	char status[STATUS_BYTES]; /* /proc/PID/status of a whole leaf */
};

/* Tells a layer's evidence in found. Gives: whether it is as it should be */
typedef bool evidence_fn(const struct check_world *w, enum sandbox_role role,
			 const struct evidence *ev, char found[LINE_BYTES]);

/* --- from inside ------------------------------------------------------- */

/* Nothing can be made in a root that is read-only or removed. The host's is left alone. */
static bool is_shut(const struct sandbox_layers *layers)
{
	if ((layers->on & SANDBOX_ON(LAYER_EMPTY_ROOT)) == 0)
		return false;
	if (mkdir("/made", S_IRWXU) != 0)
		return errno == EROFS || errno == ENOENT;
	(void)rmdir("/made");
	return false;
}

static int look_at_root(const struct check_world *w, const uint64_t *args)
{
	struct check_board *b = w->board;
	const struct dirent *entry;
	DIR *dir = opendir("/");
	size_t n = 0;

	(void)args;
	b->root[0] = '\0';
	if (dir == NULL)
		return errno;
	while ((entry = readdir(dir)) != NULL && n < sizeof b->root)
		if (entry->d_name[0] != '.')
			n += (size_t)snprintf(b->root + n, sizeof b->root - n, "%s ",
					      entry->d_name);
	closedir(dir);
	b->root_ok = is_shut(&b->layers);
	return 0;
}

static bool limit_is(int resource, rlim_t most)
{
	struct rlimit r;

	return getrlimit((__rlimit_resource_t)resource, &r) == 0 &&
	       r.rlim_max <= most && r.rlim_cur <= most;
}

static int look_inside(const struct check_world *w, const uint64_t *args)
{
	const struct sandbox_role_row *row = &sandbox_roles[args[0]];
	struct check_board *b = w->board;
	char path[LIMIT_NAME_BYTES];
	ssize_t n;
	int fd;

	for (size_t i = 0; i < CHECK_SPACES; i++) {
		(void)snprintf(path, sizeof path, "self/ns/%s", check_space_names[i]);
		n = readlinkat(w->proc_fd, path, b->spaces[i], sizeof b->spaces[i] - 1);
		b->spaces[i][n > 0 ? n : 0] = '\0';
	}
	b->limits_ok =
	    limit_is(RLIMIT_NOFILE, row->files) &&
	    limit_is(RLIMIT_FSIZE,
		     (rlim_t)sandbox_file_bytes((enum sandbox_role)args[0])) &&
	    limit_is(RLIMIT_CORE, 0) && limit_is(RLIMIT_MEMLOCK, 0);
#if !defined(__SANITIZE_ADDRESS__)
	b->limits_ok = b->limits_ok && limit_is(RLIMIT_AS, (rlim_t)row->mib << 20);
#endif
	b->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	errno = 0;
	fd = openat(w->proc_fd, "version", O_RDONLY | O_CLOEXEC);
	b->through_fd = fd < 0 ? errno : 0;
	return 0;
}

/* Waits, in a whole leaf, until it has been looked at. poll and close are every role's. */
static int look_pause(const struct check_world *w, const uint64_t *args)
{
	(void)args;
	atomic_store(&w->board->stage, STAGE_WAITING);
	while (atomic_load(&w->board->stage) != STAGE_GO)
		(void)poll(NULL, 0, PAUSE_MS);
	return 0;
}

/* --- from outside ------------------------------------------------------ */

static void read_status(const struct check_world *w, const struct check_cell *cell,
			char out[STATUS_BYTES])
{
	char path[LIMIT_NAME_BYTES];
	ssize_t n = 0;
	int fd, tries = 1000;

	atomic_store(&w->board->stage, STAGE_NONE);
	check_try_begin(cell, CHECK_WHOLE, look_pause, NULL);
	while (atomic_load(&w->board->stage) != STAGE_WAITING && tries-- > 0)
		(void)poll(NULL, 0, PAUSE_MS);
	(void)snprintf(path, sizeof path, "/proc/%d/status",
		       atomic_load(&w->board->pid));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, STATUS_BYTES - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	atomic_store(&w->board->stage, STAGE_GO);
	(void)check_try_end(cell);
}

/* Copies the value of a line of /proc/PID/status, blanks trimmed; "?" where there is none. */
static const char *status_value(const struct evidence *ev, const char *name,
				char out[LIMIT_NAME_BYTES])
{
	const char *p = strstr(ev->status, name);
	size_t n;

	(void)snprintf(out, LIMIT_NAME_BYTES, "?");
	if (p == NULL)
		return out;
	p += strlen(name);
	p += strspn(p, " \t");
	n = strcspn(p, "\n");
	(void)snprintf(out, LIMIT_NAME_BYTES, "%.*s", (int)n, p);
	return out;
}

/* --- the layers -------------------------------------------------------- */

static bool space_own(const struct check_world *w, const struct evidence *ev, size_t i,
		      char found[LINE_BYTES])
{
	bool own = ev->board->spaces[i][0] != '\0' &&
		   strcmp(ev->board->spaces[i], w->spaces[i]) != 0;

	(void)snprintf(found, LINE_BYTES, "%s, host %s", ev->board->spaces[i],
		       w->spaces[i]);
	return own;
}

#define SPACE_EVIDENCE(name, index)                                                    \
	static bool name(const struct check_world *w, enum sandbox_role role,          \
			 const struct evidence *ev, char found[LINE_BYTES])            \
	{                                                                              \
		(void)role;                                                            \
		return space_own(w, ev, index, found);                                 \
	}
SPACE_EVIDENCE(user_own, 0)
SPACE_EVIDENCE(net_own, 1)
SPACE_EVIDENCE(mount_own, 2)
SPACE_EVIDENCE(ipc_own, 3)
SPACE_EVIDENCE(uts_own, 4)
SPACE_EVIDENCE(pid_own, 5)

static bool root_empty(const struct check_world *w, enum sandbox_role role,
		       const struct evidence *ev, char found[LINE_BYTES])
{
	const char *want = role == ROLE_CONNECTOR ? "etc " : "";

	(void)w;
	(void)snprintf(found, LINE_BYTES, "holds: %s; %s", ev->board->root,
		       ev->board->root_ok ? "read-only" : "writable");
	return ev->board->root_ok && strcmp(ev->board->root, want) == 0;
}

static bool caps_none(const struct check_world *w, enum sandbox_role role,
		      const struct evidence *ev, char found[LINE_BYTES])
{
	static const char *const sets[] = {
	    "CapInh:", "CapPrm:", "CapEff:", "CapAmb:", "CapBnd:"};
	char value[LIMIT_NAME_BYTES];
	bool ok = true;
	size_t n = 0;

	(void)w;
	(void)role;
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		n += (size_t)snprintf(
		    found + n, LINE_BYTES - n, "%s%llx ", sets[i],
		    strtoull(status_value(ev, sets[i], value), NULL, 16));
		/* the bounding set goes with CAP_SETPCAP only; no-new-privileges shuts it too */
		if (i + 1 < sizeof sets / sizeof sets[0] || ev->board->layers.strict)
			ok = ok && strspn(value, "0") == strlen(value);
	}
	return ok;
}

static bool privs_none(const struct check_world *w, enum sandbox_role role,
		       const struct evidence *ev, char found[LINE_BYTES])
{
	char value[LIMIT_NAME_BYTES];

	(void)w;
	(void)role;
	(void)snprintf(found, LINE_BYTES, "NoNewPrivs:%s",
		       status_value(ev, "NoNewPrivs:", value));
	return strcmp(value, "1") == 0;
}

static bool limits_set(const struct check_world *w, enum sandbox_role role,
		       const struct evidence *ev, char found[LINE_BYTES])
{
	const struct sandbox_role_row *row = &sandbox_roles[role];

	(void)w;
	(void)snprintf(found, LINE_BYTES, "%zu files, %zu MiB: %s", row->files,
		       row->mib, ev->board->limits_ok ? "set" : "not set");
	return ev->board->limits_ok;
}

static bool dump_off(const struct check_world *w, enum sandbox_role role,
		     const struct evidence *ev, char found[LINE_BYTES])
{
	(void)w;
	(void)role;
	(void)snprintf(found, LINE_BYTES, "PR_GET_DUMPABLE: %d", ev->board->dumpable);
	return ev->board->dumpable == 0;
}

static bool landlock_holds(const struct check_world *w, enum sandbox_role role,
			   const struct evidence *ev, char found[LINE_BYTES])
{
	(void)w;
	(void)role;
	(void)snprintf(found, LINE_BYTES, "ABI %u; a file beneath an open folder: %s",
		       ev->board->layers.landlock_abi,
		       ev->board->through_fd == 0
			   ? "opened"
			   : strerrorname_np(ev->board->through_fd));
	return ev->board->through_fd == EACCES;
}

static bool filter_on(const struct check_world *w, enum sandbox_role role,
		      const struct evidence *ev, char found[LINE_BYTES])
{
	char mode[LIMIT_NAME_BYTES], filters[LIMIT_NAME_BYTES];

	(void)w;
	(void)role;
	(void)snprintf(found, LINE_BYTES, "Seccomp:%s Seccomp_filters:%s",
		       status_value(ev, "Seccomp:", mode),
		       status_value(ev, "Seccomp_filters:", filters));
	return strcmp(mode, "2") == 0;
}

static const struct layer_check {
	const char *want;
	evidence_fn *look;
} layer_checks[LAYER_COUNT] = {
    [LAYER_USER_NS] = {"its own",               user_own      },
    [LAYER_NET_NS] = {"its own",               net_own       },
    [LAYER_MOUNT_NS] = {"its own",               mount_own     },
    [LAYER_IPC_NS] = {"its own",               ipc_own       },
    [LAYER_UTS_NS] = {"its own",               uts_own       },
    [LAYER_PID_NS] = {"its own",               pid_own       },
    [LAYER_EMPTY_ROOT] = {"nothing but FILE_READ", root_empty    },
    [LAYER_CAPS] = {"none",                  caps_none     },
    [LAYER_NO_NEW_PRIVS] = {"set",                   privs_none    },
    [LAYER_RLIMITS] = {"as ROLE says",          limits_set    },
    [LAYER_UNDUMPABLE] = {"0",                     dump_off      },
    [LAYER_LANDLOCK] = {"refuses",               landlock_holds},
    [LAYER_SECCOMP] = {"filter",                filter_on     },
};

static void print_layer(struct check_world *w, enum sandbox_role role,
			const struct evidence *ev, enum sandbox_layer layer)
{
	const struct check_board *b = ev->board;
	unsigned bit = SANDBOX_ON(layer);
	const char *want = layer_checks[layer].want;
	char found[LINE_BYTES];
	bool there = layer_checks[layer].look(w, role, ev, found);
	/* what this role or this user is not to have must not be there by accident either */
	bool ok = there == ((b->layers.on & bit) != 0);
	const char *verdict;

	if ((b->layers.wanted & bit) == 0) {
		want = "the host's";
	} else if ((b->layers.on & bit) == 0) {
		want = strerror(b->layers.error[layer]);
		ok = ok && !b->layers.strict;
	}
	verdict = check_count(w, ok);
	if (!w->quiet || !ok)
		printf("%-9s  %-12s  %-22s  %-60.60s  %s\n", sandbox_roles[role].name,
		       sandbox_layer_names[layer], want, found, verdict);
}

static void print_account(struct check_world *w, enum sandbox_role role,
			  const struct evidence *ev)
{
	char uid[LIMIT_NAME_BYTES], groups[LIMIT_NAME_BYTES], want[LIMIT_NAME_BYTES];
	const char *verdict;
	bool ok;

	(void)status_value(ev, "Uid:", uid);
	(void)status_value(ev, "Groups:", groups);
	(void)snprintf(want, sizeof want, "%u\t%u\t%u\t%u", w->uid, w->uid, w->uid,
		       w->uid);
	ok = strcmp(uid, want) == 0 &&
	     (!w->root || strspn(groups, " ") == strlen(groups));
	verdict = check_count(w, ok);
	(void)snprintf(want, sizeof want, "uid %u%s", w->uid,
		       w->root ? ", no groups" : "");
	for (char *p = uid; *p != '\0'; p++)
		if (*p == '\t')
			*p = ' ';
	if (!w->quiet || !ok)
		printf("%-9s  %-12s  %-22s  Uid:%s Groups:%-*s  %s\n",
		       sandbox_roles[role].name, "account", want, uid,
		       (int)(60 - strlen("Uid: Groups:") - strlen(uid)), groups,
		       verdict);
}

void check_layers(struct check_world *w, const struct check_cell *cell)
{
	uint64_t args[CHECK_ARGS] = {(uint64_t)cell->role};
	struct evidence ev = {.board = w->board};

	(void)check_try(cell, CHECK_SPACES_ONLY, look_at_root, NULL);
	(void)check_try(cell, CHECK_NO_FILTER, look_inside, args);
	read_status(w, cell, ev.status);
	for (enum sandbox_layer i = 0; i < LAYER_COUNT; i++)
		print_layer(w, cell->role, &ev, i);
	print_account(w, cell->role, &ev);
}
