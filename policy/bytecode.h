/*
 * What can be known of a script without running it: which lines can execute, which names it
 * uses. Read from the dump of Lua's own compiler, so that nothing is guessed from the text.
 */
#ifndef POLICY_BYTECODE_H
#define POLICY_BYTECODE_H

#include "common/bytes.h"

/* One function. Spans are into the dump. */
struct proto {
	uint32_t first_line, last_line; /* of its text; 0 for the main chunk */
	uint8_t params;
	struct span code;      /* four bytes an instruction */
	uint32_t *line;        /* of each instruction */
	struct span *constant; /* p is NULL where it is no text */
	struct span *upvalue;  /* names */
	uint32_t *child;       /* numbers of the functions within */
	size_t n_code, n_constants, n_upvalues, n_children;
};

/* {0} is empty. */
struct bytecode {
	uint8_t *dump;
	size_t dump_n, dump_cap;
	struct proto *proto; /* the first is the main chunk */
	size_t n;
};

/*
 * Compiles text and takes the dump apart.
 * name:   how errors call it
 * why:    file:line: error, where text is not a script
 * Errors: ERR_CONFIG text is not a script; ERR_MEMORY; ERR_BUG a dump that this does not know
 */
MUST_CHECK enum err bytecode_read(struct span text, const char *name,
				  struct bytecode *out, char *why, size_t why_cap);

void bytecode_wipe(struct bytecode *b);

/*
 * Marks the lines of functions that can execute: map[line] is set to 1.
 * Lines of the main chunk do not count: a script that loaded has executed them.
 */
void bytecode_lines(const struct bytecode *b, uint8_t *map, size_t cap);

enum use_kind {
	USE_READ,   /* global name */
	USE_WRITE,  /* global name */
	USE_MEMBER, /* field member of global name */
	USE_FIELD, /* field member in the table given to name: accept, partial or refuse */
	USE_ARGUMENT /* field member of a handler's argument; name is its path, e.g. auth.verified */
};

struct use {
	enum use_kind kind;
	struct span name, member;
	struct span handler; /* global function that it stands in; empty: none */
	uint32_t line;
};
typedef void use_fn(void *ctx, const struct use *u);

/* Names the arguments of a handler, divided by comma and space; NULL where it is none. */
typedef const char *use_args_fn(struct span handler);

/*
 * Tells every use of a name that stands in the script as a constant.
 * use: its spans are valid during the call only
 */
void bytecode_uses(const struct bytecode *b, use_args_fn *args, use_fn *use, void *ctx);

#endif
