/*
 * accept, partial, refuse: each makes an object whose fields are checked where they are
 * written, so that an error names the line. A permit with a field that cannot be enforced is
 * none.
 */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/names.h"
#include "policy/api.h"
#include "policy/engine_private.h"

/* What the constructor is at: for error messages. */
struct making {
	lua_State *L;
	struct wr *w;
	enum policy_verdict verdict;
	const struct policy_field_row *row;
};

static int bad(const struct making *m, const char *what)
{
	return luaL_error(m->L, "%s: field '%s' %s", policy_verdict_name(m->verdict),
			  m->row->name, what);
}

static struct span text_at(const struct making *m, int index)
{
	size_t n = 0;
	const char *s;

	if (lua_type(m->L, index) != LUA_TSTRING)
		(void)bad(m, "must be made of strings");
	s = lua_tolstring(m->L, index, &n);
	if (memchr(s, '\0', n) != NULL)
		(void)bad(m, "has a NUL byte");
	return (struct span){(const uint8_t *)s, n};
}

static void put_text(const struct making *m)
{
	struct span s;

	if (lua_type(m->L, -1) != LUA_TSTRING)
		(void)bad(m, "must be a string");
	s = text_at(m, -1);
	if (s.n > m->row->most)
		(void)luaL_error(m->L, "%s: field '%s' has %d bytes, more than %d",
				 policy_verdict_name(m->verdict), m->row->name,
				 (int)s.n, (int)m->row->most);
	facts_str(m->w, m->row->name, s);
}

static void put_number(const struct making *m)
{
	lua_Integer n;

	if (!lua_isinteger(m->L, -1))
		(void)bad(m, "must be a whole number");
	n = lua_tointeger(m->L, -1);
	if (n < 0 || (uint64_t)n > m->row->most)
		(void)luaL_error(m->L, "%s: field '%s' must be 0 to %I",
				 policy_verdict_name(m->verdict), m->row->name,
				 (lua_Integer)m->row->most);
	facts_num(m->w, m->row->name, (uint64_t)n);
}

static void put_flag(const struct making *m)
{
	if (!lua_isboolean(m->L, -1))
		(void)bad(m, "must be true or false");
	facts_bool(m->w, m->row->name, lua_toboolean(m->L, -1) != 0);
}

/* Counts what has a key, and so finds holes and names in what should be a list. */
static size_t keys(lua_State *L, int index)
{
	size_t n = 0;

	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
		n++;
	return n;
}

static size_t list_length(const struct making *m, size_t others)
{
	size_t n;

	if (!lua_istable(m->L, -1))
		(void)bad(m, "must be a list");
	n = (size_t)lua_rawlen(m->L, -1);
	if (n > m->row->most)
		(void)bad(m, "is too long");
	if (keys(m->L, -1) != n + others)
		(void)bad(m, "must be a list without holes and names");
	return n;
}

static void put_list(const struct making *m)
{
	size_t n = list_length(m, 0);
	size_t mark = facts_list_open(m->w, m->row->name);

	for (size_t i = 1; i <= n; i++) {
		struct span s;

		(void)lua_rawgeti(m->L, -1, (lua_Integer)i);
		s = text_at(m, -1);
		if (s.n == 0 || s.n > LIMIT_TEXT_BYTES)
			(void)bad(m, "has an empty or overlong item");
		if (strcmp(m->row->name, "available_methods") == 0 &&
		    (!names_valid(s) || memchr(s.p, ',', s.n) != NULL))
			(void)bad(m, "has an item that is no method's name");
		wr_bytes(m->w, s);
		lua_pop(m->L, 1);
	}
	wr_close(m->w, mark);
}

static bool word_of(const char *words, struct span s)
{
	for (size_t n; *words != '\0'; words += n + (words[n] == '|')) {
		n = strcspn(words, "|");
		if (span_equal((struct span){(const uint8_t *)words, n}, s))
			return true;
	}
	return false;
}

