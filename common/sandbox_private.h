/*
 * What the files sandbox*.c share.
 */
#ifndef COMMON_SANDBOX_PRIVATE_H
#define COMMON_SANDBOX_PRIVATE_H

#include "common/sandbox.h"

/* Decides, at the first step, what the role is to have here and how strict to be. */
void layers_begin(enum sandbox_role role, struct sandbox_layers *layers);

/* Tells whether the role is to have this layer here. */
bool layer_wanted(const struct sandbox_layers *layers, enum sandbox_layer layer);

/* Tells whether it stands. */
bool layer_is_on(const struct sandbox_layers *layers, enum sandbox_layer layer);

/* Records that it stands. */
void layer_on(struct sandbox_layers *layers, enum sandbox_layer layer);

/*
 * Records why it does not stand.
 * Errors: ERR_SANDBOX started with all rights, and the errno is not one of a kernel
 * without it
 */
MUST_CHECK enum err layer_off(struct sandbox_layers *layers, enum sandbox_layer layer,
			      int error);

/*
 * Enters a Landlock domain that refuses everything the running kernel can refuse, but
 * the role's FILE_READ rows, a connector's TCP, a session's signals, and what
 * plan->own_dir names. Errors: as layer_off
 */
MUST_CHECK enum err landlock_enter(const struct sandbox_plan *plan,
				   struct sandbox_layers *layers);

#endif
