/*
 * Sessions on this host: a login helper becomes the user and runs the program; the worker gets the
 * descriptors. Source: RFC 4254 6
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth/keyopts.h"
#include "monitor/chan_policy.h"
#include "monitor/conn.h"
#include "monitor/decide.h"
#include "monitor/grants.h"
#include "monitor/link.h"
#include "monitor/permit.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"
#include "monitor/serve_listen.h"

static void tell_refused(struct conn *c, uint32_t chan, struct span text)
{
	conn_tell(c, &MSG_OF(session_started, .chan = chan, .text = text));
}

/* Keeps those variables of the client's that AcceptEnv has. */
static enum err env_accept(const struct conn *c, struct span asked, struct wr *out)
{
	const struct settings *set = c->work->set;
	struct rd r = RD(asked);
	struct span name, value;
	char text[LIMIT_TEXT_BYTES];

	while (r.left.n > 0 && rd_ok(&r)) {
		name = rd_bytes(&r, LIMIT_ENV_BYTES);
		value = rd_bytes(&r, LIMIT_ENV_BYTES);
		if (!rd_ok(&r) || bytes_to_str(text, sizeof text, name) != OK ||
		    !permit_env(&set->accept_env, text))
			continue;
		wr_bytes(out, name);
		wr_bytes(out, value);
	}
	return rd_end(&r);
}

/* The environment= options of a key, as far as PermitUserEnvironment lets them. */
static void env_of_key(const struct conn *c, const struct key_options *key,
		       struct wr *out)
{
	struct span name, value;
	struct rd r;
	char text[LIMIT_TEXT_BYTES];

	r = RD(key->environment);
	while (r.left.n > 0 && rd_ok(&r)) {
		name = rd_bytes(&r, LIMIT_ENV_BYTES);
		value = rd_bytes(&r, LIMIT_ENV_BYTES);
		if (!rd_ok(&r) || bytes_to_str(text, sizeof text, name) != OK ||
		    !permit_user_env(c->work->set->permit_user_environment, text))
			continue;
		wr_bytes(out, name);
		wr_bytes(out, value);
	}
}

/* SetEnv: it has the last word. Source: sshd_config(5) */
static void env_of_settings(const struct conn *c, struct wr *out)
{
	const struct settings *set = c->work->set;

	for (size_t i = 0; i < set->set_env.n; i++) {
		const char *pair = set->set_env.item[i];
		const char *equals = strchr(pair, '=');

		wr_bytes(out,
			 (struct span){(const uint8_t *)pair, (size_t)(equals - pair)});
		wr_str(out, equals + 1);
	}
}

static uint32_t flags_of(const struct conn *c)
{
	const struct settings *set = c->work->set;
	bool rc = decide_user_rc(c);

	return (set->use_pam ? LOGIN_PAM : 0u) | (set->print_motd ? LOGIN_MOTD : 0u) |
	       (set->print_last_log ? LOGIN_LASTLOG : 0u) | (rc ? LOGIN_USER_RC : 0u) |
	       (set->x11_use_localhost ? LOGIN_X11_LOCAL : 0u);
}

static bool may(const struct conn *c, enum permit permit)
{
	return (c->work->permits & (unsigned)permit) != 0;
}

static void fill(const struct conn *c, const struct msg_session_start *m,
		 struct msg_login_session *out)
{
	const struct settings *set = c->work->set;

