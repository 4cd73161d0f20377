/*
 * The command line, read with getopt_long(3). Settings given here are kept as they stand and
 * read by config_load before the file, so that they win. Source: sshd(8)
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/options.h"

enum long_option {
	LONG_CHECK_SANDBOX = 1000, /* beyond every letter */
	LONG_HELP_CONFIG,
	LONG_HELP,
	LONG_GENERATE_HOST_KEYS
};

static const struct option long_options[] = {
    {"check-sandbox",      no_argument,       NULL, LONG_CHECK_SANDBOX     },
    {"generate-host-keys", required_argument, NULL, LONG_GENERATE_HOST_KEYS},
    {"help-config",        no_argument,       NULL, LONG_HELP_CONFIG       },
    {"help",	       no_argument,       NULL, LONG_HELP              },
    {"version",            no_argument,       NULL, 'V'                    },
    {NULL,		 0,		 NULL, 0		      },
};

/* Options that are another way to write a setting. */
static const struct {
	int letter;
	const char *flag;
	const char *keyword; /* NULL: the argument is a whole line */
	const char *value;   /* NULL: the argument */
} setting_options[] = {
    {'4', "-4", "AddressFamily",   "inet" },
    {'6', "-6", "AddressFamily",   "inet6"},
    {'c', "-c", "HostCertificate", NULL   },
    {'g', "-g", "LoginGraceTime",  NULL   },
    {'h', "-h", "HostKey",         NULL   },
    {'o', "-o", NULL,              NULL   },
    {'p', "-p", "Port",            NULL   },
    {'q', "-q", "LogLevel",        "QUIET"},
};
#define N_SETTING_OPTIONS (sizeof setting_options / sizeof setting_options[0])

/* State of one options_parse. */
struct parse {
	struct options o;
	struct options_refusal *why;
	unsigned debug;
};

static enum err refuse(struct parse *p, const char *text, const char *what)
{
	(void)snprintf(p->why->text, sizeof p->why->text, "%s%s", text, what);
	return ERR_CONFIG;
}

static enum err add_setting(struct parse *p, struct options_setting setting)
{
	if (p->o.n_settings == LIMIT_OPTIONS)
		return refuse(p, "too many settings on the command line: use a file",
			      "");
	p->o.setting[p->o.n_settings++] = setting;
	return OK;
}

static enum err take_setting(struct parse *p, int letter)
{
	for (size_t i = 0; i < N_SETTING_OPTIONS; i++) {
		struct options_setting setting = {setting_options[i].flag,
						  setting_options[i].keyword,
						  setting_options[i].value};

		if (setting_options[i].letter != letter)
			continue;
		if (setting.value == NULL)
			setting.value = optarg;
		if (letter == 'p')
			p->o.ports_given = true;
		return add_setting(p, setting);
	}
	return ERR_UNKNOWN;
}

static enum err take_local_port(struct parse *p, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || port == 0 ||
	    port > UINT16_MAX)
		return refuse(p, "-C: lport must be 1 to 65535, not ", text);
	p->o.facts.local_port = (uint16_t)port;
	return OK;
}

/* One name=value of -C. */
static enum err take_fact(struct parse *p, char *fact)
{
	const struct {
		const char *name;
		const char **value;
	} facts[] = {
	    {"user",  &p->o.facts.user         },
	    {"host",  &p->o.facts.host         },
	    {"addr",  &p->o.facts.address      },
	    {"laddr", &p->o.facts.local_address},
	};
	char *equals = strchr(fact, '=');

	if (equals == NULL)
		return refuse(p, "-C: name=value is wanted, not ", fact);
	*equals = '\0';
	if (strcmp(fact, "lport") == 0)
		return take_local_port(p, equals + 1);
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		if (strcmp(fact, facts[i].name) == 0) {
			*facts[i].value = equals + 1;
			return OK;
		}
	return refuse(p, "-C: user, host, addr, laddr and lport can be given, not ",
		      fact);
}

static enum err take_spec(struct parse *p)
{
	char *fact, *next;
	enum err e = OK;

	if (p->o.n_specs == LIMIT_OPTIONS)
		return refuse(p, "too many -C", "");
	fact = strdup(optarg);
	if (fact == NULL)
		return ERR_MEMORY;
	p->o.spec[p->o.n_specs++] = fact;
	p->o.facts_given = true;
	for (; e == OK && fact != NULL; fact = next) {
		next = strchr(fact, ',');
		if (next != NULL)
			*next++ = '\0';
		e = take_fact(p, fact);
	}
	return e;
}

static enum err take_action(struct parse *p, enum options_action action)
{
	if (p->o.action != ACTION_RUN && p->o.action != action)
		return refuse(
		    p,
		    "only one of -t, -T, -V, --check-sandbox, --help, --help-config "
		    "and --generate-host-keys can be asked for at once",
		    "");
	p->o.action = action;
	return OK;
}

