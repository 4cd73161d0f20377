/*
 * Authentication: the worker parses, this decides. Nothing that a worker claims is believed: the
 * user is claimed until accepted, a signature is verified over text built here, attempts are
 * counted here. A refusal takes at least as long as a look-up and a verification, whoever the
 * user is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/auth/keyopts.h"
#include "monitor/auth_check.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_key.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/grants.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"

static void attempt_wipe(struct attempt *a)
{
	if (a->copy != NULL)
		wipe(a->copy, a->copy_n);
	free(a->copy);
	free(a->listed_store);
	*a = (struct attempt){0};
}

/* Keeps a span of the message until the attempt is decided. */
static struct span keep(struct attempt *a, struct span s)
{
	struct span kept = {a->copy + a->copy_n, s.n};

	if (s.n > 0)
		memcpy(a->copy + a->copy_n, s.p, s.n);
	a->copy_n += s.n;
	return kept;
}

void user_show(struct span user, char out[LIMIT_SHOWN_BYTES])
{
	struct printable shown;

	(void)snprintf(out, LIMIT_SHOWN_BYTES, "%s", printable(user, &shown));
	for (char *p = out; *p != '\0'; p++)
		if (*p == ' ' || *p == '"') /* they end a field of a log line */
			*p = '?';
}

/* Who is it that wants in? The name may not change between attempts, as in sshd. */
static enum err claim(struct conn *c, struct span user, struct span service)
{
	struct conn_work *w = c->work;

	if (!span_is(service, "ssh-connection")) {
		conn_disconnect(c, ERR_SERVICE, NULL);
		return ERR_DENIED;
	}
	if (w->user_claimed && !span_is(user, w->user)) {
		conn_disconnect(c, ERR_FORBIDDEN, "change of user name");
		return ERR_DENIED;
	}
	if (bytes_to_str(w->user, sizeof w->user, user) != OK) {
		conn_disconnect(c, ERR_RANGE, "bad user name");
		return ERR_DENIED;
	}
	user_show(user, w->user_shown);
	w->user_claimed = true;
	/* a conversation that was given up may have been the last that was allowed */
	if (w->failures > 0 && w->failures >= w->set->max_auth_tries) {
		conn_disconnect(c, ERR_AUTH_TRIES, NULL);
		return ERR_DENIED;
	}
	return OK;
}

/* Begins an attempt whose copies need no more than n bytes. */
static enum err attempt_begin(struct conn *c, enum auth_method method, size_t n)
{
	struct attempt *a = &c->work->attempt;

	kbdint_abandon(c);
	/* an honest worker waits for the answer, which is held back after a refusal */
	if (c->work->attempting || c->work->delayed)
		return ERR_FORBIDDEN;
	attempt_wipe(a);
	a->copy = malloc(n + 1);
	if (a->copy == NULL)
		return ERR_MEMORY;
	a->method = method;
	a->began_us = clock_us();
	c->work->tried = c->work->tried || method != METHOD_NONE;
	c->work->attempting = true;
	return OK;
}

enum err attempt_secret(struct conn *c, struct span secret)
{
	struct attempt *a = &c->work->attempt;
	uint8_t *copy = malloc(secret.n + 1);

	if (copy == NULL)
		return ERR_MEMORY;
	if (a->copy != NULL)
		wipe(a->copy, a->copy_n);
	free(a->copy);
	a->copy = copy;
	a->copy_n = 0;
	a->devices = (struct span){0}; /* lay in the copy of before */
	a->secret = keep(a, secret);
	return OK;
}

/* The account that a user logs in as, and whether it is one of the users file alone. */
static const char *account_of(struct conn *c, char store[LIMIT_USER_BYTES + 1],
			      bool *is_virtual)
{
	const struct user_entry *u = users_find(&c->m->users, span_str(c->work->user));

	*is_virtual = u != NULL && !u->has_account;
	if (u == NULL || bytes_to_str(store, LIMIT_USER_BYTES + 1, u->account) != OK)
		return c->work->user;
	return store;
}

static enum err ask_account(struct conn *c)
{
	char store[LIMIT_USER_BYTES + 1];
	bool is_virtual;
	const char *user = account_of(c, store, &is_virtual);

	c->work->attempt.fresh = true;
	return account_ask(c, user, is_virtual, c->work->set);
}

