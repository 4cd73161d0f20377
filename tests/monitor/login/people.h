/*
 * Whom the tests of the login helper log in: as root an account of their own, in a passwd file
 * that only the test program sees (a mount namespace); else the user who runs them.
 */
#ifndef TESTS_MONITOR_LOGIN_PEOPLE_H
#define TESTS_MONITOR_LOGIN_PEOPLE_H

#include <crypt.h>
#include <pwd.h>

#include "tests/monitor/hand.h"

#define PERSON_UID 42420

struct person {
	char name[64], home[64];
	uid_t uid;
	bool own; /* made for the test: its shadow entry is ours to choose */
};

/* A folder that only its owner can change, also from above: not below /tmp itself. */
static inline void make_home(struct person *p)
{
	snprintf(p->home, sizeof p->home, "/var/lib/sallyport-test-XXXXXX");
	if (mkdtemp(p->home) == NULL) {
		snprintf(p->home, sizeof p->home, "/tmp/sallyport-test-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(p->home));
	}
}

static inline void remove_home(const struct person *p)
{
	pid_t pid;

	if (p->home[0] == '\0' || strstr(p->home, "/sallyport-test-") == NULL)
		return;
	pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", "--", p->home, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* hash: what shadow is to hold for the person; days: its last fields, e.g. "19000::::::" */
static inline struct person person_make(const char *hash, const char *days)
{
	struct person p = {.uid = geteuid()};
	const struct passwd *pw = getpwuid(p.uid);
	char line[2048];

	ck_assert_msg(pw != NULL && strstr(pw->pw_shell, "nologin") == NULL &&
			  strstr(pw->pw_shell, "false") == NULL,
		      "who runs this test needs an account with a shell");
	snprintf(p.name, sizeof p.name, "%s", pw->pw_name);
	if (p.uid == 0 && private_mounts()) {
		make_home(&p);
		snprintf(line, sizeof line, "tess:x:%d:%d:Tess:%s:/bin/sh", PERSON_UID,
			 PERSON_UID, p.home);
		p.own = cover(p.home, "/etc/passwd", line) &&
			cover(p.home, "/etc/group",
			      "tess:x:42420:\ntessfriends:x:42421:tess");
		snprintf(line, sizeof line, "tess:%s:%s", hash, days);
		p.own = p.own && cover(p.home, "/etc/shadow", line);
	}
	if (p.own) {
		snprintf(p.name, sizeof p.name, "tess");
		p.uid = PERSON_UID;
		ck_assert_int_eq(chown(p.home, PERSON_UID, PERSON_UID), 0);
	} else if (p.home[0] == '\0') {
		make_home(&p);
	}
	if (p.uid == 0)
		fprintf(
		    stderr,
		    "not root enough for an account of our own: root itself is used\n");
	return p;
}

/* Asks the login master for a helper; gives the socket to it. */
static inline int helper_start(struct hand *h, uint32_t child)
{
	struct msg m = MSG_OF(fork_child, .child = child);
	int pair[2];

	ck_assert_int_eq(ipc_pair(pair), OK);
	ck_assert_int_eq(ipc_send(h->sock, &m, &pair[1], 1, true), OK);
	close(pair[1]);
	return pair[0];
}

/* Sends a request to a new helper; gives the socket to it. */
static inline int helper_ask(struct hand *h, const struct msg *m)
{
	int sock = helper_start(h, 1);

	hand_send(sock, m);
	return sock;
}

/* Takes the next message of a helper, but for its log lines, which go to stderr. */
static inline void helper_recv(struct hand *h, int sock, enum msg_type type)
{
	struct wr buf = {.p = h->store, .cap = LIMIT_MSG_BYTES};
	struct pollfd p = {.fd = sock, .events = POLLIN};

	for (;;) {
		ck_assert_msg(poll(&p, 1, HAND_WAIT_MS) == 1,
			      "no answer; %s was expected", msg_rules[type].name);
		ck_assert_int_eq(ipc_recv(sock, &buf, true, &h->m, &h->fds), OK);
		if (h->m.type != MSG_login_log)
			break;
		fprintf(stderr, "helper: %.*s\n", (int)h->m.u.login_log.text.n,
			(const char *)h->m.u.login_log.text.p);
	}
	ck_assert_msg(h->m.type == type, "%s came where %s was expected",
		      msg_rules[h->m.type].name, msg_rules[type].name);
}

#endif
