/*
 * Commands that list keys or principals. Their arguments are put together here; the helper that runs them gives up
 * its rights for those of the account that was configured. What they say is a claim about this user alone,
 * and is judged line by line as a file is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/cert.h"
#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth/tokens.h"
#include "monitor/auth_command.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_reply.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"

enum { TOKENS_MAX = 11, NUMBER_BYTES = 24, KEY_TEXT_BYTES = LIMIT_PK_BLOB_BYTES * 2 };

/* What tokens stand for, for one attempt. */
struct values {
	struct token token[TOKENS_MAX];
	size_t n;
	char uid[NUMBER_BYTES], serial[NUMBER_BYTES];
	char print[PK_FINGERPRINT_BYTES], ca_print[PK_FINGERPRINT_BYTES];
	uint8_t key[KEY_TEXT_BYTES], ca[KEY_TEXT_BYTES]; /* in base64 */
	uint8_t argv[LIMIT_COMMAND_BYTES];
};

static void add(struct values *v, char letter, struct span text)
{
	v->token[v->n++] = (struct token){letter, text};
}

/* For a name that is no account the same is done as for one that is: nobody's. */
static void add_account(struct values *v, const struct account *a)
{
	uint32_t uid = a->found ? a->uid : UINT16_MAX - 1;

	(void)snprintf(v->uid, sizeof v->uid, "%u", (unsigned)uid);
	add(v, 'u', a->found ? span_str(a->user) : SPAN_LIT("nobody"));
	if (a->found && a->is_virtual)
		return; /* it has neither home nor number */
	add(v, 'h', a->found ? a->home : SPAN_LIT("/nonexistent"));
	add(v, 'U', span_str(v->uid));
}

/* Adds the three tokens that describe a key; store receives it in base64. */
static enum err add_key(struct values *v, const char letters[3], struct span blob,
			struct wr store)
{
	const char *print = letters[2] == 'f' ? v->print : v->ca_print;
	struct span type, base64;
	enum err e = pk_blob_type(blob, &type);

	base64_encode(&store, blob, true);
	if (e == OK)
		e = wr_end(&store, &base64);
	if (e != OK)
		return e;
	add(v, letters[0], type);
	add(v, letters[1], base64);
	add(v, letters[2], span_str(print));
	return OK;
}

static enum err values_fill(const struct conn *c, struct values *v)
{
	struct span key = c->work->attempt.key, plain;
	struct wr w = WR(v->ca); /* for a moment */
	struct cert cert;
	enum err e = cert_plain_of(key, &w, &plain);

	if (e == OK)
		e = pk_fingerprint(plain, v->print);
	if (e == OK)
		e = add_key(v, "tkf", key, WR(v->key));
	add_account(v, c->work->account);
	if (e != OK || cert_parse(key, &cert) != OK)
		return e;
	(void)snprintf(v->serial, sizeof v->serial, "%llu",
		       (unsigned long long)cert.serial);
	add(v, 'i', cert.key_id);
	add(v, 's', span_str(v->serial));
	if ((e = pk_fingerprint(cert.ca, v->ca_print)) != OK)
		return e;
	return add_key(v, "TKF", cert.ca, WR(v->ca));
}

static enum err argv_write(struct values *v, const struct strlist *words,
			   struct span *out)
{
	struct wr w = WR(v->argv);
	enum err e = OK;

	for (size_t i = 0; i < words->n && e == OK; i++) {
		size_t mark = wr_open(&w);

		e = tokens_expand(words->item[i], v->token, v->n, &w);
		wr_close(&w, mark);
	}
	return e == OK ? wr_end(&w, out) : e;
}

static enum err run(struct conn *c, enum command_kind kind)
{
	const struct settings *set = c->work->set;
	bool keys = kind == COMMAND_KEYS;
	const struct strlist *words =
	    keys ? &set->authorized_keys_command : &set->authorized_principals_command;
	const char *user = keys ? set->authorized_keys_command_user
				: set->authorized_principals_command_user;
	const char *keyword =
	    keys ? "AuthorizedKeysCommand" : "AuthorizedPrincipalsCommand";
	struct values *v = calloc(1, sizeof *v);
	struct msg msg =
	    MSG_OF(command_run, .user = span_str(user), .kind = (uint8_t)kind);
	struct login *l = NULL;
	enum err e = v == NULL      ? ERR_MEMORY
		     : user == NULL ? ERR_CONFIG
				    : values_fill(c, v);

	if (e == OK)
		e = argv_write(v, words, &msg.u.command_run.argv);
	if (e == OK)
		e = login_open(c->m, IN_COMMAND, &msg, &l);
	free(v);
	if (e != OK) {
		log_error(
		    "conn=%llu %s is not run: %s", (unsigned long long)c->id, keyword,
		    user == NULL ? "there is no user that it runs as: set its User"
				 : err_text(e));
		return ERR_SYSTEM;
	}
	l->c = c;
	(void)snprintf(l->user, sizeof l->user, "%s", c->work->user);
	c->work->helper = l;
	return ERR_AGAIN;
}

enum err auth_command_ask(struct conn *c, enum err e)
{
	const struct settings *set = c->work->set;
	struct attempt *a = &c->work->attempt;

	if (a->key_barred || a->key_source == KEY_OF_KEYS_COMMAND)
		return e;
	if (a->key_source == KEY_OF_FILES && a->wants_principals &&
	    set->authorized_principals_command.n > 0) {
		a->key_source = KEY_OF_PRINCIPALS_COMMAND;
		return run(c, COMMAND_PRINCIPALS);
	}
	if (set->authorized_keys_command.n == 0)
		return e;
	a->key_source = KEY_OF_KEYS_COMMAND;
	return run(c, COMMAND_KEYS);
}

/* Keeps what was listed until the attempt is decided. */
static enum err listed_keep(struct attempt *a, struct span listed)
{
	free(a->listed_store);
	a->listed = (struct span){0};
	a->listed_store = malloc(listed.n + 1);
	if (a->listed_store == NULL)
		return ERR_MEMORY;
	if (listed.n > 0)
		memcpy(a->listed_store, listed.p, listed.n);
	a->listed = (struct span){a->listed_store, listed.n};
	return OK;
}

enum err serve_command_ran(struct login *l, const struct msg_command_ran *m,
			   struct ipc_fds *fds)
{
	struct conn *c = l->c;
	struct printable keep;

	(void)fds;
	l->answered = true;
	l->c = NULL;
	if (c == NULL)
		return ERR_CLOSED;
	c->work->helper = NULL;
	if (m->notes.n > 0)
		log_info("conn=%llu user=%s keys: %s", (unsigned long long)c->id,
			 c->work->user_shown, printable(m->notes, &keep));
	if (listed_keep(&c->work->attempt, m->listed) == OK)
		auth_decide(c);
	else
		auth_decided(c, ERR_MEMORY);
	return ERR_CLOSED;
}
