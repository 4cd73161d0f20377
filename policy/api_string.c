/*
 * string: what can cost much (patterns, rep) is our own and pays for each step; the rest is
 * Lua's, without dump, pack and unpack.
 */
#include <string.h>

#include <lualib.h>

#include "policy/api.h"
#include "policy/pattern.h"

static const char string_key;

/* ---- patterns ---- */

/* Prepares a pattern; gives whether it is tied to the place where it begins. */
static bool pattern_begin(struct pattern *p, struct span subject, struct span text)
{
	bool tied = text.n > 0 && text.p[0] == '^';

	*p = (struct pattern){
	    .text = tied ? (struct span){text.p + 1, text.n - 1}
                 : text,
	    .subject = subject
        };
	return tied;
}

/* One attempt, paid for. */
static bool attempt(lua_State *L, struct pattern *p, size_t at, size_t *end)
{
	const struct question *q = state_of(L)->running;
	uint64_t most =
	    q == NULL || q->fuel < 0 ? LIMIT_FUEL_STEP : (uint64_t)q->fuel + 1;
	bool found;

	p->steps_left = most;
	found = pattern_match(p, at, end);
	if (p->error != NULL)
		(void)luaL_error(L, "%s", p->error);
	fuel_pay(L, most - p->steps_left);
	return found;
}

static void push_capture(lua_State *L, const struct pattern *p, size_t i, size_t start,
			 size_t end)
{
	const struct pattern_capture *c = &p->capture[i];

	if (i >= p->n_captures) {
		if (i != 0)
			(void)luaL_error(L, "invalid capture index %%%d", (int)i + 1);
		api_push(L, (struct span){p->subject.p + start, end - start});
	} else if (c->position) {
		lua_pushinteger(L, (lua_Integer)c->start + 1);
	} else {
		api_push(L, (struct span){p->subject.p + c->start, c->end - c->start});
	}
}

/* All captures; the whole match where there are none and whole says so. */
static int push_captures(lua_State *L, const struct pattern *p, size_t start,
			 size_t end, bool whole)
{
	size_t n = p->n_captures == 0 && whole ? 1 : p->n_captures;

	luaL_checkstack(L, (int)n, "too many captures");
	for (size_t i = 0; i < n; i++)
		push_capture(L, p, i, start, end);
	return (int)n;
}

/* Where to begin, from 0; beyond the end: nowhere. */
static size_t first_of(lua_State *L, int i, size_t n)
{
	lua_Integer at = luaL_optinteger(L, i, 1);

	if (at > 0)
		return (size_t)at - 1;
	if (at == 0 || (size_t)-at >= n)
		return 0;
	return n - (size_t)-at;
}

static int find_plain(lua_State *L, struct span s, struct span what, size_t at)
{
	const uint8_t *found =
	    what.n == 0 ? s.p + at : memmem(s.p + at, s.n - at, what.p, what.n);

	fuel_pay(L, (s.n - at) / LIMIT_FUEL_BYTES);
	if (found == NULL) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, found - s.p + 1);
	lua_pushinteger(L, found - s.p + (lua_Integer)what.n);
	return 2;
}

static int find_or_match(lua_State *L, bool find)
{
	struct span s = api_bytes(L, 1), text = api_bytes(L, 2);
	size_t at = first_of(L, 3, s.n), end = 0;
	struct pattern p;
	bool tied;

	if (at > s.n) {
		lua_pushnil(L);
		return 1;
	}
	if (find && (lua_toboolean(L, 4) != 0 || !pattern_special(text)))
		return find_plain(L, s, text, at);
	tied = pattern_begin(&p, s, text);
	do {
		if (!attempt(L, &p, at, &end))
			continue;
		if (!find)
			return push_captures(L, &p, at, end, true);
		lua_pushinteger(L, (lua_Integer)at + 1);
		lua_pushinteger(L, (lua_Integer)end);
		return push_captures(L, &p, at, end, false) + 2;
	} while (at++ < s.n && !tied);
	lua_pushnil(L);
	return 1;
}

static int string_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* upvalues: subject, pattern, where to go on, where the last match ended (-1: nowhere) */
static int gmatch_next(lua_State *L)
{
	struct span s = api_bytes(L, lua_upvalueindex(1));
	struct span text = api_bytes(L, lua_upvalueindex(2));
	size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3)), end = 0;
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
	struct pattern p = {.text = text,
			    .subject = s}; /* a ^ is nothing special here */

	for (; at <= s.n; at++) {
		if (!attempt(L, &p, at, &end) || (lua_Integer)end == last)
			continue;
		lua_pushinteger(L, (lua_Integer)end);
		lua_pushvalue(L, -1);
		lua_replace(L, lua_upvalueindex(3));
		lua_replace(L, lua_upvalueindex(4));
		return push_captures(L, &p, at, end, true);
	}
	return 0;
}

static int string_gmatch(lua_State *L)
{
	struct span s = api_bytes(L, 1);
	size_t at = first_of(L, 3, s.n);

	(void)api_bytes(L, 2);
	lua_settop(L, 2);
	lua_pushinteger(L, at > s.n ? (lua_Integer)s.n + 1 : (lua_Integer)at);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, gmatch_next, 4);
	return 1;
}

