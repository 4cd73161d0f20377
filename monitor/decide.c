/*
 * Decisions by the static rules. Each looks at what the monitor knows itself: settings of this
 * connection, options of the key that it verified. The worker's wishes are only the question.
 */
#include <string.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth/keyopts.h"
#include "monitor/decide.h"
#include "monitor/grants.h"
#include "monitor/permit.h"

enum err decide_login(struct conn *c)
{
	return c->work->account != NULL && c->work->account->found ? OK : ERR_DENIED;
}

static uint32_t when(bool yes, enum permit permit)
{
	return yes ? (uint32_t)permit : 0;
}

/* Of several keys (AuthenticationMethods) each must permit a thing. */
static struct key_options keys_permit(const struct conn_work *w)
{
	struct key_options all = {.pty = true,
				  .agent = true,
				  .x11 = true,
				  .port_forwarding = true,
				  .user_rc = true};

	for (size_t i = 0; i < w->n_keys; i++) {
		const struct key_options *one = w->keys[i].options;

		all.pty = all.pty && one->pty;
		all.agent = all.agent && one->agent;
		all.x11 = all.x11 && one->x11;
		all.port_forwarding = all.port_forwarding && one->port_forwarding;
		all.user_rc = all.user_rc && one->user_rc;
	}
	return all;
}

/* As sshd: the user's own file is no way around ForceCommand. */
bool decide_user_rc(const struct conn *c)
{
	const struct settings *set = c->work->set;

	return set->permit_user_rc && set->force_command == NULL &&
	       keys_permit(c->work).user_rc;
}

uint32_t decide_permits(const struct conn *c)
{
	const struct conn_work *w = c->work;
	const struct settings *set = w->set;
	const struct key_options keys = keys_permit(w);
	bool forward = !set->disable_forwarding && keys.port_forwarding &&
		       !grants_deny(w, "forwarding");
	bool local_account = w->account->uid != UINT32_MAX;
	bool session = set->local_sessions && local_account;

	return when(session, PERMIT_SESSION) |
	       when(session && set->permit_tty && keys.pty && !grants_deny(w, "pty"),
		    PERMIT_PTY) |
	       when(session && set->allow_agent_forwarding &&
			!set->disable_forwarding && keys.agent &&
			!grants_deny(w, "agent"),
		    PERMIT_AGENT) |
	       when(session && set->x11_forwarding && !set->disable_forwarding &&
			keys.x11 && !grants_deny(w, "x11"),
		    PERMIT_X11) |
	       when(forward && (set->allow_tcp_forwarding & FORWARD_LOCAL) != 0,
		    PERMIT_TCP) |
	       when(forward && (set->allow_tcp_forwarding & FORWARD_REMOTE) != 0,
		    PERMIT_LISTEN) |
	       when(forward && local_account &&
			(set->allow_stream_local_forwarding & FORWARD_LOCAL) != 0,
		    PERMIT_UNIX) |
	       when(forward && local_account &&
			(set->allow_stream_local_forwarding & FORWARD_REMOTE) != 0,
		    PERMIT_UNIX_LISTEN);
}

enum err decide_open_tcp(const struct conn *c, struct span host, uint32_t port)
{
	const struct conn_work *w = c->work;
	char name[LIMIT_HOST_BYTES + 1];

	if ((w->permits & PERMIT_TCP) == 0 ||
	    bytes_to_str(name, sizeof name, host) != OK)
		return ERR_DENIED;
	if (!permit_open(&w->set->permit_open, name, port) ||
	    !grants_permit_open(w, name, port))
		return ERR_DENIED;
	for (size_t i = 0; i < w->n_keys; i++)
		if (!keyopts_permits_open(w->keys[i].options, host, port))
			return ERR_DENIED;
	return OK;
}

enum err decide_listen_tcp(const struct conn *c, struct span host, uint32_t port)
{
	const struct conn_work *w = c->work;
	char name[LIMIT_HOST_BYTES + 1];

	if ((w->permits & PERMIT_LISTEN) == 0 ||
	    bytes_to_str(name, sizeof name, host) != OK)
		return ERR_DENIED;
	if (!permit_listen(&w->set->permit_listen, name, port) ||
	    !grants_permit_listen(w, name, port))
		return ERR_DENIED;
	for (size_t i = 0; i < w->n_keys; i++)
		if (!keyopts_permits_listen(w->keys[i].options, host, port))
			return ERR_DENIED;
	return OK;
}

static enum err subsystem_find(const struct settings *set, struct span name,
			       struct span *out)
{
	for (size_t i = 0; i < set->subsystem.n; i++)
		if (span_is(name, set->subsystem.item[i].name)) {
			*out = span_str(set->subsystem.item[i].command);
			return OK;
		}
	return ERR_UNKNOWN;
}

/*
 * The command that is run whatever was asked, if any. Where two keys opened the door,
 * their commands must agree, as in sshd.
 */
static enum err command_forced(const struct conn_work *w, struct span *command,
			       bool *forced)
{
	const struct key_options *first = NULL;

	if (w->set->force_command != NULL) {
		*command = span_str(w->set->force_command);
		*forced = true;
		return OK;
	}
	for (size_t i = 0; i < w->n_keys; i++) {
		const struct key_options *one = w->keys[i].options;

		if (!one->has_command)
			continue;
		if (first != NULL && !span_equal(first->command, one->command))
			return ERR_DENIED;
		first = one;
	}
	*forced = first != NULL || grants_command(w, command);
	if (first != NULL)
		*command = first->command;
	return OK;
}

enum err decide_command(const struct conn *c, const struct msg_session_start *m,
			struct span policy, struct msg_login_session *out)
{
	const struct conn_work *w = c->work;
	struct span asked = m->command, instead = {0};
	bool forced = false;
	enum err e = OK;

	if (m->kind == SESSION_SHELL)
		asked = (struct span){0};
	else if (m->kind == SESSION_SUBSYSTEM)
		e = subsystem_find(w->set, m->command, &asked);
	if (e == OK)
		e = command_forced(w, &instead, &forced);
	if (e != OK)
		return e;
	if (forced && instead.n == 0) /* nothing may be run; no command means a shell */
		instead = SPAN_LIT("exit");
	if (!forced && policy.n > 0) { /* the operator's file has the last word */
		instead = policy;
		forced = true;
	}
	out->command = forced ? instead : asked;
	out->original = forced ? asked : (struct span){0};
	return OK;
}
