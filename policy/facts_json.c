/*
 * What an operator wrote as JSON becomes facts. It is checked against the table of facts, so that a misspelt
 * name in a fixture cannot make a test pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/facts_json.h"

/* A path of names, e.g. conn.verified.source. */
struct path {
	char text[LIMIT_FACT_NAME_BYTES];
};

/* Where facts go, and what they are of. */
struct sink {
	struct wr *w;
	enum policy_event event;
	struct why *why;
};

static enum err path_add(struct path *p, const char *base, const char *name)
{
	int n = snprintf(p->text, sizeof p->text, "%s%s%s", base,
			 *base != '\0' ? "." : "", name);

	return n < 0 || (size_t)n >= sizeof p->text ? ERR_RANGE : OK;
}

static enum err unknown(const struct sink *s, const char *path)
{
	struct nearest near = nearest_begin(span_str(path));

	for (size_t i = 0; i < n_policy_facts; i++) {
		const char *name = policy_facts[i].name;

		if (policy_fact_find(s->event, span_str(name)) != NULL)
			nearest_try(&near, name);
	}
	return why_near(
	    s->why,
	    why_say(s->why, "%s is no fact of %s", path, policy_events[s->event].name),
	    &near);
}

static enum err wrong_type(const struct sink *s, const char *path, enum fact_type type)
{
	static const char *const names[FACT_TYPE_COUNT] = {
	    "a string", "a whole number of 0 or more", "true or false",
	    "a list of strings"};

	return why_say(s->why, "%s must be %s", path, names[type]);
}

static bool put_str(struct sink *s, const char *path, json_t *v)
{
	struct span bytes;
	uint8_t *owned;
	bool good = json_to_bytes(v, &bytes, &owned);

	if (good)
		facts_str(s->w, path, bytes);
	free(owned);
	return good;
}

static bool put_list(struct sink *s, const char *path, json_t *v)
{
	size_t mark = facts_list_open(s->w, path), i;
	bool good = json_is_array(v);
	json_t *item;

	json_array_foreach(v, i, item)
	{
		struct span bytes;
		uint8_t *owned;
		bool text = json_to_bytes(item, &bytes, &owned);

		if (text)
			wr_bytes(s->w, bytes);
		good = good && text;
		free(owned);
	}
	wr_close(s->w, mark);
	return good;
}

static enum err put_value(struct sink *s, const struct policy_fact_row *row, json_t *v)
{
	bool good = false;

	switch (row->type) {
	case FACT_STR:
		good = put_str(s, row->name, v);
		break;
	case FACT_NUM:
		good = json_is_integer(v) && json_integer_value(v) >= 0;
		if (good)
			facts_num(s->w, row->name, (uint64_t)json_integer_value(v));
		break;
	case FACT_BOOL:
		good = json_is_boolean(v);
		if (good)
			facts_bool(s->w, row->name, json_is_true(v));
		break;
	case FACT_LIST:
		good = put_list(s, row->name, v);
		break;
	case FACT_TYPE_COUNT:
		break;
	}
	return good ? OK : wrong_type(s, row->name, row->type);
}

/* Is there a fact within path? */
static bool is_group(enum policy_event event, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < n_policy_facts; i++) {
		const char *name = policy_facts[i].name;

		if (strncmp(name, path, n) == 0 && name[n] == '.' &&
		    policy_fact_find(event, span_str(name)) != NULL)
			return true;
	}
	return false;
}

static enum err put_group(struct sink *s, const char *base, json_t *object);

static enum err put_object(struct sink *s, const char *path, json_t *v)
{
	if (!json_is_object(v))
		return why_say(s->why, "%s must be an object with its facts", path);
	return put_group(s, path, v);
}

/* Goes into objects as deep as names of facts do. */
static enum err put_group(struct sink *s, const char *base, json_t *object)
{
	const struct policy_fact_row *row;
	const char *name;
	struct path path;
	json_t *v;
	enum err e;

	json_object_foreach(object, name, v)
	{
		if (path_add(&path, base, name) != OK)
			return unknown(s, name);
		row = policy_fact_find(s->event, span_str(path.text));
		if (row != NULL) /* null takes away what others have in common */
			e = json_is_null(v) ? OK : put_value(s, row, v);
		else if (is_group(s->event, path.text))
			e = put_object(s, path.text, v);
		else
			e = unknown(s, path.text);
		if (e != OK)
			return e;
	}
	return OK;
}

static enum err put_argument(struct sink *s, const char *arg, json_t *v)
{
	if (strcmp(arg, "data") == 0)
		return put_str(s, "data.bytes", v) ? OK : wrong_type(s, arg, FACT_STR);
	return put_object(s, arg, v);
}

enum err facts_from_json(struct wr *w, enum policy_event event, json_t *args,
			 struct why *why)
{
	struct sink s = {.w = w, .event = event, .why = why};
	const char *list = policy_events[event].args;
	struct path arg;
	enum err e = OK;

	while (*list != '\0' && e == OK) {
		size_t n = strcspn(list, ", ");
		json_t *v;

		(void)snprintf(arg.text, sizeof arg.text, "%.*s", (int)n, list);
		v = json_object_get(args, arg.text);
		if (v != NULL)
			e = put_argument(&s, arg.text, v);
		list += n;
		list += strspn(list, ", ");
	}
	if (e == OK && w->err != OK)
		e = why_say(why, "the facts are more than %d bytes", LIMIT_FACTS_BYTES);
	return e;
}
