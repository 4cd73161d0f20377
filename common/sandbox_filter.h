/*
 * A role's system calls as a seccomp program: compiled once, loaded as bytes.
 */
#ifndef COMMON_SANDBOX_FILTER_H
#define COMMON_SANDBOX_FILTER_H

#include "common/err.h"
#include "common/sandbox_table.h"

/* A program; {0} is none. */
struct sandbox_filter {
	uint8_t *bytes;
	size_t n;
};

/*
 * Compiles the filter of a role. A role inside another's gets the filter that takes
 * away what the outer one has beyond it; the kernel obeys both, so both together are
 * its rows. To be called before sandbox_drop: libseccomp writes it to a memory file.
 * Owns:   the caller wipes out
 * Errors: ERR_SANDBOX libseccomp refused a row; ERR_RANGE longer than
 * LIMIT_FILTER_BYTES; ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err sandbox_filter_make(enum sandbox_role role,
					struct sandbox_filter *out);

struct sandbox_layers;

/*
 * Puts the calling thread behind the filter, for good. No-new-privileges must be set.
 * layers: gets SECCOMP added; may be NULL
 * Errors: ERR_SANDBOX the kernel refused it
 */
MUST_CHECK enum err sandbox_filter_load(const struct sandbox_filter *f,
					struct sandbox_layers *layers);

/* Frees it. */
void sandbox_filter_wipe(struct sandbox_filter *f);

#endif
