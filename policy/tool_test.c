/*
 * sallyport-policy test: fixtures against scripts, ok or FAIL for each case, and what no case
 * reached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tool.h"

struct suite {
	struct script_file *script;
	size_t n_scripts;
	unsigned passed, failed;
	unsigned long coverage; /* percent of lines that each script must have */
	bool quiet, times, cannot;
};

/* The case under way, for what is said of it. */
struct report {
	const struct fixture_step *step;
	const char *file, *name;
	size_t number, steps;
	const struct outcome *outcome;
	bool failed, broken;
};

static struct script_file *script_of(struct suite *s, const char *path)
{
	struct script_file *grown;

	for (size_t i = 0; i < s->n_scripts; i++)
		if (strcmp(s->script[i].path, path) == 0)
			return &s->script[i];
	grown = realloc(s->script, (s->n_scripts + 1) * sizeof *grown);
	if (grown == NULL)
		return NULL;
	s->script = grown;
	grown[s->n_scripts] = (struct script_file){0};
	if (script_read(path, &grown[s->n_scripts]) != OK) {
		(void)tool_cannot("%s", grown[s->n_scripts].why);
		return NULL;
	}
	return &grown[s->n_scripts++];
}

/* The first thing that is wrong with a case begins its report. */
static void begin_report(struct report *r)
{
	if (!r->failed)
		(void)printf("FAIL %s: %s\n", r->file, r->name);
	r->failed = true;
	(void)fputs("     ", stdout);
	if (r->steps > 1)
		(void)printf("step %zu (%s): ", r->number,
			     policy_events[r->step->event].name);
}

static void on_differs(void *ctx, const char *field, json_t *want, json_t *got)
{
	struct report *r = ctx;

	/* of a script that failed there is but one thing to say */
	if (r->broken && strcmp(field, "verdict") != 0)
		return;
	begin_report(r);
	(void)printf("%s: want ", field);
	json_print(stdout, want);
	(void)fputs(", got ", stdout);
	json_print(stdout, got);
	if (r->outcome->where[0] != '\0')
		(void)printf(" (%s)", r->outcome->where);
	(void)putchar('\n');
}

static bool verdict_is(json_t *decision, const char *name)
{
	return strcmp(json_string_value(json_object_get(decision, "verdict")), name) ==
	       0;
}

static void judge(struct report *r)
{
	const json_t *call;
	size_t i;

	json_array_foreach(r->outcome->calls, i, call)
	{
		if (!r->outcome->no_answer || json_object_get(call, "ok") != NULL)
			continue;
		begin_report(r);
		(void)fputs("no answer in \"helpers\" for ", stdout);
		json_print(stdout, json_object_get(call, "name"));
		(void)putchar('\n');
	}
	r->broken = verdict_is(r->outcome->decision, "error") &&
		    !verdict_is(r->step->want, "error");
	(void)fixture_compare(r->step->want, r->outcome->decision, on_differs, r);
}

static enum err run_case(struct suite *s, struct script_file *script,
			 const struct fixture_case *c, struct report *r)
{
	struct trial *t = script_trial(script, true);
	struct outcome outcome;
	enum err e = t != NULL ? OK : ERR_MEMORY;

	if (e == OK)
		trial_begin(t, c->shared);
	for (size_t i = 0; e == OK && i < c->n_steps && !r->failed; i++) {
		r->step = &c->step[i];
		r->number = i + 1;
		script->heard |= POLICY_BIT(r->step->event);
		e = trial_step(t, r->step, &outcome);
		if (e != OK)
			break;
		r->outcome = &outcome;
		judge(r);
		outcome_wipe(&outcome);
	}
	trial_free(t);
	if (e == OK && s->times)
		e = times_measure(script, c);
	if (e == OK && r->failed)
		s->failed++;
	else if (e == OK)
		s->passed++;
	if (e == OK && !r->failed && !s->quiet)
		(void)printf("ok   %s: %s\n", r->file, r->name);
	return e;
}

/* A script that is refused fails each of its files once. */
static void run_file(struct suite *s, const char *path)
{
	struct fixture f = {0};
	struct script_file *script;
	struct why why;
	enum err e = fixture_load(path, true, &f, &why);

	if (e != OK) {
		(void)tool_cannot("%s", why.text);
		s->cannot = true;
		return;
	}
	script = script_of(s, f.script);
	if (script == NULL) {
		s->cannot = true;
	} else if (!script->good) {
		(void)printf("FAIL %s: %s\n", path, script->why);
		s->failed++;
	}
	for (size_t i = 0; script != NULL && script->good && i < f.n; i++) {
		struct report r = {
		    .file = path, .name = f.item[i].name, .steps = f.item[i].n_steps};

		if (run_case(s, script, &f.item[i], &r) != OK) {
			(void)tool_cannot("%s: out of memory", path);
			s->cannot = true;
		}
	}
	fixture_wipe(&f);
}

/* Gives what the program exits with. */
static enum tool_exit finish(struct suite *s)
{
	bool covered = true;

	for (size_t i = 0; i < s->n_scripts; i++)
		if (s->script[i].good && script_coverage(&s->script[i]) < s->coverage)
			covered = false;
	for (size_t i = 0; i < s->n_scripts && s->times; i++)
		times_print(&s->script[i]);
	if (!covered)
		(void)printf("FAIL coverage is below %lu %%\n", s->coverage);
	(void)printf("%u passed, %u failed\n", s->passed, s->failed);
	for (size_t i = 0; i < s->n_scripts; i++)
		script_wipe(&s->script[i]);
	free(s->script);
	if (s->cannot)
		return TOOL_CANNOT;
	return s->failed > 0 || !covered ? TOOL_BAD : TOOL_OK;
}

/* Takes the options; gives the index of the first path, or 0. */
static int options(struct suite *s, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		char *end = argv[i];

		if (strcmp(argv[i], "-q") == 0) {
			s->quiet = true;
		} else if (strcmp(argv[i], "--times") == 0) {
			s->times = true;
		} else if (strcmp(argv[i], "--coverage") == 0 && i + 1 < argc) {
			s->coverage = strtoul(argv[++i], &end, 10);
			if (*end != '\0' || end == argv[i] ||
			    s->coverage > LIMIT_PERCENT)
				return 0;
		} else {
			return 0;
		}
	}
	return i < argc ? i : 0;
}

enum tool_exit tool_test(int argc, char **argv)
{
	struct suite s = {0};
	struct files files = {0};
	int first = options(&s, argc, argv);
	bool listed = true;

	if (first == 0)
		return tool_usage("test");
	for (int i = first; i < argc && listed; i++) {
		listed = files_add(&files, argv[i]) == OK;
		if (!listed)
			(void)tool_cannot("%s: cannot be read", argv[i]);
	}
	if (listed && files.n == 0)
		(void)tool_cannot("there is no file that ends in .json");
	s.cannot = !listed || files.n == 0;
	for (size_t i = 0; i < files.n; i++)
		run_file(&s, files.path[i]);
	files_wipe(&files);
	return finish(&s);
}