static enum err take_other(struct parse *p, int letter)
{
	switch (letter) {
	case 'd':
		p->debug++;
		p->o.foreground = true;
		p->o.log_stderr = true;
		return OK;
	case 'D':
		p->o.foreground = true;
		return OK;
	case 'E':
		p->o.log_file = optarg;
		return OK;
	case 'e':
		p->o.log_stderr = true;
		return OK;
	case 'f':
		p->o.config_file = optarg;
		return OK;
	case 'C':
		return take_spec(p);
	case 'i':
		return refuse(p, "-i: sallyportd does not run from inetd; leave it out",
			      "");
	case 'u':
		return refuse(p, "-u: sallyportd looks up no names; leave it out", "");
	}
	return ERR_UNKNOWN;
}

static enum err take_mode(struct parse *p, int letter)
{
	switch (letter) {
	case 't':
		return take_action(p, ACTION_TEST);
	case 'T':
		return take_action(p, ACTION_PRINT);
	case 'V':
		return take_action(p, ACTION_VERSION);
	case LONG_CHECK_SANDBOX:
		return take_action(p, ACTION_CHECK_SANDBOX);
	case LONG_HELP_CONFIG:
		return take_action(p, ACTION_HELP_CONFIG);
	case LONG_HELP:
		return take_action(p, ACTION_USAGE);
	case LONG_GENERATE_HOST_KEYS:
		p->o.keys_folder = optarg;
		return take_action(p, ACTION_GENERATE_HOST_KEYS);
	}
	return ERR_UNKNOWN;
}

static enum err take(struct parse *p, int letter, const char *word)
{
	enum err e;

	if (letter == ':')
		return refuse(p, "an argument is missing after ", word);
	if ((e = take_mode(p, letter)) != ERR_UNKNOWN)
		return e;
	if ((e = take_setting(p, letter)) != ERR_UNKNOWN)
		return e;
	if ((e = take_other(p, letter)) != ERR_UNKNOWN)
		return e;
	return refuse(p, "unknown option, see --help: ", word);
}

/* -d asks for DEBUG1, -dd for DEBUG2, -ddd for DEBUG3. */
static enum err finish(struct parse *p)
{
	static const char *const levels[] = {"DEBUG1", "DEBUG2", "DEBUG3"};
	size_t last = sizeof levels / sizeof levels[0];

	if (p->o.action == ACTION_TEST || p->o.action == ACTION_PRINT)
		p->o.log_stderr = true;
	if (p->o.facts_given && p->o.action != ACTION_PRINT)
		return refuse(p, "-C is for -T only", "");
	if (p->debug == 0)
		return OK;
	return add_setting(
	    p, (struct options_setting){
		   "-d", "LogLevel", levels[(p->debug > last ? last : p->debug) - 1]});
}

enum err options_parse(int argc, char *const argv[], struct options *out,
		       struct options_refusal *why)
{
	struct parse p = {.o = {.config_file = OPTIONS_CONFIG_FILE}, .why = why};
	enum err e = OK;
	int letter;

	p.o.folder = getcwd(NULL, 0); /* a daemon leaves it, a reload needs it */
	optind = 0; /* glibc: begin anew, a test or a reload may come again */
	opterr = 0;
	while (e == OK &&
	       (letter = getopt_long(argc, argv, "+:46c:C:dDeE:f:g:h:io:p:qtTu:V",
				     long_options, NULL)) != -1)
		e = take(&p, letter, argv[optind - 1]);
	if (e == OK && optind < argc)
		e = refuse(&p, "no argument is wanted here: ", argv[optind]);
	if (e == OK)
		e = finish(&p);
	if (e != OK)
		options_wipe(&p.o);
	else
		*out = p.o;
	return e;
}

void options_wipe(struct options *o)
{
	for (size_t i = 0; i < o->n_specs; i++)
		free(o->spec[i]);
	free(o->folder);
	*o = (struct options){0};
}

void options_usage(FILE *f)
{
	(void)fputs(
	    "usage: sallyportd [-46DdeqtTV] [-C connection] [-c host_certificate]\n"
	    "           [-E log_file] [-f config_file] [-g login_grace_time]\n"
	    "           [-h host_key] [-o setting] [-p port]\n"
	    "       sallyportd --check-sandbox | --help | --help-config\n"
	    "       sallyportd --generate-host-keys folder\n"
	    "\n"
	    "  -t  check the configuration and the host keys, then end\n"
	    "  -T  print what is in force; -C user=,host=,addr=,laddr=,lport= for "
	    "whom\n"
	    "  -D  stay in the foreground; -e log to standard error; -d debug\n"
	    "  --check-sandbox  try every door from inside the sandbox\n"
	    "  --generate-host-keys folder   make the host keys that are missing "
	    "there\n"
	    "  --help-config    print what the settings do, in mdoc(7)\n",
	    f);
}
