/*
 * sallyport-token: started by the monitor for one HostKey line. It becomes an account without
 * rights, is told which key of which token it is, opens it, and signs what the monitor sends:
 * whole texts that the monitor assembled. What the token's library does is its maker's
 * business, so there is no table of system calls here; what there is to lose is this one key.
 * A library that hangs is ended by the clock, and the monitor starts another process.
 */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/start.h"
#include "monitor/token/token.h"

struct server {
	int sock;
	bool opened;
	struct token_key key;
};

static enum err become(const char *user)
{
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;

	if (user == NULL || geteuid() != 0)
		return OK;
	if (pw == NULL) {
		log_fatal("token: there is no account %s; make it, e.g. useradd "
			  "--system %s, or name another with TokenUser",
			  user, user);
		return ERR_UNKNOWN;
	}
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return ERR_SYSTEM;
	return setenv("HOME", pw->pw_dir, 1) == 0 ? OK : ERR_MEMORY;
}

static enum err harden(void)
{
	const struct rlimit no_core = {0, 0};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		       prctl(PR_SET_DUMPABLE, 0) == 0 &&
		       setrlimit(RLIMIT_CORE, &no_core) == 0
		   ? OK
		   : ERR_SYSTEM;
}

/* NAME=VALUE; what is not of that form is not set. */
static enum err environment_set(struct span words)
{
	char name[LIMIT_FILE_PATH_BYTES];
	char *equals;

	if (words.n == 0)
		return OK;
	if (bytes_to_str(name, sizeof name, words) != OK ||
	    (equals = strchr(name, '=')) == NULL)
		return ERR_RANGE;
	*equals = '\0';
	return setenv(name, equals + 1, 1) == 0 ? OK : ERR_MEMORY;
}

static enum err open_key(struct server *s, const struct msg_token_open *m)
{
	char uri[LIMIT_TOKEN_URI_BYTES + 1], module[LIMIT_FILE_PATH_BYTES + 1];
	const struct token_request q = {.uri = uri,
					.module = module,
					.pin = m->pin,
					.pin_given = m->pin_given != 0};
	struct token_note note = {0};
	enum err e;

	if (s->opened || bytes_to_str(uri, sizeof uri, m->uri) != OK ||
	    bytes_to_str(module, sizeof module, m->module) != OK ||
	    environment_set(m->environment) != OK)
		return ERR_FORBIDDEN;
	e = token_open(&q, &s->key, &note);
	s->opened = e == OK;
	return ipc_tell(s->sock,
			&MSG_OF(token_opened, .ok = e == OK,
				.pin_refused = s->key.pin_refused,
				.key = {s->key.blob, e == OK ? s->key.blob_n : 0},
				.text = span_str(note.text)));
}

static enum err sign(struct server *s, const struct msg_token_sign *m)
{
	const struct pk_alg *alg = pk_alg_find(m->algorithm);
	uint8_t store[LIMIT_SIGNATURE_BYTES];
	struct token_note note = {0};
	struct wr w = WR(store);
	enum err e;

	if (!s->opened || alg == NULL)
		return ERR_FORBIDDEN;
	e = token_sign(&s->key, alg, m->data, &w, &note);
	return ipc_tell(s->sock, &MSG_OF(token_signed, .id = m->id, .ok = e == OK,
					 .signature = {w.p, e == OK ? w.n : 0},
					 .text = span_str(note.text)));
}

/* One message after the other; a library has no more time for one than the clock gives. */
static enum err serve(struct server *s, uint8_t *bytes)
{
	struct wr buf = {.p = bytes, .cap = LIMIT_TOKEN_MSG_BYTES};
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(s->sock, &buf, true, &m, &fds);

	if (e != OK)
		return e;
	ipc_fds_close(&fds);
	(void)alarm(LIMIT_TOKEN_S);
	if (m.type == MSG_token_open)
		e = open_key(s, &m.u.token_open);
	else if (m.type == MSG_token_sign)
		e = sign(s, &m.u.token_sign);
	else
		e = ERR_FORBIDDEN;
	(void)alarm(0);
	wipe(bytes, LIMIT_TOKEN_MSG_BYTES);
	return e;
}

static enum err run(int sock, const char *user)
{
	struct server s = {.sock = sock};
	uint8_t *bytes = malloc(LIMIT_TOKEN_MSG_BYTES);
	enum err e = bytes == NULL ? ERR_MEMORY : become(user);

	if (e == OK)
		e = harden();
	while (e == OK)
		e = serve(&s, bytes);
	token_close(&s.key);
	free(bytes);
	return e;
}

int main(int argc, char **argv)
{
	const char *user = NULL;
	int sock = -1;
	enum err e;

	if (start_options(argc, argv, &sock, &user) != OK) {
		log_fatal("sallyport-token is started by sallyportd: sallyport-token "
			  "--socket FD [--user NAME]");
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	e = run(sock, user);
	if (e != OK && e != ERR_CLOSED)
		log_fatal("token: cannot run: %s", err_text(e));
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
