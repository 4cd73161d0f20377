/*
 * Facts become the tables that a handler is given: conn.verified.source is source in verified
 * in conn. Every table that policy.def knows is there, so that no script stumbles over a fact
 * that is absent.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/api.h"
#include "policy/engine_private.h"

/* "conn, channel": takes the next name off. */
static struct span next_arg(const char **args)
{
	struct span name = {(const uint8_t *)*args, strcspn(*args, ",")};

	*args += name.n;
	*args += strspn(*args, ", ");
	return name;
}

static void push_span(lua_State *L, struct span s)
{
	lua_pushlstring(L, s.n > 0 ? (const char *)s.p : "", s.n);
}

/* Puts the table at the top in front of it, made where there is none yet. */
static void enter(lua_State *L, struct span name)
{
	push_span(L, name);
	if (lua_rawget(L, -2) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	lua_newtable(L);
	push_span(L, name);
	lua_pushvalue(L, -2);
	lua_rawset(L, -4);
}

static struct span first_part(struct span *name)
{
	struct span part = {name->p, 0};

	while (part.n < name->n && name->p[part.n] != '.')
		part.n++;
	if (part.n == name->n)
		return (struct span){0};
	*name = (struct span){name->p + part.n + 1, name->n - part.n - 1};
	return part;
}

static void push_decimal(lua_State *L, uint64_t number)
{
	char text[LIMIT_NAME_BYTES];

	(void)snprintf(text, sizeof text, "%" PRIu64, number);
	lua_pushstring(L, text);
}

static void push_value(lua_State *L, const struct fact *f)
{
	struct rd r = RD(f->value);
	lua_Integer i = 0;

	switch (f->type) {
	case FACT_STR:
		push_span(L, f->value);
		break;
	case FACT_NUM:
		/* serial numbers may be beyond what Lua counts to */
		if (f->number > (uint64_t)LUA_MAXINTEGER)
			push_decimal(L, f->number);
		else
			lua_pushinteger(L, (lua_Integer)f->number);
		break;
	case FACT_BOOL:
		lua_pushboolean(L, f->number == 1);
		break;
	case FACT_LIST:
		lua_newtable(L);
		while (r.left.n > 0) {
			push_span(L, rd_bytes(&r, f->value.n));
			lua_rawseti(L, -2, ++i);
		}
		break;
	case FACT_TYPE_COUNT:
		break;
	}
}

/* The argument's table is on top; name is what is left of the fact's. */
static void put(lua_State *L, struct span name, const struct fact *f)
{
	int top = lua_gettop(L);
	struct span part;

	while ((part = first_part(&name)).n > 0)
		enter(L, part);
	push_span(L, name);
	push_value(L, f);
	lua_rawset(L, -3);
	lua_settop(L, top);
}

/* The tables within an argument, from the rows of policy.def. */
static void push_inner(lua_State *L, struct span arg)
{
	struct span last = {0};

	for (size_t i = 0; i < n_policy_facts; i++) {
		struct span name = span_str(policy_facts[i].name);
		struct span inner;

		if (!span_equal(first_part(&name), arg))
			continue;
		inner = first_part(&name);
		if (inner.n == 0 || span_equal(inner, last))
			continue;
		enter(L, inner);
		lua_pop(L, 1);
		last = inner;
	}
}

static void push_arg(lua_State *L, const struct question *q, struct span arg)
{
	struct rd r = RD(q->q.facts);
	struct fact f;

	if (span_is(arg, "data")) { /* the handler gets the string itself */
		push_span(L, facts_get_str(q->q.facts, "data.bytes", (struct span){0}));
		return;
	}
	lua_newtable(L);
	push_inner(L, arg);
	while (r.left.n > 0) {
		struct span name;

		if (facts_next(&r, &f) != OK) {
			(void)luaL_error(L, "malformed facts");
			return;
		}
		name = f.name;
		if (span_equal(first_part(&name), arg))
			put(L, name, &f);
	}
	api_methods(L, arg);
}

int args_push(lua_State *L, const struct question *q)
{
	const char *args = policy_events[q->q.event].args;
	int n = 0;

	luaL_checkstack(L, LIMIT_ARGS_STACK, NULL);
	for (; *args != '\0'; n++) {
		struct span arg = next_arg(&args);

		push_arg(L, q, arg);
	}
	return n;
}
