/*
 * Loads a configuration out of a text, for tests.
 */
#ifndef TESTS_MONITOR_CONFIG_KIT_H
#define TESTS_MONITOR_CONFIG_KIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/options.h"

/* Writes text of n bytes to a new file, whose name comes into path. */
static inline void kit_write(const char *text, size_t n, char path[64])
{
	int fd;

	(void)snprintf(path, 64, "/tmp/config_test_XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

/* Loads text; o may be NULL. */
static inline enum err kit_try(const char *text, const struct options *o,
			       struct config **out, struct config_errors *errs)
{
	struct options options = {0};
	char path[64];
	enum err e;

	if (o != NULL)
		options = *o;
	kit_write(text, strlen(text), path);
	options.config_file = path;
	e = config_load(&options, out, errs);
	unlink(path);
	return e;
}

/* Loads text that must be good. */
static inline struct config *kit_load(const char *text)
{
	struct config *c = NULL;
	struct config_errors errs = {0};

	if (kit_try(text, NULL, &c, &errs) != OK) {
		config_errors_print(stderr, &errs);
		ck_abort_msg("refused: %s", text);
	}
	config_errors_wipe(&errs);
	return c;
}

/* Prints s as -T does; the caller frees it. */
static inline char *kit_print(const struct settings *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	config_print(f, s);
	(void)fclose(f);
	return text;
}

/* Writes line n times, each ended; the caller frees it. */
static inline char *kit_repeat(const char *line, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(f);
	while (n-- > 0)
		(void)fprintf(f, "%s\n", line);
	(void)fclose(f);
	return text;
}

/* Loads text and looks for line in what is printed of it. */
static inline void kit_shows(const char *text, const char *line)
{
	struct config *c = kit_load(text);
	char *printed = kit_print(config_settings(c));
	char whole[512];

	(void)snprintf(whole, sizeof whole, "\n%s\n", line);
	ck_assert_msg(strncmp(printed, whole + 1, strlen(whole) - 1) == 0 ||
			  strstr(printed, whole) != NULL,
		      "\"%s\" does not show \"%s\" but\n%s", text, line, printed);
	free(printed);
	config_unref(c);
}

/* Loads text that must be refused, with these words in its complaints. */
static inline void kit_refuses(const char *text, const char *words)
{
	struct config *c = NULL;
	struct config_errors errs = {0};
	char *told = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&told, &n);

	ck_assert_ptr_nonnull(f);
	ck_assert_msg(kit_try(text, NULL, &c, &errs) == ERR_CONFIG, "taken: %s", text);
	ck_assert_ptr_null(c);
	config_errors_print(f, &errs);
	(void)fclose(f);
	ck_assert_msg(strstr(told, words) != NULL, "\"%s\" tells\n%s", text, told);
	free(told);
	config_errors_wipe(&errs);
}

#endif