static void put_word(const struct making *m)
{
	if (lua_type(m->L, -1) != LUA_TSTRING ||
	    !word_of(m->row->words, text_at(m, -1)))
		(void)luaL_error(m->L, "%s: field '%s' must be one of %s",
				 policy_verdict_name(m->verdict), m->row->name,
				 m->row->words);
	facts_str(m->w, m->row->name, text_at(m, -1));
}

/* ---- prompts: { instruction = "…", { "text", echo = true }, … } ---- */

/* Leaves the prompt's text on the stack, so that it stays. */
static struct span prompt_at(const struct making *m, lua_Integer i, bool *echo)
{
	lua_State *lua = m->L;
	size_t named;
	struct span s;

	*echo = false;
	if (lua_rawgeti(lua, -1, i) == LUA_TTABLE) {
		lua_pushliteral(lua, "echo");
		named = lua_rawget(lua, -2) != LUA_TNIL;
		if (named && !lua_isboolean(lua, -1))
			(void)bad(m, "has an echo that is neither true nor false");
		*echo = lua_toboolean(lua, -1) != 0;
		lua_pop(lua, 1);
		if (keys(lua, -1) != 1 + named)
			(void)bad(m,
				  "has a prompt that is not { \"text\", echo = true }");
		(void)lua_rawgeti(lua, -1, 1);
		lua_remove(lua, -2);
	}
	s = text_at(m, -1);
	if (s.n == 0 || s.n > LIMIT_PROMPT_BYTES)
		(void)bad(m, "has an empty or overlong prompt");
	return s;
}

static void put_each_prompt(const struct making *m, size_t n, bool texts)
{
	size_t mark = facts_list_open(m->w, texts ? "prompts" : "prompts_echo");

	for (size_t i = 1; i <= n; i++) {
		bool echo;
		struct span s = prompt_at(m, (lua_Integer)i, &echo);

		wr_bytes(m->w, texts ? s : span_str(echo ? "1" : "0"));
		lua_pop(m->L, 1);
	}
	wr_close(m->w, mark);
}

static void put_prompts(const struct making *m)
{
	lua_State *lua = m->L;
	size_t n;
	bool named = false;

	if (!lua_istable(lua, -1))
		(void)bad(m, "must be a list");
	lua_pushliteral(lua, "instruction");
	if (lua_rawget(lua, -2) != LUA_TNIL) {
		struct span s = text_at(m, -1);

		if (s.n > LIMIT_PROMPT_BYTES)
			(void)bad(m, "has an overlong instruction");
		facts_str(m->w, "instruction", s);
		named = true;
	}
	lua_pop(lua, 1);
	n = list_length(m, named);
	put_each_prompt(m, n, true);
	put_each_prompt(m, n, false);
}

/* ---- env: { NAME = "value" } ---- */

static int by_text(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	if (c != 0)
		return c;
	return (x->n > y->n) - (x->n < y->n);
}

/* Names in an order of their own, so that a decision is always written alike. */
static size_t sorted_names(const struct making *m, struct span name[LIMIT_ENV_COUNT])
{
	lua_State *lua = m->L;
	size_t n = 0;

	for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1)) {
		if (n == LIMIT_ENV_COUNT)
			(void)bad(m, "has too many variables");
		name[n] = text_at(m, -2);
		if (name[n].n == 0 || memchr(name[n].p, '=', name[n].n) != NULL)
			(void)bad(m, "has a name that is empty or has a = in it");
		n++;
	}
	qsort(name, n, sizeof name[0], by_text);
	return n;
}

static void put_pairs(const struct making *m)
{
	struct span name[LIMIT_ENV_COUNT];
	lua_State *lua = m->L;
	size_t n, mark, item;

	if (!lua_istable(lua, -1))
		(void)bad(m, "must be a table { NAME = \"value\" }");
	n = sorted_names(m, name);
	mark = facts_list_open(m->w, m->row->name);
	for (size_t i = 0; i < n; i++) {
		lua_pushlstring(lua, (const char *)name[i].p, name[i].n);
		(void)lua_rawget(lua, -2);
		item = wr_open(m->w);
		wr_raw(m->w, name[i]);
		wr_raw(m->w, SPAN_LIT("="));
		wr_raw(m->w, text_at(m, -1));
		wr_close(m->w, item);
		lua_pop(lua, 1);
	}
	wr_close(m->w, mark);
}

