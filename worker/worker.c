/*
 * A worker's turn: hear the monitor, hear the client, let channels move, write once.
 * The client is not listened to while the monitor thinks, nor while more waits for the
 * client than it reads.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/ask.h"
#include "worker/wire/banner.h"
#include "worker/wire/dispatch.h"
#include "worker/worker.h"

static bool must_wait(const struct worker *w)
{
	return w->kex.phase == KEX_WAIT_SIGN || w->auth.phase == AUTH_WAIT_MONITOR ||
	       transport_choked(&w->transport);
}

/* RFC 4253 4.2: the first line is no packet. */
static enum err take_banner(struct worker *w)
{
	struct span ident;
	size_t used;
	enum err e = banner_take(transport_peek(&w->transport), w->settings->m.versions,
				 &used, &ident);

	if (e == OK)
		e = bytes_to_str(w->kex.v_client, sizeof w->kex.v_client, ident);
	if (e == OK)
		transport_skip(&w->transport, used);
	return e;
}

static enum err take_packet(struct worker *w)
{
	struct span payload;
	enum err e;

	if (w->kex.v_client[0] == '\0')
		return take_banner(w);
	if ((e = transport_next(&w->transport, &payload)) != OK)
		return e;
	return dispatch(w, payload);
}

/* Takes what was read, as far as we may; the monitor's answers to it are not to pile up. */
static void take_pending(struct worker *w)
{
	enum err e;

	for (size_t i = 0;
	     i < LIMIT_TURN_PACKETS && w->pending && !w->ending && !must_wait(w); i++) {
		e = take_packet(w);
		if (e == ERR_AGAIN)
			w->pending = false;
		else if (e != OK)
			worker_fail(w, e, NULL);
	}
}

static void client_ready(struct watch *watch, short revents)
{
	struct worker *w = watch->ctx;
	enum err e;

	w->busy = true;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) == 0 || w->pending || w->ending)
		return;
	e = transport_read(
	    &w->transport,
	    bucket_room(&w->rate_in, w->transport.bytes_in, w->loop.now_ms));
	if (e == OK)
		w->pending = true;
	else if (e != ERR_AGAIN)
		worker_fail(w, e, NULL);
}

/* Hears the monitor once. Errors: ERR_AGAIN it says nothing */
static enum err hear(struct worker *w)
{
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(w->monitor.fd, &w->ipc, false, &m, &fds);

	if (e == ERR_CLOSED) {
		worker_disconnect(w, SSH_DISCONNECT_BY_APPLICATION, "gateway ends");
		return OK;
	}
	if (e != OK)
		return e;
	e = ask_answered(w, &m, &fds);
	ipc_fds_close(&fds);
	return e;
}

static void monitor_ready(struct watch *watch, short revents)
{
	struct worker *w = watch->ctx;
	enum err e = OK;

	(void)revents;
	/* one message is the rule, and then a call to find no more is one too many */
	do
		if (!w->ending)
			e = hear(w);
	while (e == OK && w->pending && !w->ending);
	if (e != OK && e != ERR_AGAIN)
		worker_fail(w, e, NULL);
}

enum err on_conn_begin(struct worker *w, const struct msg_conn_begin *m,
		       struct ipc_fds *fds)
{
	enum err e;

	if (w->client.slot != 0 || fds->n == 0)
		return ERR_BUG;
	w->id = m->id;
	w->asks_service = m->services != 0;
	w->transport.fd = ipc_fd_take(fds, 0);
	w->client.fd = w->transport.fd;
	if ((e = loop_watch(&w->loop, &w->client)) != OK)
		return e;
	return kex_begin(w);
}

/* An exchange that is under way gives new keys as well. */
enum err on_rekey(struct worker *w, const struct msg_rekey *m, struct ipc_fds *fds)
{
	(void)m;
	(void)fds;
	return w->kex.phase == KEX_IDLE ? kex_begin(w) : OK;
}

enum err on_disconnect(struct worker *w, const struct msg_disconnect *m,
		       struct ipc_fds *fds)
{
	char text[LIMIT_TEXT_BYTES + 1];
	enum err e = bytes_to_str(text, sizeof text, m->text);

	(void)fds;
	if (e == OK)
		worker_disconnect(w, m->reason, text);
	return e;
}

/* After some time without a byte: buffers go, and pages that nothing uses any more. */
static void rest(struct timer *t)
{
	struct worker *w = t->ctx;

	if (w->busy)
		return;
	transport_rest(&w->transport);
	malloc_trim(0);
}

