/*
 * Spans of bytes that belong to somebody else, and what every secret needs.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Bytes that belong to somebody else; valid as long as their owner says. */
struct span {
	const uint8_t *p;
	size_t n;
};

#define SPAN_OF(array) ((struct span){(array), sizeof(array)})
#define SPAN_LIT(text) ((struct span){(const uint8_t *)("" text), sizeof(text) - 1})

/* Makes a span of a C string, without its NUL. NULL gives the empty span. */
struct span span_str(const char *text);

/* Compares public bytes. */
bool span_equal(struct span a, struct span b);

/* Compares a span with a C string. */
bool span_is(struct span a, const char *text);

/* Compares secrets in time that depends on the lengths only. */
bool bytes_equal_secret(struct span a, struct span b);

/* Overwrites n bytes in a way that the compiler keeps. */
void wipe(void *p, size_t n);

/*
 * Copies s into dst of cap bytes.
 * Errors: ERR_RANGE s is longer than cap; dst is then untouched
 */
MUST_CHECK enum err bytes_copy(uint8_t *dst, size_t cap, struct span s);

/*
 * Copies s into dst of cap bytes and ends it with a NUL.
 * Errors: ERR_RANGE s does not fit with its NUL, or holds a NUL itself
 */
MUST_CHECK enum err bytes_to_str(char *dst, size_t cap, struct span s);

#endif
