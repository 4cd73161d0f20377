/*
 * Reads a dump of Lua 5.4's compiler (ldump.c's format, which the header names), made in this
 * process a moment before: it is trusted as far as liblua is, and read with bounds all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/limits.h"
#include "common/rd.h"
#include "policy/bytecode.h"

/* kinds of constants, lobject.h: variant in the upper bits */
enum {
	K_NIL = 0,
	K_FALSE = 1,
	K_TRUE = 17,
	K_INT = 3,
	K_FLOAT = 19,
	K_SHORT = 4,
	K_LONG = 20
};

#define HEADER_BYTES   31   /* up to the count of upvalues of the main chunk */
#define HEADER_VERSION 4    /* where the version stands */
#define LAST_BYTE      0x80 /* of a number in groups of seven bits */
#define LOW_BITS       0x7f
#define GROUP_BITS     7
#define LINE_ABSOLUTE  (-0x80)
#define INSTRUCTION    4
#define NUMBER_BYTES   8

static int keep(lua_State *lua, const void *p, size_t n, void *ctx)
{
	struct bytecode *b = ctx;
	uint8_t *grown;

	(void)lua;
	if (n > b->dump_cap - b->dump_n) {
		b->dump_cap = 2 * b->dump_cap + n;
		grown = realloc(b->dump, b->dump_cap);
		if (grown == NULL)
			return 1;
		b->dump = grown;
	}
	memcpy(b->dump + b->dump_n, p, n);
	b->dump_n += n;
	return 0;
}

/* A number as ldump.c writes it: most significant group first, the last one marked. */
static size_t size_of(struct rd *r)
{
	size_t v = 0;
	uint8_t b;

	do {
		b = rd_u8(r);
		if (v > SIZE_MAX >> GROUP_BITS)
			rd_fail(r, ERR_RANGE);
		v = v << GROUP_BITS | (b & LOW_BITS);
	} while ((b & LAST_BYTE) == 0 && rd_ok(r));
	return rd_ok(r) ? v : 0;
}

/* A count of things of at least one byte each, so that memory cannot be asked for in vain. */
static size_t count_of(struct rd *r)
{
	size_t n = size_of(r);

	if (n > r->left.n)
		rd_fail(r, ERR_TRUNCATED);
	return rd_ok(r) ? n : 0;
}

/* A text; its length is written with one added, 0 being none. */
static struct span text_of(struct rd *r)
{
	size_t n = size_of(r);

	return n == 0 ? (struct span){0} : rd_raw(r, n - 1);
}

/* Memory for n things, at least one, so that NULL is a failure. */
static void *room(struct rd *r, size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		rd_fail(r, ERR_MEMORY);
	return p;
}

static void constants_of(struct rd *r, struct proto *p)
{
	size_t n = count_of(r);

	if ((p->constant = room(r, n, sizeof *p->constant)) == NULL)
		return;
	for (p->n_constants = 0; p->n_constants < n && rd_ok(r); p->n_constants++) {
		uint8_t kind = rd_u8(r);

		if (kind == K_SHORT || kind == K_LONG)
			p->constant[p->n_constants] = text_of(r);
		else if (kind == K_INT || kind == K_FLOAT)
			(void)rd_raw(r, NUMBER_BYTES);
		else if (kind != K_NIL && kind != K_FALSE && kind != K_TRUE)
			rd_fail(r, ERR_BUG);
	}
}

/* Lines are differences; where one is too large for a byte it stands in a list of its own. */
static void lines_of(struct rd *r, struct proto *p)
{
	size_t n = count_of(r), n_absolute;
	struct span delta = rd_raw(r, n);
	uint32_t line = p->first_line;
	size_t next = 0, pc = 0, at = 0;

	n_absolute = count_of(r);
	if ((p->line = room(r, p->n_code, sizeof *p->line)) == NULL)
		return;
	for (size_t i = 0; i < delta.n && i < p->n_code && rd_ok(r); i++) {
		if ((int8_t)delta.p[i] == LINE_ABSOLUTE && next < n_absolute) {
			pc = size_of(r);
			at = size_of(r);
			line = (uint32_t)at;
			next++;
			if (pc != i)
				rd_fail(r, ERR_BUG);
		} else {
			line = (uint32_t)((int64_t)line + (int8_t)delta.p[i]);
		}
		p->line[i] = line;
	}
	for (; next < n_absolute && rd_ok(r); next++) {
		(void)size_of(r);
		(void)size_of(r);
	}
}