static void note_busy(struct worker *w)
{
	if (!w->busy || w->rest.running)
		return;
	w->busy = false;
	loop_timer(&w->loop, &w->rest, LIMIT_REST_MS);
}

/* There is room for data again; what wants it is looked at before each wait. */
static void rate_room(struct timer *t)
{
	(void)t;
}

/* Waits for room where a rate is used up, and tells whether the client may be read. */
static bool rate_prepare(struct worker *w)
{
	uint64_t now = w->loop.now_ms;
	bool in = bucket_room(&w->rate_in, w->transport.bytes_in, now) > 0;
	bool out = bucket_room(&w->rate_out, w->transport.bytes_out, now) > 0;
	uint64_t ms = UINT64_MAX;

	if (in && out)
		return true;
	if (!in)
		ms = bucket_wait_ms(&w->rate_in);
	if (!out && bucket_wait_ms(&w->rate_out) < ms)
		ms = bucket_wait_ms(&w->rate_out);
	loop_timer(&w->loop, &w->rate, ms);
	return in;
}

/* What is due before we wait. */
static enum err prepare(struct worker *w)
{
	enum err e = kex_begin_due(w);

	if (e != OK)
		return e;
	if ((e = transport_flush(&w->transport)) != OK)
		return e;
	if (w->auth.phase == AUTH_OPEN)
		chans_prepare(w); /* after the flush: it asks how much room there is */
	if ((e = chans_tell_carried(w, LIMIT_CARRIED_BYTES)) != OK)
		return e;
	w->client.events = 0;
	if (rate_prepare(w) && !w->pending)
		w->client.events |= POLLIN;
	if (w->transport.output.n > 0)
		w->client.events |= POLLOUT;
	return OK;
}

void worker_turn(struct worker *w)
{
	enum err e = prepare(w);

	if (e == OK && !w->ending)
		e = loop_turn(&w->loop, !w->pending || must_wait(w));
	if (e != OK)
		worker_fail(w, e, NULL);
	take_pending(w);
	note_busy(w);
}

enum err worker_ask(struct worker *w, const struct msg *m)
{
	/* a client must not make us break the monitor's rules: that would look like a seized worker */
	if (w->asked[m->type] >= msg_rules[m->type].budget)
		return ERR_BUDGET;
	w->asked[m->type]++;
	return ipc_send(w->monitor.fd, m, NULL, 0, true);
}

void worker_log(void *ctx, enum log_level level, const char *line)
{
	struct worker *w = ctx;

	if (w->log_lines >= LIMIT_LOG_LINES)
		return;
	w->log_lines++;
	if (worker_ask(w, &MSG_OF(log_line, .level = (uint8_t)level,
				  .text = span_str(line))) != OK)
		w->log_lines = LIMIT_LOG_LINES; /* nobody listens any more */
}

enum err worker_init(struct worker *w, const struct worker_settings *s, int monitor_fd)
{
	enum err e;

	*w = (struct worker){.settings = s};
	w->transport.fd = -1;
	w->ipc.cap = LIMIT_WORKER_MSG_BYTES;
	if ((w->ipc.p = malloc(w->ipc.cap)) == NULL)
		return ERR_MEMORY;
	w->monitor = (struct watch){
	    .fd = monitor_fd, .events = POLLIN, .fn = monitor_ready, .ctx = w};
	w->client = (struct watch){.fd = -1, .fn = client_ready, .ctx = w};
	w->rest = (struct timer){.fn = rest, .ctx = w};
	w->rate = (struct timer){.fn = rate_room, .ctx = w};
	loop_clock(&w->loop);
	if ((e = loop_watch(&w->loop, &w->monitor)) != OK)
		worker_wipe(w);
	return e;
}

void worker_wipe(struct worker *w)
{
	chans_wipe(w);
	auth_wipe(&w->auth);
	kex_wipe(&w->kex);
	transport_wipe(&w->transport);
	if (w->transport.fd >= 0)
		close(w->transport.fd);
	w->transport.fd = -1;
	loop_wipe(&w->loop);
	free(w->ipc.p);
	w->ipc.p = NULL;
}

_Noreturn void worker_run(const struct worker_settings *s, int monitor_fd)
{
	struct worker w;

	if (worker_init(&w, s, monitor_fd) != OK)
		_exit(EXIT_FAILURE);
	log_open(worker_log, &w, (enum log_level)s->m.log_level);
	while (!w.ending)
		worker_turn(&w);
	worker_farewell(&w);
	worker_wipe(&w);
	_exit(EXIT_SUCCESS); /* destructors would touch pages for nobody */
}
