/*
 * Ways out of a sandbox, each as one attempt that works on a plain process.
 */
#ifndef COMMON_SANDBOX_DOORS_H
#define COMMON_SANDBOX_DOORS_H

#include "common/sandbox_check_private.h"

/*
 * What holds a door where the filter is off; any of them does. Beside the layers' own bits:
 * TCP since Landlock's ABI 4; abstract sockets, and signals (but a SESSION's), since its
 * ABI 6; the other process being another user's.
 */
#define HELD_BY(layer)          SANDBOX_ON(LAYER_##layer)
#define HELD_BY_LANDLOCK_4      (1U << (LAYER_COUNT + 0))
#define HELD_BY_LANDLOCK_6      (1U << (LAYER_COUNT + 1))
#define HELD_BY_LANDLOCK_SIGNAL (1U << (LAYER_COUNT + 2))
#define HELD_BY_ACCOUNT         (1U << (LAYER_COUNT + 3))

struct check_door {
	const char *name;
	check_fn *try_it;
	unsigned open; /* roles for which it is open: expected done */
	unsigned
	    refused;   /* roles whose filter lets the call through: expected an error */
	unsigned held; /* HELD_BY bits; 0: seccomp alone, found is told, not judged */
};

extern const struct check_door check_door_rows[];
extern const size_t check_n_doors;

#endif
