/*
 * Reads fixtures. They are the operator's own files: errors are to be understood, and a mistake
 * must never make a test pass that should not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/facts_json.h"
#include "policy/fixture.h"

/* Where a member may stand. */
enum { IN_FILE = 1, IN_CASE = 2, IN_STEP = 4, IN_ANY = 7 };

static const struct member {
	const char *name;
	unsigned where;
} members[] = {
    {"script",  IN_FILE          },
    {"cases",   IN_FILE          },
    {"name",    IN_CASE | IN_STEP},
    {"shared",  IN_FILE | IN_CASE},
    {"steps",   IN_CASE          },
    {"event",   IN_CASE | IN_STEP},
    {"want",    IN_CASE | IN_STEP},
    {"now",     IN_ANY           },
    {"zone",    IN_ANY           },
    {"helpers", IN_ANY           },
    {"conn",    IN_ANY           },
    {"service", IN_ANY           },
    {"auth",    IN_ANY           },
    {"channel", IN_ANY           },
    {"request", IN_ANY           },
    {"data",    IN_ANY           },
    {"ending",  IN_ANY           },
    {"problem", IN_ANY           },
    {"line",    IN_ANY           },
    {"status",  IN_ANY           },
};
#define N_MEMBERS (sizeof members / sizeof members[0])

/* Members that are facts begin here. */
static const char first_argument[] = "conn";

static enum err check_member(const char *name, unsigned where, struct why *why)
{
	struct nearest near = nearest_begin(span_str(name));

	for (size_t i = 0; i < N_MEMBERS; i++) {
		if ((members[i].where & where) == 0)
			continue;
		if (strcmp(members[i].name, name) == 0)
			return OK;
		nearest_try(&near, members[i].name);
	}
	return why_near(why, why_say(why, "\"%s\" cannot stand here", name), &near);
}

static enum err check_members(json_t *object, unsigned where, struct why *why)
{
	const char *name;
	json_t *v;
	enum err e;

	json_object_foreach(object, name, v)
	{
		if ((e = check_member(name, where, why)) != OK)
			return e;
	}
	return OK;
}

/* Lays over onto base, objects into objects: false where there is no memory. */
static bool merge(json_t *base, json_t *over)
{
	const char *name;
	json_t *v;

	json_object_foreach(over, name, v)
	{
		json_t *old = json_object_get(base, name);

		if (json_is_object(old) && json_is_object(v)) {
			if (!merge(old, v))
				return false;
		} else if (!json_put(base, name, json_deep_copy(v))) {
			return false;
		}
	}
	return true;
}

/* Facts, now, zone and helpers of over onto base: what one level has in common for those within. */
static enum err inherit(json_t *base, json_t *over)
{
	bool argument = false;

	for (size_t i = 0; i < N_MEMBERS; i++) {
		const char *name = members[i].name;
		json_t *v = json_object_get(over, name);
		json_t *old = json_object_get(base, name);

		argument = argument || strcmp(name, first_argument) == 0;
		if (v == NULL || members[i].where != IN_ANY)
			continue;
		if (argument && json_is_object(old) && json_is_object(v)) {
			if (!merge(old, v))
				return ERR_MEMORY;
		} else if (!json_put(base, name, json_deep_copy(v))) {
			return ERR_MEMORY;
		}
	}
	return OK;
}

static bool event_has(enum policy_event e, const char *arg)
{
	const char *list = policy_events[e].args;
	size_t n = strlen(arg);

	while (*list != '\0') {
		size_t m = strcspn(list, ", ");

		if (m == n && memcmp(list, arg, n) == 0)
			return true;
		list += m;
		list += strspn(list, ", ");
	}
	return false;
}

/* An argument that stands in the step itself must be one of its event. */
static enum err check_arguments(json_t *step, enum policy_event e, struct why *why)
{
	bool argument = false;

