/*
 * The start of a session: decided by the script where it wants to be asked, then run on
 * this host or served by the script itself. The message that asked for it is kept until
 * it was granted, since the script is told of it only then.
 */
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"

void session_granted(struct conn *c, struct mchan *ch)
{
	const struct msg_session_start *m;
	struct request_facts q;
	struct facts_store f;

	if (ch->policy == NULL || ch->policy->start.bytes == NULL)
		return;
	m = &ch->policy->start.msg.u.session_start;
	if ((c->m->follower != NULL || policy_hears(c, POLICY_ON_channel_requested)) &&
	    facts_begin(&f) == OK) {
		q = (struct request_facts){.chan = m->chan, .reply = m->reply != 0};
		chan_facts_start(&f.w, m, &q.name);
		q.payload = (struct span){f.w.p, f.w.n};
		chan_policy_tell(c, ch, POLICY_ON_channel_requested, &q);
		facts_end(&f);
	}
	kept_free(&ch->policy->start);
}

/* The script is the program. */
static enum err start_script(struct conn *c, struct mchan *ch,
			     const struct msg_session_start *m)
{
	enum err e;

	session_log(c, m);
	e = chan_script_begin(c, ch);
	if (e != OK)
		return e;
	conn_tell(c, &MSG_OF(session_started, .chan = m->chan, .ok = 1, .script = 1));
	session_granted(c, ch);
	return OK;
}

static bool to_script(const struct mchan *ch, const struct policy_answer *a)
{
	struct span route = facts_get_str(a->fields, "route", (struct span){0});

	return span_is(route, "script") || (route.n == 0 && ch->policy->to_script);
}

static enum err start_as_decided(struct conn *c, struct mchan *ch,
				 const struct msg_session_start *m,
				 const struct policy_answer *a)
{
	enum err e = grown_env(&ch->policy->env_set, a->fields);

	if (e != OK)
		return ERR_NO_SPACE; /* its own list: nobody lies */
	ch->policy->record =
	    (uint32_t)facts_get_num(a->fields, "record_length", ch->policy->record);
	if (to_script(ch, a))
		return start_script(c, ch, m);
	return session_start(c, ch, m,
			     facts_get_str(a->fields, "command", (struct span){0}));
}

static void start_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mchan *ch = chan_policy_find(c, ctx);
	const struct msg_session_start *m;
	enum err e = OK;

	if (ch == NULL)
		return;
	kept_free(&ch->policy->start);
	question_end(&ch->policy->question, &ch->policy->start);
	m = &ch->policy->start.msg.u.session_start;
	if (chan_policy_agrees(a) &&
	    !span_is(facts_get_str(a->fields, "route", (struct span){0}), "refuse"))
		e = start_as_decided(c, ch, m, a);
	else
		conn_tell(c, &MSG_OF(session_started, .chan = m->chan,
				     .text = SPAN_LIT("refused by policy"),
				     .message = chan_policy_refused(c, a, "start")));
	if (e == ERR_TRUNCATED || e == ERR_RANGE || e == ERR_TRAILING)
		conn_fail(c, e);
	else if (e != OK)
		session_not_started(c, ch->chan, e);
}

static enum err start_ask(struct conn *c, struct mchan *ch,
			  const struct msg_session_start *m)
{
	const struct msg keep = {MSG_session_start, {.session_start = *m}};
	struct asks asks = {
	    .event = POLICY_ON_channel_request, .keep = &keep, .done = start_decided};
	struct request_facts q = {.chan = m->chan, .reply = m->reply != 0};
	struct facts_store payload;
	enum err e = facts_begin(&payload);

	if (e != OK)
		return e;
	chan_facts_start(&payload.w, m, &q.name);
	q.payload = (struct span){payload.w.p, payload.w.n};
	e = chan_policy_ask(c, ch, &q, &asks);
	facts_end(&payload);
	return e;
}

/* The worker asked for each of these, and the script agreed. */
static bool was_granted(const struct chan_policy *p, const struct msg_session_start *m)
{
	return (m->pty == 0 || p->pty) && (m->agent == 0 || p->agent) &&
	       (m->x11 == 0 || p->x11);
}

/* Nobody is asked: it is told of where the script wants to know, or is the peer. */
static enum err start_unasked(struct conn *c, struct mchan *ch,
			      const struct msg_session_start *m)
{
	const struct msg start = {MSG_session_start, {.session_start = *m}};
	enum err e = OK;

	if (ch->policy != NULL &&
	    (c->m->follower != NULL || policy_hears(c, POLICY_ON_channel_requested)))
		e = kept_make(&start, &ch->policy->start);
	if (e == OK && ch->policy != NULL && ch->policy->to_script)
		return start_script(c, ch, m);
	return e == OK ? session_start(c, ch, m, (struct span){0}) : e;
}

enum err serve_session_start(struct conn *c, const struct msg_session_start *m,
			     struct ipc_fds *fds)
{
	struct mchan *ch = chan_find(c, m->chan);
	enum err e;

	(void)fds;
	if (ch == NULL || !ch->session || ch->login != NULL || chan_is_busy(ch))
		return ERR_FORBIDDEN;
	if (m->pty != 0 && (c->work->permits & PERMIT_PTY) == 0) {
		conn_tell(c, &MSG_OF(session_started, .chan = m->chan,
				     .text = SPAN_LIT("no terminal for this login")));
		return OK;
	}
	if (ch->policy == NULL || !policy_hears(c, POLICY_ON_channel_request))
		return start_unasked(c, ch, m);
	if (!was_granted(ch->policy, m))
		return ERR_FORBIDDEN;
	e = start_ask(c, ch, m);
	if (e != OK)
		session_not_started(c, m->chan, e);
	return OK;
}
