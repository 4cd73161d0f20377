/*
 * Time without data: channels are closed (ChannelTimeout), or the connection ends (IdleTimeout,
 * UnusedConnectionTimeout). One timer, for whatever is due first; data only notes its time, so that it
 * costs nothing. Source: sshd_config(5)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/chan/chan_private.h"

enum { MS_PER_S = 1000 };

/* Names of sshd's for types that the protocol calls otherwise. */
static const struct {
	const char *type, *shown;
} names[] = {
    {"x11",		    "x11-connection"  },
    {"auth-agent@openssh.com", "agent-connection"},
};

static struct span name_of(const struct chan *c)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(c->type, names[i].type) == 0)
			return span_str(names[i].shown);
	return span_str(c->type);
}

/* The first pattern that matches. Gives: whether there is one */
static bool find(const struct idle *all, struct span name, uint32_t *s)
{
	struct rd r = RD(((struct span){all->types, all->types_n}));

	while (r.left.n > 0 && rd_ok(&r)) {
		struct span pattern = rd_bytes(&r, LIMIT_NAME_BYTES);
		uint32_t found_s = rd_u32(&r);

		if (!rd_ok(&r) || !names_glob(pattern, name))
			continue;
		*s = found_s;
		return true;
	}
	return false;
}

/* ---- what is due ---- */

static bool is_over(uint64_t now_ms, uint64_t since_ms, uint32_t s)
{
	return s != 0 && now_ms - since_ms >= (uint64_t)s * MS_PER_S;
}

static void sooner(uint64_t *due_ms, uint64_t since_ms, uint32_t s)
{
	uint64_t ms = since_ms + (uint64_t)s * MS_PER_S;

	if (s != 0 && ms < *due_ms)
		*due_ms = ms;
}

/* Channels that wait for the client's CLOSE only have no time any more. */
static bool is_live(const struct chan *c)
{
	return c != NULL && c->phase == CHAN_OPEN && !c->close_sent;
}

static uint64_t first_due(const struct worker *w)
{
	const struct chans *chans = &w->chans;
	const struct idle *all = &chans->idle;
	uint64_t due_ms = UINT64_MAX;

	sooner(&due_ms, all->data_ms, w->granted.idle_s);
	if (chans->n == 0)
		sooner(&due_ms, all->closed_ms, w->granted.unused_s);
	for (size_t i = 0; i < chans->cap; i++)
		if (is_live(chans->slot[i])) {
			sooner(&due_ms, chans->slot[i]->data_ms,
			       chans->slot[i]->idle_s);
			sooner(&due_ms, all->data_ms, all->all_s);
		}
	return due_ms;
}

static enum err close_channels(struct worker *w)
{
	struct chans *chans = &w->chans;
	uint64_t now = w->loop.now_ms;
	bool all = is_over(now, chans->idle.data_ms, chans->idle.all_s);
	enum err e = OK;

	for (size_t i = 0; i < chans->cap && e == OK; i++) {
		struct chan *c = chans->slot[i];

		if (!is_live(c) || (!all && !is_over(now, c->data_ms, c->idle_s)))
			continue;
		log_verbose("channel %u: %s closed after %llu seconds without data",
			    c->number, c->type,
			    (unsigned long long)(now - c->data_ms) / MS_PER_S);
		e = chan_abandon(c);
	}
	return e;
}

static void end(struct worker *w, enum err e, uint32_t s)
{
	char text[LIMIT_NAME_BYTES];

	(void)snprintf(text, sizeof text, "%u seconds", s);
	worker_fail(w, e, text);
}

static void arm(struct worker *w);

static void idle_due(struct timer *t)
{
	struct worker *w = t->ctx;
	const struct idle *all = &w->chans.idle;
	uint64_t now = w->loop.now_ms;
	enum err e;

	if (w->ending)
		return;
	if (is_over(now, all->data_ms, w->granted.idle_s)) {
		end(w, ERR_IDLE, w->granted.idle_s);
		return;
	}
	if (w->chans.n == 0 && is_over(now, all->closed_ms, w->granted.unused_s)) {
		end(w, ERR_UNUSED, w->granted.unused_s);
		return;
	}
	e = close_channels(w);
	if (e != OK)
		worker_fail(w, e, NULL);
	else
		arm(w);
}

static void arm(struct worker *w)
{
	struct timer *t = &w->chans.idle.timer;
	uint64_t due_ms = first_due(w), now = w->loop.now_ms;

	if (due_ms == UINT64_MAX) {
		loop_timer_stop(&w->loop, t);
		return;
	}
	t->fn = idle_due;
	t->ctx = w;
	loop_timer(&w->loop, t, due_ms > now ? due_ms - now : 0);
}

/* ---- what happens ---- */

enum err idle_types(struct worker *w, struct span types)
{
	struct idle *all = &w->chans.idle;
	uint8_t *copy;

	if (types.n == 0)
		return OK;
	copy = malloc(types.n);
	if (copy == NULL)
		return ERR_MEMORY;
	memcpy(copy, types.p, types.n);
	free(all->types);
	all->types = copy;
	all->types_n = types.n;
	return OK;
}

/* global is no pattern, and no pattern means it. */
static uint32_t global_s(const struct idle *all)
{
	struct rd r = RD(((struct span){all->types, all->types_n}));

	while (r.left.n > 0 && rd_ok(&r)) {
		bool is = span_is(rd_bytes(&r, LIMIT_NAME_BYTES), "global");
		uint32_t s = rd_u32(&r);

		if (is && rd_ok(&r))
			return s;
	}
	return 0;
}

void idle_begin(struct worker *w)
{
	struct idle *all = &w->chans.idle;

	all->data_ms = all->closed_ms = w->loop.now_ms;
	all->all_s = global_s(all);
	arm(w);
}

void idle_data(struct chan *c)
{
	c->data_ms = c->worker->chans.idle.data_ms = c->worker->loop.now_ms;
}

void idle_opened(struct chan *c)
{
	struct idle *all = &c->worker->chans.idle;

	idle_data(c);
	c->idle_s = 0;
	if (find(all, name_of(c), &c->idle_s) || all->all_s != 0)
		arm(c->worker);
}

void idle_started(struct chan *c, enum session_kind kind, struct span subsystem)
{
	static const char *const kinds[] = {[SESSION_SHELL] = "session:shell",
					    [SESSION_EXEC] = "session:command",
					    [SESSION_SUBSYSTEM] = "session:subsystem:"};
	uint8_t store[2 * LIMIT_NAME_BYTES];
	struct wr name = WR(store);
	struct span whole;
	uint32_t s;

	idle_data(c);
	wr_raw(&name, span_str(kinds[kind]));
	if (kind == SESSION_SUBSYSTEM)
		wr_raw(&name, subsystem);
	/* a name that is too long for us is too long for a pattern without a star */
	if (wr_end(&name, &whole) == OK && find(&c->worker->chans.idle, whole, &s))
		c->idle_s = s;
	arm(c->worker);
}

void idle_none(struct worker *w)
{
	w->chans.idle.closed_ms = w->loop.now_ms;
	if (w->granted.unused_s != 0)
		arm(w);
}

void idle_wipe(struct worker *w)
{
	loop_timer_stop(&w->loop, &w->chans.idle.timer);
	free(w->chans.idle.types);
	w->chans.idle = (struct idle){0};
}