	for (size_t i = 0; i < N_MEMBERS; i++) {
		const char *name = members[i].name;

		argument = argument || strcmp(name, first_argument) == 0;
		if (argument && json_object_get(step, name) != NULL &&
		    !event_has(e, name))
			return why_say(why, "%s has no %s: its arguments are %s",
				       policy_events[e].name, name,
				       policy_events[e].args);
	}
	return OK;
}

static enum err event_of(json_t *step, enum policy_event *out, struct why *why)
{
	json_t *v = json_object_get(step, "event");
	const char *name = json_string_value(v);
	struct nearest near;

	if (name == NULL)
		return why_say(
		    why, "\"event\" is missing, e.g. \"event\": \"user_auth_request\"");
	if (strncmp(name, "on_", 3) == 0)
		name += 3;
	if (policy_event_find(span_str(name), out))
		return OK;
	near = nearest_begin(span_str(name));
	for (size_t i = 0; i < POLICY_EVENT_COUNT; i++)
		nearest_try(&near, policy_events[i].name);
	return why_near(why, why_say(why, "there is no event %s", name), &near);
}

static enum err when_of(json_t *all, struct fixture_step *s, struct why *why)
{
	json_t *now = json_object_get(all, "now"), *zone = json_object_get(all, "zone");

	if (now != NULL && fixture_time(now, &s->now_s, &s->zone_s) != OK)
		return why_say(why,
			       "\"now\" must be seconds since 1970 or a time such as "
			       "\"2026-03-02T09:00:00+01:00\"");
	if (zone == NULL)
		return OK;
	if (!json_is_integer(zone) || json_integer_value(zone) < -LIMIT_ZONE_S ||
	    json_integer_value(zone) > LIMIT_ZONE_S)
		return why_say(
		    why, "\"zone\" must be seconds east of UTC, at most %d either way",
		    LIMIT_ZONE_S);
	s->zone_s = (int32_t)json_integer_value(zone);
	return OK;
}

/* own: the step as it stands; all: with what its case and file have in common. */
static enum err question(json_t *own, json_t *all, struct fixture_step *s,
			 struct why *why)
{
	struct wr w = {.cap = LIMIT_FACTS_BYTES};
	enum err e;

	if ((e = event_of(own, &s->event, why)) != OK ||
	    (e = check_arguments(own, s->event, why)) != OK ||
	    (e = when_of(all, s, why)) != OK)
		return e;
	if ((w.p = malloc(w.cap)) == NULL)
		return ERR_MEMORY;
	s->helpers = json_incref(json_object_get(all, "helpers"));
	if ((e = facts_from_json(&w, s->event, all, why)) == OK)
		e = wr_end(&w, &s->facts);
	if (e != OK)
		free(w.p);
	return e;
}

/* Members of want that are no field of a decision. */
static const char *const want_others[] = {"verdict", "actions", "notes"};

static enum err check_want(const char *name, enum policy_event event, struct why *why)
{
	const struct policy_field_row *row = policy_field_find(span_str(name));
	struct nearest near = nearest_begin(span_str(name));

	for (size_t i = 0; i < sizeof want_others / sizeof want_others[0]; i++) {
		if (strcmp(name, want_others[i]) == 0)
			return OK;
		nearest_try(&near, want_others[i]);
	}
	if (row != NULL && (row->events & POLICY_BIT(event)) != 0)
		return OK;
	for (size_t i = 0; i < n_policy_fields; i++)
		if ((policy_fields[i].events & POLICY_BIT(event)) != 0)
			nearest_try(&near, policy_fields[i].name);
	return why_near(why,
			why_say(why, "a decision about %s has no %s",
				policy_events[event].name, name),
			&near);
}

static enum err check_verdict(json_t *want, enum policy_event event, struct why *why)
{
	const char *text = json_string_value(json_object_get(want, "verdict"));

	for (int v = 0; text != NULL && v < POLICY_VERDICT_COUNT; v++) {
		bool can =
		    v == POLICY_NONE || v == POLICY_ERROR ||
		    (policy_events[event].verdicts & POLICY_BIT((unsigned)v)) != 0;

		if (can &&
		    strcmp(text, policy_verdict_name((enum policy_verdict)v)) == 0)
			return OK;
	}
	return why_say(why, "\"want\" needs a verdict: none, accept%s, refuse or error",
		       (policy_events[event].verdicts & POLICY_BIT(POLICY_PARTIAL)) != 0
			   ? ", partial"
			   : "");
}

