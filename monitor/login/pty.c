/*
 * Terminals and pipes. The terminal belongs to the user and the group tty, as sshd makes it;
 * pipes are made large, since each filling of one is a wakeup of the worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/login/session.h"

struct stdio stdio_none(void)
{
	struct stdio io = {
	    .pty = {.master = -1, .slave = -1}
        };

	for (size_t i = 0; i < LIMIT_MSG_FDS; i++) {
		io.ours[i] = -1;
		io.theirs[i] = -1;
	}
	return io;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* devpts gives it to whoever opened it: root must hand it on. */
static enum err pty_owner(const struct pty *p, const struct account *a)
{
	const struct group *tty = getgrnam("tty");
	gid_t gid = tty != NULL ? tty->gr_gid : a->pw.pw_gid;
	mode_t mode = tty != NULL ? S_IRUSR | S_IWUSR | S_IWGRP : S_IRUSR | S_IWUSR;

	if (geteuid() != 0)
		return OK;
	if (fchown(p->slave, a->pw.pw_uid, gid) != 0 || fchmod(p->slave, mode) != 0)
		return ERR_SYSTEM;
	return OK;
}

static enum err pty_settings(const struct pty *p, const struct msg_login_session *m)
{
	struct winsize size = {.ws_row = (unsigned short)m->rows,
			       .ws_col = (unsigned short)m->columns,
			       .ws_xpixel = (unsigned short)m->width_px,
			       .ws_ypixel = (unsigned short)m->height_px};
	struct termios t;

	if (tcgetattr(p->slave, &t) != 0)
		return ERR_SYSTEM;
	if (modes_apply(m->modes, &t) != OK)
		log_info("session: malformed terminal modes are left out");
	else if (tcsetattr(p->slave, TCSANOW, &t) != 0)
		return ERR_SYSTEM;
	return ioctl(p->slave, TIOCSWINSZ, &size) == 0 ? OK : ERR_SYSTEM;
}

static enum err pty_open(struct pty *p, const struct msg_login_session *m,
			 const struct account *a)
{
	int unlocked = 0;
	enum err e;

	p->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->master < 0 || ioctl(p->master, TIOCSPTLCK, &unlocked) != 0 ||
	    ptsname_r(p->master, p->name, sizeof p->name) != 0)
		return ERR_SYSTEM;
	/* by the master and not by name: another mount of devpts cannot come between */
	p->slave = ioctl(p->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave < 0)
		return ERR_SYSTEM;
	e = pty_owner(p, a);
	return e == OK ? pty_settings(p, m) : e;
}

/* A pipe whose end i is ours: 0 is read, 1 is written. */
static enum err pipe_open(int ours_end, int *ours, int *theirs)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	*ours = p[ours_end];
	*theirs = p[1 - ours_end];
	/* beyond the user's share of pipe memory it stays small, and works */
	(void)!fcntl(p[0], F_SETPIPE_SZ, LIMIT_PIPE_BYTES);
	return fcntl(*ours, F_SETFL,
		     O_NONBLOCK | (ours_end == 1 ? O_WRONLY : O_RDONLY)) == 0
		   ? OK
		   : ERR_SYSTEM;
}

enum err stdio_open(struct stdio *io, const struct msg_login_session *m,
		    const struct account *a)
{
	enum err e;

	*io = stdio_none();
	if (m->pty != 0) {
		e = pty_open(&io->pty, m, a);
		io->ours[0] = io->pty.master;
		io->n_ours = 1;
		return e;
	}
	io->n_ours = LIMIT_MSG_FDS;
	e = pipe_open(1, &io->ours[STDIN_FILENO], &io->theirs[STDIN_FILENO]);
	for (int i = STDOUT_FILENO; e == OK && i <= STDERR_FILENO; i++)
		e = pipe_open(0, &io->ours[i], &io->theirs[i]);
	return e;
}

void stdio_close_theirs(struct stdio *io)
{
	close_fd(&io->pty.slave);
	for (size_t i = 0; i < LIMIT_MSG_FDS; i++)
		close_fd(&io->theirs[i]);
}

void stdio_close_ours(struct stdio *io)
{
	for (size_t i = 0; i < LIMIT_MSG_FDS; i++)
		close_fd(&io->ours[i]);
	io->pty.master = -1;
}

/* Moves fds out of 0 to 2 first, so that no dup2 closes one that is still to come. */
static int above_stdio(int fd)
{
	return fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

enum err stdio_take(struct stdio *io)
{
	bool pty = io->pty.slave >= 0;
	int fds[LIMIT_MSG_FDS];

	if (pty && ioctl(io->pty.slave, TIOCSCTTY, 0) != 0)
		return ERR_SYSTEM;
	for (int i = 0; i < LIMIT_MSG_FDS; i++) {
		fds[i] = above_stdio(pty ? io->pty.slave : io->theirs[i]);
		if (fds[i] < 0)
			return ERR_SYSTEM;
	}
	for (int i = 0; i < LIMIT_MSG_FDS; i++)
		if (dup2(fds[i], i) != i)
			return ERR_SYSTEM;
	return OK;
}
