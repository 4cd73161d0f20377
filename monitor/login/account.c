/*
 * Accounts of this system: found, judged, become. As sshd's allowed_user() judges them.
 * The name is what a client claimed: it is looked up, and never part of a path unless found.
 */
#include <errno.h>
#include <grp.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monitor/login/login.h"

#define DAY_S (24L * 3600)

enum err account_lookup(struct span user, struct account *out)
{
	struct passwd pw;
	struct passwd *found = NULL;
	char name[LIMIT_USER_BYTES + 1];
	char *store;
	int error;

	if (bytes_to_str(name, sizeof name, user) != OK || name[0] == '\0' ||
	    name[0] == '.' || strchr(name, '/') != NULL)
		return ERR_UNKNOWN;
	store = malloc(LIMIT_ACCOUNT_BYTES);
	if (store == NULL)
		return ERR_MEMORY;
	error = getpwnam_r(name, &pw, store, LIMIT_ACCOUNT_BYTES, &found);
	if (found == NULL) {
		free(store);
		return error == 0 || error == ENOENT || error == ESRCH ? ERR_UNKNOWN
								       : ERR_SYSTEM;
	}
	*out = (struct account){.pw = pw, .store = store};
	return OK;
}

void account_wipe(struct account *a)
{
	if (a->store != NULL)
		wipe(a->store,
		     LIMIT_ACCOUNT_BYTES); /* old systems keep hashes in passwd */
	free(a->store);
	*a = (struct account){0};
}

enum err account_require(struct span user, struct account *out, struct why *why)
{
	struct printable shown;
	enum err e = account_lookup(user, out);

	if (e == OK && geteuid() != 0 && out->pw.pw_uid != geteuid()) {
		why_set(why,
			"the gateway runs as an ordinary user, so only that user's "
			"sessions "
			"can be started, not those of %s: start it as root",
			printable(user, &shown));
		account_wipe(out);
		return ERR_DENIED;
	}
	if (e != OK)
		why_set(why, "account %s: %s", printable(user, &shown),
			e == ERR_UNKNOWN ? "there is none"
					 : "the account database failed");
	return e;
}

enum err account_groups(const struct account *a)
{
	if (geteuid() != 0)
		return OK;
	return initgroups(a->pw.pw_name, a->pw.pw_gid) == 0 ? OK : ERR_SYSTEM;
}

enum err account_become(const struct account *a)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (geteuid() != 0)
		return a->pw.pw_uid == geteuid() ? OK : ERR_DENIED;
	if (setresgid(a->pw.pw_gid, a->pw.pw_gid, a->pw.pw_gid) != 0 ||
	    setresuid(a->pw.pw_uid, a->pw.pw_uid, a->pw.pw_uid) != 0)
		return ERR_SYSTEM;
	/* a set*id that half succeeded has been a root hole before: believe only what is so */
	if (getresuid(&r, &e, &s) != 0 || getresgid(&gr, &ge, &gs) != 0 ||
	    r != a->pw.pw_uid || e != r || s != r || gr != a->pw.pw_gid || ge != gr ||
	    gs != gr)
		abort();
	if (a->pw.pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		abort();
	return OK;
}

const char *account_shell(const struct account *a)
{
	return a->pw.pw_shell[0] != '\0' ? a->pw.pw_shell : "/bin/sh";
}

static bool account_expired(const char *name)
{
	struct spwd entry;
	struct spwd *found = NULL;
	char *store = malloc(LIMIT_ACCOUNT_BYTES);
	bool expired;

	if (store == NULL)
		return true;
	if (getspnam_r(name, &entry, store, LIMIT_ACCOUNT_BYTES, &found) != 0)
		found = NULL;
	expired = found != NULL && entry.sp_expire > 0 &&
		  time(NULL) / DAY_S > entry.sp_expire;
	wipe(store, LIMIT_ACCOUNT_BYTES);
	free(store);
	return expired;
}

