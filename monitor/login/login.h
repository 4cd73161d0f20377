/*
 * The login helper: what its files give to each other. One process serves one request.
 * Everything in a request was filtered by the monitor, but its text came from a client.
 */
#ifndef MONITOR_LOGIN_LOGIN_H
#define MONITOR_LOGIN_LOGIN_H

#include <pwd.h>
#include <sys/types.h>
#include <termios.h>

#include "common/ipc.h"
#include "common/log.h"

/* ---- child.c: one request ---------------------------------------------- */

/* What every request is served with. */
struct child {
	int sock;           /* to the monitor */
	const char *nobody; /* account of the unprivileged parts; NULL: "nobody" */
};

/*
 * Reads one request from sock and serves it to its end.
 * Gives:  the exit status of this process
 */
int child_serve(int sock, const char *nobody);

/* Sends m, waiting for room; where that fails the monitor is gone and the process ends. */
void child_answer(const struct child *c, const struct msg *m, const int *fds,
		  size_t n_fds);

/* A reason for the monitor's log. */
struct why {
	char text[LIMIT_TEXT_BYTES + 1];
};
void why_set(struct why *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- account.c: entries of the account database ------------------------ */

struct account {
	struct passwd pw;
	char *store; /* what pw points into */
};

/*
 * Finds an account. Names with a slash, or like . and .., are never one.
 * Owns:   account_wipe frees
 * Errors: ERR_UNKNOWN no such account; ERR_MEMORY; ERR_SYSTEM the database cannot be read
 */
MUST_CHECK enum err account_lookup(struct span user, struct account *out);
void account_wipe(struct account *a);

/* As account_lookup, for a request that cannot go on without: why says what is wrong. */
MUST_CHECK enum err account_require(struct span user, struct account *out,
				    struct why *why);

/*
 * Takes the groups of the account (root only; else nothing happens).
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err account_groups(const struct account *a);

/*
 * Becomes the account's user for good; account_groups was called before.
 * Errors: ERR_DENIED we are another ordinary user; ERR_SYSTEM
 */
MUST_CHECK enum err account_become(const struct account *a);

/* Says why the account may not log in, or NULL: expired, shell missing. Reads shadow as root. */
const char *account_refused(const struct account *a);

/* The shell to start, never empty. */
const char *account_shell(const struct account *a);

/* ---- keyfile.c: authorized_keys files ---------------------------------- */

/* Whose file it is to be, and where it lies. */
struct keyfile_rule {
	const char *user;
	uid_t uid;        /* owner beside root */
	const char *home; /* NULL: none, then patterns must be absolute */
	bool strict;      /* StrictModes */
	bool owner_only;  /* the owner is checked even where strict is false */
};

/*
 * Expands %% %h %u %U; a relative path is below home.
 * Errors: ERR_CONFIG another % sequence; ERR_UNKNOWN needs a home and there is none;
 *         ERR_RANGE longer than LIMIT_FILE_PATH_BYTES
 * Source: sshd_config(5) TOKENS, AuthorizedKeysFile
 */
MUST_CHECK enum err keyfile_expand(struct span pattern, const struct keyfile_rule *rule,
				   char out[LIMIT_FILE_PATH_BYTES]);

/*
 * Opens a key file and checks it: a regular file; where strict, it and each folder up to home
 * (or /) belong to the user or root, and nobody else may write there.
 * fd:     the caller closes
 * Errors: ERR_UNKNOWN no such file; ERR_FILE may not be used, why says the reason
 */
MUST_CHECK enum err keyfile_open(const char *path, const struct keyfile_rule *rule,
				 int *fd, struct why *why);

/* Reads lines of a file into out: keyfile_lines or principals_lines. */
typedef void keyfile_lines_fn(struct span text, const char *where, struct wr *out,
			      struct wr *notes);

/*
 * Reads the lines of an open file into out: triples of strings, the last of which is file:line.
 * notes:  gets a remark for lines that are malformed, and for those that do not fit
 * Errors: ERR_FILE unreadable or too large; ERR_MEMORY
 */
MUST_CHECK enum err keyfile_read(int fd, const char *path, keyfile_lines_fn *lines,
				 struct wr *out, struct wr *notes);

/*
 * As keyfile_read, for text that is there already.
 * where:  what stands before :line
 */
void keyfile_lines(struct span text, const char *where, struct wr *keys,
		   struct wr *notes);

/* Reads lines of an AuthorizedPrincipalsFile: triples of strings name, options, file:line. */
void principals_lines(struct span text, const char *where, struct wr *principals,
		      struct wr *notes);

/*
 * Checks a program that is to be believed: a regular file that anybody may run; it and each folder
 * above it belong to root, or to ourselves, and nobody else may write there.
 * Errors: ERR_FILE with why set
 */
MUST_CHECK enum err keyfile_program(const char *path, struct why *why);

/* Adds a remark for the log, parted from the one before by "; ". */
void note_add(struct wr *notes, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- pam.c, pam_kbdint.c: UsePAM ----------------------------------------- */

struct pam_conv;
struct pam_handle;

struct pam_who {
	struct span user, service, remote;
};

/*
 * Starts PAM for a user who comes from remote.
 * Owns:  *handle, which pam_end frees; NULL where nothing was started
 * Gives: PAM_SUCCESS or what PAM says
 */
int pam_begin(const struct pam_who *who, const struct pam_conv *conv,
	      struct pam_handle **handle);

/*
 * Asks PAM whether the password is the user's and whether the account may be used now.
 * Errors: ERR_DENIED, ERR_SYSTEM with why set
 */
MUST_CHECK enum err pam_password(const struct msg_password_check *m, struct why *why);

/* ---- the requests ------------------------------------------------------- */

void serve_account_find(struct child *c, const struct msg_account_find *m);
void serve_command_run(struct child *c, const struct msg_command_run *m);
void serve_password_check(struct child *c, const struct msg_password_check *m);
void serve_kbdint_start(struct child *c, const struct msg_kbdint_start *m);
void serve_login_session(struct child *c, const struct msg_login_session *m);
void serve_unix_connect(struct child *c, const struct msg_unix_connect *m);
void serve_unix_bind(struct child *c, const struct msg_unix_bind *m);
void serve_helper_start(struct child *c, const struct msg_helper_start *m);

/* ---- signals.c ---------------------------------------------------------- */

/* Gives the number of a signal named in RFC 4254 6.10, without SIG; 0 for any other name. */
int signal_number(struct span name);

/* Names a signal; those that the RFC does not have are "SIG@openssh.com", as sshd says. */
const char *signal_name(int number);

/* Gives every signal its default and lets all through: what a program is started with. */
void signals_reset(void);

/* ---- modes.c ------------------------------------------------------------ */

/*
 * Applies encoded terminal modes; unknown ones below 160 are skipped.
 * Errors: ERR_TRUNCATED; io is then untouched
 * Source: RFC 4254 8, RFC 8160
 */
MUST_CHECK enum err modes_apply(struct span modes, struct termios *io);

/* ---- env.c: the environment of the user's program ----------------------- */

struct env {
	char **vars; /* NULL at the end, as execve wants it */
	size_t n, cap;
	enum err err; /* sticky: ERR_MEMORY */
};

/* Sets a variable, in place of an older value. Names with = or nothing are left out. */
void env_set(struct env *e, const char *name, const char *value);
void env_setf(struct env *e, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *env_get(const struct env *e, const char *name);
void env_wipe(struct env *e);

/*
 * Sets pairs of strings, LIMIT_ENV_COUNT at most: what the client asked and AcceptEnv allowed.
 * Errors: what rd_end finds wrong
 */
MUST_CHECK enum err env_request(struct env *e, struct span pairs);

/* Sets what belongs to the account. Source: sshd(8) ENVIRONMENT, Debian's PATH */
void env_account(struct env *e, const struct passwd *pw);

/*
 * Sets TERM, then what the key and SetEnv say, then SSH_CLIENT, SSH_CONNECTION,
 * SSH_ORIGINAL_COMMAND.
 * Errors: ERR_RANGE a NUL within; as env_request
 */
MUST_CHECK enum err env_connection(struct env *e, const struct msg_login_session *m);

/* ---- env_file.c: ~/.ssh/environment -------------------------------------- */

/*
 * Sets what the file says, as far as the names match one of the patterns. No file, nothing set.
 * patterns: a list divided by commas; one that begins with ! forbids
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err env_file(struct env *e, const char *path, struct span patterns);

/* ---- unprivileged.c: giving up what is not needed ----------------------- */

/* Enters ROLE_VERIFY as c->nobody. Errors: ERR_SANDBOX and what sandbox_enter gives */
MUST_CHECK enum err unprivileged_verify(const struct child *c);

/*
 * Enters ROLE_SESSION as the account; own_dir is a folder in which it may remove files, NULL: none.
 * Errors: as above
 */
MUST_CHECK enum err unprivileged_wait(const struct account *a, const int *keep,
				      size_t n_keep, const char *own_dir);

#endif
