/*
 * The event stream. Each follower has a bounded queue: who reads slowly loses events and is told how many,
 * and nobody waits for it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/json_facts.h"
#include "monitor/control/control.h"

_Static_assert(CTL_EVENT_LAST < 64, "one bit an event");

/* An event as followers get it; data of channels is for administrators only. */
struct line {
	char *full, *bare;
};

static bool event_find(struct span name, uint8_t *out)
{
	for (unsigned i = 0; i <= CTL_EVENT_LAST; i++) {
		if (span_is(name, ctl_event_name((uint8_t)i))) {
			*out = (uint8_t)i;
			return true;
		}
	}
	return false;
}

static bool events_of(struct span facts, uint64_t *out)
{
	struct fact list = {0};
	struct rd r;
	uint8_t event = 0;
	uint64_t bits = 0;

	if (!facts_find(facts, "events", &list)) {
		*out = UINT64_MAX;
		return true;
	}
	r = RD(list.value);
	while (r.left.n > 0) {
		if (!event_find(rd_bytes(&r, list.value.n), &event))
			return false;
		bits |= UINT64_C(1) << event;
	}
	*out = bits;
	return rd_end(&r) == OK;
}

void follow_begin(struct client *c)
{
	struct span params = {c->call.params, c->call.params_n};
	struct follow f = {.on = true, .conn = facts_get_num(params, "connection", 0)};
	uint8_t store[LIMIT_TEXT_BYTES];
	struct wr w = WR(store);

	if (!events_of(params, &f.events)) {
		reply_error(c, CTL_BAD_INVALID,
			    "events: a name is no event: docs/control.md lists them");
		return;
	}
	if (!c->follow.on)
		c->k->n_following++;
	c->follow = f;
	facts_bool(&w, "following", true);
	reply_result(c, (struct span){w.p, w.n});
	control_link_send(c->k);
}

void follow_end(struct client *c)
{
	if (!c->follow.on)
		return;
	c->follow.on = false;
	c->k->n_following--;
}

/* ---- what is written ---- */

static char *dump(json_t *event)
{
	json_t *all = json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", "event",
				"params", event);
	char *text = all == NULL ? NULL : json_dumps(all, JSON_COMPACT);

	json_decref(all);
	return text;
}

static void line_make(const struct msg_ctl_event *m, struct line *out)
{
	json_t *event = facts_to_json(m->facts);

	*out = (struct line){0};
	if (event == NULL ||
	    !json_put(event, "event", json_string(ctl_event_name(m->event))) ||
	    !json_put(event, "seq", json_integer((json_int_t)m->seq)) ||
	    !json_put(event, "time", json_real((double)m->time_ms / 1000)))
		goto out;
	out->full = dump(event);
	if (m->event == POLICY_ON_channel_data_in &&
	    json_object_del(event, "data") == 0)
		out->bare = dump(event);
out:
	json_decref(event);
}

static bool put(struct client *c, const char *text)
{
	return text != NULL && evbuffer_add(c->out, text, strlen(text)) == 0 &&
	       evbuffer_add(c->out, "\n", 1) == 0;
}

/* How many are missing is told as soon as there is room. */
static void tell_lost(struct client *c)
{
	json_t *event = json_pack("{s:s, s:I}", "event", "lost", "count",
				  (json_int_t)c->follow.lost);
	char *text = event == NULL ? NULL : dump(event);

	if (put(c, text))
		c->follow.lost = 0;
	free(text);
	json_decref(event);
}

static bool wants(const struct client *c, const struct msg_ctl_event *m)
{
	return c != NULL && c->fd >= 0 && c->follow.on &&
	       (c->follow.events >> m->event & 1) != 0 &&
	       (c->follow.conn == 0 || c->follow.conn == m->conn);
}

/* Not into the midst of a list that is being written. */
static bool has_room(const struct client *c)
{
	return !c->begun && evbuffer_get_length(c->out) < LIMIT_CONTROL_EVENTS_BYTES;
}

static void tell(struct client *c, const struct line *l)
{
	bool bare = l->bare != NULL && c->role != CTL_ADMIN;

	if (has_room(c) && c->follow.lost > 0)
		tell_lost(c);
	if (!has_room(c) || !put(c, bare ? l->bare : l->full))
		c->follow.lost++;
	client_step(c);
}

static void note_gap(struct control *k, uint64_t n)
{
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
		if (k->client[i] != NULL && k->client[i]->follow.on)
			k->client[i]->follow.lost += n;
}

void follow_event(struct control *k, const struct msg_ctl_event *m)
{
	struct line l;

	if (k->seq != 0 && m->seq > k->seq + 1)
		note_gap(k, m->seq - k->seq - 1);
	k->seq = m->seq;
	line_make(m, &l);
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
		if (wants(k->client[i], m))
			tell(k->client[i], &l);
	free(l.full);
	free(l.bare);
}
