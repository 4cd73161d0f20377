/*
 * The nearest known name, for errors that say what was meant.
 */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include "common/bytes.h"

/* What was found so far: name is NULL until something is near enough. */
struct nearest {
	struct span typed;
	const char *name;
	size_t edits; /* fewer are wanted */
};

/* Begins a search for what typed may have meant; a third of it may be wrong, else it is no help. */
struct nearest nearest_begin(struct span typed);

/* Compares with one known name, which is borrowed. The case of letters does not count. */
void nearest_try(struct nearest *n, const char *known);

#endif
