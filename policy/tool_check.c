/*
 * sallyport-policy check: mistakes that can be seen without a question. A script that loads may
 * still stumble when it is asked; most such stumbles are names that were not spelt right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/names.h"
#include "policy/tool.h"

struct check {
	const struct script_file *script;
	struct names names;
	struct span *written; /* globals that the script defines */
	size_t n_written;
	unsigned mistakes;
	bool no_memory;
};

static const char prefix[] = "on_";

/* Methods that arguments have; what they may be called with is seen when it runs. */
static const struct {
	const char *argument, *name;
} methods[] = {
    {"conn",    "disconnect"       },
    {"conn",    "open_channel"     },
    {"conn",    "rekey"            },
    {"conn",    "send_packet"      },
    {"conn",    "set_timeout"      },
    {"channel", "send"             },
    {"channel", "send_error"       },
    {"channel", "send_text"        },
    {"channel", "eof"              },
    {"channel", "close"            },
    {"channel", "set_record_length"},
};
#define N_METHODS (sizeof methods / sizeof methods[0])

static void mistake(struct check *c, const struct use *u, const char *what,
		    const struct nearest *near)
{
	c->mistakes++;
	(void)printf("%s:%u: %.*s%s%.*s %s", c->script->path, u->line, (int)u->name.n,
		     (const char *)u->name.p, u->member.n > 0 ? "." : "",
		     (int)u->member.n, u->member.n > 0 ? (const char *)u->member.p : "",
		     what);
	if (near != NULL && near->name != NULL)
		(void)printf("; did you mean %s", near->name);
	(void)putchar('\n');
}

static bool event_of(struct span handler, enum policy_event *out)
{
	size_t n = sizeof prefix - 1;

	return handler.n > n && memcmp(handler.p, prefix, n) == 0 &&
	       policy_event_find((struct span){handler.p + n, handler.n - n}, out);
}

static const char *args_of(struct span handler)
{
	enum policy_event e;

	return event_of(handler, &e) ? policy_events[e].args : NULL;
}

static bool is_written(const struct check *c, struct span name)
{
	for (size_t i = 0; i < c->n_written; i++)
		if (span_equal(c->written[i], name))
			return true;
	return false;
}

/* First pass: what the script itself defines. */
static void on_written(void *ctx, const struct use *u)
{
	struct check *c = ctx;
	struct span *grown;

	if (u->kind != USE_WRITE || is_written(c, u->name))
		return;
	grown = realloc(c->written, (c->n_written + 1) * sizeof *grown);
	if (grown == NULL) {
		c->no_memory = true;
		return;
	}
	c->written = grown;
	grown[c->n_written++] = u->name;
}

static void check_read(struct check *c, const struct use *u)
{
	struct nearest near = nearest_begin(u->name);

	if (names_know(&c->names, (struct span){0}, u->name) || is_written(c, u->name))
		return;
	names_near(&c->names, (struct span){0}, &near);
	mistake(c, u, "is defined nowhere", &near);
}

/* A global on_… is meant as a handler. */
static void check_write(struct check *c, const struct use *u)
{
	size_t n = sizeof prefix - 1;
	struct nearest near;
	char name[LIMIT_NEAR_BYTES + 1];
	enum policy_event e;

	if (names_know(&c->names, (struct span){0}, u->name))
		mistake(c, u, "hides what every script has by that name", NULL);
	if (u->name.n < n || memcmp(u->name.p, prefix, n) != 0 || event_of(u->name, &e))
		return;
	near = nearest_begin((struct span){u->name.p + n, u->name.n - n});
	for (size_t i = 0; i < POLICY_EVENT_COUNT; i++)
		nearest_try(&near, policy_events[i].name);
	if (near.name != NULL) {
		(void)snprintf(name, sizeof name, "%s%s", prefix, near.name);
		near.name = name;
	}
	mistake(c, u, "is no handler: there is no such event", &near);
}

static void check_member(struct check *c, const struct use *u)
{
	struct nearest near = nearest_begin(u->member);

	if (is_written(c, u->name) || !names_library(&c->names, u->name) ||
	    names_know(&c->names, u->name, u->member))
		return;
	names_near(&c->names, u->name, &near);
	mistake(c, u, "is not in that library", &near);
}

static unsigned verdict_of(struct span constructor)
{
	for (unsigned v = POLICY_ACCEPT; v <= POLICY_REFUSE; v++)
		if (span_is(constructor, policy_verdict_name((enum policy_verdict)v)))
			return v;
	return POLICY_ERROR;
}

static void check_field(struct check *c, const struct use *u)
{
	const struct policy_field_row *row = policy_field_find(u->member);
	struct nearest near = nearest_begin(u->member);
	enum policy_event e;

	if (row == NULL || row->type == FIELD_ENGINE) {
		for (size_t i = 0; i < n_policy_fields; i++)
			if (policy_fields[i].type != FIELD_ENGINE)
				nearest_try(&near, policy_fields[i].name);
		mistake(c, u, "is no field of a decision", &near);
	} else if ((row->verdicts & POLICY_BIT(verdict_of(u->name))) == 0) {
		mistake(c, u, "does not belong to this verdict", NULL);
	} else if (event_of(u->handler, &e) && (row->events & POLICY_BIT(e)) == 0) {
		mistake(c, u, "does not belong to a decision of this handler", NULL);
	}
}

