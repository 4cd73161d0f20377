/*
 * The waiter: while the user's program runs, it passes signals on and accepted connections up.
 * By now it is the user, behind the walls of ROLE_SESSION: what it may do is in sandbox.def.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/login/session.h"

#define WAIT_BUF_BYTES 64 /* login_signal is all that comes */

enum { POLL_MONITOR, POLL_PROGRAM, POLL_FIRST };

static enum err on_monitor(struct session *s)
{
	uint8_t store[WAIT_BUF_BYTES];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;
	int number;
	enum err e = ipc_recv(s->child->sock, &buf, false, &m, &fds);

	if (e != OK)
		return e == ERR_AGAIN ? OK : e;
	ipc_fds_close(&fds);
	if (m.type != MSG_login_signal)
		return ERR_FORBIDDEN;
	number = signal_number(m.u.login_signal.signal);
	if (number != 0 && s->program > 0)
		(void)kill(-s->program, number);
	return OK;
}

static enum err on_ended(struct session *s)
{
	struct msg exited = MSG_OF(login_exited, .status = 0);
	int status = 0;

	while (waitpid(s->program, &status, 0) < 0)
		if (errno != EINTR)
			return ERR_SYSTEM;
	s->program = -1;
	close(s->program_fd);
	s->program_fd = -1;
	if (WIFSIGNALED(status)) {
		exited.u.login_exited.signal = span_str(signal_name(WTERMSIG(status)));
		exited.u.login_exited.core = WCOREDUMP(status) ? 1 : 0;
	} else {
		exited.u.login_exited.status = (uint32_t)WEXITSTATUS(status);
	}
	return ipc_send(s->child->sock, &exited, NULL, 0, true);
}

/* Serves what poll found. Listeners may close meanwhile: the last ones are looked at first. */
static enum err on_poll(struct session *s, const struct pollfd *p, size_t n)
{
	enum err e = OK;

	for (size_t i = n; i > POLL_FIRST && e == OK; i--)
		if (p[i - 1].revents != 0 && i - 1 - POLL_FIRST < s->forwards.n)
			e = forward_relay(s->child, &s->forwards, i - 1 - POLL_FIRST);
	if (e == OK && p[POLL_MONITOR].revents != 0)
		e = on_monitor(s);
	if (e == OK && p[POLL_PROGRAM].revents != 0)
		e = on_ended(s);
	return e;
}

/*
 * A program in the background may still use the agent or the display after the one that was
 * started has ended: then the monitor's closing of the channel is the end.
 */
void session_wait(struct session *s)
{
	struct pollfd p[POLL_FIRST + SESSION_LISTENERS];
	enum err e = OK;

	while (e == OK && (s->program > 0 || s->forwards.n > 0)) {
		size_t n = POLL_FIRST;

		p[POLL_MONITOR] =
		    (struct pollfd){.fd = s->child->sock, .events = POLLIN};
		p[POLL_PROGRAM] =
		    (struct pollfd){.fd = s->program_fd, .events = POLLIN};
		for (size_t i = 0; i < s->forwards.n; i++)
			p[n++] = (struct pollfd){.fd = s->forwards.at[i].fd,
						 .events = POLLIN};
		if (poll(p, (nfds_t)n, -1) < 0) {
			e = errno == EINTR ? OK : ERR_SYSTEM;
			continue;
		}
		e = on_poll(s, p, n);
	}
	session_end(s);
}

void session_end(struct session *s)
{
	if (s->program > 0) { /* the monitor is gone, or has let go of the channel */
		(void)kill(-s->program, SIGHUP);
		(void)kill(-s->program, SIGCONT);
	}
	forwards_close(&s->forwards);
}