/* ---- the constructors ---- */

static void put_field(const struct making *m)
{
	switch (m->row->type) {
	case FIELD_TEXT:
		put_text(m);
		break;
	case FIELD_NUMBER:
		put_number(m);
		break;
	case FIELD_FLAG:
		put_flag(m);
		break;
	case FIELD_LIST:
		put_list(m);
		break;
	case FIELD_WORDS:
		put_word(m);
		break;
	case FIELD_PROMPTS:
		put_prompts(m);
		break;
	case FIELD_PAIRS:
		put_pairs(m);
		break;
	case FIELD_ENGINE: /* check_names has refused it */
		break;
	}
}

/* Fields that there are not, or not here: a permit must be enforced whole. */
static void check_names(lua_State *L, enum policy_verdict v)
{
	const struct question *q = state_of(L)->running;
	const struct policy_field_row *row;

	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		size_t n = 0;
		const char *name;

		if (lua_type(L, -2) != LUA_TSTRING) {
			(void)luaL_error(
			    L, "%s: fields have names: %s{ field = value }",
			    policy_verdict_name(v), policy_verdict_name(v));
			return;
		}
		name = lua_tolstring(L, -2, &n);
		row = policy_field_find((struct span){(const uint8_t *)name, n});
		if (row == NULL)
			(void)luaL_error(L, "%s: there is no field '%s'",
					 policy_verdict_name(v), name);
		else if ((row->verdicts & POLICY_BIT(v)) == 0)
			(void)luaL_error(L, "%s: field '%s' does not belong here",
					 policy_verdict_name(v), name);
		else if (row->type == FIELD_ENGINE)
			(void)luaL_error(L, "%s: field '%s' is not a script's to say",
					 policy_verdict_name(v), name);
		else if (q != NULL && q->ref != LUA_NOREF &&
			 !policy_field_fits(row, q->q.event, v))
			(void)luaL_error(L, "%s: field '%s' does not belong to on_%s",
					 policy_verdict_name(v), name,
					 policy_events[q->q.event].name);
	}
}

static void put_fields(struct making *m)
{
	for (size_t i = 0; i < n_policy_fields; i++) {
		m->row = &policy_fields[i];
		lua_pushstring(m->L, m->row->name);
		if (lua_rawget(m->L, 1) != LUA_TNIL)
			put_field(m);
		lua_settop(m->L, 1);
	}
}

static int construct(lua_State *L, enum policy_verdict v)
{
	struct wr w = WR(state_of(L)->e->scratch);
	struct making m = {.L = L, .w = &w, .verdict = v};
	struct decision *d;
	struct span fields = {0};

	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	check_names(L, v);
	put_fields(&m);
	if (wr_end(&w, &fields) != OK)
		return luaL_error(L, "%s: fields are too long", policy_verdict_name(v));
	d = lua_newuserdatauv(L, sizeof *d + fields.n, 0);
	d->verdict = v;
	d->n = fields.n;
	if (fields.n > 0)
		memcpy(d->fields, fields.p, fields.n);
	api_where(L, d->where, sizeof d->where);
	api_decision_mark(L);
	return 1;
}

int decision_accept(lua_State *L)
{
	return construct(L, POLICY_ACCEPT);
}

int decision_partial(lua_State *L)
{
	return construct(L, POLICY_PARTIAL);
}

int decision_refuse(lua_State *L)
{
	return construct(L, POLICY_REFUSE);
}

const struct decision *decision_at(lua_State *L, int index)
{
	return api_is_decision(L, index) ? lua_touserdata(L, index) : NULL;
}
