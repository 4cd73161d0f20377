/*
 * Tries each door twice in each role: behind everything, and with the filter off, to see
 * which doors a hole in the filter would open and which another wall still holds.
 */
#include <string.h>

#include "common/sandbox_doors.h"

#define LANDLOCK_ABI_TCP    4
#define LANDLOCK_ABI_SCOPES 6
#define FAMILIES            46 /* linux/socket.h: AF_MAX of Linux 6 */

/* Everything that stands in this role, as HELD_BY bits. */
static unsigned holders(const struct check_world *w, enum sandbox_role role)
{
	const struct sandbox_layers *l = &w->board->layers;
	unsigned held = l->on;

	if (l->landlock_abi >= LANDLOCK_ABI_TCP)
		held |= HELD_BY_LANDLOCK_4;
	if (l->landlock_abi >= LANDLOCK_ABI_SCOPES)
		held |= HELD_BY_LANDLOCK_6;
	if (l->landlock_abi >= LANDLOCK_ABI_SCOPES && role != ROLE_SESSION)
		held |= HELD_BY_LANDLOCK_SIGNAL;
	if (w->root)
		held |= HELD_BY_ACCOUNT;
	return held;
}

/* "-": what could hold it does not stand on this machine, or for this user. */
static const char *wanted_whole(const struct check_door *d, unsigned role,
				unsigned held)
{
	if ((d->open & role) != 0)
		return "done";
	if ((d->refused & role) == 0)
		return "killed";
	return d->held == 0 || (d->held & held) != 0 ? "refused" : "-";
}

static const char *wanted_beneath(const struct check_door *d, unsigned role,
				  unsigned held)
{
	if ((d->open & role) != 0)
		return "done";
	return (d->held & held) != 0 ? "refused" : "-";
}

/* A filter that lets a call through must not kill; how else it ends may be anybody's. */
static bool is_right(const char *wanted, struct check_result r)
{
	if (strcmp(wanted, "done") == 0)
		return r.what == CHECK_DONE;
	if (strcmp(wanted, "refused") == 0)
		return r.what == CHECK_REFUSED;
	return strcmp(wanted, "killed") != 0 || r.what == CHECK_KILLED;
}

static void try_door(struct check_world *w, const struct check_cell *cell,
		     const struct check_door *d)
{
	unsigned role = SANDBOX_ON(cell->role);
	struct check_result whole = check_try(cell, CHECK_WHOLE, d->try_it, NULL);
	struct check_result beneath = check_try(cell, CHECK_NO_FILTER, d->try_it, NULL);
	unsigned held = holders(w, cell->role);
	const char *want_whole = wanted_whole(d, role, held);
	const char *want_beneath = wanted_beneath(d, role, held);
	char a[LIMIT_NAME_BYTES], b[LIMIT_NAME_BYTES];
	bool ok = is_right(want_whole, whole) && is_right(want_beneath, beneath);

	(void)check_count(w, ok);
	if (!w->quiet || !ok)
		printf("  %-28s  %-8s  %-14s  %-8s  %-14s  %s\n", d->name, want_whole,
		       check_result_text(whole, a), want_beneath,
		       check_result_text(beneath, b), ok ? "ok" : "FAIL");
}

static int try_family(const struct check_world *w, const uint64_t args[CHECK_ARGS])
{
	(void)w;
	return socket((int)args[0], (int)args[1], 0) < 0 ? 1 : 0;
}

/* A socket of each family, stream and datagram: which numbers come through the filter. */
static void try_families(struct check_world *w, const struct check_cell *cell)
{
	uint64_t args[CHECK_ARGS] = {0};
	struct check_result r;
	bool inet, ok = true;
	size_t done = 0;

	for (uint64_t family = 0; family < FAMILIES; family++)
		for (uint64_t type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
			args[0] = family;
			args[1] = type;
			r = check_try(cell, CHECK_WHOLE, try_family, args);
			inet = cell->role == ROLE_CONNECTOR &&
			       (family == AF_INET || family == AF_INET6);
			done += r.what == CHECK_DONE;
			ok = ok && (r.what == CHECK_DONE) <= inet;
		}
	(void)check_count(w, ok);
	if (!w->quiet || !ok)
		printf("  %-28s  %s; %zu of %d came through  %s\n",
		       "socket of each family",
		       cell->role == ROLE_CONNECTOR ? "inet and inet6 only" : "none",
		       done, 2 * FAMILIES, ok ? "ok" : "FAIL");
}

void check_doors(struct check_world *w, const struct check_cell *cell)
{
	if (!w->quiet)
		printf("\n%s: doors\n  %-28s  %-8s  %-14s  %-8s  %-14s\n",
		       sandbox_roles[cell->role].name, "", "expected", "happened",
		       "expected", "happened without the filter");
	for (size_t i = 0; i < check_n_doors; i++)
		try_door(w, cell, &check_door_rows[i]);
	try_families(w, cell);
}
