/*
 * The globals of a script. They are made when they are first asked for, so that a state that
 * uses little is small and quick to make. Libraries are read-only, strings have the methods of
 * string, and nothing leads to the registry, to bytecode or to another state.
 */
#include <string.h>

#include <lualib.h>

#include "policy/api.h"

/* keys of the registry: addresses that are nobody else's */
static const char base_key, decision_key;

struct global {
	const char *name;
	lua_CFunction make; /* pushes it; or is it, where function */
	bool function;
};

/* ---- what every library uses ---- */

struct span api_bytes(lua_State *L, int i)
{
	size_t n = 0;
	const char *s;

	luaL_checktype(L, i, LUA_TSTRING);
	s = lua_tolstring(L, i, &n);
	return (struct span){(const uint8_t *)s, n};
}

void api_push(lua_State *L, struct span s)
{
	lua_pushlstring(L, s.n > 0 ? (const char *)s.p : "", s.n);
}

lua_Integer api_number(lua_State *L, int i, lua_Integer low, lua_Integer high)
{
	lua_Integer n;

	if (lua_type(L, i) != LUA_TNUMBER)
		return luaL_typeerror(L, i, "number");
	n = luaL_checkinteger(L, i);
	if (n < low || n > high)
		return luaL_argerror(L, i,
				     lua_pushfstring(L, "must be %I to %I", low, high));
	return n;
}

void api_where(lua_State *L, char *out, size_t cap)
{
	lua_Debug ar = {0};

	out[0] = '\0';
	for (int level = 1; lua_getstack(L, level, &ar) == 1; level++) {
		if (lua_getinfo(L, "Sl", &ar) != 0 && ar.currentline > 0) {
			(void)snprintf(out, cap, "%s:%d", ar.short_src, ar.currentline);
			return;
		}
	}
}

static int frozen(lua_State *L)
{
	return luaL_error(L, "libraries cannot be changed");
}

void api_freeze(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, frozen);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_remove(L, -2);
}

int api_library(lua_State *L, const luaL_Reg *functions)
{
	lua_newtable(L);
	luaL_setfuncs(L, functions, 0);
	api_freeze(L);
	return 1;
}

/* ---- decisions ---- */

void api_decision_mark(lua_State *L)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &decision_key) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_createtable(L, 0, 2);
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
		lua_pushliteral(L, "decision");
		lua_setfield(L, -2, "__name");
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &decision_key);
	}
	lua_setmetatable(L, -2);
}

bool api_is_decision(lua_State *L, int index)
{
	bool is = false;

	if (lua_type(L, index) != LUA_TUSERDATA || lua_getmetatable(L, index) == 0)
		return false;
	(void)lua_rawgetp(L, LUA_REGISTRYINDEX, &decision_key);
	is = lua_rawequal(L, -1, -2) != 0 && lua_istable(L, -1);
	lua_pop(L, 2);
	return is;
}

/* ---- globals ---- */

/* Tables of the script's own; no finalizers, as they would run when nobody counts. */
static int own_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnoneornil(L, 2) || lua_istable(L, 2), 2,
			 "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	if (lua_istable(L, 2)) {
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "metatables have no __gc here");
		lua_pop(L, 1);
	}
	lua_setmetatable(L, 1);
	return 1;
}

/*
 * pcall and xpcall with a bound on how deep they stand in each other: Lua looks through its whole
 * stack for each error that one of them catches. They wait for helpers as Lua's own do.
 */
static int protected_end(lua_State *L, int status, lua_KContext skip)
{
	struct question *q = state_of(L)->running;

	if (q != NULL)
		q->protected --;
	if (status == LUA_OK || status == LUA_YIELD)
		return lua_gettop(L) - (int)skip;
	lua_pushboolean(L, 0);
	lua_pushvalue(L, -2);
	return 2;
}

