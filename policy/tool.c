/*
 * sallyport-policy on the command line: which command, and what can be said without a script.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tool.h"

static const struct command {
	const char *name;
	enum tool_exit (*run)(int argc, char **argv);
	const char *usage, *help;
} commands[] = {
    {"check",   tool_check,   "check FILE...",
     "Looks for mistakes in scripts without a gateway: syntax, handlers that do not "
     "exist, names\n"
     "that nobody defines, facts and fields that there are not.\n"
     "Exit status: 0 none, 1 mistakes were found, 2 a file cannot be read."           },
    {"test",    tool_test,    "test [-q] [--times] [--coverage PERCENT] DIR|FILE...",
     "Asks scripts what fixtures say, and compares the decisions. Of a folder, all "
     "*.json are taken.\n"
     "  -q                  prints failures and the closing lines only\n"
     "  --times             prints how long decisions take\n"
     "  --coverage PERCENT  fails too where fewer lines of a script were executed\n"
     "Exit status: 0 all ok, 1 some failed, 2 a file cannot be read or is no fixture."},
    {"explain", tool_explain, "explain [--json] [--case NAME] FILE FACTS.json|-",
     "Asks the script FILE one question, or one case after the other, and shows how it "
     "came to its\n"
     "decision: lines executed, the facts in them, helpers called, time spent.\n"
     "  --json       prints an object for each question instead\n"
     "  --case NAME  of a file of fixtures, this case only\n"
     "Exit status: 0 decided, 1 the script failed, 2 a file cannot be read."          },
    {"record",  tool_record,  "record [--script FILE] LOG DIR",
     "Makes fixtures, a file for each connection, of decisions that a gateway recorded "
     "(keyword\n"
     "PolicyRecord).\n"
     "  --script FILE  the script that the fixtures are for, if not the one that "
     "decided\n"
     "Exit status: 0 done, 2 a file cannot be read or written."                       },
    {"diff",    tool_diff,    "diff OLD NEW --corpus DIR|FILE...",
     "Asks two scripts the same questions, and shows the decisions that would change.\n"
     "Exit status: 0 none, 1 some, 2 a file cannot be read or a script is refused."   },
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

enum tool_exit tool_cannot(const char *fmt, ...)
{
	va_list args;

	(void)fputs("sallyport-policy: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return TOOL_CANNOT;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

enum tool_exit tool_usage(const char *command)
{
	const struct command *c = find(command);

	(void)fprintf(stderr, "usage: sallyport-policy %s\n",
		      c != NULL ? c->usage : command);
	return TOOL_CANNOT;
}

static enum tool_exit help_all(FILE *out)
{
	(void)fputs("usage: sallyport-policy COMMAND ...\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(out, "       sallyport-policy %s\n", commands[i].usage);
	(void)fputs(
	    "       sallyport-policy --help-events | --help-names | --default | -V\n"
	    "sallyport-policy COMMAND --help says more, and "
	    "sallyport-policy(1) all of it.\n",
	    out);
	return out == stdout ? TOOL_OK : TOOL_CANNOT;
}

static enum tool_exit help_one(const struct command *c)
{
	(void)printf("usage: sallyport-policy %s\n%s\n", c->usage, c->help);
	return TOOL_OK;
}

static enum tool_exit unknown(const char *name)
{
	struct nearest near = nearest_begin(span_str(name));

	for (size_t i = 0; i < N_COMMANDS; i++)
		nearest_try(&near, commands[i].name);
	return tool_cannot("there is no command %s%s%s; --help lists them", name,
			   near.name != NULL ? "; did you mean " : "",
			   near.name != NULL ? near.name : "");
}

/* Options that are not a command's. False: it is none. */
static bool option(const char *arg, enum tool_exit *out)
{
	*out = TOOL_OK;
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		*out = help_all(stdout);
	else if (strcmp(arg, "-V") == 0 || strcmp(arg, "--version") == 0)
		(void)puts("sallyport-policy " SALLYPORT_VERSION);
	else if (strcmp(arg, "--help-events") == 0)
		tool_events(stdout);
	else if (strcmp(arg, "--help-names") == 0)
		*out = tool_names(stdout);
	else if (strcmp(arg, "--default") == 0)
		(void)fwrite(policy_default, 1, policy_default_bytes, stdout);
	else
		return false;
	return true;
}

enum tool_exit tool_main(int argc, char **argv)
{
	const struct command *c;
	enum tool_exit code;

	if (argc < 2)
		return help_all(stderr);
	if (option(argv[1], &code))
		return code;
	c = find(argv[1]);
	if (c == NULL)
		return unknown(argv[1]);
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return help_one(c);
	return c->run(argc - 1, argv + 1);
}