static enum err want_of(json_t *own, struct fixture_step *s, struct why *why)
{
	json_t *want = json_object_get(own, "want"), *v;
	const char *name;
	enum err e;

	if (want == NULL)
		return OK;
	s->want = json_is_string(want) ? json_pack("{s:O}", "verdict", want)
				       : json_incref(want);
	if ((e = check_verdict(s->want, s->event, why)) != OK)
		return e;
	json_object_foreach(s->want, name, v)
	{
		if ((e = check_want(name, s->event, why)) != OK)
			return e;
	}
	return OK;
}

/* life: what holds for this step and, of conn, for those after it. */
static enum err step_of(json_t *own, json_t *life, struct fixture_step *s,
			struct why *why)
{
	json_t *all, *conn = json_object_get(own, "conn");
	enum err e;

	if (!json_is_object(own))
		return why_say(why, "a step must be an object");
	all = json_deep_copy(life);
	if (all == NULL)
		return ERR_MEMORY;
	if ((e = inherit(all, own)) == OK && (e = question(own, all, s, why)) == OK)
		e = want_of(own, s, why);
	/* what became known of the connection stays known */
	if (e == OK && conn != NULL &&
	    !json_put(life, "conn", json_incref(json_object_get(all, "conn"))))
		e = ERR_MEMORY;
	json_decref(all);
	return e;
}

static enum err steps_of(json_t *steps, json_t *life, struct fixture_case *c,
			 struct why *why)
{
	enum err e;
	json_t *own;
	size_t i;

	c->step = calloc(json_array_size(steps) + 1, sizeof *c->step);
	if (c->step == NULL)
		return ERR_MEMORY;
	json_array_foreach(steps, i, own)
	{
		c->n_steps = i + 1;
		if ((e = check_members(own, IN_STEP, why)) != OK ||
		    (e = step_of(own, life, &c->step[i], why)) != OK)
			return why_at(why, e, "step %zu", i + 1);
	}
	return c->n_steps > 0 ? OK : why_say(why, "\"steps\" must be a list of events");
}

static enum err case_of(json_t *own, json_t *common, struct fixture_case *c,
			struct why *why)
{
	json_t *steps = json_object_get(own, "steps"), *life, *shared;
	enum err e;

	if ((e = check_members(own, IN_CASE, why)) != OK)
		return e;
	life = json_object();
	if (life == NULL || inherit(life, common) != OK) {
		json_decref(life);
		return ERR_MEMORY;
	}
	shared = json_object_get(own, "shared");
	c->shared = shared != NULL ? shared : json_object_get(common, "shared");
	if (c->shared != NULL && !json_is_object(c->shared)) {
		e = why_say(why, "\"shared\" must be an object with keys and values");
	} else if (steps != NULL) {
		if ((e = inherit(life, own)) == OK)
			e = steps_of(steps, life, c, why);
	} else {
		c->step = calloc(1, sizeof *c->step);
		c->n_steps = c->step != NULL ? 1 : 0;
		e = c->step != NULL ? step_of(own, life, c->step, why) : ERR_MEMORY;
	}
	json_decref(life);
	return e;
}

static const char unnamed[] = "unnamed";

static enum err case_at(struct why *why, enum err e, size_t i, const char *name)
{
	return why_at(why, e, "case %zu (%.*s)", i + 1, LIMIT_NAME_EXAMPLE, name);
}

static enum err cases_of(json_t *list, json_t *common, struct fixture *f,
			 struct why *why)
{
	json_t *own;
	size_t i;

