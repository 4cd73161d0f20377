/*
 * A connection begins as a descriptor and a timer; it gets a worker when its client has spoken.
 * The socket is watched, never read: bytes from the network are the worker's alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth_flow.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/limits.h"
#include "monitor/link.h"
#include "monitor/load.h"
#include "monitor/metrics.h"
#include "monitor/policy_link.h"
#include "monitor/script.h"
#include "monitor/serve_chan.h"
#include "monitor/sign.h"
#include "monitor/spawn.h"

/* A worker whose connection is gone for so long does not mean to end. */
#define LINGER_TICKS 8
/* Where the nursery does not keep up, a connection asks it again after so long. */
#define WORKER_PAUSE_US 20000

static void startup_add(struct conn *c)
{
	struct monitor *m = c->m;

	c->startup = true;
	c->block = source_block(&c->source, &m->set->per_source_net_block_size);
	penalty_startup_add(&m->penalties, &c->block);
	c->startup_prev = m->startup_last;
	if (m->startup_last != NULL)
		m->startup_last->startup_next = c;
	else
		m->startup_first = c;
	m->startup_last = c;
	m->n_startups++;
}

static void startup_remove(struct conn *c)
{
	struct monitor *m = c->m;

	if (!c->startup)
		return;
	c->startup = false;
	penalty_startup_remove(&m->penalties, &c->block);
	*(c->startup_prev != NULL ? &c->startup_prev->startup_next
				  : &m->startup_first) = c->startup_next;
	*(c->startup_next != NULL ? &c->startup_next->startup_prev : &m->startup_last) =
	    c->startup_prev;
	m->n_startups--;
}

void conn_penalize(struct conn *c, enum penalty_cause cause)
{
	c->penalized = true;
	penalty_add(&c->m->penalties, c->m->set, &c->source, (struct offence){cause, 1},
		    clock_ms());
}

/*
 * It is over. Where nobody logged in, each password or code that was tried counts; offered keys are
 * no failures, but an end without success is one.
 */
static void penalize_end(struct conn *c)
{
	const struct conn_work *w = c->work;
	struct offence what = {PENALTY_NOAUTH, 1};

	if (!c->startup || c->penalized || c->m->stopping)
		return;
	if (w != NULL && w->tried)
		what.cause = PENALTY_AUTHFAIL;
	if (w != NULL && w->failures > 0)
		what.times = w->failures;
	penalty_add(&c->m->penalties, c->m->set, &c->source, what, clock_ms());
}

static void work_free(struct conn *c)
{
	struct conn_work *w = c->work;
	struct child *child;

	if (w == NULL)
		return;
	if (w->told_tick != 0)
		c->m->n_told--;
	child = idmap_find(&c->m->children, w->child);
	if (child != NULL)
		child->gone_tick = c->m->ticks + 1;
	signs_drop(c);
	conn_channels_wipe(c);
	limits_wipe(c);
	conn_auth_wipe(c);
	link_close(&w->link);
	free(w->client_version);
	wipe(w, sizeof *w);
	free(w);
}

static void conn_free(struct conn *c)
{
	struct monitor *m = c->m;

	metrics_ended(c);
	conn_policy_over(c);
	startup_remove(c);
	work_free(c);
	event_del(&c->ev);
	if (c->fd >= 0)
		close(c->fd);
	*(c->prev != NULL ? &c->prev->next : &m->conns) = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	m->n_conns--;
	idmap_remove(&m->conns_by_id, c->id);
	config_unref(c->config);
	ring_unref(c->ring);
	free(c);
}

/*
 * Workers were told of the keys that are in force now. A client that was greeted before a reload goes on with
 * those, unless it was greeted with another identification string: then the exchange hash could not agree.
 */
static enum err ring_renew(struct conn *c)
{
	struct ring *now = c->m->ring;

	if (strcmp(c->ring->ident, now->ident) != 0)
		return ERR_VERSION;
	ring_unref(c->ring);
	c->ring = ring_ref(now);
	return OK;
}

/*
 * The client has spoken: from now on a worker serves it.
 * Errors: ERR_AGAIN the nursery is busy, or a new one begins
 */
static enum err take_worker(struct conn *c)
{
	struct child *child;
	struct msg begin = MSG_OF(conn_begin, .id = c->id);
	struct conn_work *w = calloc(1, sizeof *w);
	int sock = -1;
	enum err e;

