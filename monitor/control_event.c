/*
 * The event stream: what scripts are told, and asked, of connections. It is made while somebody follows, and
 * passwords and answers never leave. Who does not keep up loses events, nobody waits.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "monitor/control_private.h"
#include "monitor/policy_facts.h"

#define MS_PER_S  1000
#define NS_PER_MS 1000000

/* What is somebody's secret: passwords, answers, TOTP secrets, cookies of X11 in packets. */
static const char *const secrets[] = {"auth.param", "conn.user.totp_secret",
				      "request.payload", "request.x11_cookie"};

static bool is_secret(const struct fact *f)
{
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (span_is(f->name, secrets[i]))
			return true;
	return false;
}

/* Copies facts but for secrets; each entry stands as it was read. */
static void put_open(struct wr *w, struct span facts)
{
	struct rd r = RD(facts);
	struct fact f = {0};

	while (r.left.n > 0) {
		const uint8_t *from = r.left.p;

		if (facts_next(&r, &f) != OK)
			return;
		if (!is_secret(&f))
			wr_raw(w, (struct span){from, (size_t)(r.left.p - from)});
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

/* Numbers of those that are left out are missing: so it is seen how many there were. */
static void send_event(struct control *k, uint8_t event, uint64_t conn,
		       const struct wr *w)
{
	k->seq++;
	if (w->err != OK || !link_has_room(&k->link))
		return;
	control_send(k, &MSG_OF(ctl_event, .seq = k->seq, .time_ms = now_ms(),
				.event = event, .conn = conn, .facts = {w->p, w->n}));
}

void control_event(struct conn *c, enum policy_event event, struct span facts)
{
	struct control *k = c->m->control;
	uint8_t *store = malloc(2 * (size_t)LIMIT_CONTROL_ROW_BYTES);
	struct wr all = {.p = store, .cap = LIMIT_CONTROL_ROW_BYTES};
	struct wr w = {.cap = LIMIT_CONTROL_ROW_BYTES};

	if (store == NULL) {
		k->seq++;
		return;
	}
	w.p = store + LIMIT_CONTROL_ROW_BYTES;
	policy_facts_conn(&all, c, event);
	wr_raw(&all, facts);
	if (all.err == OK)
		put_open(&w, (struct span){all.p, all.n});
	else
		w.err = all.err;
	send_event(k, (uint8_t)event, c->id, &w);
	wipe(store, 2 * (size_t)LIMIT_CONTROL_ROW_BYTES);
	free(store);
}

void control_event_done(const struct control_call *call, enum ctl_error e)
{
	uint8_t store[LIMIT_LOG_BYTES + LIMIT_TEXT_BYTES];
	struct wr w = WR(store);

	if (!call->m->control->follows)
		return;
	facts_str(&w, "control.method", span_str(ctl_methods[call->method].name));
	facts_num(&w, "control.uid", call->client->uid);
	facts_num(&w, "control.code",
		  e < CTL_ERROR_COUNT && ctl_errors[e].code > 0
		      ? (uint64_t)ctl_errors[e].code
		      : 0);
	facts_bool(&w, "control.done", e == CTL_OK || e == CONTROL_LATER);
	send_event(call->m->control, CTL_EVENT_CONTROL, 0, &w);
}
