/*
 * The control socket's file and those who connect to it. Who they are the kernel says; not a byte of theirs
 * is read here: an accepted socket goes to the control process at once, or is closed.
 */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/control_private.h"

#define FOLDER_MODE 0755
#define SOCKET_MASK 0111 /* anybody may connect: peers are looked at */
#define FEW_GROUPS  64

/* ---- the file ---- */

static enum err fail(const char *path, const char *what)
{
	log_error("ControlSocket %s: %s", path, what);
	return ERR_FILE;
}

/* Nobody else may be able to put another socket into its place. */
static enum err folder_check(const char *path)
{
	char copy[sizeof((struct sockaddr_un *)NULL)->sun_path];
	const char *folder;
	struct stat st;

	memcpy(copy, path, strlen(path) + 1);
	folder = dirname(copy);
	if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST)
		return fail(path, strerror(errno));
	if (stat(folder, &st) != 0)
		return fail(path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(path, "it does not stand in a folder");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail(path, "its folder belongs to another user: choose one of "
				  "root's or of the gateway's");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
		return fail(path, "others can write to its folder: chmod go-w");
	return OK;
}

/* Does anybody listen there? A socket whose process is gone refuses. */
static bool is_live(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool live;

	if (fd < 0)
		return true;
	live = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ||
	       errno != ECONNREFUSED;
	close(fd);
	return live;
}

static enum err old_remove(const struct sockaddr_un *at)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT ? OK : fail(at->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(at->sun_path, "something else stands there: remove it, or "
					  "choose another path");
	if (is_live(at))
		return fail(at->sun_path, "another gateway listens there: stop it, or "
					  "choose another path");
	if (unlink(at->sun_path) != 0)
		return fail(at->sun_path, strerror(errno));
	log_verbose("ControlSocket %s: a socket that was left over is replaced",
		    at->sun_path);
	return OK;
}

static enum err bind_at(const struct sockaddr_un *at, int *out)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask;
	int rc;

	if (fd < 0)
		return ERR_SYSTEM;
	mask = umask(SOCKET_MASK);
	rc = bind(fd, (const struct sockaddr *)at, sizeof *at);
	(void)umask(mask);
	if (rc != 0 || listen(fd, LIMIT_CONTROL_BACKLOG) != 0) {
		(void)fail(at->sun_path, strerror(errno));
		close(fd);
		return ERR_FILE;
	}
	*out = fd;
	return OK;
}

/* ---- who comes ---- */

/* Groups of the peer, as they were when it connected: its own, then all others. */
static enum err groups_of(int fd, gid_t first, gid_t **out, size_t *n_out)
{
	socklen_t n = FEW_GROUPS * sizeof(gid_t);
	gid_t *all = NULL, *more;
	int rc = -1;

	for (int again = 0; again < 2 && rc != 0; again++) {
		if (n > LIMIT_CONTROL_GROUPS * sizeof(gid_t))
			break;
		more = realloc(all, n + sizeof first);
		if (more == NULL)
			break;
		all = more;
		rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all + 1, &n);
		if (rc != 0 && errno != ERANGE)
			break;
	}
	if (rc != 0) {
		free(all);
		return ERR_SYSTEM;
	}
	all[0] = first;
	*out = all;
	*n_out = n / sizeof first + 1;
	return OK;
}

static bool role_of(const struct monitor *m, int fd, uid_t *uid, enum ctl_role *out)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t n = sizeof cred;
	struct control_peer who;
	gid_t *groups = NULL;
	bool known = false;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
		return false;
	who = (struct control_peer){.uid = cred.uid};
	if (groups_of(fd, cred.gid, &groups, &who.n_groups) == OK) {
		who.group = groups;
		known = control_access_role(&m->control_access, &who, out);
	}
	free(groups);
	if (!known)
		log_info("event=control_refused uid=%u pid=%d: neither of "
			 "ControlAdmins nor of ControlViewers",
			 (unsigned)cred.uid, (int)cred.pid);
	*uid = cred.uid;
	return known;
}

