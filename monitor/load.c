/*
 * Loads and reloads. A reload that fails anywhere changes nothing.
 */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/codepage.h"
#include "common/log.h"
#include "common/names.h"
#include "monitor/account.h"
#include "monitor/banner.h"
#include "monitor/config_algs.h"
#include "monitor/control_link.h"
#include "monitor/helper_check.h"
#include "monitor/helper_link.h"
#include "monitor/listen.h"
#include "monitor/load.h"
#include "monitor/metrics.h"
#include "monitor/metrics_link.h"
#include "monitor/policy_link.h"
#include "monitor/script.h"
#include "monitor/spawn.h"
#include "monitor/token_link.h"

struct ring *ring_ref(struct ring *r)
{
	r->refs++;
	return r;
}

void ring_unref(struct ring *r)
{
	if (r == NULL || --r->refs > 0)
		return;
	hostkeys_wipe(&r->keys);
	token_set_wipe(&r->tokens);
	trust_wipe(&r->trust);
	free(r->algorithms);
	free(r);
}

static void note_key(void *ctx, const char *text)
{
	(void)ctx;
	log_error("%s", text);
}

/* What is read of the operator's lists, and how it went so far. */
struct trust_load {
	struct trust *out;
	enum err e;
};

static void add_revoked(void *ctx, const char *path)
{
	struct trust_load *l = ctx;
	struct keyfile_note note = {0};

	if (l->e == OK && (l->e = trust_add_revoked(l->out, path, &note)) != OK)
		log_error("RevokedKeys: %s", note.text);
}

static void add_cas(void *ctx, const char *path)
{
	struct trust_load *l = ctx;
	struct keyfile_note note = {0};

	if (l->e == OK && (l->e = trust_add_cas(l->out, path, &note)) != OK)
		log_error("TrustedUserCAKeys: %s", note.text);
}

static enum err trust_load(const struct config *config, struct trust *out)
{
	struct trust_load l = {out, OK};

	config_each_path(config, offsetof(struct settings, revoked_keys), add_revoked,
			 &l);
	config_each_path(config, offsetof(struct settings, trusted_user_ca_keys),
			 add_cas, &l);
	return l.e;
}

/* What host keys may be used for. */
static enum err ring_limits(const struct settings *set, struct ring *r)
{
	struct span list = span_str(set->kex_algorithms), name;

	while (names_next(&list, &name))
		if (names_glob(SPAN_LIT("*-sha1"), name))
			r->sha1_kex = true;
	r->algorithms = strdup(set->host_key_algorithms);
	return r->algorithms == NULL ? ERR_MEMORY : OK;
}

/* tokens: become the ring's */
static enum err ring_load(const struct monitor *m, const struct config *config,
			  struct token_set *tokens, struct ring **out)
{
	const struct settings *set = config_settings(config);
	const struct hostkeys_sources sources = {
	    .keys = set->host_key.item,
	    .n_keys = set->host_key.n,
	    .certificates = set->host_certificate.item,
	    .n_certificates = set->host_certificate.n,
	    .typed = &m->passwords,
	    .algorithms = span_str(set->host_key_algorithms),
	    .token = token_of,
	    .token_ctx = tokens};
	struct ring *r = calloc(1, sizeof *r);
	int n;
	enum err e;

	if (r == NULL)
		return ERR_MEMORY;
	r->refs = 1;
	n = snprintf(r->ident, sizeof r->ident, "%s%s%s\r\n", set->server_version,
		     set->version_addendum != NULL ? " " : "",
		     set->version_addendum != NULL ? set->version_addendum : "");
	e = n < 0 || n > LIMIT_IDENT_BYTES ? ERR_CONFIG : OK;
	if (e != OK)
		log_error("ServerVersion with VersionAddendum is longer than %d bytes",
			  LIMIT_IDENT_BYTES - 2);
	if (e == OK)
		e = hostkeys_load(&sources, &r->keys, note_key, NULL);
	if (e == ERR_FILE)
		log_error("no host key can be used: make some with "
			  "sallyportd --generate-host-keys FOLDER and name them with "
			  "HostKey");
	if (e == OK)
		e = ring_limits(set, r);
	if (e == OK)
		e = trust_load(config, &r->trust);
	if (e != OK) {
		ring_unref(r);
		return e;
	}
	r->tokens = *tokens;
	*tokens = (struct token_set){.n = 0};
	*out = r;
	return OK;
}

