/*
 * The event loop: ppoll over few descriptors. Handlers may watch, unwatch and free what
 * they own while others are being called, so a slot is emptied at once and closed up
 * before the next wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "worker/loop.h"

enum { FIRST_SLOTS = 8, MS_PER_S = 1000, NS_PER_MS = 1000000 };

static enum err make_room(struct loop *l)
{
	size_t cap = l->cap == 0 ? FIRST_SLOTS : l->cap * 2;
	struct pollfd *polls;
	struct watch **watches;

	if (l->n < l->cap)
		return OK;
	polls = realloc(l->polls, cap * sizeof *polls);
	if (polls == NULL)
		return ERR_MEMORY;
	l->polls = polls;
	watches = realloc(l->watches, cap * sizeof(struct watch *));
	if (watches == NULL)
		return ERR_MEMORY;
	l->watches = watches;
	l->cap = cap;
	return OK;
}

enum err loop_watch(struct loop *l, struct watch *w)
{
	enum err e = make_room(l);

	if (e != OK)
		return e;
	l->watches[l->n] = w;
	l->polls[l->n] = (struct pollfd){.fd = -1};
	w->slot = ++l->n;
	return OK;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	if (w->slot == 0)
		return;
	l->watches[w->slot - 1] = NULL;
	w->slot = 0;
}

void loop_timer_stop(struct loop *l, struct timer *t)
{
	struct timer **at = &l->timers;

	if (!t->running)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->running = false;
}

void loop_timer(struct loop *l, struct timer *t, uint64_t delay_ms)
{
	struct timer **at = &l->timers;

	loop_timer_stop(l, t);
	t->due_ms =
	    delay_ms > UINT64_MAX - l->now_ms ? UINT64_MAX : l->now_ms + delay_ms;
	while (*at != NULL && (*at)->due_ms <= t->due_ms)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	t->running = true;
}

void loop_clock(struct loop *l)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		l->now_ms =
		    (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* Closes up the slots that were emptied and takes over what each owner wants to know.
 */
static void settle(struct loop *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct watch *w = l->watches[i];

		if (w == NULL)
			continue;
		l->watches[n] = w;
		/* a descriptor of which nothing is wanted would wake us for its hang-up
		 * for ever */
		l->polls[n] = (struct pollfd){.fd = w->events == 0 ? -1 : w->fd,
					      .events = w->events};
		w->slot = ++n;
	}
	l->n = n;
}

static struct timespec *time_left(const struct loop *l, bool wait, struct timespec *out)
{
	uint64_t ms = 0;

	if (wait && l->timers == NULL)
		return NULL;
	if (wait && l->timers->due_ms > l->now_ms)
		ms = l->timers->due_ms - l->now_ms;
	*out = (struct timespec){.tv_sec = (time_t)(ms / MS_PER_S),
				 .tv_nsec = (long)(ms % MS_PER_S * NS_PER_MS)};
	return out;
}

static void call_ready(struct loop *l)
{
	size_t n = l->n; /* what is added meanwhile has not been polled */

	for (size_t i = 0; i < n; i++)
		if (l->watches[i] != NULL && l->polls[i].revents != 0)
			l->watches[i]->fn(l->watches[i], l->polls[i].revents);
}

static void fire_timers(struct loop *l)
{
	while (l->timers != NULL && l->timers->due_ms <= l->now_ms) {
		struct timer *t = l->timers;

		loop_timer_stop(l, t);
		t->fn(t);
	}
}

enum err loop_turn(struct loop *l, bool wait)
{
	struct timespec left;
	int n;

	settle(l);
	n = ppoll(l->polls, (nfds_t)l->n, time_left(l, wait, &left), NULL);
	if (n < 0 && errno != EINTR)
		return ERR_SYSTEM;
	loop_clock(l);
	if (n > 0)
		call_ready(l);
	fire_timers(l);
	return OK;
}

void loop_wipe(struct loop *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->watches[i] != NULL)
			l->watches[i]->slot = 0;
	free(l->polls);
	free(l->watches);
	*l = (struct loop){0};
}
