/*
 * Compiles a loop twice: for the processor at hand, and for any. A WIDE_BODY is called from a
 * WIDE_TARGET function where wide_there() says so, and from a plain one else.
 */
#ifndef WORKER_ALG_SNTRUP761_WIDE_H
#define WORKER_ALG_SNTRUP761_WIDE_H

#include <stdbool.h>

#define WIDE_BODY static inline __attribute__((always_inline))

#ifdef __x86_64__
#define WIDE_TARGET __attribute__((target("avx2")))

/* Tells whether the processor has 256-bit integer lanes; libgcc has looked at start. */
static inline bool wide_there(void)
{
	return __builtin_cpu_supports("avx2") != 0;
}
#else
#define WIDE_TARGET

static inline bool wide_there(void)
{
	return false;
}
#endif

#endif
