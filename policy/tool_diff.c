/*
 * sallyport-policy diff: which decisions a new script would change. The cases' own "want" does not
 * count; what is compared are the two scripts, texts for people included.
 */
#include <stdio.h>
#include <string.h>

#include "policy/tool.h"

struct diff {
	struct script_file old, new;
	unsigned asked, changed;
};

static void side(const struct outcome *o)
{
	const char *sep = "";
	const char *field;
	json_t *v;

	(void)fputs(json_string_value(json_object_get(o->decision, "verdict")), stdout);
	json_object_foreach(o->decision, field, v)
	{
		if (strcmp(field, "verdict") == 0)
			continue;
		(void)printf("%s %s=", sep, field);
		json_print(stdout, v);
		sep = ",";
	}
	if (o->where[0] != '\0')
		(void)printf(" (%s)", o->where);
	(void)putchar('\n');
}

static void compare(struct diff *d, const char *where, const struct outcome *old,
		    const struct outcome *new)
{
	d->asked++;
	if (json_equal(old->decision, new->decision))
		return;
	d->changed++;
	(void)printf("changed %s\n  - ", where);
	side(old);
	(void)fputs("  + ", stdout);
	side(new);
}

/* One step in both; the scripts may go different ways from here on, as they would in life. */
static enum err both(struct diff *d, struct trial *t[2], const struct fixture_step *s,
		     const char *where)
{
	struct outcome old, new;
	enum err e = trial_step(t[0], s, &old);

	if (e != OK)
		return e;
	e = trial_step(t[1], s, &new);
	if (e == OK) {
		compare(d, where, &old, &new);
		outcome_wipe(&new);
	}
	outcome_wipe(&old);
	return e;
}

static enum err diff_case(struct diff *d, const char *path,
			  const struct fixture_case *c)
{
	struct trial *t[2] = {script_trial(&d->old, false),
			      script_trial(&d->new, false)};
	enum err e = t[0] != NULL && t[1] != NULL ? OK : ERR_MEMORY;
	char where[LIMIT_WHY_BYTES];

	for (size_t i = 0; e == OK && i < 2; i++)
		trial_begin(t[i], c->shared);
	for (size_t i = 0; e == OK && i < c->n_steps; i++) {
		(void)snprintf(where, sizeof where, "%s: %s, step %zu (%s)", path,
			       c->name, i + 1, policy_events[c->step[i].event].name);
		e = both(d, t, &c->step[i], where);
	}
	trial_free(t[0]);
	trial_free(t[1]);
	return e;
}

static enum err diff_file(struct diff *d, const char *path)
{
	struct fixture f = {0};
	struct why why;
	enum err e = fixture_load(path, false, &f, &why);

	if (e != OK) {
		(void)tool_cannot("%s", why.text);
		return e;
	}
	for (size_t i = 0; e == OK && i < f.n; i++)
		e = diff_case(d, path, &f.item[i]);
	if (e != OK)
		(void)tool_cannot("%s: %s", path, err_text(e));
	fixture_wipe(&f);
	return e;
}

static bool load(const char *path, struct script_file *s)
{
	if (script_read(path, s) == OK && s->good)
		return true;
	(void)tool_cannot("%s", s->why);
	return false;
}

static enum tool_exit diff_files(struct diff *d, const struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (diff_file(d, files->path[i]) != OK)
			return TOOL_CANNOT;
	(void)printf("%u of %u decisions would change\n", d->changed, d->asked);
	return d->changed > 0 ? TOOL_BAD : TOOL_OK;
}

enum tool_exit tool_diff(int argc, char **argv)
{
	struct diff d = {0};
	struct files files = {0};
	enum tool_exit code = TOOL_CANNOT;
	bool good;

	/* diff OLD NEW --corpus PATH... */
	if (argc < 5 || strcmp(argv[3], "--corpus") != 0)
		return tool_usage("diff");
	good = load(argv[1], &d.old) && load(argv[2], &d.new);
	for (int i = 4; good && i < argc; i++) {
		good = files_add(&files, argv[i]) == OK;
		if (!good)
			(void)tool_cannot("%s: cannot be read", argv[i]);
	}
	if (good && files.n == 0)
		(void)tool_cannot("there is no file that ends in .json");
	else if (good)
		code = diff_files(&d, &files);
	files_wipe(&files);
	script_wipe(&d.old);
	script_wipe(&d.new);
	return code;
}
