/*
 * What the system knows of a user: looked up by a login helper, kept for a moment. So no name
 * service and no file is in the monitor's loop, and few are in a login's path.
 */
#ifndef MONITOR_ACCOUNT_H
#define MONITOR_ACCOUNT_H

#include "monitor/monitor.h"

struct account {
	char user[LIMIT_USER_BYTES + 1]; /* the system account that was asked for */
	/* items of AuthorizedKeysFile and AuthorizedPrincipalsFile; compared only */
	const char **files, **principals_files;
	bool is_virtual;
	bool found;
	uint32_t uid, gid;
	struct span home;      /* in store */
	struct strlist groups; /* names, in store */
	struct span keys; /* triples of strings: blob, options, file:line; in store */
	struct span principals; /* name, options, file:line */
	uint8_t *store;
	uint64_t found_ms;
	unsigned refs;
	struct account *next; /* in the monitor's list; newest first */
};

/*
 * Gives a kept account that is fresh enough; NULL where it must be looked up.
 * The caller account_refs what it keeps.
 */
struct account *account_kept(struct monitor *m, const char *user, bool is_virtual,
			     const struct settings *set);

/* Tells whether an account was looked up in the files that settings name. */
bool account_is_of(const struct account *a, const struct settings *set);

/*
 * Has a login helper look up in the files that set names the account of c's claimed user; auth_account_ready(c, …) follows.
 * Errors: ERR_SYSTEM; ERR_CLOSED; ERR_MEMORY
 */
MUST_CHECK enum err account_ask(struct conn *c, const char *user, bool is_virtual,
				const struct settings *set);

struct account *account_ref(struct account *a);
void account_unref(struct account *a);

/* Forgets what is kept, e.g. after a reload. */
void accounts_forget(struct monitor *m);

#endif