static void debug_of(struct rd *r, struct proto *p)
{
	size_t n;

	lines_of(r, p);
	for (n = count_of(r); n > 0 && rd_ok(r); n--) { /* local variables */
		(void)text_of(r);
		(void)size_of(r);
		(void)size_of(r);
	}
	n = count_of(r);
	for (size_t i = 0; i < n && rd_ok(r); i++) {
		struct span name = text_of(r);

		if (i < p->n_upvalues)
			p->upvalue[i] = name;
	}
}

static uint32_t function_of(struct rd *r, struct bytecode *b);

static void children_of(struct rd *r, struct bytecode *b, uint32_t self)
{
	size_t n = count_of(r);
	uint32_t *child = room(r, n, sizeof *child);

	b->proto[self].child = child;
	for (size_t i = 0; i < n && child != NULL && rd_ok(r); i++) {
		child[i] = function_of(r, b);
		b->proto[self].n_children = i + 1;
	}
}

static uint32_t proto_new(struct rd *r, struct bytecode *b)
{
	struct proto *grown;

	if ((b->n & (b->n - 1)) == 0) { /* full at each power of two */
		grown = realloc(b->proto, (b->n > 0 ? 2 * b->n : 1) * sizeof *grown);
		if (grown == NULL) {
			rd_fail(r, ERR_MEMORY);
			return 0;
		}
		b->proto = grown;
	}
	b->proto[b->n] = (struct proto){0};
	return (uint32_t)b->n++;
}

static uint32_t function_of(struct rd *r, struct bytecode *b)
{
	uint32_t self = proto_new(r, b);
	struct proto *p;

	if (!rd_ok(r))
		return 0;
	p = &b->proto[self];
	(void)text_of(r); /* source */
	p->first_line = (uint32_t)size_of(r);
	p->last_line = (uint32_t)size_of(r);
	p->params = rd_u8(r);
	(void)rd_u8(r); /* takes more arguments */
	(void)rd_u8(r); /* registers */
	p->n_code = count_of(r);
	p->code = rd_raw(r, p->n_code * INSTRUCTION);
	constants_of(r, p);
	p->n_upvalues = count_of(r);
	p->upvalue = room(r, p->n_upvalues, sizeof *p->upvalue);
	(void)rd_raw(r, p->n_upvalues * 3); /* where each is, its index, its kind */
	children_of(r, b, self);
	if (rd_ok(r))
		debug_of(r, &b->proto[self]);
	return self;
}

static enum err dump_parse(struct bytecode *b)
{
	struct rd r = RD(((struct span){b->dump, b->dump_n}));
	struct span header = rd_raw(&r, HEADER_BYTES);

	(void)rd_u8(&r); /* upvalues of the main chunk */
	if (!rd_ok(&r) || header.p[HEADER_VERSION] !=
			      (LUA_VERSION_NUM / 100) * 16 + LUA_VERSION_NUM % 100)
		return ERR_BUG;
	(void)function_of(&r, b);
	return rd_end(&r);
}

enum err bytecode_read(struct span text, const char *name, struct bytecode *out,
		       char *why, size_t why_cap)
{
	struct bytecode b = {0};
	lua_State *lua = luaL_newstate();
	char chunk[LIMIT_WHERE_BYTES];
	enum err e = ERR_MEMORY;

	if (lua == NULL)
		return e;
	(void)snprintf(chunk, sizeof chunk, "@%s", name);
	if (luaL_loadbufferx(lua, (const char *)text.p, text.n, chunk, "t") != LUA_OK) {
		(void)snprintf(why, why_cap, "%s", lua_tostring(lua, -1));
		e = ERR_CONFIG;
	} else if (lua_dump(lua, keep, &b, 0) == 0) {
		e = dump_parse(&b);
	}
	lua_close(lua);
	if (e != OK)
		bytecode_wipe(&b);
	else
		*out = b;
	return e;
}

void bytecode_wipe(struct bytecode *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->proto[i].line);
		free(b->proto[i].constant);
		free(b->proto[i].upvalue);
		free(b->proto[i].child);
	}
	free(b->proto);
	free(b->dump);
	*b = (struct bytecode){0};
}

void bytecode_lines(const struct bytecode *b, uint8_t *map, size_t cap)
{
	for (size_t i = 1; i < b->n; i++) {
		const struct proto *p = &b->proto[i];

		/* the last instruction is the return that every function ends with; where the
		   text has one before it, this one is never reached */
		for (size_t pc = 0; pc + 1 < p->n_code; pc++)
			if (p->line[pc] < cap)
				map[p->line[pc]] = 1;
	}
}
