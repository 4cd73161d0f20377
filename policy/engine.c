/*
 * Scripts and connections by number; what is asked finds its state here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "policy/api.h"
#include "policy/engine_private.h"

const struct engine_limits engine_limits_usual = {
    .fuel = LIMIT_FUEL,
    .state_bytes = LIMIT_STATE_BYTES,
    .all_bytes = LIMIT_STATES_BYTES,
    .soft_ms = LIMIT_POLICY_SOFT_MS,
    .hard_ms = LIMIT_POLICY_HARD_MS,
};

enum err engine_new(const struct engine_limits *limits,
		    const struct engine_hooks *hooks, struct engine **out)
{
	struct engine *e;

	if (hooks->answer == NULL)
		return ERR_BUG;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return ERR_MEMORY;
	e->limits = *limits;
	e->hooks = *hooks;
	*out = e;
	return OK;
}

static void script_free(struct script *s)
{
	state_free(s->spare);
	free(s->name);
	free(s->code);
	free(s);
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n_slots; i++)
		while (e->slot[i] != NULL) {
			struct state *st = e->slot[i];

			e->slot[i] = st->next;
			state_free(st);
		}
	while (e->scripts != NULL) {
		struct script *s = e->scripts;

		e->scripts = s->next;
		script_free(s);
	}
	free(e->slot);
	codepage_free(e->page);
	store_wipe(&e->store);
	wipe(e->scratch, sizeof e->scratch);
	wipe(e->fields, sizeof e->fields);
	free(e);
}

void engine_codepage(struct engine *e, struct codepage *page)
{
	codepage_free(e->page);
	e->page = page;
}

/* ---- scripts ---- */

static struct script **find_script(struct engine *e, uint32_t version)
{
	struct script **at = &e->scripts;

	while (*at != NULL && (*at)->version != version)
		at = &(*at)->next;
	return at;
}

/* owns = { "password", … }: written as a name-list. Raises errors. */
static void read_owns(lua_State *L, char *out, size_t cap)
{
	struct wr w = {.p = (uint8_t *)out, .cap = cap - 1};
	struct span list = {0};
	lua_Integer n;

	lua_pushglobaltable(L);
	lua_pushliteral(L, "owns");
	if (lua_rawget(L, -2) == LUA_TNIL)
		return;
	luaL_argexpected(L, lua_istable(L, -1), 1, "a list of methods in 'owns'");
	n = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= n; i++) {
		(void)lua_rawgeti(L, -1, i);
		if (i > 1)
			wr_u8(&w, ',');
		if (lua_type(L, -1) != LUA_TSTRING)
			(void)luaL_error(L, "owns: a method's name is no string");
		wr_raw(&w, api_bytes(L, -1));
		lua_pop(L, 1);
	}
	if (wr_end(&w, &list) != OK || !names_valid(list))
		(void)luaL_error(L, "owns: not a list of methods");
	out[list.n] = '\0';
}

/* A handler that is misspelt would never be asked: the name says what it should have been. */
static void check_names(lua_State *L, struct engine_loaded *out)
{
	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		enum policy_event event;
		struct span name;

		if (lua_type(L, -2) != LUA_TSTRING)
			continue;
		name = api_bytes(L, -2);
		if (name.n < 3 || memcmp(name.p, "on_", 3) != 0)
			continue;
		if (!policy_event_find((struct span){name.p + 3, name.n - 3}, &event))
			(void)luaL_error(L, "%s: there is no such event", name.p);
		if (lua_type(L, -1) != LUA_TFUNCTION)
			(void)luaL_error(L, "%s is no function", name.p);
		out->handlers |= POLICY_BIT(event);
	}
}

static int inspect(lua_State *L)
{
	struct engine_loaded *out = lua_touserdata(L, 1);

	lua_settop(L, 0);
	lua_pushglobaltable(L);
	check_names(L, out);
	read_owns(L, out->owns, sizeof out->owns);
	return 0;
}

/* Runs it once; the state is kept for the first connection. */
static enum err script_try(struct engine *e, struct script *s,
			   struct engine_loaded *out)
{
	enum err bad = state_new(e, s, &s->spare, out->why);
	lua_State *lua;
	int status;

	if (bad != OK)
		return bad;
	lua = s->spare->lua;
	lua_pushcfunction(lua, inspect);
	lua_pushlightuserdata(lua, out);
	status = lua_pcall(lua, 1, 0, 0);
	if (status != LUA_OK) {
		char why[LIMIT_WHERE_BYTES];

		run_why(lua, status, why, sizeof why);
		(void)snprintf(out->why, sizeof out->why, "%s: %s", s->name + 1, why);
		return ERR_CONFIG;
	}
	s->handlers = out->handlers;
	return OK;
}

enum err engine_load(struct engine *e, uint32_t version, const char *name,
		     struct span text, struct engine_loaded *out)
{
	struct script *s = calloc(1, sizeof *s);
	enum err bad;

	*out = (struct engine_loaded){0};
	if (s == NULL)
		return ERR_MEMORY;
	s->version = version;
	if (*find_script(e, version) != NULL)
		bad = ERR_RANGE;
	else if (asprintf(&s->name, "@%s", name) < 0)
		bad = ERR_MEMORY;
	else if ((bad = state_compile(e, s, text, out->why)) == OK)
		bad = script_try(e, s, out);
	if (bad != OK) {
		script_free(s);
		return bad;
	}
	s->next = e->scripts;
	e->scripts = s;
	return OK;
}