static enum err users_of(const struct settings *set, struct users *out)
{
	struct keyfile_note note = {0};
	enum err e;

	if (set->users_file == NULL)
		return OK;
	e = users_load(set->users_file, out, &note);
	if (e != OK)
		log_error("UsersFile: %s", note.text);
	return e;
}

struct loaded {
	struct config *config;
	struct ring *ring;
	struct script *script;
	struct users users;
	struct clients clients;
	struct control_access control;
	struct token_set tokens; /* until the ring has them */
};

static void loaded_wipe(struct loaded *l)
{
	users_wipe(&l->users);
	clients_wipe(&l->clients);
	control_access_wipe(&l->control);
	ring_unref(l->ring);
	token_set_wipe(&l->tokens);
	script_unref(l->script);
	config_unref(l->config);
	*l = (struct loaded){0};
}

/*
 * Can the providers be loaded that the nursery will be told to load? Our own libcrypto has what it began
 * with, so to and from fips a restart leads only.
 */
static enum err crypto_check(const struct monitor *m, const struct settings *set)
{
	const struct crypto_choice choice = config_crypto(set);
	const char *why = NULL;
	enum err e = OK;

	if (choice.legacy || choice.provider == CRYPTO_FIPS)
		e = crypto_try(&choice, &why);
	if (e == OK && m->config != NULL &&
	    (m->set->crypto_provider == CRYPTO_FIPS) !=
		(choice.provider == CRYPTO_FIPS)) {
		why = "CryptoProvider: fips is taken up or given up by a restart, not "
		      "by a reload";
		e = ERR_CONFIG;
	}
	if (e != OK)
		log_error("%s", why);
	return e;
}

/* Reads all that its configuration names, once its tokens are opened. The caller wipes it. */
static enum err loaded_read(struct monitor *m, struct loaded *l)
{
	const struct settings *set = config_settings(l->config);
	enum err e = crypto_check(m, set);

	if (e == OK)
		e = users_of(set, &l->users);
	if (e == OK)
		e = clients_load(&set->allowed_clients, &l->clients);
	if (e == OK)
		e = control_access_load(set, &l->control);
	if (e == OK)
		e = helpers_check(set);
	if (e == OK)
		e = policy_record_check(set);
	if (e == OK)
		e = ring_load(m, l->config, &l->tokens, &l->ring);
	if (e == OK)
		e = script_read(m, set, &l->script);
	return e;
}

/* Programs open their conversions at their start: those that have others start anew. */
static void code_page_set(struct monitor *m, const struct settings *set)
{
	char old[sizeof m->code_page];

	memcpy(old, m->code_page, sizeof old);
	(void)snprintf(m->code_page, sizeof m->code_page, CODEPAGE_ENV "=%s",
		       set->code_page);
	if (old[0] == '\0' || strcmp(old, m->code_page) == 0)
		return;
	policy_reopen(m);
	control_reopen(m);
}

/* Puts all of it in force. */
static void loaded_commit(struct monitor *m, struct loaded *l)
{
	struct loaded old = {.config = m->config,
			     .ring = m->ring,
			     .script = m->script,
			     .users = m->users,
			     .clients = m->clients,
			     .control = m->control_access};

	code_page_set(m, config_settings(l->config));
	m->users = l->users;
	m->clients = l->clients;
	m->control_access = l->control;
	m->ring = l->ring;
	m->script = l->script;
	m->config = l->config;
	m->set = config_settings(l->config);
	*l = (struct loaded){0}; /* moved */
	loaded_wipe(&old);
	accounts_forget(m);
	banners_load(m);
	helpers_reload(m);
	policy_record_begin(m);
}

/* At start nobody is served yet, so tokens are waited for. */
static enum err tokens_open_now(struct monitor *m, struct loaded *l)
{
	enum err e = tokens_begin(m, config_settings(l->config), &l->tokens);

	while (e == OK && !tokens_settled(&l->tokens) && !m->stopping)
		if (event_base_loop(m->base, EVLOOP_ONCE) != 0)
			e = ERR_SYSTEM;
	return e;
}

enum err load_all(struct monitor *m, struct config *config)
{
	struct loaded l = {.config = config};
	enum err e = tokens_open_now(m, &l);