const char *account_refused(const struct account *a)
{
	struct stat st;
	const char *shell = account_shell(a);

	if (account_expired(a->pw.pw_name))
		return "the account has expired: chage -E -1 renews it";
	if (stat(shell, &st) != 0)
		return "its shell does not exist: chsh sets another";
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return "its shell is not executable: chsh sets another";
	return NULL;
}

/* Writes the names of the account's groups. */
static void put_groups(const struct account *a, struct wr *out)
{
	int n = LIMIT_GROUPS;
	gid_t *gids = calloc(LIMIT_GROUPS, sizeof *gids);

	if (gids == NULL)
		return;
	if (getgrouplist(a->pw.pw_name, a->pw.pw_gid, gids, &n) < 0)
		n = LIMIT_GROUPS;
	for (int i = 0; i < n; i++) {
		const struct group *g = getgrgid(gids[i]);
		size_t before = out->n;

		if (g == NULL)
			continue;
		wr_str(out, g->gr_name);
		if (out->err != OK) { /* full: a cut name would be another group's */
			out->n = before;
			out->err = OK;
			break;
		}
	}
	free(gids);
}

/* Lists of files, and what becomes of them. */
struct lists {
	const struct keyfile_rule *rule;
	keyfile_lines_fn *lines;
	struct wr *out, *notes;
};

/* Tries one pattern; what is wrong with the file goes to notes, never to the client. */
static void read_pattern(struct span pattern, const struct lists *l)
{
	char path[LIMIT_FILE_PATH_BYTES];
	struct printable shown;
	struct why why;
	enum err e;
	int fd = -1;

	if (span_is(pattern, "none"))
		return;
	e = keyfile_expand(pattern, l->rule, path);
	if (e != OK) {
		if (e != ERR_UNKNOWN)
			note_add(l->notes, "%s %s: %s",
				 l->lines == keyfile_lines ? "AuthorizedKeysFile"
							   : "AuthorizedPrincipalsFile",
				 printable(pattern, &shown), err_text(e));
		return;
	}
	e = keyfile_open(path, l->rule, &fd, &why);
	if (e == ERR_FILE)
		note_add(l->notes, "%s", why.text);
	if (e != OK)
		return;
	e = keyfile_read(fd, path, l->lines, l->out, l->notes);
	if (e != OK)
		note_add(l->notes, "%s: %s", path, err_text(e));
	close(fd);
}

static void read_patterns(struct span files, const struct lists *l)
{
	struct rd r = RD(files);

	for (size_t i = 0; i < LIMIT_KEYS_PATTERNS && r.left.n > 0; i++) {
		struct span pattern = rd_bytes(&r, LIMIT_FILE_PATH_BYTES);

		if (!rd_ok(&r))
			break;
		read_pattern(pattern, l);
	}
}

/* Where answers are put together. */
struct answer {
	uint8_t groups[4096];
	uint8_t keys[LIMIT_KEYS_BYTES];
	uint8_t principals[LIMIT_PRINCIPALS_BYTES];
	uint8_t notes[LIMIT_LOG_BYTES];
};

struct answer_wr {
	struct wr groups, keys, principals, notes;
};

static struct answer_wr answer_begin(struct answer *a)
{
	return (struct answer_wr){.groups = WR(a->groups),
				  .keys = WR(a->keys),
				  .principals = WR(a->principals),
				  .notes = WR(a->notes)};
}

/* Reads all files of a user's, with the rights that this process has now. */
static void read_files(const struct msg_account_find *m,
		       const struct keyfile_rule *rule, struct answer_wr *w)
{
	struct lists keys = {rule, keyfile_lines, &w->keys, &w->notes};
	struct lists principals = {rule, principals_lines, &w->principals, &w->notes};

	read_patterns(m->files, &keys);
	read_patterns(m->principals, &principals);
}

static struct span written(const struct wr *w)
{
	return (struct span){w->p, w->n};
}