	if (json_array_size(list) == 0)
		return why_say(why, "there is no case in it");
	f->item = calloc(json_array_size(list), sizeof *f->item);
	if (f->item == NULL)
		return ERR_MEMORY;
	json_array_foreach(list, i, own)
	{
		const char *name = json_string_value(json_object_get(own, "name"));
		enum err e;

		f->n = i + 1;
		f->item[i].name = name != NULL ? name : unnamed;
		e = case_of(own, common, &f->item[i], why);
		if (e != OK)
			return why_at(why, e, "case %zu (%.*s)", i + 1,
				      LIMIT_NAME_EXAMPLE, f->item[i].name);
	}
	return OK;
}

/* A test says what it shows and what it wants. */
static enum err is_test(const struct fixture_case *c, struct why *why)
{
	if (c->name == unnamed)
		return why_say(why, "\"name\" is missing: say what the case shows");
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->step[i].want == NULL)
			return why_at(
			    why,
			    why_say(why,
				    "\"want\" is missing, e.g. \"want\": \"refuse\""),
			    "step %zu", i + 1);
	return OK;
}

static enum err are_tests(const struct fixture *f, struct why *why)
{
	for (size_t i = 0; i < f->n; i++) {
		enum err e = is_test(&f->item[i], why);

		if (e != OK)
			return case_at(why, e, i, f->item[i].name);
	}
	return OK;
}

/* The script that the file names, beside it; or the one of the same name. */
static enum err script_of(const char *path, const char *named, struct fixture *f)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	int folder = slash != NULL ? (int)(slash - path) + 1 : 0, n;

	if (named != NULL && (*named == '/' || strcmp(named, "default") == 0))
		n = asprintf(&f->script, "%s", named);
	else if (named != NULL)
		n = asprintf(&f->script, "%.*s%s", folder, path, named);
	else
		n = asprintf(&f->script, "%.*s.lua",
			     dot != NULL && (slash == NULL || dot > slash)
				 ? (int)(dot - path)
				 : (int)strlen(path),
			     path);
	return n < 0 ? ERR_MEMORY : OK;
}

static enum err root_of(const char *path, struct fixture *f, struct why *why)
{
	json_t *cases = json_object_get(f->root, "cases");
	enum err e =
	    script_of(path, json_string_value(json_object_get(f->root, "script")), f);
	json_t *one, *none = json_object();

	if (e == OK && cases != NULL) {
		if ((e = check_members(f->root, IN_FILE, why)) == OK)
			e = cases_of(cases, f->root, f, why);
	} else if (e == OK && json_is_array(f->root)) {
		e = cases_of(f->root, none, f, why);
	} else if (e == OK) {
		one = json_pack("[O]", f->root);
		e = cases_of(one, none, f, why);
		json_decref(one);
	}
	json_decref(none);
	return e;
}

enum err fixture_load(const char *path, bool tests, struct fixture *out,
		      struct why *why)
{
	bool standard = strcmp(path, "-") == 0;
	struct fixture f = {0};
	json_error_t error;
	enum err e = ERR_FILE;

	*why = (struct why){0};
	f.root = standard ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
			  : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (f.root == NULL && error.line > 0)
		e = why_say(why, "line %d: %s", error.line, error.text);
	else if (f.root == NULL)
		e = why_say(why, "%s", error.text) != OK ? ERR_FILE : ERR_BUG;
	else
		e = root_of(path, &f, why);
	if (e == OK && tests)
		e = are_tests(&f, why);
	if (e == OK) {
		*out = f;
		return OK;
	}
	fixture_wipe(&f);
	return why_at(why, e, "%s", standard ? "standard input" : path);
}

static void step_wipe(struct fixture_step *s)
{
	free((void *)s->facts.p);
	json_decref(s->want);
	json_decref(s->helpers);
	*s = (struct fixture_step){0};
}

void fixture_wipe(struct fixture *f)
{
	for (size_t i = 0; i < f->n; i++) {
		for (size_t j = 0; j < f->item[i].n_steps; j++)
			step_wipe(&f->item[i].step[j]);
		free(f->item[i].step);
	}
	free(f->item);
	free(f->script);
	json_decref(f->root);
	*f = (struct fixture){0};
}