	*out = (struct msg_login_session){
	    .user = span_str(c->work->account->user),
	    .kind = m->kind,
	    .pty = m->pty,
	    .term = m->term,
	    .columns = m->columns,
	    .rows = m->rows,
	    .width_px = m->width_px,
	    .height_px = m->height_px,
	    .modes = m->modes,
	    .agent = m->agent != 0 && may(c, PERMIT_AGENT),
	    .x11 = may(c, PERMIT_X11) ? m->x11 : 0,
	    .x11_protocol = m->x11_protocol,
	    .x11_cookie = m->x11_cookie,
	    .x11_screen = m->x11_screen,
	    .remote = span_str(c->remote.address),
	    .remote_port = c->remote.port,
	    .local = span_str(c->local.address),
	    .local_port = c->local.port,
	    .flags = flags_of(c),
	    .pam_service = span_str(set->pam_service_name),
	    .x11_offset = set->x11_display_offset,
	    .xauth = span_str(set->xauth_location),
	    .env_file = set->permit_user_environment != NULL
			    ? span_str(set->permit_user_environment)
			    : (struct span){0}};
}

struct env_store {
	uint8_t asked[LIMIT_ENV_BYTES], fixed[LIMIT_ENV_BYTES];
};

/* Those that the client asked for: where the script was asked too, those it granted. */
static struct span env_asked(const struct conn *c, const struct mchan *ch,
			     const struct msg_session_start *m)
{
	if (ch->policy == NULL || !policy_hears(c, POLICY_ON_channel_request))
		return m->env;
	return (struct span){ch->policy->env.p, ch->policy->env.n};
}

/* Writes both environments into the store, which out then points into. */
static enum err env_fill(const struct conn *c, const struct mchan *ch,
			 struct span asked, struct env_store *store,
			 struct msg_login_session *out)
{
	struct wr env = WR(store->asked);
	struct wr fixed = WR(store->fixed);
	enum err e = env_accept(c, asked, &env);

	for (size_t i = 0; i < c->work->n_keys; i++)
		env_of_key(c, c->work->keys[i].options, &fixed);
	grants_env(c->work, &fixed);
	if (ch->policy != NULL)
		wr_raw(&fixed,
		       (struct span){ch->policy->env_set.p, ch->policy->env_set.n});
	env_of_settings(c, &fixed);
	if (e == OK)
		e = wr_end(&env, &out->env);
	return e == OK ? wr_end(&fixed, &out->env_fixed) : e;
}

/* Has a helper start what was decided. */
static enum err session_launch(struct conn *c, const struct msg_session_start *m,
			       struct mchan *ch, struct span instead)
{
	struct msg msg = {.type = MSG_login_session};
	struct env_store *store;
	enum err e;

	fill(c, m, &msg.u.login_session);
	e = decide_command(c, m, instead, &msg.u.login_session);
	if (e != OK)
		return e;
	store = malloc(sizeof *store);
	if (store == NULL)
		return ERR_MEMORY;
	e = env_fill(c, ch, env_asked(c, ch, m), store, &msg.u.login_session);
	if (e == OK)
		e = login_open(c->m, IN_SESSION, &msg, &ch->login);
	if (e == OK) {
		ch->login->c = c;
		ch->login->chan = ch;
		(void)snprintf(ch->login->user, sizeof ch->login->user, "%s",
			       c->work->user_shown);
	}
	free(store);
	return e;
}

void session_log(const struct conn *c, const struct msg_session_start *m)
{
	static const char *const kinds[] = {"shell", "exec", "subsystem"};
	struct printable command;

	log_info("conn=%llu user=%s channel=%u %s%s%s%s", (unsigned long long)c->id,
		 c->work->user_shown, (unsigned)m->chan, kinds[m->kind],
		 m->pty != 0 ? " pty" : "", m->command.n > 0 ? " " : "",
		 printable(m->command, &command));
}

void session_not_started(struct conn *c, uint32_t chan, enum err e)
{
	log_error("conn=%llu user=%s channel=%u not started: %s",
		  (unsigned long long)c->id, c->work->user_shown, (unsigned)chan,
		  e == ERR_UNKNOWN ? "no such Subsystem" : err_text(e));
	tell_refused(c, chan, SPAN_LIT("not started"));
}

