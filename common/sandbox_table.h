/*
 * sandbox.def as tables: roles, layers, system calls, files.
 */
#ifndef COMMON_SANDBOX_TABLE_H
#define COMMON_SANDBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

enum sandbox_role {
#define ROLE(name, inside, files, mib, layers) ROLE_##name,
#include "common/sandbox.def"
	ROLE_COUNT
};

enum sandbox_layer {
#define LAYER(name, text) LAYER_##name,
#include "common/sandbox.def"
	LAYER_COUNT
};

#define SANDBOX_ON(layer) (1U << (unsigned)(layer)) /* a layer or role as a bit */

#define SANDBOX_ARGS 6 /* a system call's arguments */

/* The condition (argument[arg] & mask) == value; mask 0 ends a row's conditions. */
struct sandbox_cond {
	unsigned arg;
	uint64_t mask;
	uint64_t value;
};

/* One row SYS or DENY. error is 0 where the call is let through. */
struct sandbox_call {
	unsigned who; /* SANDBOX_ON(role) bits */
	int nr;       /* negative: this machine has no such call */
	const char *name;
	const char *when; /* the conditions as sandbox.def writes them */
	struct sandbox_cond conds[LIMIT_SANDBOX_CONDS];
	int error;
	const char *why;
};

struct sandbox_pass {
	int nr; /* negative: none on this machine */
	const char *why;
};

struct sandbox_file {
	unsigned who;
	const char *path;
	const char *why;
};

struct sandbox_role_row {
	const char *name;
	enum sandbox_role inside; /* itself, or the role whose filter is below */
	size_t files;
	size_t mib;
	unsigned layers; /* SANDBOX_ON(layer) bits */
};

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_n_calls;
extern const struct sandbox_pass sandbox_passes[];
extern const size_t sandbox_n_passes;
extern const struct sandbox_file sandbox_files[];
extern const size_t sandbox_n_files;
extern const struct sandbox_role_row sandbox_roles[ROLE_COUNT];
extern const char *const sandbox_layer_names[LAYER_COUNT];

/* Gives the bytes that a file which a process of the role writes to may have. */
uint64_t sandbox_file_bytes(enum sandbox_role role);

/* Counts the conditions of a row. */
size_t sandbox_call_conds(const struct sandbox_call *call);

/*
 * Finds the row of role that system call nr with these six arguments matches.
 * Gives:  NULL where there is none, so that the call kills
 */
const struct sandbox_call *sandbox_call_match(enum sandbox_role role, int nr,
    const uint64_t args[SANDBOX_ARGS]);

/* Finds the first row of role for system call nr, after the row given; NULL: from the
 * start. */
const struct sandbox_call *sandbox_call_find(enum sandbox_role role, int nr,
					     const struct sandbox_call *after);

#endif
