/*
 * Settings that change while the gateway runs. They stand before the command line's, and count with the reload
 * that follows; one that fails changes nothing. An administrator of the control socket need not be root, so
 * nothing can be set here that names a file, a program or an account.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "monitor/config_priv.h"
#include "monitor/control_private.h"

static const char flag[] = "config.set";

static const char *const live[] = {
    "LogLevel",
    "MaxAuthTries",
    "LoginGraceTime",
    "HandshakeTimeout",
    "MaxStartups",
    "MaxSessions",
    "ClientAliveInterval",
    "ClientAliveCountMax",
    "IdleTimeout",
    "UnusedConnectionTimeout",
    "ConnectionTimeLimit",
    "ConnectionTimeout",
    "ChannelTimeout",
    "RekeyLimit",
    "RateLimit",
    "ConnectTimeout",
    "PerSourcePenalties",
    "PerSourceMaxStartups",
    "PerUserPenalties",
    "PerSourcePenaltyExemptList",
    "MaxConnections",
};

static bool is_live(const struct config_row *row)
{
	for (size_t i = 0; i < sizeof live / sizeof *live; i++)
		if (strcmp(live[i], row->keyword) == 0)
			return true;
	return false;
}

static bool is_ours(const struct options_setting *s)
{
	return s->flag == flag;
}

/* Takes out what was set here: of one keyword, or all. */
static void forget(struct options *o, const char *keyword)
{
	size_t kept = 0, n = keyword != NULL ? strlen(keyword) : 0;

	for (size_t i = 0; i < o->n_settings; i++) {
		struct options_setting *s = &o->setting[i];

		if (is_ours(s) &&
		    strncmp(s->value, keyword != NULL ? keyword : "", n) == 0 &&
		    (keyword == NULL || s->value[n] == ' ')) {
			free((void *)s->value);
			continue;
		}
		o->setting[kept++] = *s;
	}
	o->n_settings = kept;
}

/* Owns: line, from then on */
static bool insert(struct options *o, const char *line)
{
	if (o->n_settings == LIMIT_OPTIONS)
		return false;
	memmove(o->setting + 1, o->setting, o->n_settings * sizeof *o->setting);
	o->setting[0] = (struct options_setting){.flag = flag, .value = line};
	o->n_settings++;
	return true;
}

static char *line_of(const struct options *o, const char *keyword)
{
	size_t n = strlen(keyword);

	for (size_t i = 0; i < o->n_settings; i++) {
		const struct options_setting *s = &o->setting[i];

		if (is_ours(s) && strncmp(s->value, keyword, n) == 0 &&
		    s->value[n] == ' ')
			return strdup(s->value);
	}
	return NULL;
}

/* What the reference has a code for, then what is not for here. */
static enum ctl_error may_change(struct control_call *c, const struct config_row *row)
{
	if (strcmp(row->keyword, "Port") == 0)
		return control_say(c, CTL_BAD_LOCAL_PORT,
				   "Port cannot change while it is listened on: change "
				   "the file and reload");
	if (strcmp(row->keyword, "ListenAddress") == 0)
		return control_say(c, CTL_BAD_LOCAL_HOST,
				   "ListenAddress cannot change while it is listened "
				   "on: change the file and reload");
	if (strcmp(row->keyword, "MaxConnections") == 0 && c->m->n_listeners > 0)
		return CTL_BAD_MAX_CONNECTIONS;
	if (is_live(row))
		return CTL_OK;
	return control_say(c, CTL_BAD_UNSUPPORTED,
			   "%s cannot be set here: change the file and reload",
			   row->keyword);
}

static enum ctl_error line_make(struct control_call *c, const struct config_row *row,
				char **out)
{
	char line[LIMIT_TEXT_BYTES], value[LIMIT_TEXT_BYTES];
	int n;

	if (bytes_to_str(value, sizeof value,
			 facts_get_str(c->params, "value", (struct span){0})) != OK)
		return control_say(c, CTL_BAD_INVALID, "the value is too long");
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			return control_say(c, CTL_BAD_INVALID,
					   "a value is one line of text");
	n = snprintf(line, sizeof line, "%s %s", row->keyword, value);
	if (n < 0 || (size_t)n >= sizeof line)
		return control_say(c, CTL_BAD_INVALID, "the value is too long");
	*out = strdup(line);
	return *out != NULL ? CTL_OK : CTL_BAD_NO_SPACE;
}

enum ctl_error control_config_set(struct control_call *c)
{
	struct control *k = c->m->control;
	const struct config_row *row;
	char *line = NULL;
	enum ctl_error e;

	if ((row = control_config_find(c)) == NULL)
		return CTL_BAD_INVALID;
	if ((e = may_change(c, row)) != CTL_OK)
		return e;
	if (control_reload_pends(k))
		return CTL_BAD_ALREADY;
	if ((e = line_make(c, row, &line)) != CTL_OK)
		return e;
	free(k->undo);
	k->undo = line_of(&c->m->options, row->keyword);
	k->set = row->keyword;
	forget(&c->m->options, row->keyword);
	if (!insert(&c->m->options, line)) {
		free(line);
		return control_say(c, CTL_BAD_NO_SPACE,
				   "too many settings: change the file and reload");
	}
	return control_reload(c);
}

void control_config_settled(struct control *k, enum err e)
{
	struct options *o = &k->m->options;

	if (k->set != NULL && e != OK) {
		forget(o, k->set);
		if (k->undo != NULL && insert(o, k->undo))
			k->undo = NULL; /* moved */
	}
	free(k->undo);
	k->undo = NULL;
	k->set = NULL;
}

enum ctl_error control_reset(struct control_call *c)
{
	if (control_reload_pends(c->m->control))
		return CTL_BAD_ALREADY;
	forget(&c->m->options, NULL);
	return control_reload(c);
}
