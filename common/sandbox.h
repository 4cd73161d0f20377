/*
 * The walls around every process but the monitor: namespaces, an empty root, no rights,
 * Landlock, seccomp. sandbox.def has the tables. Each role goes
 *
 *	sandbox_filter_make(role, &filter)      while memory files may still be written
 *	sandbox_namespaces(&plan, &layers)      before anything is read from anywhere
 *	...                                     opens, resolves, warms up what it must
 *	sandbox_drop(&plan, &layers)            from here on it has no right to anything
 *	sandbox_filter_load(&filter, &layers)   the last step, and for good
 *
 * A worker is forked from a nursery that did all this, and loads ROLE_WORKER's filter,
 *which takes away what only the nursery needs.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <sys/types.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/sandbox_filter.h"
#include "common/sandbox_table.h"

#define SANDBOX_KEEP_ID ((uid_t)-1) /* go on as the user we are */

/* What the caller knows and the tables do not. */
struct sandbox_plan {
	enum sandbox_role role;
	uid_t
	    uid; /* whom to become; SANDBOX_KEEP_ID where that cannot or need not be */
	gid_t gid;
	const int *keep; /* descriptors that stay open; all others are closed */
	size_t n_keep;
	const char *own_dir; /* SESSION: what stands in this folder may be removed, and
				the folder; NULL for nothing */
};

/* What stands so far. Starts as {0}; each step adds to it, also where it fails. */
struct sandbox_layers {
	unsigned wanted;        /* ON(layer) bits of what this role is to have here */
	unsigned on;            /* those that stand */
	int error[LAYER_COUNT]; /* errno of those that do not */
	unsigned landlock_abi;  /* 0: the kernel has none */
	bool strict;            /* started with all rights: what fails is an error */
};

/*
 * Closes all descriptors but plan->keep, leaves the host's namespaces for new ones and
 * the file tree for an empty one (a connector's holds its FILE_READ rows, read-only).
 * Where the role has a pid namespace it returns in a new process, first of that
 * namespace, in a session of its own; the caller's process ends with status 0 and the
 * child falls to the nearest PR_SET_CHILD_SUBREAPER. To be called with one thread,
 * before stdio was used. layers: a layer that an ordinary user, or root without
 * CAP_SYS_ADMIN, cannot have is left out and its errno is kept Errors: ERR_SANDBOX with
 * CAP_SYS_ADMIN a layer failed that the kernel has; ERR_RANGE too many descriptors;
 * ERR_SYSTEM fork failed
 */
MUST_CHECK enum err sandbox_namespaces(const struct sandbox_plan *plan,
				       struct sandbox_layers *layers);

/*
 * Becomes plan->uid and gid without other groups, gives up every capability for good,
 * sets no-new-privileges, the role's rlimits, undumpable, and a Landlock domain with
 * every right that the running kernel knows. Errors: ERR_SANDBOX as for
 * sandbox_namespaces, and always where the user cannot be changed or a capability is
 * left
 */
MUST_CHECK enum err sandbox_drop(const struct sandbox_plan *plan,
				 struct sandbox_layers *layers);

/*
 * Does it all for a role that has nothing to do between the steps: makes the filter,
 * namespaces, drop, loads the filter.
 * Errors: as the steps
 */
MUST_CHECK enum err sandbox_enter(const struct sandbox_plan *plan,
				  struct sandbox_layers *layers);

/*
 * Writes the layers that stand, then those that do not and why, for the start-up line:
 * "seccomp landlock(7) ... undumpable; without: net-ns (Operation not permitted)".
 * Gives:  out, cut at its end where need be
 */
const char *sandbox_layers_text(const struct sandbox_layers *layers,
				char out[LIMIT_LAYERS_BYTES]);

#endif