enum err session_start(struct conn *c, struct mchan *ch,
		       const struct msg_session_start *m, struct span instead)
{
	enum err e;

	session_log(c, m);
	e = session_launch(c, m, ch, instead);
	if (e == ERR_TRUNCATED || e == ERR_RANGE || e == ERR_TRAILING)
		return e;
	if (e != OK)
		session_not_started(c, m->chan, e);
	return OK;
}

enum err serve_login_started(struct login *l, const struct msg_login_started *m,
			     struct ipc_fds *fds)
{
	struct printable text;

	if (l->chan == NULL || l->c == NULL)
		return ERR_FORBIDDEN;
	l->answered = true;
	if (m->ok == 0)
		log_error("conn=%llu user=%s channel=%u not started: %s",
			  (unsigned long long)l->c->id, l->user,
			  (unsigned)l->chan->chan, printable(m->text, &text));
	conn_send(
	    l->c,
	    &MSG_OF(session_started, .chan = l->chan->chan, .ok = m->ok,
		    .text = m->ok != 0 ? (struct span){0} : SPAN_LIT("not started")),
	    fds->fd, m->ok != 0 ? fds->n : 0);
	if (m->ok != 0)
		session_granted(l->c, l->chan);
	if (m->ok != 0)
		return OK;
	l->chan->login = NULL;
	l->c = NULL;
	return ERR_CLOSED;
}

enum err serve_login_exited(struct login *l, const struct msg_login_exited *m,
			    struct ipc_fds *fds)
{
	(void)fds;
	if (l->chan == NULL || l->c == NULL || !l->answered)
		return ERR_FORBIDDEN;
	conn_tell(l->c,
		  &MSG_OF(session_exited, .chan = l->chan->chan, .status = m->status,
			  .signal = m->signal, .core = m->core));
	l->exited = true;
	return OK;
}

/* Where the script is asked about signals, each one needs its consent. */
static bool signal_granted(const struct conn *c, struct mchan *ch)
{
	if (ch->policy == NULL || !policy_hears(c, POLICY_ON_channel_request))
		return true;
	if (ch->policy->signals == 0)
		return false;
	ch->policy->signals--;
	return true;
}

enum err serve_session_signal(struct conn *c, const struct msg_session_signal *m,
			      struct ipc_fds *fds)
{
	struct mchan *ch = chan_find(c, m->chan);

	(void)fds;
	if (ch == NULL || !ch->session || !signal_granted(c, ch))
		return ERR_FORBIDDEN;
	if (ch->login != NULL &&
	    link_tell(&ch->login->link, &MSG_OF(login_signal, .signal = m->signal)) !=
		OK)
		log_debug("conn=%llu signal came after the end",
			  (unsigned long long)c->id);
	return OK;
}

enum err serve_login_incoming(struct login *l, const struct msg_login_incoming *m,
			      struct ipc_fds *fds)
{
	struct msg msg = MSG_OF(incoming, .kind = m->kind, .origin = m->origin,
				.origin_port = m->origin_port);
	bool of_listener = m->kind == INCOMING_UNIX;

	if (l->c == NULL || fds->n != 1 ||
	    (of_listener ? l->listen == NULL : l->chan == NULL))
		return ERR_FORBIDDEN;
	msg.u.incoming.listen = of_listener ? l->listen->listen : l->chan->chan;
	conn_send(l->c, &msg, fds->fd, 1);
	return OK;
}

void chan_helper_lost(struct login *l)
{
	struct conn *c = l->c;

	if (l->listen != NULL) {
		l->listen->login = NULL;
		listen_lost(l->listen);
		return;
	}
	if (l->chan == NULL)
		return;
	l->chan->login = NULL;
	if (l->link.state == IN_UNIX)
		chan_connected(c, l->chan->chan, -1, SPAN_LIT("helper ended"));
	else if (!l->answered)
		tell_refused(c, l->chan->chan, SPAN_LIT("not started"));
	else if (!l->exited)
		conn_tell(
		    c, &MSG_OF(session_exited, .chan = l->chan->chan, .status = 255));
}
