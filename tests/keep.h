/*
 * Memory that a test needs until its process ends, and that leak checkers still reach.
 */
#ifndef TESTS_KEEP_H
#define TESTS_KEEP_H

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

#include <check.h>

struct kept {
	struct kept *before;
	alignas(max_align_t) char bytes[];
};

/* Gives n zero bytes and one more; nobody frees them. */
static inline void *keep(size_t n)
{
	static struct kept *volatile last;
	struct kept *k = calloc(1, sizeof *k + n + 1);

	ck_assert_ptr_nonnull(k);
	k->before = last;
	last = k;
	return k->bytes;
}

#endif
