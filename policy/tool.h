/*
 * sallyport-policy on the command line: what its commands share.
 */
#ifndef POLICY_TOOL_H
#define POLICY_TOOL_H

#include <stdio.h>

#include "policy/bytecode.h"
#include "policy/default.h"
#include "policy/trial.h"

/* How the program exits; docs/sallyport-policy.1 promises them. */
enum tool_exit {
	TOOL_OK,    /* all is well */
	TOOL_BAD,   /* a script is refused, a test failed, a decision would change */
	TOOL_CANNOT /* wrong usage, a file that cannot be read, a fixture that is none */
};

/* What decisions took. {0} is empty. */
struct times {
	uint64_t *ns;
	size_t n;
};

/* A script, with what is known of it before it runs. {0} is empty. */
struct script_file {
	char *path;
	uint8_t *text;
	size_t n;
	struct bytecode code;
	uint32_t handlers, heard;  /* POLICY_BIT(event): defined; asked in a test */
	uint8_t *can, *did;        /* lines: can execute; were executed */
	struct times first, later; /* decisions of a new connection, and those after */
	char why[LIMIT_LOG_BYTES]; /* file:line: it is refused for this */
	bool good;
};

/* Runs the command that argv names. */
enum tool_exit tool_main(int argc, char **argv);

enum tool_exit tool_check(int argc, char **argv);
enum tool_exit tool_test(int argc, char **argv);
enum tool_exit tool_explain(int argc, char **argv);
enum tool_exit tool_record(int argc, char **argv);
enum tool_exit tool_diff(int argc, char **argv);

/* Prints the tables of handlers, facts and fields, as docs/policy.md has them. */
void tool_events(FILE *out);

/* Prints the names that scripts find: globals, library.name. */
enum tool_exit tool_names(FILE *out);

/* Says on standard error why nothing could be done. */
enum tool_exit tool_cannot(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says how a command is used, from its row. */
enum tool_exit tool_usage(const char *command);

/*
 * Reads a script, "default" being the built-in one, and tries to load it; where it is refused, good is false
 * and why says what is wrong.
 * Errors: ERR_FILE it cannot be read; ERR_MEMORY; out->why says so, and there is nothing to wipe
 */
MUST_CHECK enum err script_read(const char *path, struct script_file *out);
void script_wipe(struct script_file *s);

/*
 * An engine with the script loaded, which was good before; NULL where there is no memory.
 * lines: s->did is marked
 */
struct trial *script_trial(const struct script_file *s, bool lines);

/* Prints the coverage of a script; gives the percentage of its lines that were executed. */
unsigned script_coverage(const struct script_file *s);

/*
 * Asks a case's questions again and again, on connections of their own, for what they take.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err times_measure(struct script_file *s, const struct fixture_case *c);

/* Prints what the decisions of a script took. */
void times_print(struct script_file *s);
void times_wipe(struct times *t);

/* What stands in line n; empty where there is no such line. */
struct span script_line(const struct script_file *s, size_t n);

/* Files of fixtures in the order of their names. {0} is empty. */
struct files {
	char **path;
	size_t n;
};

/*
 * Adds a file, or of a folder all that end in .json.
 * Errors: ERR_FILE it cannot be read; ERR_MEMORY
 */
MUST_CHECK enum err files_add(struct files *f, const char *path);
void files_wipe(struct files *f);

/* Prints a value on one line. */
void json_print(FILE *out, json_t *v);

#endif
