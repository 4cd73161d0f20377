/*
 * One SEQPACKET socket to the monitor. Requests are bounded by msg.def; replies are few, because
 * no request is read and no connection accepted while one waits.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/connector/link.h"

static void link_fail(struct link *l, enum err e)
{
	if (e != ERR_CLOSED)
		log_error("connector: the link to the monitor failed: %s", err_text(e));
	event_base_loopbreak(l->base);
}

static void on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct link *l = arg;
	struct wr buf = WR(l->buf);
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv((int)sock, &buf, false, &m, &fds);

	(void)what;
	if (e == ERR_AGAIN)
		return;
	if (e != OK) {
		link_fail(l, e);
		return;
	}
	ipc_fds_close(&fds);
	l->on_request(l->ctx, &m);
}

static struct msg reply_msg(const struct reply *r)
{
	struct span text = span_str(r->text);

	if (r->type == MSG_accepted)
		return MSG_OF(accepted, .id = r->id, .origin = text,
			      .origin_port = r->port);
	if (r->type == MSG_bound)
		return MSG_OF(bound, .id = r->id, .ok = r->ok, .port = r->port,
			      .text = text);
	return MSG_OF(connected, .id = r->id, .ok = r->ok, .text = text);
}

static enum err reply_send(struct link *l, const struct reply *r)
{
	struct msg m = reply_msg(r);
	enum err e = ipc_send(l->sock, &m, &r->fd, r->fd >= 0 ? 1 : 0, false);

	/* the kernel may refuse to carry one more descriptor: say so, but answer */
	if (e == ERR_SYSTEM && m.type == MSG_connected && r->fd >= 0) {
		m.u.connected.ok = 0;
		m.u.connected.text =
		    SPAN_LIT("the connection could not be handed over");
		e = ipc_tell(l->sock, &m);
	} else if (e == ERR_SYSTEM && m.type == MSG_accepted) {
		log_error("connector: an accepted connection could not be handed over");
		e = OK;
	}
	if (e != ERR_STALLED && r->fd >= 0)
		close(r->fd);
	return e;
}

static void on_writable(evutil_socket_t sock, short what, void *arg)
{
	struct link *l = arg;
	enum err e = OK;

	(void)sock;
	(void)what;
	while (l->first != NULL) {
		struct reply *r = l->first;

		e = reply_send(l, r);
		if (e == ERR_STALLED)
			return;
		l->first = r->next;
		free(r);
		if (e != OK) {
			link_fail(l, e);
			break;
		}
	}
	if (l->first != NULL)
		return;
	l->last = &l->first;
	event_del(l->writable);
	event_add(l->readable, NULL);
	l->on_stall(l->ctx, false);
}

/* Keeps r for later. The first one that waits stops requests and listeners. */
static enum err reply_keep(struct link *l, const struct reply *r)
{
	struct reply *kept = malloc(sizeof *kept);

	if (kept == NULL)
		return ERR_MEMORY;
	*kept = *r;
	kept->next = NULL;
	if (l->first == NULL) {
		event_del(l->readable);
		event_add(l->writable, NULL);
		l->on_stall(l->ctx, true);
	}
	*l->last = kept;
	l->last = &kept->next;
	return OK;
}

void link_reply(struct link *l, const struct reply *r)
{
	enum err e = l->first != NULL ? ERR_STALLED : reply_send(l, r);

	if (e == ERR_STALLED) {
		e = reply_keep(l, r);
		if (e != OK && r->fd >= 0)
			close(r->fd);
	}
	if (e != OK)
		link_fail(l, e);
}

bool link_stalled(const struct link *l)
{
	return l->first != NULL;
}

enum err link_init(struct link *l, struct event_base *base, int sock)
{
	l->base = base;
	l->sock = sock;
	l->last = &l->first;
	l->readable = event_new(base, sock, EV_READ | EV_PERSIST, on_readable, l);
	l->writable = event_new(base, sock, EV_WRITE | EV_PERSIST, on_writable, l);
	if (l->readable == NULL || l->writable == NULL ||
	    event_add(l->readable, NULL) != 0)
		return ERR_MEMORY;
	return OK;
}

void link_handlers(struct link *l, link_request_fn *on_request, link_stall_fn *on_stall,
		   void *ctx)
{
	l->on_request = on_request;
	l->on_stall = on_stall;
	l->ctx = ctx;
}

void link_wipe(struct link *l)
{
	struct reply *r;

	while ((r = l->first) != NULL) {
		l->first = r->next;
		if (r->fd >= 0)
			close(r->fd);
		free(r);
	}
	l->last = &l->first;
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	l->readable = NULL;
	l->writable = NULL;
}

void reply_text(struct reply *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
	for (char *p = r->text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}
