/*
 * sallyport-policy explain: one question, and how the script came to its decision.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/facts_json.h"
#include "policy/tool.h"

struct explain {
	struct script_file script;
	const char *only; /* name of the one case that is wanted; NULL: all */
	bool json, failed, found;
	json_t *facts; /* of the step under way, as the script saw them */
	json_t *read;  /* path: value, of those that it looked at */
	enum policy_event event;
};

static const char *args_of(struct span handler)
{
	enum policy_event e;

	if (handler.n > 3 &&
	    policy_event_find((struct span){handler.p + 3, handler.n - 3}, &e))
		return policy_events[e].args;
	return NULL;
}

/* The value at a path in nested objects; NULL where there is none. */
static json_t *value_at(json_t *all, const char *path)
{
	char part[LIMIT_FACT_NAME_BYTES];
	size_t n;

	while (all != NULL && *path != '\0') {
		n = strcspn(path, ".");
		if (n >= sizeof part)
			return NULL;
		memcpy(part, path, n);
		part[n] = '\0';
		all = json_object_get(all, part);
		path += n + (path[n] == '.');
	}
	return all;
}

/* Facts that stand in lines which were executed. */
static void on_use(void *ctx, const struct use *u)
{
	struct explain *x = ctx;
	char path[LIMIT_FACT_NAME_BYTES + LIMIT_NEAR_BYTES];
	json_t *value;

	if (u->kind != USE_ARGUMENT || u->line >= LIMIT_SCRIPT_LINES ||
	    x->script.did[u->line] == 0)
		return;
	(void)snprintf(path, sizeof path, "%.*s.%.*s", (int)u->name.n,
		       (const char *)u->name.p, (int)u->member.n,
		       (const char *)u->member.p);
	if (policy_fact_find(x->event, span_str(path)) == NULL)
		return;
	value = value_at(x->facts, path);
	(void)json_put(x->read, path, value != NULL ? json_incref(value) : json_null());
}

static json_t *lines_json(const struct explain *x)
{
	json_t *list = json_array();

	for (size_t i = 1; i < LIMIT_SCRIPT_LINES; i++)
		if (x->script.did[i] != 0)
			(void)json_array_append_new(list, json_integer((json_int_t)i));
	return list;
}

static void print_fields(const char *title, json_t *object)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		if (strcmp(name, "verdict") == 0)
			continue;
		(void)printf("%-9s %s = ", title, name);
		json_print(stdout, v);
		(void)putchar('\n');
		title = "";
	}
}

static void print_lines(const struct explain *x)
{
	const char *title = "lines";

	for (size_t i = 1; i < LIMIT_SCRIPT_LINES; i++) {
		struct span text = script_line(&x->script, i);

		if (x->script.did[i] == 0)
			continue;
		(void)printf("%-9s %5zu  %.*s\n", title, i, (int)text.n,
			     (const char *)text.p);
		title = "";
	}
}

static void print_text(const struct explain *x, const struct outcome *o)
{
	const char *verdict =
	    json_string_value(json_object_get(o->decision, "verdict"));
	bool none = strcmp(verdict, "none") == 0;
	json_t *call;
	size_t i;

	(void)printf("%-9s on_%s\n", "handler", policy_events[x->event].name);
	(void)printf("%-9s %s%s\n", "decision", verdict,
		     none && !o->told ? ": the configuration's rules decide" : "");
	if (o->where[0] != '\0')
		(void)printf("%-9s %s\n", "where", o->where);
	print_fields("fields", o->decision);
	if (!o->told)
		(void)printf("%-9s %u us of CPU\n", "time", o->cpu_us);
	print_lines(x);
	print_fields("facts", x->read);
	json_array_foreach(o->calls, i, call)
	{
		(void)printf("%-9s ", "helper");
		json_print(stdout, call);
		(void)putchar('\n');
	}
}

static void print_object(const struct explain *x, const struct outcome *o)
{
	json_t *all = json_pack("{s:s,s:O,s:s,s:i,s:o,s:O,s:O}", "event",
				policy_events[x->event].name, "decision", o->decision,
				"where", o->where, "cpu_us", (int)o->cpu_us, "lines",
				lines_json(x), "facts", x->read, "helpers", o->calls);

	json_print(stdout, all);
	(void)putchar('\n');
	json_decref(all);
}

static enum err explain_step(struct explain *x, struct trial *t,
			     const struct fixture_step *s)
{
	struct outcome o;
	enum err e;

	memset(x->script.did, 0, LIMIT_SCRIPT_LINES);
	if ((e = trial_step(t, s, &o)) != OK)
		return e;
	x->event = s->event;
	x->facts = facts_to_json(s->facts);
	x->read = json_object();
	bytecode_uses(&x->script.code, args_of, on_use, x);
	if (x->json)
		print_object(x, &o);
	else
		print_text(x, &o);
	if (strcmp(json_string_value(json_object_get(o.decision, "verdict")),
		   "error") == 0)
		x->failed = true;
	json_decref(x->facts);
	json_decref(x->read);
	outcome_wipe(&o);
	return OK;
}

static enum err explain_case(struct explain *x, const struct fixture_case *c)
{
	struct trial *t = script_trial(&x->script, true);
	enum err e = t != NULL ? OK : ERR_MEMORY;

	if (e == OK)
		trial_begin(t, c->shared);
	for (size_t i = 0; e == OK && i < c->n_steps; i++) {
		if (i > 0 && !x->json)
			(void)putchar('\n');
		e = explain_step(x, t, &c->step[i]);
	}
	trial_free(t);
	return e;
}

static enum tool_exit explain_file(struct explain *x, const char *path)
{
	struct fixture f = {0};
	struct why why;
	enum err e = fixture_load(path, false, &f, &why);

	if (e != OK)
		return tool_cannot("%s", why.text);
	for (size_t i = 0; e == OK && i < f.n; i++) {
		if (x->only != NULL && strcmp(x->only, f.item[i].name) != 0)
			continue;
		if (f.n > 1 && !x->json)
			(void)printf("%s%s:\n", x->found ? "\n" : "", f.item[i].name);
		x->found = true;
		e = explain_case(x, &f.item[i]);
	}
	fixture_wipe(&f);
	if (e != OK)
		return tool_cannot("%s: %s", path, err_text(e));
	if (!x->found)
		return tool_cannot("%s has no case \"%s\"", path, x->only);
	return x->failed ? TOOL_BAD : TOOL_OK;
}

enum tool_exit tool_explain(int argc, char **argv)
{
	struct explain x = {0};
	enum tool_exit code;
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			x.json = true;
		else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc)
			x.only = argv[++i];
		else
			return tool_usage("explain");
	}
	if (argc - i != 2)
		return tool_usage("explain");
	if (script_read(argv[i], &x.script) != OK)
		return tool_cannot("%s", x.script.why);
	if (x.script.good) {
		code = explain_file(&x, argv[i + 1]);
	} else {
		(void)puts(x.script.why);
		code = TOOL_BAD;
	}
	script_wipe(&x.script);
	return code;
}
