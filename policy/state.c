/*
 * A Lua state for one connection: nothing in it is shared with another, so nothing can leak.
 * What a script needs is made when it first asks for it, so that an idle state is small.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/api.h"
#include "policy/engine_private.h"

struct state *state_of(lua_State *L)
{
	struct state *st;

	memcpy(&st, lua_getextraspace(L), sizeof(void *));
	return st;
}

/*
 * Pays for memory as it grows. At the ceiling Lua collects garbage and asks again: that walk
 * costs fuel too, or a full state would be walked for each byte.
 */
static void *state_alloc(void *ctx, void *p, size_t old, size_t n)
{
	struct state *st = ctx;
	struct engine *e = st->e;
	size_t had = p == NULL ? 0 : old;
	void *grown;

	if (n > had) {
		size_t more = n - had;

		fuel_charge(st, more / LIMIT_FUEL_BYTES + 1);
		if (st->bytes > e->limits.state_bytes ||
		    more > e->limits.state_bytes - st->bytes ||
		    e->bytes > e->limits.all_bytes ||
		    more > e->limits.all_bytes - e->bytes) {
			fuel_charge(st, st->bytes / LIMIT_FUEL_BYTES);
			return NULL;
		}
	}
	if (n == 0) {
		if (p != NULL)
			wipe(p, old); /* passwords are strings here */
		free(p);
		grown = NULL;
	} else if ((grown = realloc(p, n)) == NULL) {
		return n <= had
			   ? p
			   : NULL; /* a shrinking block never fails: Lua relies on it */
	}
	st->bytes = st->bytes - had + n;
	e->bytes = e->bytes - had + n;
	return grown;
}

static struct state *state_raw(struct engine *e, struct script *s)
{
	struct state *st = calloc(1, sizeof *st);

	if (st == NULL)
		return NULL;
	st->e = e;
	st->script = s;
	st->lua = lua_newstate(state_alloc, st);
	if (st->lua == NULL) {
		free(st);
		return NULL;
	}
	memcpy(lua_getextraspace(st->lua), &st, sizeof(void *));
	/* most states live for a few questions: garbage is looked for when there is some */
	lua_gc(st->lua, LUA_GCSTOP);
	return st;
}

void state_free(struct state *st)
{
	struct question **at;

	if (st == NULL)
		return;
	for (at = &st->e->waiting; *at != NULL;) {
		struct question *q = *at;

		if (q->state != st) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		question_free(q);
	}
	lua_close(st->lua);
	free(st);
}

/* ---- scripts ---- */

static int keep_code(lua_State *L, const void *p, size_t n, void *ctx)
{
	struct script *s = ctx;
	size_t cap = s->cap == 0 ? LIMIT_BUFFER_STEP_BYTES : s->cap;
	uint8_t *more;

	(void)L;
	while (cap - s->n < n && cap <= LIMIT_SCRIPT_CODE_BYTES)
		cap *= 2;
	if (cap - s->n < n)
		return 1;
	if (cap != s->cap) {
		more = realloc(s->code, cap);
		if (more == NULL)
			return 1;
		s->code = more;
		s->cap = cap;
	}
	memcpy(s->code + s->n, p, n);
	s->n += n;
	return 0;
}

/* Some errors have no place: then the script's name must do. */
static void say_why(lua_State *L, int status, char *why)
{
	const char *name = state_of(L)->script->name + 1;
	char text[LIMIT_WHERE_BYTES];

	run_why(L, status, text, sizeof text);
	(void)snprintf(why, LIMIT_LOG_BYTES, "%s%s%s",
		       strncmp(text, name, strlen(name)) == 0 ? "" : name,
		       strncmp(text, name, strlen(name)) == 0 ? "" : ": ", text);
}

struct compiling {
	struct script *s;
	struct span text;
};

static int compile(lua_State *L)
{
	struct compiling *c = lua_touserdata(L, 1);

	if (luaL_loadbufferx(L, (const char *)c->text.p, c->text.n, c->s->name, "t") !=
	    LUA_OK)
		return lua_error(L);
	/* lines stay, for file:line */
	if (lua_dump(L, keep_code, c->s, 0) != 0)
		return luaL_error(L, "%s: script too large", c->s->name + 1);
	return 0;
}

enum err state_compile(struct engine *e, struct script *s, struct span text, char *why)
{
	struct state *st = state_raw(e, s);
	struct compiling c = {s, text};
	int status;

	if (st == NULL)
		return ERR_MEMORY;
	lua_pushcfunction(st->lua, compile);
	lua_pushlightuserdata(st->lua, &c);
	status = lua_pcall(st->lua, 1, 0, 0);
	if (status != LUA_OK)
		say_why(st->lua, status, why);
	state_free(st);
	return status == LUA_OK ? OK : ERR_CONFIG;
}

static int start(lua_State *L)
{
	const struct script *s = state_of(L)->script;

	api_open(L);
	if (luaL_loadbufferx(L, (const char *)s->code, s->n, s->name, "b") != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 0);
	return 0;
}

/*
 * The place of an error is where Lua stands when it is raised: its stack is gone once pcall
 * returns.
 */
static int place(lua_State *L)
{
	char why[LIMIT_LOG_BYTES];

	run_why(L, LUA_ERRRUN, why, sizeof why);
	lua_pushstring(L, why);
	return 1;
}

enum err state_new(struct engine *e, struct script *s, struct state **out, char *why)
{
	struct state *st = state_raw(e, s);
	struct question q = {
	    .fuel = (int64_t)e->limits.fuel, .state = st, .ref = LUA_NOREF};
	int status;

	if (st == NULL)
		return ERR_MEMORY;
	(void)snprintf(q.where, sizeof q.where, "%s", s->name + 1);
	run_enter(st, &q, st->lua);
	lua_pushcfunction(st->lua, place);
	lua_pushcfunction(st->lua, start);
	status = lua_pcall(st->lua, 0, 0, 1);
	run_leave(st);
	if (status != LUA_OK) {
		if (status == LUA_ERRRUN && lua_type(st->lua, -1) == LUA_TSTRING)
			(void)snprintf(why, LIMIT_LOG_BYTES, "%s",
				       lua_tostring(st->lua, -1));
		else
			say_why(st->lua, status, why);
		state_free(st);
		return ERR_CONFIG;
	}
	lua_settop(st->lua, 0);
	*out = st;
	return OK;
}