static bool is_full(const struct control *k, enum ctl_role role)
{
	return k->clients.n >=
	       LIMIT_CONTROL_CLIENTS -
		   (role == CTL_ADMIN ? 0 : (size_t)LIMIT_CONTROL_RESERVED);
}

static enum err client_add(struct control *k, uid_t uid, enum ctl_role role,
			   struct control_client **out)
{
	struct control_client *c = calloc(1, sizeof *c);
	enum err e;

	if (c == NULL)
		return ERR_MEMORY;
	*c = (struct control_client){k->next_client + 1, uid, role};
	e = idmap_add(&k->clients, c->id, c);
	if (e != OK) {
		free(c);
		return e;
	}
	k->next_client++;
	*out = c;
	return OK;
}

void control_client_begin(struct control *k, int fd)
{
	struct control_client *c = NULL;
	enum ctl_role role = CTL_VIEWER;
	uid_t uid = 0;
	enum err e;

	if (!role_of(k->m, fd, &uid, &role)) {
		close(fd);
		return;
	}
	e = is_full(k, role) ? ERR_NO_SPACE : client_add(k, uid, role, &c);
	if (e == OK)
		e = link_send(&k->link,
			      &MSG_OF(ctl_client, .client = c->id,
				      .role = (uint8_t)role, .uid = (uint32_t)uid),
			      &fd, 1);
	if (e != OK) {
		log_info("event=control_refused uid=%u: %s", (unsigned)uid,
			 e == ERR_NO_SPACE ? "too many clients at once" : err_text(e));
		if (c != NULL)
			free(idmap_remove(&k->clients, c->id));
	} else {
		log_verbose("event=control_client client=%u uid=%u role=%s",
			    (unsigned)c->id, (unsigned)uid,
			    role == CTL_ADMIN ? "admin" : "viewer");
	}
	close(fd);
}

void control_clients_wipe(struct control *k)
{
	for (size_t i = 0; i < k->clients.cap; i++)
		if (k->clients.slot[i].id != 0)
			free(k->clients.slot[i].thing);
	idmap_wipe(&k->clients);
}

static void arrives(evutil_socket_t sock, short events, void *arg)
{
	struct control *k = arg;
	int fd;

	(void)events;
	for (int i = 0; i < LIMIT_CONTROL_ACCEPTS; i++) {
		fd = accept4(sock, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			control_client_begin(k, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			event_del(&k->arrives);
			k->paused = true;
		}
		return;
	}
}

/* ---- open and closed ---- */

enum err control_socket_open(struct control *k, const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st = {0};
	int fd = -1;
	enum err e;

	if (strlen(path) >= sizeof at.sun_path)
		return fail(path, "the path is longer than 107 bytes");
	memcpy(at.sun_path, path, strlen(path) + 1);
	if ((e = folder_check(path)) != OK || (e = old_remove(&at)) != OK ||
	    (e = bind_at(&at, &fd)) != OK)
		return e;
	control_socket_close(k);
	if (lstat(path, &st) != 0 ||
	    event_assign(&k->arrives, k->m->base, fd, EV_READ | EV_PERSIST, arrives,
			 k) != 0 ||
	    event_add(&k->arrives, NULL) != 0) {
		close(fd);
		return ERR_SYSTEM;
	}
	k->listener = fd;
	k->at = at;
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	log_info("control socket %s", path);
	return OK;
}

void control_socket_close(struct control *k)
{
	struct stat st;

	if (k->listener < 0)
		return;
	event_del(&k->arrives);
	close(k->listener);
	k->listener = -1;
	k->paused = false;
	if (lstat(k->at.sun_path, &st) == 0 && st.st_dev == k->dev &&
	    st.st_ino == k->ino && unlink(k->at.sun_path) != 0)
		log_error("ControlSocket %s: %s", k->at.sun_path, strerror(errno));
}
