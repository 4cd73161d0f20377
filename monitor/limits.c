/*
 * Limits of a login. A worker that was seized could ignore what it is told of them: so counts and the
 * total time, which need nothing of what passes, are the monitor's.
 */
#include <stdio.h>

#include "common/log.h"
#include "monitor/conn.h"
#include "monitor/grants.h"
#include "monitor/limits.h"

#define MS_PER_S  1000
#define US_PER_MS 1000

/* 0 is no limit; of a script it never comes, see grants_check. */
static uint64_t stricter(const struct conn_work *w, const char *name, uint64_t setting)
{
	uint64_t n = grants_least(w, name, setting == 0 ? UINT64_MAX : setting);

	return n == UINT64_MAX ? 0 : n;
}

void limits_of(const struct conn *c, struct limits *out)
{
	const struct conn_work *w = c->work;
	const struct settings *set = w->set;

	*out = (struct limits){
	    .idle_s = (uint32_t)stricter(w, "idle_s", set->idle_timeout_s),
	    .unused_s = set->unused_connection_timeout_s,
	    .total_s = (uint32_t)stricter(w, "total_s", set->connection_time_limit_s),
	    .sessions = (uint32_t)grants_least(w, "max_sessions", set->max_sessions),
	    .channels = (uint32_t)grants_least(w, "max_channels", LIMIT_CHANNELS),
	    .rate_in = stricter(w, "bandwidth", set->rate_limit.in),
	    .rate_out = stricter(w, "bandwidth", set->rate_limit.out)};
}

uint64_t limits_left_ms(uint32_t total_s, uint64_t began_ms, uint64_t now_ms)
{
	uint64_t end_ms = began_ms + (uint64_t)total_s * MS_PER_S;

	if (total_s == 0)
		return UINT64_MAX;
	return end_ms > now_ms ? end_ms - now_ms : 0;
}

void limits_timeouts(const struct settings *set, struct wr *out)
{
	struct span type;
	uint32_t s;

	for (size_t i = 0; i < set->channel_timeout.n; i++) {
		if (!config_timeout_read(set->channel_timeout.item[i], &type, &s))
			continue; /* the configuration was checked */
		wr_bytes(out, type);
		wr_u32(out, s);
	}
}

static void time_over(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;
	char text[LIMIT_NAME_BYTES];

	(void)fd;
	(void)events;
	log_info("conn=%llu user=%s its time is over: %u seconds",
		 (unsigned long long)c->id, c->work->user_shown,
		 c->work->limits.total_s);
	(void)snprintf(text, sizeof text, "%s: %u seconds", err_text(ERR_TIME),
		       c->work->limits.total_s);
	conn_disconnect(c, ERR_TIME, text);
}

enum err limits_begin(struct conn *c)
{
	struct conn_work *w = c->work;
	struct timeval tv;
	uint64_t ms;

	limits_of(c, &w->limits);
	ms = limits_left_ms(w->limits.total_s, c->began_ms, clock_ms());
	if (ms == UINT64_MAX)
		return OK;
	tv = (struct timeval){.tv_sec = (time_t)(ms / MS_PER_S),
			      .tv_usec = (suseconds_t)(ms % MS_PER_S * US_PER_MS)};
	if (evtimer_assign(&w->total, c->m->base, time_over, c) != 0 ||
	    event_add(&w->total, &tv) != 0)
		return ERR_SYSTEM;
	w->timed = true;
	return OK;
}

void limits_wipe(struct conn *c)
{
	if (c->work->timed)
		event_del(&c->work->total);
	c->work->timed = false;
}