	if (e == OK)
		e = loaded_read(m, &l);
	if (e == OK)
		code_page_set(m, config_settings(config));
	if (e == OK && l.script != NULL)
		e = policy_load_now(m, l.script);
	if (e == OK)
		loaded_commit(m, &l);
	loaded_wipe(&l);
	return e;
}

static enum err account_check(const char *keyword, const char *name)
{
	errno = 0;
	if (getpwnam(name) != NULL)
		return OK;
	log_fatal("%s: there is no account %s%s%s: make it with useradd --system "
		  "--user-group --shell /usr/sbin/nologin %s, or name another",
		  keyword, name, errno != 0 ? ": " : "",
		  errno != 0 ? strerror(errno) : "", name);
	return ERR_UNKNOWN;
}

enum err system_check(const struct settings *set)
{
	enum err e = OK;

	if (access("/dev/null", R_OK | W_OK) != 0) {
		log_fatal(
		    "/dev/null: %s: every process of the gateway needs it; make it "
		    "with mknod -m 666 /dev/null c 1 3",
		    strerror(errno));
		return ERR_FILE;
	}
	if (geteuid() != 0)
		return OK;
	e = account_check("WorkerUser", set->worker_user);
	if (e == OK)
		e = account_check("ConnectorUser", set->connector_user);
	if (e == OK && strcmp(set->policy_script, "none") != 0)
		e = account_check("PolicyUser", set->policy_user);
	if (e == OK && set->control_socket != NULL)
		e = account_check("ControlUser", set->control_user);
	if (e == OK && set->policy_helper.n > 0)
		e = account_check("PolicyHelperUser", set->policy_helper_user);
	for (size_t i = 0; e == OK && i < set->host_key.n; i++)
		if (source_is_token(&set->host_key.item[i]))
			e = account_check("TokenUser", set->token_user);
	return e;
}

static void log_errors(const struct config_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		log_error("%s", errs->item[i].text);
}

/* l: m->reloading; it is over */
static void reload_end(struct monitor *m, enum err e)
{
	struct loaded *l = m->reloading;

	m->reloading = NULL;
	if (e == OK)
		loaded_commit(m, l);
	loaded_wipe(l);
	free(l);
	if (m->reloaded != NULL)
		m->reloaded(m, e);
	METRIC_COUNT(m, reloads_total,
		     e == OK ? METRIC_RELOAD_OK : METRIC_RELOAD_FAILED, 0);
	if (e != OK) {
		log_error("reload failed (%s): everything stays as it was",
			  err_text(e));
		return;
	}
	log_level_set(m->set->log_level);
	if (control_open(m) != OK)
		log_error("the control socket is not there: see above");
	if (listeners_open(m) != OK)
		log_error("some addresses cannot be listened on: see above");
	metrics_open(m);
	spawn_burn_nursery(m, METRIC_BURN_RELOAD);
	log_info("configuration reloaded");
}

static void reload_compiled(struct monitor *m, enum err e, void *ctx)
{
	(void)ctx;
	reload_end(m, e);
}

/* The script is compiled while connections are served; then the rest follows. */
static void reload_opened(struct monitor *m)
{
	struct loaded *l = m->reloading;
	enum err e = loaded_read(m, l);

	if (e == OK && l->script != NULL &&
	    (e = policy_load(m, l->script, reload_compiled, NULL)) == OK)
		return;
	reload_end(m, e);
}

void reload(struct monitor *m)
{
	struct config_errors errs = {0};
	struct loaded *l;
	enum err e;

	if (m->reloading != NULL) {
		log_error("reload refused: one is under way");
		return;
	}
	l = m->reloading = calloc(1, sizeof *l);
	if (l == NULL) {
		log_error("reload failed (%s)", err_text(ERR_MEMORY));
		if (m->reloaded != NULL)
			m->reloaded(m, ERR_MEMORY);
		return;
	}
	e = config_load(&m->options, &l->config, &errs);
	log_errors(&errs);
	config_errors_wipe(&errs);
	if (e == OK)
		e = tokens_begin(m, config_settings(l->config), &l->tokens);
	if (e != OK)
		reload_end(m, e);
	else if (tokens_settled(&l->tokens))
		reload_opened(m);
	else /* they are opened while connections are served */
		tokens_wait(m, &l->tokens, reload_opened);
}

void reload_drop(struct monitor *m)
{
	m->tokens_done = NULL;
	if (m->reloading == NULL)
		return;
	loaded_wipe(m->reloading);
	free(m->reloading);
	m->reloading = NULL;
}
