/*
 * What reaches beyond the connection: the shared store, helper programs, the log. Each is
 * bounded for one handler.
 */
#include <string.h>

#include "policy/api.h"

/* ---- shared: values are JSON, so that they outlive the process ---- */

static struct span key_arg(lua_State *L)
{
	struct span key = api_bytes(L, 1);

	luaL_argcheck(L, key.n > 0 && key.n <= LIMIT_SHARE_KEY_BYTES, 1,
		      "a key has 1 to 128 bytes");
	return key;
}

static void put(lua_State *L, struct span key, struct span value, uint64_t expires_s)
{
	struct engine *e = state_of(L)->e;
	enum err bad = store_set(&e->store, key, value, expires_s, e->now_s);

	fuel_pay(L, LIMIT_FUEL_STEP);
	if (bad != OK)
		(void)luaL_error(L, "shared: %s",
				 bad == ERR_RANGE ? "value too long" : err_text(bad));
	if (e->hooks.share_set != NULL)
		e->hooks.share_set(e->hooks.ctx, key, value, expires_s);
}

/* When a value ends that is set now. */
static uint64_t end_arg(lua_State *L, int i)
{
	lua_Integer ttl = LIMIT_SHARE_USUAL_S;

	if (!lua_isnoneornil(L, i))
		ttl = api_number(L, i, 1, LIMIT_POLICY_S);
	return state_of(L)->e->now_s + (uint64_t)ttl;
}

static bool find(lua_State *L, struct span key, struct span *value, uint64_t *expires_s)
{
	const struct engine *e = state_of(L)->e;

	return store_get(&e->store, key, e->now_s, value, expires_s);
}

/* get(key) */
static int shared_get(lua_State *L)
{
	struct span value;
	uint64_t expires_s;

	if (find(L, key_arg(L), &value, &expires_s))
		json_read(L, value);
	else
		lua_pushnil(L);
	return 1;
}

/* set(key, value [, seconds]); nil removes it */
static int shared_set(lua_State *L)
{
	struct span key = key_arg(L), value = {0};
	struct wr w = {.p = state_of(L)->e->scratch, .cap = LIMIT_SHARE_VALUE_BYTES};
	uint64_t expires_s = end_arg(L, 3);

	luaL_checkany(L, 2);
	if (!lua_isnil(L, 2)) {
		json_write(L, 2, &w);
		if (wr_end(&w, &value) != OK)
			return luaL_error(L, "shared: value too long");
	}
	put(L, key, value, expires_s);
	return 0;
}

/* incr(key [, by [, seconds]]): what it is then; the time runs from the first */
static int shared_incr(lua_State *L)
{
	struct span key = key_arg(L), value;
	lua_Integer by = luaL_optinteger(L, 2, 1), n = 0;
	uint64_t expires_s = end_arg(L, 3), had;
	char text[LIMIT_NAME_BYTES];

	if (find(L, key, &value, &had)) {
		expires_s = had;
		json_read(L, value);
		if (lua_isinteger(L, -1) == 0)
			return luaL_error(L,
					  "shared.incr: the value is no whole number");
		n = lua_tointeger(L, -1);
	}
	if (__builtin_add_overflow(n, by, &n))
		return luaL_error(L, "shared.incr: number too large");
	(void)snprintf(text, sizeof text, "%lld", (long long)n);
	put(L, key, span_str(text), expires_s);
	lua_pushinteger(L, n);
	return 1;
}

int api_shared(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"get",  shared_get },
	    {"set",  shared_set },
	    {"incr", shared_incr},
	    {NULL,   NULL       }
        };

	return api_library(L, functions);
}

/* ---- helper ---- */

