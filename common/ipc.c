/*
 * Datagrams with descriptors. A descriptor that arrives uninvited is closed at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ipc.h"

#define CONTROL_BYTES CMSG_SPACE(LIMIT_MSG_FDS * sizeof(int))

/* A message of this length must fit the default socket buffer (208 KiB, half of it data). */
_Static_assert(LIMIT_MSG_BYTES <= 160 * 1024,
	       "an IPC message must fit a socket buffer");

enum err ipc_pair(int out[2])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR_SYSTEM;
	out[0] = pair[0];
	out[1] = pair[1];
	return OK;
}

static void put_fds(struct msghdr *h, char *control, const int *fds, size_t n_fds)
{
	struct cmsghdr *c;

	memset(control, 0, CONTROL_BYTES);
	h->msg_control = control;
	h->msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	c = CMSG_FIRSTHDR(h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
}

static enum err send_errno(int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS)
		return ERR_STALLED;
	if (error == EPIPE || error == ECONNRESET || error == ENOTCONN)
		return ERR_CLOSED;
	return ERR_SYSTEM;
}

enum err ipc_send(int sock, const struct msg *m, const int *fds, size_t n_fds,
		  bool wait)
{
	_Alignas(struct cmsghdr) char control[CONTROL_BYTES];
	struct wr w = {.cap = msg_bytes(m)};
	struct iovec iov;
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	enum err e = OK;
	ssize_t n;

	if (n_fds > msg_rules[m->type].fds)
		return ERR_BUG;
	w.p = malloc(w.cap);
	if (w.p == NULL)
		return ERR_MEMORY;
	msg_encode(&w, m);
	if (w.err != OK) {
		e = w.err;
		goto out;
	}
	iov = (struct iovec){.iov_base = w.p, .iov_len = w.n};
	if (n_fds > 0)
		put_fds(&h, control, fds, n_fds);
	do
		n = sendmsg(sock, &h, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		e = send_errno(errno);
out:
	wipe(w.p, w.n);
	free(w.p);
	return e;
}

enum err ipc_tell(int sock, const struct msg *m)
{
	return ipc_send(sock, m, NULL, 0, false);
}

static void take_fds(struct msghdr *h, struct ipc_fds *fds)
{
	struct cmsghdr *c;
	size_t n;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > LIMIT_MSG_FDS - fds->n)
			n = LIMIT_MSG_FDS - fds->n;
		memcpy(fds->fd + fds->n, CMSG_DATA(c), n * sizeof(int));
		fds->n += n;
	}
}

static enum err recv_errno(int number)
{
	if (number == EAGAIN || number == EWOULDBLOCK)
		return ERR_AGAIN;
	return number == ECONNRESET ? ERR_CLOSED : ERR_SYSTEM;
}

enum err ipc_recv(int sock, struct wr *buf, bool wait, struct msg *m,
		  struct ipc_fds *fds)
{
	_Alignas(struct cmsghdr) char control[CONTROL_BYTES];
	struct iovec iov = {.iov_base = buf->p, .iov_len = buf->cap};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	enum err e;
	ssize_t n;

	fds->n = 0;
	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return recv_errno(errno);
	take_fds(&h, fds);
	if (n ==
	    0) { /* no message of ours is empty; one of a liar may carry descriptors */
		ipc_fds_close(fds);
		return ERR_CLOSED;
	}
	if ((h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		e = ERR_RANGE;
	else
		e = msg_decode((struct span){buf->p, (size_t)n}, m);
	if (e == OK && fds->n > msg_rules[m->type].fds)
		e = ERR_RANGE;
	if (e != OK)
		ipc_fds_close(fds);
	return e;
}

int ipc_fd_take(struct ipc_fds *fds, size_t i)
{
	int fd = -1;

	if (i < fds->n) {
		fd = fds->fd[i];
		fds->fd[i] = -1;
	}
	return fd;
}

void ipc_fds_close(struct ipc_fds *fds)
{
	for (size_t i = 0; i < fds->n; i++)
		if (fds->fd[i] >= 0)
			close(fds->fd[i]);
	fds->n = 0;
}
