/*
 * table, math and utf8: Lua's own, without chance (crypto.random is it) and with bounds on
 * functions that would work through whatever length a table claims.
 */
#include <lualib.h>

#include "policy/api.h"

/* A table whose length is what it holds, and no more than its questions pay for. */
static lua_Integer plain_length(lua_State *L, int i)
{
	lua_Unsigned n;

	luaL_checktype(L, i, LUA_TTABLE);
	if (luaL_getmetafield(L, i, "__len") != LUA_TNIL)
		(void)luaL_argerror(L, i, "a table with __len is not taken");
	n = lua_rawlen(L, i);
	if (n > LIMIT_TABLE_ITEMS)
		(void)luaL_argerror(L, i, "table too long");
	fuel_pay(L, n / LIMIT_FUEL_COPIES + 1);
	return (lua_Integer)n;
}

/* Calls Lua's own function, which stands in the upvalue, on the arguments as they are. */
static int call_theirs(lua_State *L)
{
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int guarded(lua_State *L)
{
	(void)plain_length(L, 1);
	return call_theirs(L);
}

/* A range that is given by its ends. */
static void check_range(lua_State *L, int from, int to, lua_Integer length)
{
	lua_Integer a = luaL_optinteger(L, from, 1), b = luaL_optinteger(L, to, length);

	if (b >= a && (lua_Unsigned)b - (lua_Unsigned)a >= LIMIT_TABLE_ITEMS)
		(void)luaL_error(L, "range too long");
	if (b >= a)
		fuel_pay(L, (uint64_t)(b - a) / LIMIT_FUEL_COPIES + 1);
}

static int guarded_concat(lua_State *L)
{
	check_range(L, 3, 4, plain_length(L, 1));
	return call_theirs(L);
}

static int guarded_move(lua_State *L)
{
	check_range(L, 2, 3, plain_length(L, 1));
	return call_theirs(L);
}

/* ---- sort: a heap, so that no comparator and no order makes it slow or endless ---- */

/* Does item a stand before item b? Long strings pay for their comparison. */
static bool before(lua_State *L, int a, int b)
{
	bool is;

	a = lua_absindex(L, a);
	b = lua_absindex(L, b);
	if (lua_type(L, a) == LUA_TSTRING)
		fuel_pay(L, lua_rawlen(L, a) / LIMIT_FUEL_BYTES);
	fuel_pay(L, 1);
	if (lua_isnil(L, 2))
		return lua_compare(L, a, b, LUA_OPLT) != 0;
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	is = lua_toboolean(L, -1) != 0;
	lua_pop(L, 1);
	return is;
}

/* Pushes the later of the item at child and its neighbour; gives where it stands. */
static lua_Integer push_child(lua_State *L, lua_Integer child, lua_Integer n)
{
	bool second;

	(void)lua_geti(L, 1, child);
	if (child == n)
		return child;
	(void)lua_geti(L, 1, child + 1);
	second = before(L, -2, -1);
	lua_remove(L, second ? -2 : -1);
	return second ? child + 1 : child;
}

/* The value at the top sinks from place i of a heap of n; it is popped. */
static void sink(lua_State *L, lua_Integer i, lua_Integer n)
{
	while (i * 2 <= n) {
		lua_Integer child = push_child(L, i * 2, n);

		if (!before(L, -2, -1)) {
			lua_pop(L, 1);
			break;
		}
		lua_seti(L, 1, i);
		i = child;
	}
	lua_seti(L, 1, i);
}

static int table_sort(lua_State *L)
{
	lua_Integer n = plain_length(L, 1);

	if (!lua_isnoneornil(L, 2))
		luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	for (lua_Integer i = n / 2; i >= 1; i--) {
		(void)lua_geti(L, 1, i);
		sink(L, i, n);
	}
	for (; n > 1; n--) {
		(void)lua_geti(L, 1, n);
		(void)lua_geti(L, 1, 1);
		lua_seti(L, 1, n);
		sink(L, 1, n - 1);
	}
	return 0;
}

/* ---- libraries ---- */

/* Puts a function of the library below the top into the table at the top, behind a guard. */
static void guard(lua_State *L, const char *name, lua_CFunction with)
{
	lua_getfield(L, -2, name);
	lua_pushcclosure(L, with, 1);
	lua_setfield(L, -2, name);
}

int api_table(lua_State *L)
{
	lua_pushcfunction(L, luaopen_table);
	lua_call(L, 0, 1);
	lua_newtable(L);
	guard(L, "concat", guarded_concat);
	guard(L, "insert", guarded);
	guard(L, "move", guarded_move);
	guard(L, "remove", guarded);
	lua_getfield(L, -2, "pack");
	lua_setfield(L, -2, "pack");
	lua_getfield(L, -2, "unpack");
	lua_setfield(L, -2, "unpack");
	lua_pushcfunction(L, table_sort);
	lua_setfield(L, -2, "sort");
	lua_remove(L, -2);
	api_freeze(L);
	return 1;
}

int api_math(lua_State *L)
{
	lua_pushcfunction(L, luaopen_math);
	lua_call(L, 0, 1);
	lua_pushnil(L);
	lua_setfield(L, -2, "random");
	lua_pushnil(L);
	lua_setfield(L, -2, "randomseed");
	api_freeze(L);
	return 1;
}

int api_utf8(lua_State *L)
{
	lua_pushcfunction(L, luaopen_utf8);
	lua_call(L, 0, 1);
	api_freeze(L);
	return 1;
}
