/*
 * Sessions: collected from requests, started by the monitor's login helper, ended when
 *           the program ended and all
 * it wrote was sent. Source: RFC 4254 6
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/chan/chan_private.h"
#include "worker/qos.h"

enum { PIPES = 3 };

enum err session_open(struct chan *c, struct rd *r)
{
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	c->session = calloc(1, sizeof *c->session);
	if (c->session == NULL)
		return ERR_MEMORY;
	c->session->setup = calloc(1, sizeof *c->session->setup);
	if (c->session->setup == NULL)
		return ERR_MEMORY;
	return worker_ask(c->worker, &MSG_OF(open_session, .chan = c->number));
}

static void setup_free(struct setup *s)
{
	if (s == NULL)
		return;
	free(s->env);
	wipe(s->x11_cookie, sizeof s->x11_cookie);
	free(s);
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	setup_free(s->setup);
	free(s);
}

bool session_began(const struct session *s)
{
	return s->phase == SESSION_RUNNING || s->phase == SESSION_EXITED;
}

enum err session_start(struct chan *c, enum session_kind kind, struct span command)
{
	const struct setup *s = c->session->setup;

	c->session->phase = SESSION_ASKED;
	idle_started(c, kind, command);
	return worker_ask(
	    c->worker,
	    &MSG_OF(session_start, .chan = c->number, .kind = (uint8_t)kind,
		    .reply = c->session->reply, .command = command, .pty = s->pty,
		    .term = {s->term, s->term_n}, .columns = s->columns,
		    .rows = s->rows, .width_px = s->width_px, .height_px = s->height_px,
		    .modes = {s->modes, s->modes_n}, .env = {s->env, s->env_n},
		    .agent = s->agent, .x11 = s->x11,
		    .x11_protocol = {s->x11_protocol, s->x11_protocol_n},
		    .x11_cookie = {s->x11_cookie, s->x11_cookie_n},
		    .x11_screen = s->x11_screen));
}

/* ---- started ---- */

/* The open file is ours alone, but for the flag that its other end does not see. */
static enum err set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return ERR_SYSTEM;
	if ((flags & O_NONBLOCK) != 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return OK;
	return ERR_SYSTEM;
}

static enum err join(struct chan *c, struct ipc_fds *fds)
{
	size_t n = c->session->setup->pty ? 1 : PIPES;
	int fd[PIPES];
	enum err e = OK;

	for (size_t i = 0; i < n && e == OK; i++)
		e = set_nonblocking(fds->fd[i]);
	if (e != OK)
		return e;
	for (size_t i = 0; i < n; i++)
		fd[i] = ipc_fd_take(fds, i);
	return n == 1 ? chan_join_tty(c, fd[0]) : chan_join_pipes(c, fd);
}

static enum err begin(struct chan *c, bool script, struct ipc_fds *fds)
{
	struct session *s = c->session;
	enum err e = script ? chan_join_script(c) : join(c, fds);

	if (e != OK)
		return e;
	s->phase = SESSION_RUNNING;
	s->tty = s->setup->pty;
	s->agent = s->setup->agent;
	s->x11 = s->setup->x11 != 0;
	setup_free(s->setup);
	s->setup = NULL;
	return OK;
}

static bool may_begin(const struct chan *c, const struct msg_session_started *m,
		      const struct ipc_fds *fds)
{
	size_t need = c->session->setup->pty ? 1 : PIPES;

	return m->ok != 0 && (m->script != 0 || fds->n >= need);
}

/*
 * Refused with words for the user: clients show what comes on stderr of a session that
 * runs, but drop it where the request fails. So it runs, says them, and ends at once.
 */
static enum err refuse_in_words(struct chan *c, struct span message)
{
	enum err e;

	if (c->session->reply && (e = send_request_answer(c, true)) != OK)
		return e;
	c->session->phase = SESSION_EXITED;
	c->session->status = 1;
	return send_notice(c, message);
}

/* What becomes of the request that started it. */
static enum err answer_start(struct chan *c, const struct msg_session_started *m,
			     bool ok, struct ipc_fds *fds)
{
	struct session *s = c->session;
	struct printable shown;
	enum err e;

	if (ok && m->script == 0)
		qos_session(c->worker, s->setup->pty);
	if (ok && (e = begin(c, m->script != 0, fds)) != OK)
		return e;
	if (!ok) {
		log_debug("channel %u: not started: %s", c->number,
			  printable(m->text, &shown));
		if (m->message.n > 0)
			return refuse_in_words(c, m->message);
		s->phase = SESSION_COLLECT;
	}
	return s->reply ? send_request_answer(c, ok) : OK;
}

enum err on_session_started(struct worker *w, const struct msg_session_started *m,
			    struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->chan, CHAN_OPEN);
	bool ok;
	enum err e;

	if (c == NULL || c->close_sent || c->session == NULL ||
	    c->session->phase != SESSION_ASKED)
		return OK;
	ok = may_begin(c, m, fds);
	if ((e = answer_start(c, m, ok, fds)) != OK || (e = requests_resume(c)) != OK)
		return e;
	if (c->script != NULL)
		return script_flush(c);
	if (ok && c->queue.n > 0 && (e = chan_flush(c)) != OK)
		return e;
	return chan_progress(c);
}

/* ---- ended ---- */

enum err send_exit(struct chan *c)
{
	const struct session *s = c->session;
	struct transport *t = &c->worker->transport;
	struct wr *p = transport_begin(t, SSH_MSG_CHANNEL_REQUEST);

	wr_u32(p, c->peer);
	wr_str(p, s->signal_n == 0 ? "exit-status" : "exit-signal");
	wr_bool(p, false);
	if (s->signal_n == 0) {
		wr_u32(p, s->status);
		return transport_commit(t);
	}
	wr_bytes(p, (struct span){s->signal, s->signal_n});
	wr_bool(p, s->core);
	wr_str(p, ""); /* error message */
	wr_str(p, ""); /* language tag */
	return transport_commit(t);
}

/* The program is gone: nobody wants input, and what it wrote is still in the pipes. */
enum err on_session_exited(struct worker *w, const struct msg_session_exited *m,
			   struct ipc_fds *fds)
{
	struct chan *c = chan_find(w, m->chan, CHAN_OPEN);
	struct session *s;
	enum err e;

	(void)fds;
	if (c == NULL || c->close_sent || c->session == NULL ||
	    c->session->phase != SESSION_RUNNING)
		return OK;
	s = c->session;
	if (m->signal.n > sizeof s->signal)
		return ERR_RANGE;
	s->phase = SESSION_EXITED;
	s->status = m->status;
	s->core = m->core != 0;
	s->signal_n = m->signal.n;
	if (m->signal.n > 0)
		memcpy(s->signal, m->signal.p, m->signal.n);
	if (c->writing && (e = chan_write_failed(c)) != OK)
		return e;
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++)
		c->drain[i] = c->reading[i];
	return chan_drain(c);
}
