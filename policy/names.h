/*
 * The names that scripts find: globals, and what is in the libraries. Read from the libraries
 * themselves, so that no list can be out of date.
 */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include "common/limits.h"
#include "common/nearest.h"

struct known_name {
	const char *library; /* NULL: it is a global */
	char name[LIMIT_NEAR_BYTES + 1];
};

/* {0} is empty. In the order of the alphabet, each library's after it. */
struct names {
	struct known_name *item;
	size_t n;
};

/* Errors: ERR_MEMORY */
MUST_CHECK enum err names_read(struct names *out);
void names_wipe(struct names *n);

/* Tells whether there is such a global, or such a name in a library. */
bool names_know(const struct names *n, struct span library, struct span name);

/* Tells whether a global is a library. */
bool names_library(const struct names *n, struct span name);

/* Compares with all globals, or all names of a library. */
void names_near(const struct names *n, struct span library, struct nearest *near);

#endif
