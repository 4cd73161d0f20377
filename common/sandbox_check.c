/*
 * Runs the three parts for each role, and sums up.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/sandbox_check.h"
#include "common/sandbox_check_private.h"

#define STATUS_RIGHT 0
#define STATUS_WRONG 1
#define STATUS_UNRUN 2

typedef void part_fn(struct check_world *w, const struct check_cell *cell);

static void print_head(const struct check_world *w)
{
	struct utsname u;

	if (w->quiet)
		return;
	if (uname(&u) == 0)
		printf("%s %s %s, as %s\n", u.sysname, u.release, u.machine,
		       w->root ? "root" : "an ordinary user");
	printf("\n%-9s  %-12s  %-22s  %-60s\n", "role", "layer", "expected", "found");
}

static void print_foot(void)
{
	printf("\nexpected -: no wall beneath the filter holds it; found is told, not "
	       "judged\n");
}

/* Each part for all roles, so that the layers stand together at the head. */
static enum err run_part(struct check_world *w, part_fn *part)
{
	struct check_cell cell;
	enum err e = OK;

	for (enum sandbox_role role = 0; e == OK && role < ROLE_COUNT; role++) {
		e = check_cell_open(w, role, &cell);
		if (e != OK) {
			char text[LIMIT_LAYERS_BYTES];

			printf("%s: not entered: %s\n", sandbox_roles[role].name,
			       sandbox_layers_text(&w->board->layers, text));
			return e;
		}
		part(w, &cell);
		check_cell_close(&cell);
	}
	return e;
}

int sandbox_check_main(int argc, char **argv)
{
	struct check_world w = {0};
	int status = STATUS_UNRUN;
	enum err e;

	for (int i = 1; i < argc; i++)
		w.quiet = w.quiet || strcmp(argv[i], "-q") == 0;
	e = check_world_init(&w);
	if (e == OK && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		e = ERR_SYSTEM;
	if (e != OK)
		goto out;
	print_head(&w);
	if ((e = run_part(&w, check_layers)) != OK ||
	    (e = run_part(&w, check_calls)) != OK ||
	    (e = run_part(&w, check_doors)) != OK)
		goto out;
	if (!w.quiet)
		print_foot();
	printf("sandbox: %zu tried, %zu differ: %s\n", w.tried, w.wrong,
	       w.wrong == 0 ? "ok" : "FAIL");
	status = w.wrong == 0 ? STATUS_RIGHT : STATUS_WRONG;
out:
	if (e != OK)
		(void)fprintf(stderr, "sandbox check cannot run: %s (%s)\n",
			      err_text(e), strerror(errno));
	check_world_wipe(&w);
	return status;
}