static void find_virtual(struct child *c, const struct msg_account_find *m,
			 struct answer *a)
{
	struct answer_wr w = answer_begin(a);
	char name[LIMIT_USER_BYTES + 1] = "";
	struct keyfile_rule rule = {.user = name,
				    .uid = geteuid(),
				    .strict = m->strict != 0,
				    .owner_only = true};
	struct msg found =
	    MSG_OF(account_found, .found = 1, .uid = UINT32_MAX, .gid = UINT32_MAX);

	/* the name becomes part of a path: it must not lead out of the folder */
	if (bytes_to_str(name, sizeof name, m->user) != OK || name[0] == '.' ||
	    strchr(name, '/') != NULL)
		found.u.account_found.found = 0;
	else
		read_files(m, &rule, &w);
	found.u.account_found.keys = written(&w.keys);
	found.u.account_found.principals = written(&w.principals);
	found.u.account_found.notes = written(&w.notes);
	child_answer(c, &found, NULL, 0);
}

/*
 * Does for nobody what is done for somebody: a list of groups, an expiry, a change of user, the
 * same files tried. What remains is smaller than the noise; the monitor delays failures besides.
 */
static void find_nobody(struct child *c, const struct msg_account_find *m,
			struct answer *a)
{
	struct answer_wr w = answer_begin(a);
	struct account nobody = {0};
	struct keyfile_rule rule = {
	    .user = "nobody", .home = "/nonexistent", .strict = m->strict != 0};
	struct msg none = MSG_OF(account_found, .found = 0);
	enum err e = account_lookup(span_str("nobody"), &nobody);

	if (e == OK) {
		put_groups(&nobody, &w.groups);
		(void)account_refused(&nobody);
		rule.uid = nobody.pw.pw_uid;
	}
	if (e == OK && account_groups(&nobody) == OK &&
	    (geteuid() != 0 || account_become(&nobody) == OK))
		read_files(m, &rule, &w);
	account_wipe(&nobody);
	child_answer(c, &none, NULL, 0);
}

static void find_account(struct child *c, const struct msg_account_find *m,
			 struct account *account, struct answer *a)
{
	struct answer_wr w = answer_begin(a);
	const char *refused = account_refused(account);
	struct keyfile_rule rule = {.user = account->pw.pw_name,
				    .uid = account->pw.pw_uid,
				    .home = account->pw.pw_dir,
				    .strict = m->strict != 0};
	struct msg found =
	    MSG_OF(account_found, .found = refused == NULL, .uid = account->pw.pw_uid,
		   .gid = account->pw.pw_gid, .home = span_str(account->pw.pw_dir),
		   .shell = span_str(account_shell(account)));

	put_groups(account, &w.groups);
	if (refused != NULL)
		note_add(&w.notes, "account %s: %s", account->pw.pw_name, refused);
	/* the user's files are read with the user's rights: a link in them reaches no further */
	if (account_groups(account) != OK ||
	    (geteuid() == 0 && account_become(account) != OK))
		note_add(&w.notes, "account %s cannot be entered", account->pw.pw_name);
	else
		read_files(m, &rule, &w);
	found.u.account_found.groups = written(&w.groups);
	if (refused == NULL) {
		found.u.account_found.keys = written(&w.keys);
		found.u.account_found.principals = written(&w.principals);
	}
	found.u.account_found.notes = written(&w.notes);
	child_answer(c, &found, NULL, 0);
}

void serve_account_find(struct child *c, const struct msg_account_find *m)
{
	struct account account = {0};
	struct answer *a = calloc(1, sizeof *a);
	enum err e;

	if (a == NULL) {
		log_error("login: %s", err_text(ERR_MEMORY));
		return;
	}
	if (m->virtual != 0) {
		find_virtual(c, m, a);
		free(a);
		return;
	}
	e = account_lookup(m->user, &account);
	if (e == OK)
		find_account(c, m, &account, a);
	else
		find_nobody(c, m, a);
	if (e != OK && e != ERR_UNKNOWN)
		log_error("login: the account database failed: %s", err_text(e));
	account_wipe(&account);
	free(a);
}