/* The Match blocks of this user decide what is in force; nothing is copied where there are none. */
static enum err match(struct conn *c, const struct account *a)
{
	struct conn_work *w = c->work;
	struct match_facts facts = {.user = w->user,
				    .groups = &a->groups,
				    .host = c->remote.address,
				    .address = c->remote.address,
				    .local_address = c->local.address,
				    .local_port = c->local.port};
	enum err e;

	if (!config_has_match(c->config))
		return OK;
	if (w->own_set == NULL && (w->own_set = calloc(1, sizeof *w->own_set)) == NULL)
		return ERR_MEMORY;
	e = config_match(c->config, &facts, w->own_set);
	if (e == OK)
		w->set = w->own_set;
	return e;
}

void auth_decide(struct conn *c)
{
	struct conn_work *w = c->work;
	enum err e;

	switch (w->attempt.method) {
	case METHOD_NONE:
		e = auth_check_none(c);
		break;
	case METHOD_PUBLICKEY:
		e = auth_check_publickey(c);
		/* a key that was added a moment ago is not in a kept answer */
		if (e == ERR_UNKNOWN && !w->attempt.fresh && ask_account(c) == OK)
			return;
		break;
	case METHOD_PASSWORD:
		/* what a script judges alone is no guess at the account's password */
		e = auth_policy_owns(c, METHOD_PASSWORD) ? ERR_DENIED
							 : auth_check_password(c);
		break;
	case METHOD_KBDINT:
		e = kbdint_begin(c);
		break;
	default:
		e = ERR_BUG;
	}
	if (e == ERR_AGAIN) /* a helper answers */
		return;
	auth_decided(c, e);
}

void auth_decided(struct conn *c, enum err e)
{
	if (e == OK && c->work->kbdint.barred)
		e = ERR_DENIED;
	if (!auth_policy_ask(c, e))
		auth_concluded(c, e, false);
}

static void status_tell(struct conn *c, enum err e, bool partial)
{
	const struct attempt *a = &c->work->attempt;
	const char *how = "refused";

	if (c->work->user_known)
		how = "success";
	else if (e == OK && a->method == METHOD_PUBLICKEY && !a->proof)
		how = "this key would do";
	else if (e == OK)
		how = partial ? "good, the script wants more" : "good, more is wanted";
	conn_policy_status(c, "USERAUTH_REQUEST %s: %s", auth_method_name(a->method),
			   how);
}

void auth_concluded(struct conn *c, enum err e, bool partial)
{
	c->work->attempting = false;
	if (e == OK && c->work->attempt.method == METHOD_PUBLICKEY &&
	    !c->work->attempt.proof)
		auth_reply_key_would_do(c);
	else if (e == OK)
		auth_reply_success(c, partial);
	else
		auth_reply_failure(c, e);
	status_tell(c, e, partial);
	key_forget(&c->work->tried_key);
	kbdint_wipe(c);
	attempt_wipe(&c->work->attempt);
}

void auth_account_ready(struct conn *c, struct account *a)
{
	struct conn_work *w = c->work;

	account_unref(w->account);
	w->account = account_ref(a);
	if (match(c, a) != OK) {
		auth_decided(c, ERR_MEMORY);
		return;
	}
	if (w->set->refuse_connection) {
		conn_penalize(c, PENALTY_REFUSED);
		conn_disconnect(c, ERR_DENIED, "connection refused");
		return;
	}
	/* a Match block may name other files for this user: keys of these do not count */
	if (w->attempt.method == METHOD_PUBLICKEY && !account_is_of(a, w->set)) {
		if (ask_account(c) != OK)
			auth_decided(c, ERR_SYSTEM);
		return;
	}
	auth_decide(c);
}

void auth_helper_lost(struct conn *c)
{
	c->work->helper = NULL;
	if (!kbdint_lose(c))
		auth_decided(c, ERR_SYSTEM);
}

/* The account is known, or is looked up first. */
static enum err attempt_go(struct conn *c)
{
	char store[LIMIT_USER_BYTES + 1];
	bool is_virtual;
	const char *user = account_of(c, store, &is_virtual);
	struct account *a = account_kept(c->m, user, is_virtual, c->work->set);

	if (a != NULL) {
		auth_account_ready(c, a);
		return OK;
	}
	if (ask_account(c) != OK)
		auth_decided(c, ERR_SYSTEM);
	return OK;
}