/* A constructor that a handler cannot return. */
static void check_verdict(struct check *c, const struct use *u)
{
	unsigned v = verdict_of(u->name);
	enum policy_event e;

	if (v != POLICY_ERROR && event_of(u->handler, &e) &&
	    (policy_events[e].verdicts & POLICY_BIT(v)) == 0)
		mistake(
		    c, u,
		    policy_events[e].verdicts == 0
			? "does nothing here: this handler is told, it does not decide"
			: "is no verdict of this handler",
		    NULL);
}

static bool is_method(struct span argument, struct span name)
{
	for (size_t i = 0; i < N_METHODS; i++)
		if (span_is(argument, methods[i].argument) &&
		    span_is(name, methods[i].name))
			return true;
	return false;
}

/* Is path a fact, or what facts stand in? A text has the methods of string. */
static bool is_fact(enum policy_event e, struct span base, struct span path)
{
	const struct policy_fact_row *leaf = policy_fact_find(e, base);

	if (leaf != NULL)
		return leaf->type == FACT_STR;
	if (policy_fact_find(e, path) != NULL)
		return true;
	for (size_t i = 0; i < n_policy_facts; i++) {
		struct span name = span_str(policy_facts[i].name);

		if (name.n > path.n && memcmp(name.p, path.p, path.n) == 0 &&
		    name.p[path.n] == '.')
			return true;
	}
	return false;
}

/* Compares path with what facts stand in and with facts, each cut to as many parts. */
static void near_fact(enum policy_event e, struct span path, struct nearest *near,
		      char keep[LIMIT_FACT_NAME_BYTES])
{
	char cut[LIMIT_FACT_NAME_BYTES];
	size_t parts = 0;

	for (size_t i = 0; i < path.n; i++)
		parts += path.p[i] == '.';
	for (size_t i = 0; i < n_policy_facts; i++) {
		size_t n = 0, seen = 0;

		if (policy_fact_find(e, span_str(policy_facts[i].name)) == NULL)
			continue;
		(void)snprintf(cut, sizeof cut, "%s", policy_facts[i].name);
		while (cut[n] != '\0' && (seen += cut[n] == '.') <= parts)
			n++;
		cut[n] = '\0';
		nearest_try(near, cut);
		if (near->name == cut) {
			memcpy(keep, cut, sizeof cut);
			near->name = keep;
		}
	}
}

static void check_argument(struct check *c, const struct use *u)
{
	char text[LIMIT_FACT_NAME_BYTES + LIMIT_NEAR_BYTES],
	    keep[LIMIT_FACT_NAME_BYTES];
	struct nearest near;
	enum policy_event e;

	if (!event_of(u->handler, &e) || is_method(u->name, u->member) ||
	    span_is(u->name, "data") || !is_fact(e, (struct span){0}, u->name))
		return; /* where what it stands in is none, that was said */
	(void)snprintf(text, sizeof text, "%.*s.%.*s", (int)u->name.n,
		       (const char *)u->name.p, (int)u->member.n,
		       (const char *)u->member.p);
	if (is_fact(e, u->name, span_str(text)))
		return;
	near = nearest_begin(span_str(text));
	near_fact(e, span_str(text), &near, keep);
	mistake(c, u, "is no fact of this event", &near);
}

static void on_use(void *ctx, const struct use *u)
{
	struct check *c = ctx;

	switch (u->kind) {
	case USE_READ:
		check_read(c, u);
		check_verdict(c, u);
		break;
	case USE_WRITE:
		check_write(c, u);
		break;
	case USE_MEMBER:
		check_member(c, u);
		break;
	case USE_FIELD:
		check_field(c, u);
		break;
	case USE_ARGUMENT:
		check_argument(c, u);
		break;
	}
}

static void print_good(const struct script_file *s)
{
	const char *before = ", handlers: ";

	(void)printf("%s: ok", s->path);
	for (unsigned i = 0; i < POLICY_EVENT_COUNT; i++) {
		if ((s->handlers & POLICY_BIT(i)) == 0)
			continue;
		(void)printf("%s%s%s", before, prefix, policy_events[i].name);
		before = ", ";
	}
	(void)puts(s->handlers == 0 ? ", no handlers" : "");
}

static enum tool_exit check_script(struct check *c, const struct script_file *s)
{
	c->script = s;
	c->mistakes = 0;
	c->n_written = 0;
	bytecode_uses(&s->code, args_of, on_written, c);
	bytecode_uses(&s->code, args_of, on_use, c);
	if (c->no_memory)
		return tool_cannot("out of memory");
	if (!s->good && c->mistakes == 0)
		(void)puts(s->why);
	else if (c->mistakes == 0)
		print_good(s);
	return s->good && c->mistakes == 0 ? TOOL_OK : TOOL_BAD;
}

enum tool_exit tool_check(int argc, char **argv)
{
	enum tool_exit worst = TOOL_OK;
	struct check c = {0};

	if (argc < 2 || argv[1][0] == '-')
		return tool_usage("check");
	if (names_read(&c.names) != OK)
		return tool_cannot("out of memory");
	for (int i = 1; i < argc; i++) {
		struct script_file s = {0};
		enum tool_exit code = script_read(argv[i], &s) == OK
					  ? check_script(&c, &s)
					  : tool_cannot("%s", s.why);

		worst = code > worst ? code : worst;
		script_wipe(&s);
	}
	free(c.written);
	names_wipe(&c.names);
	return worst;
}
