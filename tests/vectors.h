/*
 * Reads known answers: blocks of "name = value" lines, parted by empty lines; # begins
 * a comment. Tests run from the top of the tree, where tests/vectors/ is found.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/bytes.h"

#define VECTOR_FIELDS 16

struct vector_field {
	char name[24];
	char *text;     /* as it stands in the file */
	uint8_t *bytes; /* as hex; n is 0 where it is none */
	size_t n;
};

struct vector {
	struct vector_field field[VECTOR_FIELDS];
	size_t n;
};

/* Frees what vector_next filled in. */
static inline void vector_wipe(struct vector *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->field[i].text);
		free(v->field[i].bytes);
	}
	*v = (struct vector){0};
}

static inline void vector_add(struct vector *v, const char *name, const char *text)
{
	struct vector_field f = {0};
	size_t digits = strspn(text, "0123456789abcdef");

	ck_assert_uint_lt(v->n, VECTOR_FIELDS);
	snprintf(f.name, sizeof f.name, "%s", name);
	f.text = strdup(text);
	f.bytes = calloc(1, strlen(text) + 1);
	ck_assert(f.text != NULL && f.bytes != NULL);
	for (size_t i = 0; text[digits] == '\0' && 2 * i + 1 < digits; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

		f.bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
		f.n = i + 1;
	}
	v->field[v->n++] = f;
}

/* Opens a file of tests/vectors/; the test fails where it is not there. */
static inline FILE *vector_open(const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "tests/vectors/%s", name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "no %s", path);
	return f;
}

/* Reads the next block into v, which is wiped first. Gives: false at the end */
static inline bool vector_next(FILE *f, struct vector *v)
{
	char *line = NULL;
	size_t cap = 0;

	vector_wipe(v);
	while (getline(&line, &cap, f) > 0) {
		char *sign = strstr(line, " = ");

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' && v->n != 0)
			break;
		if (line[0] == '\0' || line[0] == '#')
			continue;
		ck_assert_msg(sign != NULL, "not a field: %s", line);
		*sign = '\0';
		vector_add(v, line, sign + strlen(" = "));
	}
	free(line);
	return v->n != 0;
}

/* Gives a field as bytes; the empty span where it is not there. */
static inline struct span vector_get(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return (struct span){v->field[i].bytes, v->field[i].n};
	return (struct span){0};
}

/* Gives a field as bytes; the test fails unless it has n of them. */
static inline const uint8_t *vector_bytes(const struct vector *v, const char *name,
					  size_t n)
{
	struct span s = vector_get(v, name);

	ck_assert_uint_eq(s.n, n);
	return s.p;
}

/* Fails the test unless a field is s. */
static inline void vector_same(const struct vector *v, const char *name, struct span s)
{
	ck_assert_mem_eq(s.p, vector_bytes(v, name, s.n), s.n);
}

/* Tells whether a field stands there with this text. */
static inline bool vector_is(const struct vector *v, const char *name, const char *text)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return strcmp(v->field[i].text, text) == 0;
	return false;
}

#endif
