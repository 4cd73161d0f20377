/*
 * Passwords: the hash is fetched with our rights, then all rights are given up, then the
 * password is hashed. A user who is unknown or locked costs as much as one who is not.
 */
#include <crypt.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "monitor/login/login.h"

#define DAY_S (24L * 3600)

struct verdict {
	char setting
	    [CRYPT_OUTPUT_SIZE]; /* what to hash with: the user's hash, or a made one */
	bool usable;             /* setting is the user's */
	bool empty;              /* the user has no password */
	struct why why; /* why not, for the log; empty where nothing is wrong */
};

/*
 * As sshd judges the dates of shadow(5): an expired account or password ends it here, since
 * there is no way to ask for a new password before the session.
 */
static const char *shadow_refused(const struct spwd *s)
{
	long today = (long)(time(NULL) / DAY_S);

	if (s->sp_expire > 0 && today > s->sp_expire)
		return "the account has expired: chage -E -1 renews it";
	if (s->sp_lstchg == 0)
		return "root wants the password changed: use passwd on the host";
	if (s->sp_lstchg < 0 || s->sp_max < 0 || today <= s->sp_lstchg + s->sp_max)
		return NULL;
	if (s->sp_inact >= 0 && today > s->sp_lstchg + s->sp_max + s->sp_inact)
		return "the password has expired and the account is inactive: chage "
		       "renews it";
	return "the password has expired: use passwd on the host";
}

/* Keeps the user's hash, unless it is one that can never match. */
static void verdict_hash(struct verdict *v, const char *hash)
{
	int check;

	v->empty = hash[0] == '\0';
	if (v->empty)
		return;
	if (hash[0] == '!' || hash[0] == '*') {
		why_set(&v->why,
			"the account is locked for passwords: passwd -u unlocks it");
		return;
	}
	check = crypt_checksalt(hash);
	if (strlen(hash) >= sizeof v->setting ||
	    (check != CRYPT_SALT_OK && check != CRYPT_SALT_METHOD_LEGACY &&
	     check != CRYPT_SALT_TOO_CHEAP)) {
		why_set(&v->why,
			"its hash is of no known method: set the password anew");
		return;
	}
	memcpy(v->setting, hash, strlen(hash) + 1);
	v->usable = true;
}

static void read_shadow(const struct account *a, struct verdict *v)
{
	struct spwd entry;
	struct spwd *found = NULL;
	char *store = malloc(LIMIT_ACCOUNT_BYTES);
	const char *refused = NULL;

	if (store != NULL)
		(void)getspnam_r(a->pw.pw_name, &entry, store, LIMIT_ACCOUNT_BYTES,
				 &found);
	if (found != NULL) {
		verdict_hash(v, entry.sp_pwdp);
		refused = shadow_refused(&entry);
	} else if (geteuid() != 0) {
		why_set(&v->why, "the shadow file can be read by root only: start the "
				 "gateway as root, "
				 "or list the user in its users file");
	} else if (strcmp(a->pw.pw_passwd, "x") != 0) {
		verdict_hash(v, a->pw.pw_passwd);
	} else {
		why_set(&v->why, "there is no shadow entry");
	}
	if (refused != NULL) {
		why_set(&v->why, "%s", refused);
		v->usable = false;
		v->empty = false;
	}
	if (store != NULL)
		wipe(store, LIMIT_ACCOUNT_BYTES);
	free(store);
}

static void find_hash(const struct msg_password_check *m, struct verdict *v)
{
	char hash[CRYPT_OUTPUT_SIZE] = "";
	struct account a = {0};
	enum err e;

	if (m->source == 1) {
		if (bytes_to_str(hash, sizeof hash, m->hash) != OK)
			why_set(&v->why, "the hash in the users file is malformed");
		else if (hash[0] == '\0')
			why_set(&v->why, "there is no such user");
		else
			verdict_hash(v, hash);
		wipe(hash, sizeof hash);
		return;
	}
	e = account_lookup(m->user, &a);
	if (e == OK)
		read_shadow(&a, v);
	else
		why_set(&v->why, "%s",
			e == ERR_UNKNOWN ? "there is no such account" : err_text(e));
	account_wipe(&a);
}

/* A setting of the system's own method at its own cost, so that hashing takes the usual time. */
static enum err fake_setting(struct verdict *v)
{
	if (v->usable)
		return OK;
	return crypt_gensalt_rn(NULL, 0, NULL, 0, v->setting, sizeof v->setting) != NULL
		   ? OK
		   : ERR_CRYPTO;
}

/* Hashes and compares. Always does the work, whatever the verdict is so far. */
static bool hash_matches(const struct verdict *v, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof *data);
	const char *hash;
	bool equal = false;

	if (data == NULL)
		return false;
	hash = crypt_rn(password, v->setting, data, sizeof *data);
	if (hash != NULL)
		equal = bytes_equal_secret(span_str(hash), span_str(v->setting));
	wipe(data, sizeof *data);
	free(data);
	return equal && v->usable;
}

static bool judge(const struct msg_password_check *m, struct verdict *v)
{
	char password[LIMIT_PASSWORD_BYTES + 1] = "";
	bool readable = bytes_to_str(password, sizeof password, m->password) == OK;
	bool given = password[0] != '\0';
	bool ok = hash_matches(v, password);

	wipe(password, sizeof password);
	if (v->empty && readable && !given && m->permit_empty != 0)
		return true;
	if (v->empty)
		why_set(&v->why, "it has no password; PermitEmptyPasswords lets it in");
	if (ok && !given && m->permit_empty == 0) {
		why_set(&v->why,
			"its password is empty; PermitEmptyPasswords lets it in");
		return false;
	}
	if (!ok && v->why.text[0] == '\0')
		why_set(&v->why, "the password is wrong");
	return ok && readable;
}

void serve_password_check(struct child *c, const struct msg_password_check *m)
{
	struct verdict v = {0};
	struct msg checked = MSG_OF(password_checked, .ok = 0);
	bool pam = m->pam != 0 && m->source == 0 && geteuid() == 0;
	enum err e = OK;

	if (!pam)
		find_hash(m, &v);
	if (!pam && (e = fake_setting(&v)) == OK)
		e = unprivileged_verify(c);
	if (pam) /* its modules need all rights */
		checked.u.password_checked.ok = pam_password(m, &v.why) == OK;
	else if (e != OK)
		why_set(&v.why, "passwords cannot be checked: %s", err_text(e));
	else
		checked.u.password_checked.ok = judge(m, &v);
	if (checked.u.password_checked.ok == 0)
		checked.u.password_checked.text = span_str(v.why.text);
	child_answer(c, &checked, NULL, 0);
	wipe(&v, sizeof v);
}
