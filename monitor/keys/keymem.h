/*
 * Locked memory for private keys: libcrypto's secure heap.
 */
#ifndef MONITOR_KEYS_KEYMEM_H
#define MONITOR_KEYS_KEYMEM_H

#include "common/bytes.h"

/* How well the heap is guarded, for the start-up line. */
struct keymem_state {
	bool locked;       /* RLIMIT_MEMLOCK allowed it */
	bool not_dumped;   /* MADV_DONTDUMP */
	bool wiped_forked; /* MADV_WIPEONFORK: a child finds zeros */
};

/*
 * Sets the heap up; once, before the first key is read, and after the last fork whose child
 * goes on without exec.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err keymem_init(struct keymem_state *out);

#endif
