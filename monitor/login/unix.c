/*
 * Unix sockets with the rights of an account: direct-streamlocal and streamlocal-forward of
 * OpenSSH's PROTOCOL 2.4. What may be reached is decided by the file system, since this process
 * is the user before it touches the path.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/login/login.h"

/* Finds the account and becomes it for good. */
static enum err enter_account(struct span user, struct account *a, struct why *why)
{
	enum err e = account_require(user, a, why);

	if (e != OK)
		return e;
	if ((e = account_groups(a)) != OK || (e = account_become(a)) != OK)
		why_set(why, "account %s cannot be entered: %s", a->pw.pw_name,
			err_text(e));
	return e;
}

static enum err make_address(struct span path, struct sockaddr_un *out, struct why *why)
{
	struct printable shown;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path.n > 0 && bytes_to_str(out->sun_path, sizeof out->sun_path, path) == OK)
		return OK;
	why_set(why, "%s: not a path of a socket", printable(path, &shown));
	return ERR_RANGE;
}

/* Gives the socket, or -1 with why. */
static int connect_as(const struct msg_unix_connect *m, struct why *why)
{
	/* a listener whose queue is full would hold us up without end */
	struct timeval patience = {.tv_sec = LIMIT_UNIX_CONNECT_S};
	struct account a = {0};
	struct sockaddr_un to;
	int fd;

	if (make_address(m->path, &to, why) != OK ||
	    enter_account(m->user, &a, why) != OK)
		return -1;
	account_wipe(&a);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
		return fd;
	why_set(why, "%s: %s", to.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void serve_unix_connect(struct child *c, const struct msg_unix_connect *m)
{
	struct why why = {0};
	int fd = connect_as(m, &why);
	struct msg connected = MSG_OF(unix_connected, .ok = fd >= 0,
				      .text = fd < 0 ? span_str(why.text) : m->path);

	child_answer(c, &connected, &fd, fd >= 0 ? 1 : 0);
	if (fd >= 0)
		close(fd);
}

struct listener {
	int fd;
	struct sockaddr_un at;
};

static bool listener_open(struct listener *l, const struct msg_unix_bind *m,
			  struct why *why)
{
	/* as sshd: what stands there is replaced where the configuration says so */
	if (m->unlink != 0 && unlink(l->at.sun_path) != 0 && errno != ENOENT) {
		why_set(why, "%s: cannot be replaced: %s", l->at.sun_path,
			strerror(errno));
		return false;
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)umask((mode_t)m->mask);
	if (l->fd >= 0 &&
	    bind(l->fd, (const struct sockaddr *)&l->at, sizeof l->at) == 0 &&
	    listen(l->fd, LIMIT_BACKLOG) == 0)
		return true;
	why_set(why, "%s: %s", l->at.sun_path, strerror(errno));
	return false;
}

static enum err relay_one(const struct child *c, const struct listener *l)
{
	struct msg incoming = MSG_OF(login_incoming, .kind = INCOMING_UNIX,
				     .origin = span_str(l->at.sun_path));
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	enum err e;

	if (fd < 0)
		return OK;
	e = ipc_send(c->sock, &incoming, &fd, 1, true);
	close(fd);
	return e;
}

/* Until the monitor closes its end; it has nothing more to say. */
static void relay(struct child *c, const struct listener *l)
{
	struct pollfd p[] = {
	    {.fd = c->sock, .events = POLLIN},
            {.fd = l->fd,   .events = POLLIN}
        };

	for (;;) {
		if (poll(p, sizeof p / sizeof p[0], -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents != 0)
			return;
		if (p[1].revents != 0 && relay_one(c, l) != OK)
			return;
	}
}

/* Relays with two sockets and the right to remove one file, and nothing else. */
static void listen_on(struct child *c, struct listener *l, const struct account *a)
{
	const int keep[] = {STDERR_FILENO, c->sock, l->fd};
	char folder[sizeof l->at.sun_path];
	enum err e;

	memcpy(folder, l->at.sun_path, sizeof folder);
	e = unprivileged_wait(a, keep, sizeof keep / sizeof keep[0], dirname(folder));
	if (e != OK)
		log_error("login: the sandbox of a listener failed: %s", err_text(e));
	else
		relay(c, l);
	(void)unlink(l->at.sun_path);
}

void serve_unix_bind(struct child *c, const struct msg_unix_bind *m)
{
	struct listener l = {.fd = -1};
	struct account a = {0};
	struct why why = {0};
	struct msg bound = MSG_OF(unix_bound, .ok = 0);

	if (make_address(m->path, &l.at, &why) == OK &&
	    enter_account(m->user, &a, &why) == OK)
		bound.u.unix_bound.ok = listener_open(&l, m, &why);
	bound.u.unix_bound.text = span_str(why.text);
	child_answer(c, &bound, NULL, 0);
	if (bound.u.unix_bound.ok != 0)
		listen_on(c, &l, &a);
	account_wipe(&a);
}
