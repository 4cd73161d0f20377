/*
 * One SEQPACKET socket to the monitor. What is to be sent waits with the client that it is of, so nothing
 * grows where the monitor does not read for a while.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/control/control.h"

static void link_fail(struct control *k, enum err e)
{
	k->end = e;
	event_base_loopbreak(k->base);
}

/* ---- to the monitor ---- */

static enum err send_end(struct client *c)
{
	enum err e = ipc_tell(c->k->sock, &MSG_OF(ctl_gone, .client = c->id));

	if (e != OK)
		return e;
	TAILQ_REMOVE(&c->k->queue, c, queued);
	client_free(c);
	return OK;
}

static enum err send_call(struct client *c)
{
	enum err e = ipc_tell(
	    c->k->sock, &MSG_OF(ctl_call, .call = client_call_id(c), .client = c->id,
				.method = (uint8_t)c->call.method, .after = c->next,
				.params = {c->call.params, c->call.params_n}));

	if (e != OK)
		return e;
	TAILQ_REMOVE(&c->k->queue, c, queued);
	c->state = CLIENT_ASKED;
	return OK;
}

static enum err send_one(struct client *c)
{
	return c->fd < 0 ? send_end(c) : send_call(c);
}

static void send_all(struct control *k)
{
	bool following = k->n_following > 0;
	enum err e = OK;

	if (following != k->told_following) {
		e = ipc_tell(k->sock, &MSG_OF(ctl_follow, .on = following));
		if (e == OK)
			k->told_following = following;
	}
	while (e == OK && !TAILQ_EMPTY(&k->queue))
		e = send_one(TAILQ_FIRST(&k->queue));
	if (e == ERR_STALLED)
		e = event_add(&k->writable, NULL) == 0 ? OK : ERR_SYSTEM;
	if (e != OK)
		link_fail(k, e);
}

static void on_writable(evutil_socket_t sock, short what, void *arg)
{
	(void)sock;
	(void)what;
	send_all(arg);
}

void control_link_send(struct control *k)
{
	event_active(&k->writable, EV_WRITE, 0);
}

/* ---- from the monitor ---- */

static void on_ctl_row(struct control *k, const struct msg_ctl_row *m)
{
	struct client *c = client_of_call(k, m->call);

	if (c != NULL)
		reply_row(c, m->facts);
}

static void rows_done(struct client *c, const struct msg_ctl_done *m)
{
	if (m->next == 0) {
		reply_rows_end(c);
		client_answered(c);
		return;
	}
	c->next = m->next;
	c->state = CLIENT_FULL; /* until it has room, which may be now */
}

static void on_ctl_done(struct control *k, const struct msg_ctl_done *m)
{
	struct client *c = client_of_call(k, m->call);
	char text[LIMIT_LOG_BYTES + 1];

	if (c == NULL)
		return;
	if (bytes_to_str(text, sizeof text, m->text) != OK)
		text[0] = '\0';
	if (m->error != CTL_OK && c->begun) {
		client_cut(
		    c); /* in the midst of a list there is no other way to say so */
		return;
	}
	if (m->error != CTL_OK) {
		reply_error(c, (enum ctl_error)m->error, text);
		client_answered(c);
	} else if (ctl_methods[c->call.method].kind == CTL_ROWS) {
		rows_done(c, m);
	} else {
		reply_result(c, m->facts);
		client_answered(c);
	}
	client_step(c);
}

static enum err take(struct control *k, const struct msg *m, struct ipc_fds *fds)
{
	switch ((unsigned)m->type) {
	case MSG_ctl_client:
		client_begin(k, &m->u.ctl_client, ipc_fd_take(fds, 0));
		return OK;
	case MSG_ctl_row:
		on_ctl_row(k, &m->u.ctl_row);
		return OK;
	case MSG_ctl_done:
		on_ctl_done(k, &m->u.ctl_done);
		return OK;
	case MSG_ctl_event:
		follow_event(k, &m->u.ctl_event);
		return OK;
	}
	return ERR_FORBIDDEN;
}

static void on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct control *k = arg;
	struct wr buf = {.p = k->buf.p, .cap = k->buf.cap};
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(sock, &buf, false, &m, &fds);

	(void)what;
	if (e == ERR_AGAIN)
		return;
	if (e == OK) {
		e = take(k, &m, &fds);
		ipc_fds_close(&fds);
	}
	if (e != OK)
		link_fail(k, e);
}

enum err control_link_open(struct control *k, int sock)
{
	k->sock = sock;
	TAILQ_INIT(&k->queue);
	k->buf = (struct wr){.p = malloc(LIMIT_MSG_BYTES), .cap = LIMIT_MSG_BYTES};
	k->chunk = malloc(LIMIT_CONTROL_READ_BYTES);
	if (k->buf.p == NULL || k->chunk == NULL ||
	    event_assign(&k->readable, k->base, sock, EV_READ | EV_PERSIST, on_readable,
			 k) != 0 ||
	    event_assign(&k->writable, k->base, sock, EV_WRITE, on_writable, k) != 0 ||
	    event_add(&k->readable, NULL) != 0)
		return ERR_MEMORY;
	return OK;
}
