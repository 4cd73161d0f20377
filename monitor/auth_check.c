/*
 * Credentials and static rules. Both are always looked at in full, so that the time taken does not
 * tell which of them said no.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/account.h"
#include "monitor/auth/keyopts.h"
#include "monitor/auth/proof.h"
#include "monitor/auth_check.h"
#include "monitor/auth_command.h"
#include "monitor/auth_key.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/login_link.h"
#include "monitor/permit.h"

static bool root_may(const struct conn *c, enum auth_method method)
{
	switch (c->work->set->permit_root_login) {
	case ROOT_LOGIN_YES:
		return true;
	case ROOT_LOGIN_NO_PASSWORD:
		return method == METHOD_PUBLICKEY;
	case ROOT_LOGIN_FORCED_COMMANDS:
		return method == METHOD_PUBLICKEY && c->work->tried_key != NULL &&
		       c->work->tried_key->has_command;
	case ROOT_LOGIN_NO:
		return false;
	}
	return false;
}

static bool method_on(const struct settings *set, enum auth_method method)
{
	switch (method) {
	case METHOD_PUBLICKEY:
		return set->pubkey_authentication;
	case METHOD_PASSWORD:
		return set->password_authentication;
	case METHOD_KBDINT:
		return set->kbd_interactive_authentication;
	case METHOD_NONE:
		return set->password_authentication && set->permit_empty_passwords;
	}
	return false;
}

enum err auth_check_rules(struct conn *c, enum auth_method method)
{
	const struct conn_work *w = c->work;
	struct match_facts who = {.user = w->user,
				  .groups = &w->account->groups,
				  .host = c->remote.address,
				  .address = c->remote.address};
	const char *why = NULL;

	if (!method_on(w->set, method) &&
	    !(method == METHOD_NONE && auth_policy_owns(c, METHOD_NONE)))
		why = "method is off";
	else if ((why = permit_user(w->set, &who)) != NULL)
		;
	else if (!w->account->found)
		why = "no such user";
	else if (w->account->uid == 0 && !root_may(c, method))
		why = "PermitRootLogin";
	else if (geteuid() != 0 && w->account->uid != geteuid() &&
		 !w->account->is_virtual)
		why = "not started as root: only its own account can log in";
	if (why == NULL)
		return OK;
	log_info("conn=%llu user=%s from %s refused: %s", (unsigned long long)c->id,
		 w->user_shown, c->remote.address, why);
	return ERR_DENIED;
}

/* A login without any credential: for accounts with an empty password, where permitted. */
enum err auth_check_none(struct conn *c)
{
	if (!method_on(c->work->set, METHOD_NONE))
		return ERR_DENIED;
	return auth_check_password(c);
}

static enum err key_strong(const struct conn *c)
{
	struct pk_key key = {0};
	enum err e = pk_parse(c->work->attempt.key, &key);

	if (e == OK && EVP_PKEY_is_a(key.pkey, "RSA") &&
	    key.bits < c->work->set->required_rsa_size_bits)
		e = ERR_KEY;
	pk_wipe(&key);
	return e;
}

static bool option_set(const struct strlist *options, const char *name)
{
	for (size_t i = 0; i < options->n; i++)
		if (strcmp(options->item[i], name) == 0)
			return true;
	return false;
}

/* What PubkeyAuthOptions demands no key's options give away. */
static enum err touch_enough(const struct conn *c, const struct pk_touch *touch,
			     struct keyopts_note *note)
{
	const struct strlist *options = &c->work->set->pubkey_auth_options;
	const struct key_options *key = c->work->tried_key;
	const struct key_options all = {
	    .no_touch_required = key != NULL && key->no_touch_required &&
				 !option_set(options, "touch-required"),
	    .verify_required = (key != NULL && key->verify_required) ||
			       option_set(options, "verify-required")};

	return keyopts_touch(&all, touch, note);
}

static enum err prove(struct conn *c, const struct pk_alg *alg)
{
	const struct conn_work *w = c->work;
	struct keyopts_note note = {0};
	struct pk_touch touch = {0};
	struct proof p = {
	    .session_id = {w->session_id.bytes, w->session_id.n},
	    .user = span_str(w->user),
	    .service = SPAN_LIT("ssh-connection"),
	    .alg = alg,
	    .key = w->attempt.key,
	    .hostbound = w->attempt.hostbound,
	    .hostkey = hostkey_blob(&c->ring->keys.key[w->hostkey]),
	    .signature = w->attempt.signature
        };
	enum err e;

	if (p.hostbound && !span_equal(w->attempt.hostkey, p.hostkey))
		return ERR_SIGNATURE; /* signed for another host */
	e = proof_publickey(&p, &touch);
	if (e == OK)
		e = touch_enough(c, &touch, &note);
	if (e != OK && note.text[0] != '\0')
		log_info("conn=%llu user=%s: %s", (unsigned long long)c->id,
			 w->user_shown, note.text);
	return e;
}

static bool algorithm_fits(const struct conn *c, const struct pk_alg *alg)
{
	const struct attempt *a = &c->work->attempt;
	struct span type;

	return alg != NULL && pk_blob_type(a->key, &type) == OK &&
	       span_is(type, alg->key_type) &&
	       names_has(span_str(c->work->set->pubkey_accepted_algorithms),
			 a->algorithm);
}

enum err auth_check_publickey(struct conn *c)
{
	struct conn_work *w = c->work;
	const struct pk_alg *alg = pk_alg_find(w->attempt.algorithm);
	enum err found, good;

	if (!algorithm_fits(c, alg))
		return ERR_DENIED;
	found = auth_key_find(c);
	good = key_strong(c);
	if (good == OK && w->attempt.proof)
		good = prove(c, alg);
	w->attempt.key_good = good == OK;
	/* files are asked anew before a command is; nothing is for a bad signature */
	if (found != OK && good == OK && (found != ERR_UNKNOWN || w->attempt.fresh))
		return auth_command_ask(c, found);
	if (found != OK)
		return found;
	if (good != OK)
		return good;
	return auth_check_rules(c, METHOD_PUBLICKEY);
}

enum err auth_check_password(struct conn *c)
{
	struct conn_work *w = c->work;
	const struct user_entry *u = users_find(&c->m->users, span_str(w->user));
	struct msg msg = MSG_OF(password_check, .user = span_str(w->user),
				.password = w->attempt.secret, .source = u != NULL,
				.hash = u == NULL   ? (struct span){0}
					: u->locked ? SPAN_LIT("*")
						    : u->hash,
				.permit_empty = w->set->permit_empty_passwords,
				.pam = w->set->use_pam,
				.pam_service = span_str(w->set->pam_service_name),
				.remote = span_str(c->remote.address));
	struct login *l = NULL;
	enum err e;

	/* as sshd: what could not let anybody in is not asked; a password is worth guessing elsewhere too */
	if (!method_on(w->set, w->attempt.method) ||
	    !auth_step_is_next(w, w->attempt.method) ||
	    (w->attempt.secret.n == 0 && !w->set->permit_empty_passwords))
		return ERR_DENIED;
	e = login_open(c->m, IN_PASSWORD, &msg, &l);
	if (e != OK)
		return ERR_SYSTEM;
	l->c = c;
	memcpy(l->user, w->user, sizeof l->user);
	w->helper = l;
	return ERR_AGAIN;
}
