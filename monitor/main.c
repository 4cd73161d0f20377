/*
 * sallyportd: the monitor. Order matters here: the other programs are started before any key is
 * read, keys are read before rights are dropped, and only then is anybody let in.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/sandbox_check.h"
#include "monitor/config_algs.h"
#include "monitor/keys/keygen.h"
#include "monitor/keys/keymem.h"
#include "monitor/load.h"
#include "monitor/logsink.h"
#include "monitor/preview.h"
#include "monitor/run.h"
#include "monitor/spawn.h"

static int fail(const char *text)
{
	(void)fprintf(stderr, "sallyportd: %s\n", text);
	return EXIT_FAILURE;
}

/* Loads the configuration and says on standard error what is wrong with it. */
static enum err config_of(const struct options *o, struct config **out)
{
	struct config_errors errs = {0};
	enum err e = config_load(o, out, &errs);

	config_errors_print(stderr, &errs);
	config_errors_wipe(&errs);
	return e;
}

static void warn_weak(void *ctx, const char *keyword, const char *name,
		      const char *reason)
{
	(void)ctx;
	(void)fprintf(stderr, "warning: %s: %s %s\n", keyword, name, reason);
}

static bool has_tokens(const struct settings *set)
{
	for (size_t i = 0; i < set->host_key.n; i++)
		if (source_is_token(&set->host_key.item[i]))
			return true;
	return false;
}

/* -t: would it start? */
static int run_test(struct monitor *m, struct config *config)
{
	struct keymem_state memory;

	log_open(NULL, NULL, LOG_ERROR);
	config_weak_each(config, warn_weak, NULL);
	m->set = config_settings(config);
	/* the policy process compiles the script, token processes open keys */
	if ((strcmp(m->set->policy_script, "none") != 0 || has_tokens(m->set)) &&
	    ((m->base = event_base_new()) == NULL ||
	     (m->ipc_bytes = malloc(LIMIT_MSG_BYTES)) == NULL ||
	     spawn_find_programs(m) != OK))
		return EXIT_FAILURE;
	if (system_check(config_settings(config)) != OK || keymem_init(&memory) != OK ||
	    load_all(m, config) != OK)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* The groups of -C user=, which Match Group lines are compared with. */
static void groups_of(const char *user, struct strlist *out)
{
	gid_t gids[256];
	int n = sizeof gids / sizeof gids[0];
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	const struct group *gr;

	if (pw == NULL || getgrouplist(user, pw->pw_gid, gids, &n) < 0)
		return;
	out->item = calloc((size_t)n, sizeof *out->item);
	for (int i = 0; out->item != NULL && i < n; i++)
		if ((gr = getgrgid(gids[i])) != NULL)
			out->item[out->n++] = strdup(gr->gr_name);
}

/* -T: prints what is in force, for everybody or for the connection of -C. */
static int run_print(struct monitor *m, struct config *config)
{
	const struct options *o = &m->options;
	enum err e = OK;
	struct match_facts facts = o->facts;
	struct strlist groups = {0};
	struct settings matched;
	const struct settings *set = config_settings(config);

	if (o->facts_given) {
		groups_of(facts.user, &groups);
		facts.groups = &groups;
		if (facts.host == NULL)
			facts.host = facts.address;
		if (config_match(config, &facts, &matched) != OK)
			return fail("out of memory");
		set = &matched;
	}
	config_print(stdout, set);
	log_open(NULL, NULL, LOG_ERROR);
	if (o->facts_given)
		e = preview_print(m, config, set, &facts, stdout);
	config_unref(config);
	return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int generate(const char *folder)
{
	struct keyfile_note note = {0};

	if (hostkey_generate_all(folder, &note) != OK)
		return fail(note.text);
	return EXIT_SUCCESS;
}

/* Passwords of keys are typed while there is a terminal; nothing is forked yet. */
static enum err passwords_of(struct monitor *m, const struct config *config)
{
	const struct store_sources *keys = &config_settings(config)->host_key;
	struct keyfile_note note = {0};
	enum err e = OK;

	for (size_t i = 0; e == OK && i < keys->n; i++)
		if (keys->item[i].password.prompt) {
			e = prctl(PR_SET_DUMPABLE, 0) == 0 ? OK : ERR_SYSTEM;
			if (e == OK)
				e = passwords_ask(&m->passwords,
						  source_label(&keys->item[i]), &note);
		}
	if (e != OK)
		(void)fail(note.text[0] != '\0' ? note.text : err_text(e));
	return e;
}

static int with_config(struct monitor *m)
{
	struct config *config = NULL;

	if (config_of(&m->options, &config) != OK)
		return EXIT_FAILURE;
	if (m->options.action != ACTION_PRINT && passwords_of(m, config) != OK)
		return EXIT_FAILURE;
	if (m->options.action == ACTION_PRINT)
		return run_print(m, config);
	if (m->options.action == ACTION_TEST)
		return run_test(m, config);
	return run(m, config);
}

int main(int argc, char **argv)
{
	static struct monitor m; /* outlives every callback */
	struct options_refusal why;

	if (options_parse(argc, argv, &m.options, &why) != OK)
		return fail(why.text);
	switch (m.options.action) {
	case ACTION_VERSION:
		puts("Sallyport " SALLYPORT_VERSION);
		return EXIT_SUCCESS;
	case ACTION_USAGE:
		options_usage(stdout);
		return EXIT_SUCCESS;
	case ACTION_HELP_CONFIG:
		config_help(stdout);
		return EXIT_SUCCESS;
	case ACTION_CHECK_SANDBOX:
		return sandbox_check_main(argc, argv);
	case ACTION_GENERATE_HOST_KEYS:
		return generate(m.options.keys_folder);
	case ACTION_TEST:
	case ACTION_PRINT:
	case ACTION_RUN:
		break;
	}
	return with_config(&m);
}
