/*
 * The command line of sallyportd: sshd(8)'s options, and a few of our own.
 */
#ifndef MONITOR_OPTIONS_H
#define MONITOR_OPTIONS_H

#include <stdio.h>

#include "monitor/config.h"

#define OPTIONS_CONFIG_FILE "/etc/sallyport/sallyport.conf"

enum options_action {
	ACTION_RUN,
	ACTION_TEST,    /* -t: check the configuration and the keys */
	ACTION_PRINT,   /* -T: print what is in force; with -C, for that connection */
	ACTION_VERSION, /* -V */
	ACTION_USAGE,   /* --help */
	ACTION_CHECK_SANDBOX,     /* --check-sandbox */
	ACTION_HELP_CONFIG,       /* --help-config: config_help */
	ACTION_GENERATE_HOST_KEYS /* --generate-host-keys FOLDER */
};

/* A setting of the command line; keyword NULL: value is a whole line, as of -o. */
struct options_setting {
	const char *flag;
	const char *keyword;
	const char *value;
};

/* Borrows from argv, but for spec and folder. */
struct options {
	enum options_action action;
	const char *config_file;   /* none: there is none */
	char *folder;              /* where relative paths begin; NULL: at / */
	const char *keys_folder;   /* of --generate-host-keys */
	bool foreground;           /* -D; also -d */
	bool log_stderr;           /* -e; also -d, -t, -T */
	const char *log_file;      /* -E, else NULL */
	bool ports_given;          /* -p: Port lines of the file do not count */
	bool facts_given;          /* -C */
	struct match_facts facts;  /* of -C; groups are for the caller to look up */
	char *spec[LIMIT_OPTIONS]; /* holds the text of facts */
	size_t n_specs;
	struct options_setting setting[LIMIT_OPTIONS];
	size_t n_settings;
};

struct options_refusal {
	char text[LIMIT_TEXT_BYTES];
};

/*
 * Reads the command line.
 * why:    receives one line for the user, where an error is returned
 * Owns:   the caller wipes out
 * Errors: ERR_CONFIG why says what; ERR_MEMORY
 */
MUST_CHECK enum err options_parse(int argc, char *const argv[], struct options *out,
				  struct options_refusal *why);

/* Frees what o holds. */
void options_wipe(struct options *o);

/* Prints the usage. */
void options_usage(FILE *f);

#endif
