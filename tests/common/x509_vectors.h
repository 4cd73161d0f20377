/*
 * Known certificates: tests/vectors/x509/certs.txt, found by their labels.
 */
#ifndef TESTS_COMMON_X509_VECTORS_H
#define TESTS_COMMON_X509_VECTORS_H

#include "common/x509.h"
#include "tests/keep.h"
#include "tests/vectors.h"

/* Gives a field of a certificate; it is kept until the test's process ends. */
static inline struct span x509_vector(const char *label, const char *field)
{
	FILE *f = vector_open("x509/certs.txt");
	struct vector v = {0};
	struct span s = {0};

	while (s.n == 0 && vector_next(f, &v))
		if (vector_is(&v, "label", label))
			s = vector_get(&v, field);
	ck_assert_msg(s.n > 0, "%s has no %s", label, field);
	s.p = memcpy(keep(s.n), s.p, s.n);
	vector_wipe(&v);
	fclose(f);
	return s;
}

static inline struct x509 x509_known(const char *label)
{
	struct x509 c = {0};

	ck_assert_msg(x509_parse(x509_vector(label, "cert"), &c) == OK, "%s", label);
	return c;
}

#endif