	if (w == NULL)
		return ERR_MEMORY;
	w->link = (struct link){.sock = -1, .peer = MSG_WORKER, .state = IN_KEX};
	w->set = config_settings(c->config);
	c->work = w;
	e = ring_renew(c);
	if (e == OK && (e = spawn_worker(c->m, c, &sock, &w->child)) != OK) {
		free(w);
		c->work = NULL;
		return e == ERR_STALLED || e == ERR_CLOSED ? ERR_AGAIN : e;
	}
	if (e == OK)
		e = link_open(&w->link, c->m, sock, c);
	if (e != OK)
		return e;
	child = idmap_find(&c->m->children, w->child);
	begin.u.conn_begin.services = policy_hears(c, POLICY_ON_service_request);
	begin.u.conn_begin.remote = span_str(child != NULL ? child->remote : "");
	e = link_send(&w->link, &begin, &c->fd, 1);
	event_del(&c->ev);
	close(c->fd);
	c->fd = -1;
	conn_policy_status(c, "KEXINIT key exchange begins");
	return e;
}

static void conn_speaks(evutil_socket_t fd, short events, void *arg)
{
	const struct timeval pause = {.tv_usec = WORKER_PAUSE_US};
	struct conn *c = arg;
	enum err e;

	(void)fd;
	if ((events & EV_CLOSED) != 0) {
		log_verbose(
		    "conn=%llu closed by %s port %u before it identified itself",
		    (unsigned long long)c->id, c->remote.address,
		    (unsigned)c->remote.port);
		penalize_end(c);
		conn_free(c);
		return;
	}
	e = take_worker(c);
	if (e == ERR_AGAIN) {
		log_debug("conn=%llu waits for a worker", (unsigned long long)c->id);
		evtimer_assign(&c->ev, c->m->base, conn_speaks, c);
		e = event_add(&c->ev, &pause) == 0 ? OK : ERR_SYSTEM;
	}
	if (e != OK) {
		log_error("conn=%llu no worker for %s: %s", (unsigned long long)c->id,
			  c->remote.address, err_text(e));
		conn_free(c);
	}
}

void conn_greet(struct conn *c)
{
	size_t n = strlen(c->ring->ident);

	/* a new socket's buffer holds the identification string; if not, the peer is gone */
	if (send(c->fd, c->ring->ident, n, MSG_NOSIGNAL) != (ssize_t)n ||
	    event_add(&c->ev, NULL) != 0) {
		log_verbose("conn=%llu went before it was greeted",
			    (unsigned long long)c->id);
		conn_free(c);
	}
}

enum err conn_begin(struct monitor *m, const struct arrival *a)
{
	struct conn *c = calloc(1, sizeof *c);
	enum err e =
	    c == NULL ? ERR_MEMORY : idmap_add(&m->conns_by_id, m->next_id + 1, c);

	if (e != OK) {
		free(c);
		close(a->fd);
		return e;
	}
	*c = (struct conn){.m = m,
			   .id = ++m->next_id,
			   .fd = a->fd,
			   .source = a->source,
			   .remote = a->remote,
			   .local = a->local,
			   .began_ms = clock_ms(),
			   .next = m->conns,
			   .config = config_ref(m->config),
			   .ring = ring_ref(m->ring),
			   .script = script_ref(m->script)};
	if (m->conns != NULL)
		m->conns->prev = c;
	m->conns = c;
	m->n_conns++;
	METRIC_MORE(m, connections_total);
	startup_add(c);
	event_assign(&c->ev, m->base, a->fd, EV_READ | EV_CLOSED, conn_speaks, c);
	if (!conn_policy_request(c))
		conn_greet(c);
	return OK;
}

void conn_enter(struct conn *c, enum msg_state state)
{
	c->work->link.state = state;
	if (state == IN_OPEN)
		startup_remove(c);
}

void conn_lost(struct conn *c, enum err e, const char *what)
{
	if (e != ERR_CLOSED) {
		METRIC_MORE(c->m, workers_refused_total);
		log_error("event=worker_refused conn=%llu client=\"%s port %u\" "
			  "message=%s error=\"%s\"",
			  (unsigned long long)c->id, c->remote.address,
			  (unsigned)c->remote.port, what != NULL ? what : "?",
			  err_text(e));
		conn_policy_note_end(c, 0, e);
		conn_policy_error(c, CODE_ABORT, span_str(err_text(e)));
		child_kill(c->m, c->work->child);
		if (e == ERR_FORBIDDEN || e == ERR_BUDGET ||
		    err_class(e) == ERR_CLASS_PEER) {
			conn_penalize(c,
				      PENALTY_CRASH); /* seized, or on the way to it */
			spawn_burn_nursery(c->m, METRIC_BURN_RULES);
		}
	} else if (!c->work->told_end) {
		log_info("conn=%llu end client=\"%s port %u\" its worker ended",
			 (unsigned long long)c->id, c->remote.address,
			 (unsigned)c->remote.port);
	}
	if (e == ERR_CLOSED || err_class(e) == ERR_CLASS_PEER)
		penalize_end(c);
	conn_free(c);
}