/* ---- gsub ---- */

/* The replacement is a text with %0 to %9 in it. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct pattern *p,
		     size_t start, size_t end)
{
	struct span with = api_bytes(L, 3);

	for (size_t i = 0; i < with.n; i++) {
		uint8_t c = with.p[i];

		if (c != '%') {
			luaL_addchar(b, (char)c);
			continue;
		}
		c = ++i < with.n ? with.p[i] : 0;
		if (c == '%') {
			luaL_addchar(b, '%');
		} else if (c == '0') {
			luaL_addlstring(b, (const char *)p->subject.p + start,
					end - start);
		} else if (c >= '1' && c <= '9') {
			push_capture(L, p, (size_t)(c - '1'), start, end);
			(void)luaL_tolstring(L, -1, NULL);
			lua_remove(L, -2);
			luaL_addvalue(b);
		} else {
			(void)luaL_error(L,
					 "invalid use of '%%' in replacement string");
		}
	}
}

static void add_value(lua_State *L, luaL_Buffer *b, const struct pattern *p,
		      size_t start, size_t end)
{
	int type = lua_type(L, 3), n;

	if (type == LUA_TSTRING) {
		add_text(L, b, p, start, end);
		return;
	}
	if (type == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		n = push_captures(L, p, start, end, true);
		lua_call(L, n, 1);
	} else {
		push_capture(L, p, 0, start, end);
		lua_gettable(L, 3);
	}
	if (lua_toboolean(L, -1) == 0) { /* it stays as it is */
		lua_pop(L, 1);
		luaL_addlstring(b, (const char *)p->subject.p + start, end - start);
		return;
	}
	if (lua_isstring(L, -1) == 0)
		(void)luaL_error(L, "invalid replacement value (a %s)",
				 luaL_typename(L, -1));
	luaL_addvalue(b);
}

static int string_gsub(lua_State *L)
{
	struct span s = api_bytes(L, 1), text = api_bytes(L, 2);
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)s.n + 1), n = 0;
	int type = lua_type(L, 3);
	size_t at = 0, end = 0, last = SIZE_MAX;
	struct pattern p;
	bool tied = pattern_begin(&p, s, text);
	luaL_Buffer b;

	luaL_argexpected(
	    L, type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
	    "string/function/table");
	luaL_buffinit(L, &b);
	while (n < most) {
		if (attempt(L, &p, at, &end) && end != last) {
			n++;
			add_value(L, &b, &p, at, end);
			at = last = end;
		} else if (at < s.n) {
			luaL_addchar(&b, (char)s.p[at++]);
		} else {
			break;
		}
		if (tied)
			break;
	}
	if (at < s.n)
		luaL_addlstring(&b, (const char *)s.p + at, s.n - at);
	luaL_pushresult(&b);
	lua_pushinteger(L, n);
	return 2;
}

/* ---- the rest ---- */

static int string_rep(lua_State *L)
{
	struct span s = api_bytes(L, 1), sep = {0};
	lua_Integer n = luaL_checkinteger(L, 2);
	size_t each, all;
	luaL_Buffer b;
	char *out;

	if (!lua_isnoneornil(L, 3))
		sep = api_bytes(L, 3);
	each = s.n + sep.n;
	if (n <= 0 || each == 0) { /* nothing, however often */
		lua_pushliteral(L, "");
		return 1;
	}
	if (__builtin_mul_overflow(each, (size_t)n, &all) ||
	    all > state_of(L)->e->limits.state_bytes)
		return luaL_error(L, "resulting string too large");
	fuel_pay(L, all / LIMIT_FUEL_BYTES + (uint64_t)n / LIMIT_FUEL_COPIES);
	out = luaL_buffinitsize(L, &b, all);
	for (; n > 0; n--, out += each) {
		memcpy(out, s.p, s.n);
		if (n > 1 && sep.n > 0)
			memcpy(out + s.n, sep.p, sep.n);
	}
	luaL_pushresultsize(&b, all - sep.n);
	return 1;
}

static const luaL_Reg own[] = {
    {"find",   string_find  },
    {"gmatch", string_gmatch},
    {"gsub",   string_gsub  },
    {"match",  string_match },
    {"rep",    string_rep   },
    {NULL,     NULL         },
};

static const char *const kept[] = {"byte",  "char",    "format", "len",
				   "lower", "reverse", "sub",    "upper"};

/* Lua's library gives strings a metatable; ours is put back. */
static void push_theirs(lua_State *L)
{
	lua_pushliteral(L, "");
	if (lua_getmetatable(L, -1) == 0)
		lua_pushnil(L);
	lua_pushcfunction(L, luaopen_string);
	lua_call(L, 0, 1);
	lua_insert(L, -3); /* theirs, "", ours */
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

int api_string(lua_State *L)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &string_key) == LUA_TTABLE)
		return 1;
	lua_pop(L, 1);
	push_theirs(L);
	lua_newtable(L);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		lua_getfield(L, -2, kept[i]);
		lua_setfield(L, -2, kept[i]);
	}
	luaL_setfuncs(L, own, 0);
	lua_remove(L, -2);
	api_freeze(L);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &string_key);
	return 1;
}
