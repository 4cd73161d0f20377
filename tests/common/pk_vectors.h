/*
 * Known answers of signature algorithms: tests/vectors/pk/NAME.txt, one block each.
 */
#ifndef TESTS_COMMON_PK_VECTORS_H
#define TESTS_COMMON_PK_VECTORS_H

#include "tests/keep.h"
#include "tests/vectors.h"

/* Copies a span, with room for one byte more, so that a test may change it. */
static inline uint8_t *pk_vector_copy(struct span s)
{
	uint8_t *p = malloc(s.n + 1);

	ck_assert_ptr_nonnull(p);
	if (s.n != 0)
		memcpy(p, s.p, s.n);
	return p;
}

/* Gives a field of an algorithm; it is kept until the test's process ends. */
static inline struct span pk_vector(const char *alg, const char *field)
{
	struct vector v = {0};
	struct span s;
	char name[96];
	FILE *f;

	snprintf(name, sizeof name, "pk/%s.txt", alg);
	f = vector_open(name);
	ck_assert(vector_next(f, &v));
	s = vector_get(&v, field);
	ck_assert_msg(s.n > 0, "%s has no %s", name, field);
	s.p = memcpy(keep(s.n), s.p, s.n);
	vector_wipe(&v);
	fclose(f);
	return s;
}

/* Tells whether a field stands there with this text. */
static inline bool pk_vector_is(const char *alg, const char *field, const char *text)
{
	struct vector v = {0};
	bool same;
	char name[96];
	FILE *f;

	snprintf(name, sizeof name, "pk/%s.txt", alg);
	f = vector_open(name);
	ck_assert(vector_next(f, &v));
	same = vector_is(&v, field, text);
	vector_wipe(&v);
	fclose(f);
	return same;
}

#endif
