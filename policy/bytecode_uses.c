/*
 * Follows names through the registers of each function, in the order of its instructions and
 * without its jumps: enough for names that stand in the text, and it never runs anything.
 * Numbers and fields of instructions are those of Lua 5.4 (lopcodes.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policy/bytecode.h"

enum op {
	OP_MOVE = 0,
	OP_LOADK = 3,
	OP_GETUPVAL = 9,
	OP_SETUPVAL = 10,
	OP_GETTABUP = 11,
	OP_GETTABLE = 12,
	OP_GETFIELD = 14,
	OP_SETTABUP = 15,
	OP_SETTABLE = 16,
	OP_SETFIELD = 18,
	OP_NEWTABLE = 19,
	OP_SELF = 20,
	OP_MMBIN = 46,
	OP_MMBINK = 48,
	OP_CLOSE = 54,
	OP_TEST = 66,
	OP_CALL = 68,
	OP_TAILCALL = 69,
	OP_RETURN = 70,
	OP_RETURN1 = 72,
	OP_SETLIST = 78,
	OP_CLOSURE = 79,
	OP_VARARGPREP = 81,
	OP_EXTRAARG = 82
};

/* An instruction, taken apart: op 7 bits, a 8, k 1, b 8, c 8; bx is k, b and c together. */
struct code {
	enum op op;
	uint8_t a, b, c;
	bool k;
	uint32_t bx;
};

enum holds {
	HOLDS_OTHER,
	HOLDS_GLOBAL,
	HOLDS_ENV,
	HOLDS_TEXT,
	HOLDS_DECISION,
	HOLDS_ARGUMENT,
	HOLDS_CLOSURE
};

struct reg {
	enum holds holds;
	struct span name;            /* GLOBAL, TEXT, DECISION: its constructor */
	char path[LIMIT_NEAR_BYTES]; /* ARGUMENT */
	uint32_t child;              /* CLOSURE */
};

#define REGISTERS 256 /* as many as a field of an instruction can name */

struct walk {
	const struct bytecode *b;
	const struct proto *p;
	struct span *handler; /* of each function: the global that it was assigned to */
	uint32_t self, line;
	use_args_fn *args;
	use_fn *use;
	void *ctx;
	struct reg reg[REGISTERS];
};

static struct code code_at(struct span code, size_t pc)
{
	uint32_t i;

	memcpy(&i, code.p + pc * sizeof i, sizeof i);
	return (struct code){.op = (enum op)(i & 0x7f),
			     .a = (uint8_t)(i >> 7),
			     .k = (i >> 15 & 1) != 0,
			     .b = (uint8_t)(i >> 16),
			     .c = (uint8_t)(i >> 24),
			     .bx = i >> 15};
}

static struct span constant_of(const struct proto *p, size_t i)
{
	return i < p->n_constants ? p->constant[i] : (struct span){0};
}

static bool is_env(const struct proto *p, size_t upvalue)
{
	return upvalue < p->n_upvalues && span_is(p->upvalue[upvalue], "_ENV");
}

static void tell(struct walk *w, enum use_kind kind, struct span name,
		 struct span member)
{
	struct use u = {.kind = kind,
			.name = name,
			.member = member,
			.handler = w->handler[w->self],
			.line = w->line};

	if (name.p != NULL)
		w->use(w->ctx, &u);
}

static void put_global(struct walk *w, uint8_t a, struct span name)
{
	tell(w, USE_READ, name, (struct span){0});
	w->reg[a] = (struct reg){.holds = HOLDS_GLOBAL, .name = name};
}

/* R[a] becomes field name of what R[b] holds. */
static void put_field(struct walk *w, uint8_t a, uint8_t b, struct span name)
{
	struct reg from = w->reg[b], to = {0};
	int n;

	if (from.holds == HOLDS_GLOBAL && name.p != NULL) {
		tell(w, USE_MEMBER, from.name, name);
	} else if (from.holds == HOLDS_ARGUMENT && name.p != NULL) {
		tell(w, USE_ARGUMENT, span_str(from.path), name);
		to.holds = HOLDS_ARGUMENT;
		n = snprintf(to.path, sizeof to.path, "%s.%.*s", from.path, (int)name.n,
			     (const char *)name.p);
		if (n < 0 || (size_t)n >= sizeof to.path)
			to.holds = HOLDS_OTHER;
	}
	w->reg[a] = to;
}

static void assigned(struct walk *w, struct span name, const struct code *c)
{
	const struct reg *value = &w->reg[c->c];

	tell(w, USE_WRITE, name, (struct span){0});
	if (!c->k && value->holds == HOLDS_CLOSURE && value->child < w->p->n_children)
		w->handler[w->p->child[value->child]] = name;
}

static bool is_decision(struct span name)
{
	return span_is(name, "accept") || span_is(name, "partial") ||
	       span_is(name, "refuse");
}

/* A table right after a constructor is what it is called with. */
static void put_table(struct walk *w, uint8_t a)
{
	const struct reg *before = a > 0 ? &w->reg[a - 1] : NULL;
	struct reg table = {0};

	if (before != NULL && before->holds == HOLDS_GLOBAL &&
	    is_decision(before->name)) {
		table.holds = HOLDS_DECISION;
		table.name = before->name;
	}
	w->reg[a] = table;
}

