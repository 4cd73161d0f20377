/*
 * Messages and descriptors over a SOCK_SEQPACKET socketpair: a message is a datagram.
 */
#ifndef COMMON_IPC_H
#define COMMON_IPC_H

#include "common/msg.h"

/* Descriptors that came with a message. What is not taken is closed by ipc_fds_close. */
struct ipc_fds {
	int fd[LIMIT_MSG_FDS];
	size_t n;
};

/*
 * Makes a connected pair, close-on-exec, whose buffers hold the largest message.
 * Owns:   the caller closes both
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err ipc_pair(int out[2]);

/*
 * Sends m with n_fds descriptors, which stay the caller's.
 * wait:   block until there is room (workers and helpers), or not (the monitor)
 * Errors: ERR_STALLED no room and wait is false; ERR_CLOSED nobody is there;
 *         ERR_RANGE a field beyond its bound; ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err ipc_send(int sock, const struct msg *m, const int *fds, size_t n_fds,
    bool wait);

/* Sends m without descriptors and without waiting. Errors: as ipc_send */
MUST_CHECK enum err ipc_tell(int sock, const struct msg *m);

/*
 * Receives one message; its spans point into buf of cap bytes.
 * wait:   block until one is there
 * fds:    receives the descriptors, close-on-exec; on any error there are none
 * Errors: ERR_AGAIN nothing there; ERR_CLOSED the other end is gone; ERR_RANGE longer than cap
 *         or more descriptors than its row allows; what msg_decode refuses; ERR_SYSTEM
 */
MUST_CHECK enum err ipc_recv(int sock, struct wr *buf, bool wait, struct msg *m,
    struct ipc_fds *fds);

/* Takes descriptor i, which the caller then owns; -1 where there is none. */
int ipc_fd_take(struct ipc_fds *fds, size_t i);

/* Closes the descriptors that nobody took. */
void ipc_fds_close(struct ipc_fds *fds);

#endif