static void conn_doomed(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)events;
	conn_lost(c, c->work->doomed, "to it");
}

void conn_fail(struct conn *c, enum err e)
{
	if (c->work == NULL || c->work->doomed != OK)
		return;
	c->work->doomed = e;
	log_debug("conn=%llu fails: %s", (unsigned long long)c->id, err_text(e));
	evtimer_assign(&c->ev, c->m->base, conn_doomed, c);
	event_active(&c->ev, EV_TIMEOUT, 1);
}

void conn_send(struct conn *c, const struct msg *m, const int *fds, size_t n_fds)
{
	enum err e = OK;

	if (m->type == MSG_incoming)
		metrics_channel(c->m, m->type);
	if (!c->work->told_end) /* then it hears no more */
		e = link_send(&c->work->link, m, fds, n_fds);
	if (e == ERR_STALLED && m->type == MSG_incoming)
		log_verbose(
		    "conn=%llu too many forwarded connections at once: one is dropped",
		    (unsigned long long)c->id);
	else if (e != OK && e != ERR_CLOSED)
		conn_fail(c, e);
}

void conn_tell(struct conn *c, const struct msg *m)
{
	conn_send(c, m, NULL, 0);
}

void conn_disconnect(struct conn *c, enum err e, const char *text)
{
	struct msg msg = MSG_OF(disconnect, .reason = err_reason(e),
				.text = span_str(text != NULL ? text : err_text(e)));

	conn_policy_note_end(c, err_reason(e), e);
	if (c->work == NULL) {
		conn_free(c);
		return;
	}
	if (c->work->told_tick == 0)
		c->m->n_told++;
	c->work->told_tick = c->m->ticks + 1;
	conn_tell(c, &msg);
}

bool conn_hears(const struct conn *c, enum msg_type type)
{
	return c->work->told_tick == 0 || type == MSG_conn_end ||
	       type == MSG_log_line || type == MSG_carried;
}

/* A worker that was told to disconnect and goes on is no longer ours. */
static void told_expire(struct monitor *m)
{
	if (m->n_told == 0)
		return;
	for (struct conn *c = m->conns; c != NULL; c = c->next)
		if (c->work != NULL && c->work->told_tick != 0 &&
		    m->ticks > c->work->told_tick + LINGER_TICKS)
			conn_fail(c, ERR_FORBIDDEN);
}

static bool exchanged_keys(const struct conn *c)
{
	return c->work != NULL && c->work->link.state != IN_KEX;
}

static bool is_over(uint64_t age_ms, uint32_t limit_s)
{
	return limit_s != 0 && age_ms / 1000 >= limit_s;
}

/* The oldest come first, so those that are young enough for every limit end the walk. */
static void startups_expire(struct monitor *m, uint64_t now)
{
	uint32_t grace_s = m->set->login_grace_time_s;
	uint32_t handshake_s = m->set->handshake_timeout_s;
	struct conn *c, *next;
	uint64_t age;
	bool grace;

	for (c = m->startup_first; c != NULL; c = next) {
		next = c->startup_next;
		age = now - c->began_ms;
		grace = is_over(age, grace_s);
		if (!grace && !is_over(age, handshake_s))
			return;
		if (!grace && exchanged_keys(c))
			continue;
		conn_penalize(c, PENALTY_GRACE);
		startup_remove(c);
		log_info("conn=%llu timeout before %s for %s port %u",
			 (unsigned long long)c->id,
			 exchanged_keys(c) ? "authentication" : "key exchange",
			 c->remote.address, (unsigned)c->remote.port);
		conn_disconnect(c, ERR_GRACE, NULL);
	}
}

void conns_tick(struct monitor *m)
{
	struct child *child;

	m->ticks++;
	startups_expire(m, clock_ms());
	told_expire(m);
	for (size_t i = 0; i < m->children.cap; i++) {
		child = m->children.slot[i].thing;
		if (m->children.slot[i].id == 0 || child->gone_tick == 0 ||
		    m->ticks < child->gone_tick + LINGER_TICKS)
			continue;
		log_error("event=worker_lingers conn=%llu client=\"%s\": killed",
			  (unsigned long long)child->conn_id, child->remote);
		child->gone_tick = m->ticks + 1;
		child_kill(m, child->id);
	}
}

void conns_end(struct monitor *m, const char *text)
{
	struct conn *c, *next;

	for (c = m->conns; c != NULL; c = next) {
		next = c->next;
		conn_disconnect(c, ERR_CLOSED, text);
	}
}