static void protected_begin(lua_State *L)
{
	struct question *q = state_of(L)->running;

	if (q != NULL && q->protected == LIMIT_PROTECTED)
		(void)luaL_error(L, "pcall nested too deep");
	if (q != NULL)
		q->protected ++;
}

static int own_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1); /* what is given first where all is well */
	lua_insert(L, 1);
	protected_begin(L);
	status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, protected_end);
	return protected_end(L, status, 0);
}

static int own_xpcall(lua_State *L)
{
	int n = lua_gettop(L), status;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushboolean(L, 1);
	lua_pushvalue(L, 1);
	lua_rotate(L, 3, 2); /* below the arguments */
	protected_begin(L);
	status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, protected_end);
	return protected_end(L, status, 2);
}

/*
 * A function of Lua's own base library. The library fills the table of globals, so another one
 * stands there while it is opened.
 */
static void push_base(lua_State *L, const char *name)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &base_key) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_pushglobaltable(L);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &base_key);
		lua_pushvalue(L, -1);
		lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
		lua_pushcfunction(L, luaopen_base);
		lua_call(L, 0, 0);
		lua_pushvalue(L, -2);
		lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
		lua_remove(L, -2);
	}
	lua_pushstring(L, name);
	(void)lua_rawget(L, -2);
	lua_remove(L, -2);
}

static const struct global globals[] = {
    {"accept",       decision_accept,  true },
    {"assert",       NULL,             false},
    {"base32",       api_base32,       false},
    {"base64",       api_base64,       false},
    {"crypto",       api_crypto,       false},
    {"error",        NULL,             false},
    {"helper",       api_helper,       false},
    {"hex",          api_hex,          false},
    {"ipairs",       NULL,             false},
    {"json",         api_json,         false},
    {"log",          api_log,          true },
    {"math",         api_math,         false},
    {"net",          api_net,          false},
    {"next",         NULL,             false},
    {"packet",       api_packet,       false},
    {"pairs",        NULL,             false},
    {"partial",      decision_partial, true },
    {"pcall",        own_pcall,        true },
    {"print",        api_print,        true },
    {"refuse",       decision_refuse,  true },
    {"select",       NULL,             false},
    {"setmetatable", own_setmetatable, true },
    {"shared",       api_shared,       false},
    {"str",          api_str,          false},
    {"string",       api_string,       false},
    {"table",        api_table,        false},
    {"time",         api_time,         false},
    {"tonumber",     NULL,             false},
    {"tostring",     NULL,             false},
    {"totp",         api_totp,         false},
    {"type",         NULL,             false},
    {"utf8",         api_utf8,         false},
    {"xpcall",       own_xpcall,       true },
};

const char *api_global_name(size_t i)
{
	return i < sizeof globals / sizeof *globals ? globals[i].name : NULL;
}

/* __index of the globals: makes what is asked for, and keeps it as an ordinary global. */
static int global_index(lua_State *L)
{
	struct span name;

	if (lua_type(L, 2) != LUA_TSTRING)
		return 0;
	name = api_bytes(L, 2);
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
		const struct global *g = &globals[i];

		if (!span_is(name, g->name))
			continue;
		if (g->make == NULL)
			push_base(L, g->name);
		else if (g->function)
			lua_pushcfunction(L, g->make);
		else
			(void)g->make(L);
		lua_pushvalue(L, 2);
		lua_pushvalue(L, -2);
		lua_rawset(L, 1);
		return 1;
	}
	return 0;
}

/* s:lower(): the library, whatever the script made of its global. */
static int string_index(lua_State *L)
{
	(void)api_string(L);
	lua_pushvalue(L, 2);
	lua_gettable(L, -2);
	return 1;
}

static void set_locked(lua_State *L, lua_CFunction index)
{
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, index);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}

void api_open(lua_State *L)
{
	lua_pushglobaltable(L);
	set_locked(L, global_index);
	lua_pop(L, 1);
	lua_pushliteral(L, "");
	set_locked(L, string_index);
	lua_pop(L, 1);
}