static void forget_from(struct walk *w, size_t a)
{
	for (size_t i = a; i < REGISTERS; i++)
		w->reg[i] = (struct reg){0};
}

/* Instructions that write no register of interest. */
static bool writes_none(enum op op)
{
	return op == OP_SETUPVAL || (op >= OP_SETTABUP && op <= OP_SETFIELD) ||
	       (op >= OP_MMBIN && op <= OP_MMBINK) ||
	       (op >= OP_CLOSE && op <= OP_TEST) ||
	       (op >= OP_RETURN && op <= OP_RETURN1) || op == OP_SETLIST ||
	       op == OP_VARARGPREP || op == OP_EXTRAARG;
}

/* The name of the global that an instruction reads or writes; p is NULL where it does neither. */
static struct span global_of(const struct walk *w, const struct code *c, uint8_t table,
			     uint8_t key)
{
	bool get = c->op == OP_GETTABUP || c->op == OP_SETTABUP;
	bool env = get ? is_env(w->p, table) : w->reg[table].holds == HOLDS_ENV;

	if (!env)
		return (struct span){0};
	if (c->op != OP_GETTABLE && c->op != OP_SETTABLE)
		return constant_of(w->p, key);
	return w->reg[key].holds == HOLDS_TEXT ? w->reg[key].name : (struct span){0};
}

/* Reads of globals, and of fields. False: none of these. */
static bool step_get(struct walk *w, const struct code *c)
{
	bool table =
	    c->op == OP_GETTABUP || c->op == OP_GETTABLE || c->op == OP_GETFIELD;
	struct span global = table ? global_of(w, c, c->b, c->c) : (struct span){0};

	if (global.p != NULL)
		put_global(w, c->a, global);
	else if (c->op == OP_GETFIELD || (c->op == OP_SELF && c->k))
		put_field(w, c->a, c->b, constant_of(w->p, c->c));
	else
		return false;
	return true;
}

/* Writes of globals, and of a decision's fields; what writes no register is done with too. */
static bool step_set(struct walk *w, const struct code *c)
{
	bool table =
	    c->op == OP_SETTABUP || c->op == OP_SETTABLE || c->op == OP_SETFIELD;
	struct span global = table ? global_of(w, c, c->a, c->b) : (struct span){0};

	if (global.p != NULL)
		assigned(w, global, c);
	else if (c->op == OP_SETFIELD && w->reg[c->a].holds == HOLDS_DECISION)
		tell(w, USE_FIELD, w->reg[c->a].name, constant_of(w->p, c->b));
	return writes_none(c->op);
}

static void step(struct walk *w, const struct code *c)
{
	if (step_get(w, c) || step_set(w, c))
		return;
	if (c->op == OP_MOVE)
		w->reg[c->a] = w->reg[c->b];
	else if (c->op == OP_LOADK)
		w->reg[c->a] =
		    (struct reg){.holds = HOLDS_TEXT, .name = constant_of(w->p, c->bx)};
	else if (c->op == OP_GETUPVAL && is_env(w->p, c->b))
		w->reg[c->a] = (struct reg){.holds = HOLDS_ENV};
	else if (c->op == OP_NEWTABLE)
		put_table(w, c->a);
	else if (c->op == OP_CLOSURE)
		w->reg[c->a] = (struct reg){.holds = HOLDS_CLOSURE, .child = c->bx};
	else if (c->op == OP_CALL || c->op == OP_TAILCALL)
		forget_from(w, c->a);
	else
		w->reg[c->a] = (struct reg){0};
}

/* The arguments of a handler are in the first registers. */
static void put_arguments(struct walk *w)
{
	struct span handler = w->handler[w->self];
	const char *args = handler.p != NULL ? w->args(handler) : NULL;

	for (size_t i = 0; args != NULL && *args != '\0' && i < w->p->params; i++) {
		size_t n = strcspn(args, ", ");
		struct reg *r = &w->reg[i];

		if (n < sizeof r->path) {
			r->holds = HOLDS_ARGUMENT;
			memcpy(r->path, args, n);
			r->path[n] = '\0';
		}
		args += n;
		args += strspn(args, ", ");
	}
}

void bytecode_uses(const struct bytecode *b, use_args_fn *args, use_fn *use, void *ctx)
{
	struct walk *w = calloc(1, sizeof *w);
	struct span *handler = calloc(b->n, sizeof *handler);

	if (w == NULL || handler == NULL)
		abort();
	*w = (struct walk){
	    .b = b, .handler = handler, .args = args, .use = use, .ctx = ctx};
	for (; w->self < b->n; w->self++) {
		w->p = &b->proto[w->self];
		forget_from(w, 0);
		put_arguments(w);
		for (size_t pc = 0; pc < w->p->n_code; pc++) {
			struct code c = code_at(w->p->code, pc);

			w->line = w->p->line[pc];
			step(w, &c);
		}
	}
	free(handler);
	free(w);
}
