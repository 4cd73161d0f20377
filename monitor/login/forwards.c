/*
 * Sockets that the user's program finds its way back by: the agent's (PROTOCOL.agent) and an X11
 * display (RFC 4254 6.3). Names, modes and ports as sshd's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/login/session.h"

#define X11_PORT    6000 /* of display 0 */
#define PORT_MAX    65535
#define AGENT_DIR   "/tmp/ssh-XXXXXXXXXX"
#define AGENT_UMASK (S_IXUSR | S_IRWXG | S_IRWXO)

static void forward_add(struct forwards *f, int fd, enum incoming_kind kind)
{
	f->at[f->n++] = (struct forward){.fd = fd, .kind = kind};
}

/* Gives the socket, or -1 with errno. */
static int agent_listen(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t before = umask(AGENT_UMASK);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
			listen(fd, LIMIT_BACKLOG) != 0)) {
		close(fd);
		fd = -1;
	}
	(void)umask(before);
	return fd;
}

static enum err agent_make(struct forwards *f)
{
	int fd;

	memcpy(f->agent_dir, AGENT_DIR, sizeof AGENT_DIR);
	if (mkdtemp(f->agent_dir) == NULL) {
		f->agent_dir[0] = '\0';
		return ERR_SYSTEM;
	}
	(void)snprintf(f->agent_path, sizeof f->agent_path, "%s/agent.%d", f->agent_dir,
		       (int)getpid());
	fd = agent_listen(f->agent_path);
	if (fd < 0) {
		(void)rmdir(f->agent_dir);
		f->agent_dir[0] = '\0';
		f->agent_path[0] = '\0';
		return ERR_SYSTEM;
	}
	forward_add(f, fd, INCOMING_AGENT);
	return OK;
}

enum err agent_open(struct forwards *f, const struct account *a)
{
	bool root = geteuid() == 0;
	enum err e = ERR_SYSTEM;

	/* made by the user: root would follow what another user put in its way in /tmp */
	if (root && (setegid(a->pw.pw_gid) != 0 || seteuid(a->pw.pw_uid) != 0))
		goto out;
	e = agent_make(f);
out:
	if (root && (seteuid(0) != 0 || setegid(0) != 0))
		abort();
	return e;
}

/* Gives the socket, or -1 with errno. */
static int x11_listen(int family, bool local, uint32_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port)};
	const struct sockaddr *at =
	    family == AF_INET ? (const void *)&in : (const void *)&in6;
	socklen_t n = family == AF_INET ? sizeof in : sizeof in6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	in.sin_addr.s_addr = htonl(local ? INADDR_LOOPBACK : INADDR_ANY);
	in6.sin6_addr = local ? in6addr_loopback : in6addr_any;
	if (fd < 0)
		return -1;
	if ((!local || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) &&
	    (family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
	    bind(fd, at, n) == 0 && listen(fd, LIMIT_X11_BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

/*
 * Listens on one port in each family that there is. A display that is taken in one of them is
 * somebody else's.
 */
static bool x11_try(struct forwards *f, bool local, uint32_t port)
{
	static const int families[] = {AF_INET, AF_INET6};
	size_t before = f->n;
	bool taken = false;

	for (size_t i = 0; i < sizeof families / sizeof families[0] && !taken; i++) {
		int fd = x11_listen(families[i], local, port);

		if (fd >= 0)
			forward_add(f, fd, INCOMING_X11);
		else
			taken = errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL;
	}
	if (!taken)
		return f->n > before;
	while (f->n > before)
		close(f->at[--f->n].fd);
	return false;
}

/* What is passed on to xauth and scripts must not be able to say anything else to them. */
static bool xauth_safe(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && strchr(".:/-_", c) == NULL)
			return false;
		if (c == '\0')
			return false;
	}
	return s.n > 0;
}

static void x11_name(struct forwards *f, const struct msg_login_session *m,
		     uint32_t number)
{
	char host[LIMIT_HOST_BYTES + 1] = "localhost";
	const char *auth = host;

	if ((m->flags & LOGIN_X11_LOCAL) != 0)
		auth = "unix";
	else if (gethostname(host, sizeof host - 1) != 0)
		(void)snprintf(host, sizeof host, "localhost");
	(void)snprintf(f->display, sizeof f->display, "%s:%u.%u", host, number,
		       m->x11_screen);
	(void)snprintf(f->auth_display, sizeof f->auth_display, "%s:%u.%u", auth,
		       number, m->x11_screen);
}

enum err x11_open(struct forwards *f, const struct msg_login_session *m)
{
	bool local = (m->flags & LOGIN_X11_LOCAL) != 0;

	if (!xauth_safe(m->x11_protocol) || !xauth_safe(m->x11_cookie))
		return ERR_RANGE;
	for (uint32_t i = 0; i < LIMIT_X11_DISPLAYS; i++) {
		uint32_t number = m->x11_offset + i;

		if (number > PORT_MAX - X11_PORT)
			break;
		if (!x11_try(f, local, X11_PORT + number))
			continue;
		f->x11_single = m->x11 == 2;
		x11_name(f, m, number);
		return OK;
	}
	return ERR_SYSTEM;
}

static void x11_end(struct forwards *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->at[i].kind == INCOMING_X11)
			close(f->at[i].fd);
		else
			f->at[kept++] = f->at[i];
	}
	f->n = kept;
}

union peer {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage any;
};

enum err forward_relay(const struct child *c, struct forwards *f, size_t i)
{
	char origin[INET6_ADDRSTRLEN] = "";
	struct msg incoming = MSG_OF(login_incoming, .kind = (uint8_t)f->at[i].kind);
	union peer peer = {0};
	socklen_t n = sizeof peer;
	int fd = accept4(f->at[i].fd, &peer.sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	enum err e;

	if (fd < 0)
		return OK;
	if (peer.sa.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &peer.in.sin_addr, origin, sizeof origin);
		incoming.u.login_incoming.origin_port = ntohs(peer.in.sin_port);
	} else if (peer.sa.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &peer.in6.sin6_addr, origin, sizeof origin);
		incoming.u.login_incoming.origin_port = ntohs(peer.in6.sin6_port);
	}
	incoming.u.login_incoming.origin = span_str(origin);
	e = ipc_send(c->sock, &incoming, &fd, 1, true);
	close(fd);
	if (f->x11_single && f->at[i].kind == INCOMING_X11)
		x11_end(f);
	return e;
}

void forwards_close(struct forwards *f)
{
	while (f->n > 0)
		close(f->at[--f->n].fd);
	if (f->agent_path[0] != '\0')
		(void)unlink(f->agent_path);
	if (f->agent_dir[0] != '\0')
		(void)rmdir(f->agent_dir);
}
