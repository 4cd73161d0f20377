/*
 * Looks into a state as the engine makes it for scripts, from outside: what is frozen for them
 * can be listed here.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/api.h"
#include "policy/names.h"

static enum err add(struct names *n, const char *library, const char *name)
{
	struct known_name *grown = realloc(n->item, (n->n + 1) * sizeof *grown);

	if (grown == NULL)
		return ERR_MEMORY;
	n->item = grown;
	grown[n->n] = (struct known_name){.library = library};
	if (bytes_to_str(grown[n->n].name, sizeof grown[n->n].name, span_str(name)) ==
	    OK)
		n->n++;
	return OK;
}

/* The table that a frozen library reads from, or the library itself, on top of the stack. */
static void push_contents(lua_State *lua)
{
	if (lua_getmetatable(lua, -1) == 0) {
		lua_pushvalue(lua, -1);
		return;
	}
	(void)lua_getfield(lua, -1, "__index");
	lua_remove(lua, -2);
}

static enum err add_library(struct names *n, lua_State *lua, const char *library)
{
	int top = lua_gettop(lua);
	enum err e = OK;

	push_contents(lua);
	lua_pushnil(lua);
	while (e == OK && lua_istable(lua, -2) && lua_next(lua, -2) != 0) {
		if (lua_type(lua, -2) == LUA_TSTRING)
			e = add(n, library, lua_tostring(lua, -2));
		lua_pop(lua, 1);
	}
	lua_settop(lua, top);
	return e;
}

static int by_name(const void *a, const void *b)
{
	const struct known_name *x = a, *y = b;
	int first = strcmp(x->library != NULL ? x->library : x->name,
			   y->library != NULL ? y->library : y->name);

	if (first != 0)
		return first;
	if (x->library == NULL || y->library == NULL)
		return (x->library != NULL) - (y->library != NULL);
	return strcmp(x->name, y->name);
}

static enum err read_all(lua_State *lua, struct names *n)
{
	enum err e = OK;
	const char *name;

	api_open(lua);
	for (size_t i = 0; e == OK && (name = api_global_name(i)) != NULL; i++) {
		e = add(n, NULL, name);
		(void)lua_getglobal(lua, name);
		if (e == OK && lua_istable(lua, -1))
			e = add_library(n, lua, name);
		lua_pop(lua, 1);
	}
	return e;
}

enum err names_read(struct names *out)
{
	lua_State *lua = luaL_newstate();
	struct names n = {0};
	enum err e = lua != NULL ? read_all(lua, &n) : ERR_MEMORY;

	if (lua != NULL)
		lua_close(lua);
	if (e != OK) {
		names_wipe(&n);
		return e;
	}
	if (n.n > 0)
		qsort(n.item, n.n, sizeof *n.item, by_name);
	*out = n;
	return OK;
}

void names_wipe(struct names *n)
{
	free(n->item);
	*n = (struct names){0};
}

static bool in_library(const struct known_name *k, struct span library)
{
	return library.n == 0 ? k->library == NULL
			      : k->library != NULL && span_is(library, k->library);
}

bool names_know(const struct names *n, struct span library, struct span name)
{
	for (size_t i = 0; i < n->n; i++)
		if (in_library(&n->item[i], library) && span_is(name, n->item[i].name))
			return true;
	return false;
}

bool names_library(const struct names *n, struct span name)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->item[i].library != NULL && span_is(name, n->item[i].library))
			return true;
	return false;
}

void names_near(const struct names *n, struct span library, struct nearest *near)
{
	for (size_t i = 0; i < n->n; i++)
		if (in_library(&n->item[i], library))
			nearest_try(near, n->item[i].name);
}
