/*
 * Accounts, looked up by login helpers. An answer is used for ACCOUNT_FRESH_MS; a key that is not
 * in it makes the monitor ask anew, so a key that was just added works at once, and one that was
 * removed stops working within that time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth_flow.h"
#include "monitor/conn.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"

#define ACCOUNT_FRESH_MS 2000
#define ACCOUNTS_MAX     256

/* A name of the users file and the same name of the system are different people. */
static bool same(const struct account *a, const char *user, bool is_virtual)
{
	return strcmp(a->user, user) == 0 && a->is_virtual == is_virtual;
}

bool account_is_of(const struct account *a, const struct settings *set)
{
	return a->files == set->authorized_keys_file.item &&
	       a->principals_files == set->authorized_principals_file.item;
}

struct account *account_kept(struct monitor *m, const char *user, bool is_virtual,
			     const struct settings *set)
{
	uint64_t now = clock_ms();

	for (struct account *a = m->accounts; a != NULL; a = a->next)
		if (same(a, user, is_virtual) && account_is_of(a, set))
			return now - a->found_ms <= ACCOUNT_FRESH_MS ? a : NULL;
	return NULL;
}

struct account *account_ref(struct account *a)
{
	a->refs++;
	return a;
}

void account_unref(struct account *a)
{
	if (a == NULL || --a->refs > 0)
		return;
	free(a->groups.item);
	free(a->store);
	free(a);
}

void accounts_forget(struct monitor *m)
{
	struct account *a;

	while ((a = m->accounts) != NULL) {
		m->accounts = a->next;
		account_unref(a);
	}
	m->n_accounts = 0;
}

static bool replaces(const struct account *fresh, const struct account *a)
{
	return same(a, fresh->user, fresh->is_virtual) && a->files == fresh->files &&
	       a->principals_files == fresh->principals_files;
}

/* Drops what the new one replaces, what is stale, and what is too much. */
static void prune(struct monitor *m, const struct account *fresh)
{
	struct account **p = &m->accounts, *a;
	size_t kept = 0;

	while ((a = *p) != NULL) {
		if (kept < ACCOUNTS_MAX &&
		    fresh->found_ms - a->found_ms <= ACCOUNT_FRESH_MS &&
		    !replaces(fresh, a)) {
			kept++;
			p = &a->next;
			continue;
		}
		*p = a->next;
		account_unref(a);
	}
	m->n_accounts = kept;
}

static enum err put_patterns(const struct strlist *files, struct wr *w,
			     struct span *out)
{
	for (size_t i = 0; i < files->n; i++)
		wr_str(w, files->item[i]);
	return wr_end(w, out);
}

enum err account_ask(struct conn *c, const char *user, bool is_virtual,
		     const struct settings *set)
{
	uint8_t keys[4096], principals[4096];
	struct wr wk = WR(keys);
	struct wr wp = WR(principals);
	struct msg msg =
	    MSG_OF(account_find, .user = span_str(user),
		   .strict = c->m->set->strict_modes, .virtual = is_virtual);
	struct msg_account_find *find = &msg.u.account_find;
	struct login *l = NULL;
	enum err e = put_patterns(&set->authorized_keys_file, &wk, &find->files);

	if (e == OK)
		e = put_patterns(&set->authorized_principals_file, &wp,
				 &find->principals);
	if (e == OK)
		e = login_open(c->m, IN_ACCOUNT, &msg, &l);
	if (e != OK)
		return e;
	l->c = c;
	l->files = set->authorized_keys_file.item;
	l->principals_files = set->authorized_principals_file.item;
	l->is_virtual = is_virtual;
	memcpy(l->user, user, strlen(user) + 1);
	c->work->helper = l;
	return OK;
}

/* Makes C strings of the groups' names, in store. */
static enum err take_groups(struct account *a, struct span groups, uint8_t **at)
{
	struct rd r = RD(groups);
	struct span name;
	size_t n = 0;

	while (r.left.n > 0 && rd_ok(&r)) {
		rd_bytes(&r, LIMIT_USER_BYTES);
		n++;
	}
	if (rd_end(&r) != OK)
		return r.err;
	a->groups.item = calloc(n + 1, sizeof *a->groups.item);
	if (a->groups.item == NULL)
		return ERR_MEMORY;
	r = RD(groups);
	for (size_t i = 0; i < n; i++) {
		name = rd_bytes(&r, LIMIT_USER_BYTES);
		memcpy(*at, name.p, name.n);
		a->groups.item[i] = (const char *)*at;
		*at += name.n;
		*(*at)++ = '\0';
	}
	a->groups.n = n;
	return rd_end(&r);
}

/* Copies to at, which moves on. */
static struct span put(struct span s, uint8_t **at)
{
	struct span kept = {*at, s.n};

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return kept;
}

static enum err account_make(const struct login *l, const struct msg_account_found *m,
			     struct account **out)
{
	struct account *a = calloc(1, sizeof *a);
	uint8_t *at;
	enum err e = ERR_MEMORY;

	if (a == NULL || (a->store = malloc(m->keys.n + m->principals.n + m->home.n +
					    m->groups.n + 1)) == NULL)
		goto out;
	a->refs = 1;
	memcpy(a->user, l->user, sizeof a->user);
	a->files = l->files;
	a->principals_files = l->principals_files;
	a->is_virtual = l->is_virtual;
	a->found = m->found != 0;
	a->uid = m->uid;
	a->gid = m->gid;
	a->found_ms = clock_ms();
	at = a->store;
	a->keys = put(m->keys, &at);
	a->principals = put(m->principals, &at);
	a->home = put(m->home, &at);
	e = take_groups(a, m->groups, &at);
out:
	if (e == OK) {
		*out = a;
	} else if (a != NULL) {
		a->refs = 1;
		account_unref(a);
	}
	return e;
}

enum err serve_account_found(struct login *l, const struct msg_account_found *m,
			     struct ipc_fds *fds)
{
	char user[LIMIT_SHOWN_BYTES];
	struct account *a = NULL;
	struct printable keep;
	enum err e = account_make(l, m, &a);

	(void)fds;
	if (e != OK)
		return e;
	user_show(span_str(l->user), user);
	if (m->notes.n > 0)
		log_info("user=%s keys: %s", user, printable(m->notes, &keep));
	prune(l->m, a);
	a->next = l->m->accounts;
	l->m->accounts = a;
	l->m->n_accounts++;
	l->answered = true;
	if (l->c != NULL) {
		l->c->work->helper = NULL;
		auth_account_ready(l->c, a);
	}
	l->c = NULL;
	return ERR_CLOSED; /* one answer is all a helper has */
}