/* ---- connections ---- */

static struct state **find_state(const struct engine *e, uint64_t conn)
{
	struct state **at = &e->slot[conn % e->n_slots];

	while (*at != NULL && (*at)->conn != conn)
		at = &(*at)->next;
	return at;
}

static enum err grow(struct engine *e)
{
	size_t n = e->n_slots == 0 ? LIMIT_STATE_SLOTS : e->n_slots * 2;
	struct state **slot;

	if (e->n_states < e->n_slots)
		return OK;
	slot = calloc(n, sizeof(struct state *));
	if (slot == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < e->n_slots; i++)
		while (e->slot[i] != NULL) {
			struct state *st = e->slot[i];

			e->slot[i] = st->next;
			st->next = slot[st->conn % n];
			slot[st->conn % n] = st;
		}
	free(e->slot);
	e->slot = slot;
	e->n_slots = n;
	return OK;
}

static void drop_at(struct engine *e, struct state **at)
{
	struct state *st = *at;

	*at = st->next;
	e->n_states--;
	state_free(st);
}

void engine_drop(struct engine *e, uint64_t conn)
{
	struct state **at = e->n_slots == 0 ? NULL : find_state(e, conn);

	if (at != NULL && *at != NULL)
		drop_at(e, at);
}

void engine_forget(struct engine *e, uint32_t version)
{
	struct script **at = find_script(e, version), *gone = *at;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < e->n_slots; i++)
		for (struct state **st = &e->slot[i]; *st != NULL;) {
			if ((*st)->script == gone)
				drop_at(e, st);
			else
				st = &(*st)->next;
		}
	*at = gone->next;
	script_free(gone);
}

size_t engine_conn_bytes(const struct engine *e, uint64_t conn)
{
	const struct state *st = e->n_slots == 0 ? NULL : *find_state(e, conn);

	return st == NULL ? 0 : st->bytes;
}

bool engine_prepare(struct engine *e)
{
	char why[LIMIT_LOG_BYTES];

	for (struct script *s = e->scripts; s != NULL; s = s->next)
		if (s->handlers != 0 && s->spare == NULL)
			return state_new(e, s, &s->spare, why) == OK;
	return false;
}

/* Finds the connection's state, or makes it. why: as state_new */
static enum err state_for(struct engine *e, const struct engine_question *q,
			  struct state **out, char *why)
{
	struct script *s = *find_script(e, q->version);
	struct state **at, *st;
	enum err bad = grow(e);

	if (bad != OK)
		return bad;
	if (s == NULL)
		return ERR_UNKNOWN;
	at = find_state(e, q->conn);
	if (*at != NULL && (*at)->script == s) {
		*out = *at;
		return OK;
	}
	if (*at != NULL)
		drop_at(e, at);
	st = s->spare;
	s->spare = NULL;
	if (st == NULL && (bad = state_new(e, s, &st, why)) != OK)
		return bad;
	st->conn = q->conn;
	st->next = *find_state(e, q->conn);
	*find_state(e, q->conn) = st;
	e->n_states++;
	*out = st;
	return OK;
}

/* ---- questions ---- */

static void refuse(struct engine *e, const struct engine_question *q, const char *why)
{
	struct engine_answer a = {.id = q->id,
				  .conn = q->conn,
				  .event = q->event,
				  .verdict = POLICY_ERROR,
				  .where = span_str(why)};

	if (q->id != 0)
		e->hooks.answer(e->hooks.ctx, &a);
	else if (e->hooks.note != NULL)
		e->hooks.note(e->hooks.ctx, q->conn, LOG_ERROR, a.where);
}

void engine_ask(struct engine *e, const struct engine_question *q)
{
	char why[LIMIT_LOG_BYTES] = "";
	struct state *st = NULL;
	struct question *run = NULL;
	enum err bad = facts_check(q->facts);

	e->now_s = q->now_s;
	e->zone_s = q->zone_s;
	if (bad == OK)
		bad = state_for(e, q, &st, why);
	if (bad == OK && (run = calloc(1, sizeof *run)) == NULL)
		bad = ERR_MEMORY;
	if (bad != OK) {
		if (why[0] == '\0')
			(void)snprintf(why, sizeof why, "policy: %s", err_text(bad));
		refuse(e, q, why);
		return;
	}
	run->q = *q;
	run_begin(st, run);
}

void engine_helped(struct engine *e, uint64_t call, bool ok, struct span text)
{
	struct question **at = &e->waiting, *q;

	while (*at != NULL && (*at)->call != call)
		at = &(*at)->next;
	q = *at;
	if (q == NULL)
		return;
	*at = q->next;
	q->helped_ok = ok;
	q->helped = text;
	run_resume(q);
}

void engine_share(struct engine *e, struct span key, struct span value,
		  uint64_t expires_s)
{
	/* one that cannot be kept is one that was never set */
	(void)!store_set(&e->store, key, value, expires_s, e->now_s);
}

struct question *question_of(lua_State *L)
{
	struct question *q = state_of(L)->running;

	if (q == NULL || q->ref == LUA_NOREF)
		(void)luaL_error(L, "only in a handler");
	return q;
}
