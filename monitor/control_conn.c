/*
 * Connections, as operators see and end them.
 */
#include "common/log.h"
#include "monitor/act.h"
#include "monitor/chan_policy.h"
#include "monitor/conn.h"
#include "monitor/control_private.h"

#define MS_PER_S 1000
/* Numbers below a connection that is gone, at which the next one is looked for. */
#define PROBES 4096

/* ---- seen ---- */

static const char *state_of(const struct conn *c)
{
	const struct conn_work *k = c->work;

	if (k == NULL)
		return "greeted";
	if (k->told_tick != 0 || k->told_end)
		return "ending";
	if (k->link.state == IN_OPEN)
		return "open";
	return k->link.state == IN_AUTH ? "authentication" : "key-exchange";
}

static void put_conn(struct wr *w, const struct conn *c)
{
	const struct conn_work *k = c->work;

	facts_num(w, "id", c->id);
	facts_str(w, "state", span_str(state_of(c)));
	if (k != NULL && k->user_known)
		facts_str(w, "user", span_str(k->user));
	facts_str(w, "remote_host", span_str(c->remote.address));
	facts_num(w, "remote_port", c->remote.port);
	facts_str(w, "local_address", span_str(c->local.address));
	facts_num(w, "local_port", c->local.port);
	facts_num(w, "age_s", (clock_ms() - c->began_ms) / MS_PER_S);
	facts_num(w, "channels", k != NULL ? k->n_chans : 0);
}

static bool matches(const struct conn *c, const struct span *user,
		    const struct span *source)
{
	if (source->p != NULL && !span_is(*source, c->remote.address))
		return false;
	return user->p == NULL || (c->work != NULL && c->work->user_known &&
				   span_is(*user, c->work->user));
}

/* Newest first, so numbers fall: where the last page ended, although that one may be gone. */
static struct conn *resume(const struct monitor *m, uint64_t after)
{
	struct conn *c;

	if (after == 0)
		return m->conns;
	if ((c = idmap_find(&m->conns_by_id, after)) != NULL)
		return c->next;
	for (uint64_t id = after; id > 1 && after - id < PROBES; id--)
		if ((c = idmap_find(&m->conns_by_id, id - 1)) != NULL)
			return c;
	for (c = m->conns; c != NULL && c->id >= after; c = c->next)
		;
	return c;
}

static void put_fingerprints(struct wr *w, const struct conn_work *k)
{
	size_t mark = facts_list_open(w, "fingerprints");

	for (size_t i = 0; i < k->n_keys; i++)
		wr_str(w, k->keys[i].fingerprint);
	wr_close(w, mark);
}

enum ctl_error control_connection_show(struct control_call *c)
{
	const struct conn *at = control_conn_of(c, "id");
	const struct conn_work *k;

	if (at == NULL)
		return CTL_BAD_CONNECTION;
	put_conn(&c->out, at);
	if ((k = at->work) == NULL)
		return CTL_OK;
	if (k->client_version != NULL)
		facts_str(&c->out, "client_version", span_str(k->client_version));
	facts_num(&c->out, "failures", k->failures);
	put_fingerprints(&c->out, k);
	facts_num(&c->out, "timeout", act_timeout_s(at));
	return CTL_OK;
}

static void put_chan(struct wr *w, const struct mchan *ch)
{
	const struct chan_policy *p = ch->policy;

	facts_num(w, "id", ch->chan);
	facts_bool(w, "script", p != NULL && p->script != NULL);
	if (p == NULL) {
		facts_str(w, "type", span_str(ch->session ? "session" : "forwarding"));
		return;
	}
	facts_str(w, "type",
		  facts_get_str((struct span){p->facts.p, p->facts.n}, "channel.type",
				SPAN_LIT("session")));
	facts_num(w, "bytes_sent", p->sent);
	facts_num(w, "bytes_received", p->received);
	facts_num(w, "record_length", p->record);
	facts_bool(w, "ready_to_send", p->ready);
}

/* A connection has LIMIT_CHANNELS at most, so a page's beginning is counted to. */
enum ctl_error control_channel_list(struct control_call *c)
{
	const struct conn *at = control_conn_of(c, "connection");
	const struct mchan *ch;
	uint64_t n = 0;

	if (at == NULL)
		return CTL_BAD_CONNECTION;
	for (ch = at->work != NULL ? at->work->chans : NULL; ch != NULL;
	     ch = ch->next) {
		if (n++ < c->after)
			continue;
		put_chan(&c->out, ch);
		if (!control_row(c) && ch->next != NULL) {
			c->next = n;
			break;
		}
	}
	return CTL_OK;
}

enum ctl_error control_connection_list(struct control_call *c)
{
	const struct span user = facts_get_str(c->params, "user", (struct span){0});
	const struct span source = facts_get_str(c->params, "source", (struct span){0});
	size_t seen = 0;

	for (const struct conn *at = resume(c->m, c->after); at != NULL;
	     at = at->next) {
		bool room = ++seen < LIMIT_CONTROL_SCAN;

		if (matches(at, &user, &source)) {
			put_conn(&c->out, at);
			room = control_row(c) && room;
		}
		if (!room && at->next != NULL) {
			c->next = at->id;
			break;
		}
	}
	return CTL_OK;
}
