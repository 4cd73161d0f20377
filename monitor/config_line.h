/*
 * A line of the configuration, divided into keyword and arguments. Pure.
 */
#ifndef MONITOR_CONFIG_LINE_H
#define MONITOR_CONFIG_LINE_H

#include <stdio.h>

#include "monitor/arena.h"

/* An argument: without quotes, and where it stood. */
struct config_arg {
	const char *text;
	size_t begin, end; /* within rest, quotes included */
};

struct config_line {
	const char *keyword; /* NULL: an empty line or a comment */
	const char *rest;    /* all after the keyword, as it stands, comment included */
	const struct config_arg *arg;
	size_t n;
};

/*
 * Divides a line: Keyword value, Keyword=value; "quotes", 'quotes' and \ before a quote, a
 * backslash or a space; # begins a comment where an argument could begin.
 * a:      receives the parts
 * why:    receives what is wrong with the line
 * Errors: ERR_CONFIG why says what; ERR_MEMORY
 * Source: sshd_config(5)
 */
MUST_CHECK enum err config_line_split(struct arena *a, struct span text,
				      struct config_line *out, const char **why);

/* Prints an argument so that config_line_split reads it again; quoted where it must. */
void config_line_put(FILE *f, const char *arg);

#endif
