/*
 * How a connection ends: the one place where an error becomes a DISCONNECT, and the last
 * words to client and monitor. A client that does not read cannot hold us up for long.
 * Source: RFC 4253 11.1
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "worker/ask.h"
#include "worker/wire/banner.h"
#include "worker/worker.h"

static void note_end(struct worker *w, uint32_t reason, const char *text)
{
	w->ending = true;
	w->end_reason = reason;
	(void)snprintf(w->end_text, sizeof w->end_text, "%.*s", LIMIT_TEXT_BYTES - 1,
		       text);
}

static enum err send_disconnect(struct worker *w, uint32_t reason, const char *text)
{
	struct wr *p;

	transport_cancel(&w->transport);
	p = transport_begin(&w->transport, SSH_MSG_DISCONNECT);
	wr_u32(p, reason);
	wr_str(p, text);
	wr_str(p, ""); /* language tag */
	return transport_commit(&w->transport);
}

void worker_disconnect(struct worker *w, uint32_t reason, const char *text)
{
	if (w->ending)
		return;
	note_end(w, reason, text);
	if (w->transport.fd < 0)
		return; /* a spare: nobody is there */
	w->linger = true;
	if (send_disconnect(w, reason, text) != OK)
		log_debug("no DISCONNECT could be sent");
}

void worker_disconnected(struct worker *w, uint32_t reason, const char *text)
{
	char said[LIMIT_TEXT_BYTES];

	if (w->ending)
		return;
	(void)snprintf(said, sizeof said, "disconnected by client: %s", text);
	note_end(w, reason, said);
}

enum err worker_blame(struct worker *w, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->blame, sizeof w->blame, fmt, ap);
	va_end(ap);
	return e;
}

/* The client has not spoken SSH yet: it is told in plain text, as sshd does. */
static void refuse_banner(struct worker *w, enum err e, const char *text)
{
	note_end(w, 0, text);
	w->linger = true;
	if (transport_raw(&w->transport, banner_refusal(e)) != OK)
		log_debug("client is left without an answer");
}

void worker_fail(struct worker *w, enum err e, const char *text)
{
	char all[2 * LIMIT_TEXT_BYTES];
	const char *more = text != NULL ? text : w->blame;

	if (w->ending)
		return;
	(void)snprintf(all, sizeof all, "%s%s%s", err_text(e),
		       more[0] == '\0' ? "" : ": ", more);
	switch (err_class(e)) {
	case ERR_CLASS_PEER:
		if (e == ERR_BANNER || e == ERR_VERSION)
			refuse_banner(w, e, all);
		else
			worker_disconnect(w, err_reason(e), all);
		return;
	case ERR_CLASS_LOCAL:
		w->end_error = e;
		note_end(w, 0, all);
		return;
	case ERR_CLASS_BUG:
		log_fatal("%s", all);
		abort();
	}
}

/* Milliseconds that are left until the deadline. */
static int time_left(struct worker *w, uint64_t deadline_ms)
{
	loop_clock(&w->loop);
	return w->loop.now_ms < deadline_ms ? (int)(deadline_ms - w->loop.now_ms) : 0;
}

static bool wait_for(struct worker *w, short events, uint64_t deadline_ms)
{
	struct pollfd p = {.fd = w->transport.fd, .events = events};

	return poll(&p, 1, time_left(w, deadline_ms)) > 0;
}

static void flush_all(struct worker *w, uint64_t deadline_ms)
{
	while (transport_flush(&w->transport) == OK && w->transport.output.n > 0)
		if (!wait_for(w, POLLOUT, deadline_ms))
			return;
}

/*
 * Lets pass what the client had sent when we made up our mind: with unread bytes the
 * kernel would reset the connection, and our last words with it.
 */
static void drain(struct worker *w, uint64_t deadline_ms)
{
	size_t left = LIMIT_FAREWELL_BYTES;
	struct buffer *b = &w->transport.input;
	ssize_t n;

	if (shutdown(w->transport.fd, SHUT_WR) != 0)
		return;
	buffer_take(b, b->n);
	if (buffer_reserve(b, LIMIT_BUFFER_STEP_BYTES) != OK)
		return;
	while (wait_for(w, POLLIN, deadline_ms)) {
		n = recv(w->transport.fd, buffer_end(b), buffer_free_bytes(b), 0);
		if (n <= 0 || (size_t)n > left)
			return;
		left -= (size_t)n;
	}
}

void worker_farewell(struct worker *w)
{
	uint64_t deadline_ms;

	loop_clock(&w->loop);
	deadline_ms = w->loop.now_ms + LIMIT_FAREWELL_MS;
	if (w->transport.fd >= 0)
		flush_all(w, deadline_ms);
	if (chans_farewell(w) != OK)
		return;
	if (ask_conn_end(w, w->end_reason, span_str(w->end_text)) != OK)
		return;
	if (w->linger && w->transport.fd >= 0)
		drain(w, deadline_ms);
}