static uint32_t seconds_option(lua_State *L, const char *name, uint64_t unit,
			       uint32_t otherwise)
{
	lua_Number n;

	if (!lua_istable(L, 3))
		return otherwise;
	lua_getfield(L, 3, name);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		return otherwise;
	}
	if (lua_type(L, -1) != LUA_TNUMBER)
		(void)luaL_error(L, "helper.call: '%s' must be a number of seconds",
				 name);
	n = lua_tonumber(L, -1);
	lua_pop(L, 1);
	if (!(n >= 0 && n <= LIMIT_HELPER_S))
		(void)luaL_error(L, "helper.call: '%s' must be 0 to %d", name,
				 LIMIT_HELPER_S);
	return (uint32_t)(n * (lua_Number)unit);
}

/* The answer: what the helper said, or nil and what went wrong. */
static int helper_done(lua_State *L, int status, lua_KContext ctx)
{
	const struct question *q = question_of(L);

	(void)status;
	(void)ctx;
	if (q->helped_ok) {
		json_read(L, q->helped);
		return 1;
	}
	lua_pushnil(L);
	api_push(L, q->helped);
	return 2;
}

/* call(name, request [, { deadline =, cache = }]): waits; other connections go on */
static int helper_call(lua_State *L)
{
	struct question *q = question_of(L);
	struct engine *e = q->state->e;
	struct wr w = {.p = e->scratch, .cap = LIMIT_HELPER_BYTES};
	struct engine_call *c = &q->asked;

	luaL_checkany(L, 2);
	*c = (struct engine_call){.conn = q->q.conn, .name = api_bytes(L, 1)};
	luaL_argcheck(L, c->name.n > 0 && c->name.n <= LIMIT_NAME_BYTES, 1,
		      "no name of a helper");
	c->deadline_ms = seconds_option(L, "deadline", 1000, 0);
	c->cache_s = seconds_option(L, "cache", 1, 0);
	json_write(L, 2, &w);
	if (wr_end(&w, &c->request) != OK)
		return luaL_error(L, "helper.call: request too long");
	if (e->hooks.help == NULL)
		return luaL_error(L, "helper.call: there are no helpers here");
	if (lua_isyieldable(L) == 0)
		return luaL_error(
		    L, "helper.call: not within a function that Lua calls back");
	fuel_pay(L, LIMIT_FUEL_STEP);
	c->call = q->call = ++e->last_call;
	return lua_yieldk(L, 0, 0, helper_done);
}

int api_helper(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"call", helper_call},
            {NULL,   NULL       }
        };

	return api_library(L, functions);
}

/* ---- log ---- */

static const struct {
	const char *name;
	enum log_level level;
} levels[] = {
    {"error",   LOG_ERROR     },
    {"info",    LOG_INFO_LEVEL},
    {"verbose", LOG_VERBOSE   },
    {"debug",   LOG_DEBUG1    },
};

static int note(lua_State *L, enum log_level level, struct span text)
{
	struct state *st = state_of(L);
	struct question *q = st->running;

	if (q != NULL && ++q->notes > LIMIT_POLICY_NOTES)
		return luaL_error(L, "more than %d log lines in one handler",
				  LIMIT_POLICY_NOTES);
	fuel_pay(L, LIMIT_FUEL_STEP);
	if (text.n > LIMIT_LOG_BYTES)
		text.n = LIMIT_LOG_BYTES;
	if (st->e->hooks.note != NULL)
		st->e->hooks.note(st->e->hooks.ctx, q == NULL ? 0 : q->q.conn, level,
				  text);
	return 0;
}

int api_log(lua_State *L)
{
	struct span text = api_bytes(L, 1);

	if (lua_isnoneornil(L, 2))
		return note(L, LOG_INFO_LEVEL, text);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (span_is(text, levels[i].name))
			return note(L, levels[i].level, api_bytes(L, 2));
	return luaL_argerror(L, 1, "must be error, info, verbose or debug");
}

/* print(…): a log line of level info */
int api_print(lua_State *L)
{
	int n = lua_gettop(L);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, ' ');
		(void)luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	return note(L, LOG_INFO_LEVEL, api_bytes(L, -1));
}