static void hold_over(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)events;
	c->work->delayed = false;
	c->work->attempt.began_us = clock_us();
	if (c->work->told_tick == 0 && attempt_go(c) != OK)
		auth_decided(c, ERR_SYSTEM);
}

/* A password or code for a name that collected failures is looked at later: PerUserPenalties. */
static enum err attempt_hold(struct conn *c)
{
	struct conn_work *w = c->work;
	struct timeval tv = {.tv_sec = penalty_user_delay_s(&c->m->penalties, c->m->set,
							    w->user, clock_ms())};

	if (tv.tv_sec == 0)
		return attempt_go(c);
	log_verbose("conn=%llu user=%s is slowed down: PerUserPenalties",
		    (unsigned long long)c->id, w->user_shown);
	evtimer_assign(&w->delay, c->m->base, hold_over, c);
	w->delayed = event_add(&w->delay, &tv) == 0;
	return w->delayed ? OK : attempt_go(c);
}

enum err serve_auth_none(struct conn *c, const struct msg_auth_none *m,
			 struct ipc_fds *fds)
{
	enum err e = attempt_begin(c, METHOD_NONE, 0);

	(void)fds;
	if (e != OK)
		return e;
	return claim(c, m->user, m->service) == OK ? attempt_go(c) : OK;
}

enum err serve_auth_publickey(struct conn *c, const struct msg_auth_publickey *m,
			      struct ipc_fds *fds)
{
	struct attempt *a = &c->work->attempt;
	enum err e =
	    attempt_begin(c, METHOD_PUBLICKEY,
			  m->algorithm.n + m->key.n + m->hostkey.n + m->signature.n);

	(void)fds;
	if (e != OK)
		return e;
	a->algorithm = keep(a, m->algorithm);
	a->key = keep(a, m->key);
	a->hostkey = keep(a, m->hostkey);
	a->signature = keep(a, m->signature);
	a->hostbound = m->hostbound != 0;
	a->proof = m->proof != 0;
	return claim(c, m->user, m->service) == OK ? attempt_go(c) : OK;
}

enum err serve_auth_password(struct conn *c, const struct msg_auth_password *m,
			     struct ipc_fds *fds)
{
	struct attempt *a = &c->work->attempt;
	enum err e = attempt_begin(c, METHOD_PASSWORD, m->password.n);

	(void)fds;
	if (e != OK)
		return e;
	a->secret = keep(a, m->password);
	return claim(c, m->user, m->service) == OK ? attempt_hold(c) : OK;
}

enum err serve_auth_kbdint(struct conn *c, const struct msg_auth_kbdint *m,
			   struct ipc_fds *fds)
{
	struct attempt *a = &c->work->attempt;
	enum err e = attempt_begin(c, METHOD_KBDINT, m->devices.n);

	(void)fds;
	if (e != OK)
		return e;
	a->devices = keep(a, m->devices);
	return claim(c, m->user, m->service) == OK ? attempt_hold(c) : OK;
}

/* A good password, by method password or as an answer. */
static enum err password_good(struct conn *c)
{
	return c->work->attempt.method == METHOD_KBDINT
		   ? kbdint_password_good(c)
		   : auth_check_rules(c, METHOD_PASSWORD);
}

enum err serve_password_checked(struct login *l, const struct msg_password_checked *m,
				struct ipc_fds *fds)
{
	struct printable text;
	struct conn *c = l->c;

	(void)fds;
	l->answered = true;
	l->c = NULL;
	if (c == NULL)
		return ERR_CLOSED;
	c->work->helper = NULL;
	if (m->text.n > 0)
		log_info("conn=%llu user=%s password: %s", (unsigned long long)c->id,
			 c->work->user_shown, printable(m->text, &text));
	auth_decided(c, m->ok != 0 ? password_good(c) : ERR_DENIED);
	return ERR_CLOSED;
}

void conn_auth_wipe(struct conn *c)
{
	struct conn_work *w = c->work;

	login_drop(w->helper);
	w->helper = NULL;
	kbdint_wipe(c);
	attempt_wipe(&w->attempt);
	auth_reply_wipe(c);
	auth_policy_wipe(c);
	grants_wipe(w);
	account_unref(w->account);
	key_forget(&w->tried_key);
	for (size_t i = 0; i < w->n_keys; i++)
		key_forget(&w->keys[i].options);
	free(w->own_set);
}
