/*
 * Vector files: lines of "name value", values in hex or text. The path is relative to
 * the root of the repository, where tests are run.
 */
#ifndef TESTS_VECTOR_H
#define TESTS_VECTOR_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define VECTOR_LINE_BYTES (64 * 1024)

/* Gives the value of a line in malloc'd memory; NULL where there is no such line. */
static inline char *vector_text(const char *path, const char *name)
{
	FILE *f = fopen(path, "re");
	char *line = malloc(VECTOR_LINE_BYTES), *value = NULL;
	size_t n = strlen(name);

	ck_assert_msg(f != NULL, "cannot open %s", path);
	while (value == NULL && fgets(line, VECTOR_LINE_BYTES, f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, name, n) == 0 && line[n] == ' ')
			value = strdup(line + n + 1);
	}
	free(line);
	(void)fclose(f);
	return value;
}

/* Gives the bytes of a line's hex; the test's process ends before they would be freed.
 */
static inline struct span vector_bytes(const char *path, const char *name)
{
	char *text = vector_text(path, name);
	size_t n = text == NULL ? 0 : strlen(text) / 2;
	uint8_t *p = malloc(n + 1);

	ck_assert_msg(text != NULL, "%s has no line %s", path, name);
	for (size_t i = 0; i < n; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

		p[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	free(text);
	return (struct span){p, n};
}

/* Copies a span, so that a test may change it. */
static inline uint8_t *vector_copy(struct span s)
{
	uint8_t *p = malloc(s.n + 1);

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	return p;
}

#endif
