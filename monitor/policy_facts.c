/*
 * Facts of a connection. verified.* is what the monitor found itself; claimed.* is what somebody said.
 */
#include <string.h>

#include "common/base64.h"
#include "common/cert.h"
#include "monitor/account.h"
#include "monitor/auth/certopts.h"
#include "monitor/auth_reply.h"
#include "monitor/policy_facts.h"

static void add_endpoint(struct wr *w, const struct conn *c)
{
	facts_num(w, "conn.id", c->id);
	facts_str(w, "conn.verified.source", span_str(c->remote.address));
	facts_num(w, "conn.verified.source_port", c->remote.port);
	facts_str(w, "conn.verified.local_address", span_str(c->local.address));
	facts_num(w, "conn.verified.local_port", c->local.port);
}

static void add_proved(struct wr *w, const struct conn_work *k)
{
	size_t mark = facts_list_open(w, "conn.verified.fingerprints");

	for (size_t i = 0; i < k->n_keys; i++) {
		size_t item = wr_open(w);

		wr_raw(w, SPAN_LIT("SHA256:"));
		base64_encode(
		    w, (struct span){k->keys[i].digest.bytes, k->keys[i].digest.n},
		    false);
		wr_close(w, item);
	}
	wr_close(w, mark);
	mark = facts_list_open(w, "conn.verified.methods");
	for (size_t i = 0; i < k->n_done; i++)
		wr_str(w, auth_method_name(k->done[i]));
	wr_close(w, mark);
	facts_num(w, "conn.verified.attempts", k->failures);
}

/* Groups are those of the account that the client claims, until the login: then they are its own. */
static void add_groups(struct wr *w, const struct conn_work *k)
{
	size_t mark = facts_list_open(w, "conn.verified.groups");

	if (k->account != NULL)
		for (size_t i = 0; i < k->account->groups.n; i++)
			wr_str(w, k->account->groups.item[i]);
	wr_close(w, mark);
}

/* Of the users file, for the claimed user: a script verifies codes by it. */
static void add_user(struct wr *w, const struct conn *c)
{
	const struct user_entry *u = users_find(&c->m->users, span_str(c->work->user));

	if (u == NULL)
		return;
	facts_str(w, "conn.user.name", u->name);
	if (u->totp.secret.n > 0)
		facts_str(w, "conn.user.totp_secret", u->totp.secret);
}

void policy_facts_conn(struct wr *w, const struct conn *c, enum policy_event event)
{
	const struct conn_work *k = c->work;

	if (event == POLICY_ON_user_auth_request && k != NULL)
		add_user(w, c);
	add_endpoint(w, c);
	if (k == NULL)
		return;
	if (k->client_version != NULL)
		facts_str(w, "conn.claimed.client_version",
			  span_str(k->client_version));
	if (k->user_claimed)
		facts_str(w, "conn.claimed.user", span_str(k->user));
	if (k->user_known)
		facts_str(w, "conn.verified.user", span_str(k->user));
	add_proved(w, k);
	add_groups(w, k);
}

/* Of a certificate whose authority the static rules trust; what others say is nothing. */
static void add_cert(struct wr *w, const struct key_cert *cert)
{
	size_t mark;

	facts_str(w, "auth.verified.cert_key_id", cert->key_id);
	facts_num(w, "auth.verified.cert_serial", cert->serial);
	mark = facts_list_open(w, "auth.verified.cert_principals");
	wr_raw(w, cert->principals);
	wr_close(w, mark);
	facts_str(w, "auth.verified.cert_ca", span_str(cert->ca));
}

void policy_facts_key(struct wr *w, const struct conn *c)
{
	const struct attempt *a = &c->work->attempt;
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr blob = WR(store);
	char print[PK_FINGERPRINT_BYTES];
	struct span plain;

	facts_str(w, "auth.param", a->key);
	facts_str(w, "auth.key_algorithm", a->algorithm);
	facts_bool(w, "auth.probe", !a->proof);
	if (cert_plain_of(a->key, &blob, &plain) != OK ||
	    pk_fingerprint(plain, print) != OK)
		return;
	facts_str(w, "auth.claimed.fingerprint", span_str(print));
	if (!a->proof || !a->key_good)
		return;
	facts_str(w, "auth.verified.fingerprint", span_str(print));
	if (c->work->tried_key != NULL && c->work->tried_key->cert != NULL)
		add_cert(w, c->work->tried_key->cert);
}
