/*
 * The host as the doors need it: something listening behind each, so that an attempt that
 * fails was stopped, not merely unlucky.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sandbox_check_private.h"

#define NOBODY 65534

const char *const check_space_names[CHECK_SPACES] = {"user", "net", "mnt",
						     "ipc",  "uts", "pid"};

/* As root the sandboxed processes have an account of their own. */
static void find_account(struct check_world *w)
{
	const struct passwd *p;

	w->root = geteuid() == 0;
	w->uid = w->root ? NOBODY : geteuid();
	w->gid = w->root ? NOBODY : getegid();
	if (!w->root)
		return;
	p = getpwnam("sallyport");
	if (p == NULL)
		p = getpwnam("nobody");
	if (p != NULL) {
		w->uid = p->pw_uid;
		w->gid = p->pw_gid;
	}
}

static int listen_on(int type, struct sockaddr *address, socklen_t n)
{
	int fd = socket(address->sa_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, address, n) == 0 && getsockname(fd, address, &n) == 0 &&
	    (type == SOCK_DGRAM || listen(fd, SOMAXCONN) == 0))
		return fd;
	close(fd);
	return -1;
}

static bool listen_all(struct check_world *w)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	w->tcp = loopback;
	w->udp = loopback;
	w->path.sun_family = AF_UNIX;
	w->abstract.sun_family = AF_UNIX;
	(void)snprintf(w->path.sun_path, sizeof w->path.sun_path, "%s/socket", w->dir);
	(void)snprintf(w->abstract.sun_path + 1, sizeof w->abstract.sun_path - 1,
		       "sallyport-check-%d", (int)w->pid);
	w->listeners[0] =
	    listen_on(SOCK_STREAM, (struct sockaddr *)&w->tcp, sizeof w->tcp);
	w->listeners[1] =
	    listen_on(SOCK_DGRAM, (struct sockaddr *)&w->udp, sizeof w->udp);
	w->listeners[2] =
	    listen_on(SOCK_STREAM, (struct sockaddr *)&w->path, sizeof w->path);
	w->listeners[3] =
	    listen_on(SOCK_STREAM, (struct sockaddr *)&w->abstract, sizeof w->abstract);
	for (size_t i = 0; i < sizeof w->listeners / sizeof w->listeners[0]; i++)
		if (w->listeners[i] < 0)
			return false;
	return chmod(w->path.sun_path, S_IRWXU | S_IRWXG | S_IRWXO) == 0;
}

static int open_tty(void)
{
	int ptmx = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const char *name;

	if (ptmx < 0 || grantpt(ptmx) != 0 || unlockpt(ptmx) != 0)
		return -1;
	name = ptsname(ptmx); /* ptmx stays open, or the terminal would hang up */
	return name == NULL ? -1 : open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static bool open_all(struct check_world *w)
{
	w->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->net_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	w->tty_fd = open_tty();
	w->secret_fd = memfd_create("secret", MFD_CLOEXEC);
	return w->root_fd >= 0 && w->proc_fd >= 0 && w->net_fd >= 0 && w->tty_fd >= 0 &&
	       w->secret_fd >= 0;
}

static enum err make_filters(struct check_world *w)
{
	enum err e = OK;

	for (enum sandbox_role r = 0; e == OK && r < ROLE_COUNT; r++)
		e = sandbox_filter_make(r, &w->filters[r]);
	return e;
}

static bool read_spaces(struct check_world *w)
{
	char path[LIMIT_NAME_BYTES];
	ssize_t n = 1;

	for (size_t i = 0; n > 0 && i < CHECK_SPACES; i++) {
		(void)snprintf(path, sizeof path, "/proc/self/ns/%s",
			       check_space_names[i]);
		n = readlink(path, w->spaces[i], sizeof w->spaces[i] - 1);
	}
	return n > 0;
}

enum err check_world_init(struct check_world *w)
{
	void *board = mmap(NULL, sizeof *w->board, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return ERR_SYSTEM;
	w->board = board;
	w->pid = getpid();
	find_account(w);
	(void)snprintf(w->dir, sizeof w->dir, "/tmp/sallyport-check.XXXXXX");
	if (mkdtemp(w->dir) == NULL) {
		w->dir[0] = '\0';
		return ERR_SYSTEM;
	}
	if (chmod(w->dir, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) != 0 ||
	    !listen_all(w) || !open_all(w) || !read_spaces(w))
		return ERR_SYSTEM;
	return make_filters(w);
}

void check_world_wipe(struct check_world *w)
{
	for (enum sandbox_role r = 0; r < ROLE_COUNT; r++)
		sandbox_filter_wipe(&w->filters[r]);
	if (w->path.sun_path[0] != '\0')
		(void)unlink(w->path.sun_path);
	if (w->dir[0] != '\0')
		(void)rmdir(w->dir);
	if (w->board != NULL)
		(void)munmap(w->board, sizeof *w->board);
	w->board = NULL; /* descriptors go with the process */
}
