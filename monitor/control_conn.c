/*
 * Connections, as operators see and end them.
 */
#include "common/log.h"
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
