/*
 * What the script decides about channels and their requests, and hears of them. Answers
 * come later, when the channel or the whole connection may be gone: each finds its channel
 * by the number of its question. Source: RFC 4254 4, 5
 */
#include "common/log.h"
#include "common/names.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"

/* ---- opens ---- */

static bool route_is(const struct policy_answer *a, const char *route)
{
	return span_is(facts_get_str(a->fields, "route", (struct span){0}), route);
}

/* The script is the peer: of a session only once it starts. */
static void open_to_script(struct conn *c, struct mchan *ch,
			   const struct policy_answer *a)
{
	ch->policy->to_script = true;
	ch->policy->record =
	    (uint32_t)facts_get_num(a->fields, "record_length", ch->policy->record);
	if (!ch->session && chan_script_begin(c, ch) != OK) {
		chan_refuse(c, ch, SSH_OPEN_RESOURCE_SHORTAGE, SPAN_LIT("open failed"));
		return;
	}
	chan_tell_opened(c, ch->chan, -1, SSH_OPEN_OK, (struct span){0});
}

/* Another destination may be the script's; static rules look at it as at any other. */
static void open_elsewhere(struct msg *m, const struct policy_answer *a)
{
	if (m->type != MSG_open_tcp)
		return;
	m->u.open_tcp.host = facts_get_str(a->fields, "host", m->u.open_tcp.host);
	m->u.open_tcp.port =
	    (uint32_t)facts_get_num(a->fields, "port", m->u.open_tcp.port);
}

static void open_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mchan *ch = chan_policy_find(c, ctx);
	struct span text;
	struct kept_msg kept;

	if (ch == NULL)
		return;
	question_end(&ch->policy->question, &kept);
	if (!chan_policy_agrees(a) || route_is(a, "refuse")) {
		text = chan_policy_refused(c, a, "channel");
		chan_refuse(c, ch, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			    text.n > 0 ? text : SPAN_LIT("open failed"));
	} else if (route_is(a, "script")) {
		open_to_script(c, ch, a);
	} else {
		open_elsewhere(&kept.msg, a);
		chan_open(c, ch, &kept.msg);
	}
	kept_free(&kept);
}

enum err open_ask(struct conn *c, struct mchan *ch, const struct msg *m)
{
	struct asks asks = {
	    .event = POLICY_ON_channel_open_request, .keep = m, .done = open_decided};

	return chan_policy_ask(c, ch, NULL, &asks);
}

/* ---- requests ---- */

static void tell_result(struct conn *c, const struct msg_chan_request *m,
			enum request_verdict verdict, struct span message)
{
	conn_tell(c, &MSG_OF(chan_request_result, .chan = m->chan, .global = m->global,
			     .verdict = (uint8_t)verdict, .message = message));
}

static enum request_verdict verdict_of(const struct policy_answer *a)
{
	if (!chan_policy_agrees(a))
		return REQUEST_REFUSED;
	return a->verdict == POLICY_ACCEPT ? REQUEST_GRANTED : REQUEST_AS_EVER;
}

/* A variable that the script set has another source than the client. */
static enum err grant_env(struct chan_policy *p, const struct msg_chan_request *m,
			  const struct policy_answer *a)
{
	struct span name, value;
	struct fact env;
	enum err e;

	if (facts_find(a->fields, "env", &env))
		return grown_env(&p->env_set, a->fields);
	e = chan_facts_env(m->payload, &name, &value);
	return e == OK ? grown_pair(&p->env, name, value) : e;
}

/* Remembers what was granted: a start may use that and nothing else. */
static enum err grant(struct chan_policy *p, const struct msg_chan_request *m,
		      const struct policy_answer *a)
{
	if (span_is(m->name, "env"))
		return grant_env(p, m, a);
	if (span_is(m->name, "pty-req"))
		p->pty = true;
	else if (span_is(m->name, "auth-agent-req@openssh.com"))
		p->agent = true;
	else if (span_is(m->name, "x11-req"))
		p->x11 = true;
	else if (span_is(m->name, "signal") && p->signals < UINT32_MAX)
		p->signals++;
	return OK;
}

static void request_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct mchan *ch = chan_policy_find(c, ctx);
	enum request_verdict verdict = verdict_of(a);
	struct span message = {0};
	struct kept_msg kept;
	enum err e = OK;

	if (ch == NULL)
		return;
	question_end(&ch->policy->question, &kept);
	if (verdict != REQUEST_REFUSED)
		e = grant(ch->policy, &kept.msg.u.chan_request, a);
	if (e != OK) {
		log_info("conn=%llu channel=%u request refused: %s",
			 (unsigned long long)c->id, (unsigned)ch->chan, err_text(e));
		verdict = REQUEST_REFUSED;
	} else if (verdict == REQUEST_REFUSED) {
		message = chan_policy_refused(c, a, "request");
	}
	tell_result(c, &kept.msg.u.chan_request, verdict, message);
	kept_free(&kept);
}

static void global_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	enum request_verdict verdict = verdict_of(a);
	struct kept_msg kept;

	if (!question_is(&c->work->global, ctx))
		return;
	question_end(&c->work->global, &kept);
	if (verdict == REQUEST_REFUSED)
		chan_policy_refused(c, a, "request");
	tell_result(c, &kept.msg.u.chan_request, verdict, (struct span){0});
	kept_free(&kept);
}

static struct request_facts facts_of(const struct msg_chan_request *m)
{
	return (struct request_facts){m->chan, m->name, m->reply != 0, m->payload};
}

static enum err request_ask(struct conn *c, const struct msg_chan_request *m)
{
	const struct msg keep = {MSG_chan_request, {.chan_request = *m}};
	const struct request_facts q = facts_of(m);
	struct asks asks = {.event = POLICY_ON_channel_request, .keep = &keep};
	struct mchan *ch;

	if (m->global != 0) {
		asks.done = global_decided;
		return c->work->global.id != 0
			   ? ERR_FORBIDDEN
			   : chan_policy_ask_global(c, &c->work->global, &q, &asks);
	}
	ch = chan_find(c, m->chan);
	if (ch == NULL || ch->policy == NULL)
		return ERR_FORBIDDEN;
	asks.done = request_decided;
	return chan_policy_ask(c, ch, &q, &asks);
}

enum err serve_chan_request(struct conn *c, const struct msg_chan_request *m,
			    struct ipc_fds *fds)
{
	enum err e;

	(void)fds;
	if (!policy_hears(c, POLICY_ON_channel_request))
		return ERR_FORBIDDEN;
	e = request_ask(c, m);
	if (e == OK || e == ERR_FORBIDDEN)
		return e;
	log_error("conn=%llu request refused: policy is not asked: %s",
		  (unsigned long long)c->id, err_text(e));
	tell_result(c, m, REQUEST_REFUSED, (struct span){0});
	return OK;
}

/* ---- what is told ---- */

enum err serve_chan_requested(struct conn *c, const struct msg_chan_requested *m,
			      struct ipc_fds *fds)
{
	const struct request_facts q = {m->chan, m->name, m->reply != 0, m->payload};
	const struct mchan *ch = chan_find(c, m->chan);

	(void)fds;
	if (!policy_hears(c, POLICY_ON_channel_requested))
		return ERR_FORBIDDEN;
	if (m->global != 0) {
		chan_policy_tell_global(c, &q);
		return OK;
	}
	if (ch == NULL || ch->policy == NULL)
		return ERR_FORBIDDEN;
	chan_policy_tell(c, ch, POLICY_ON_channel_requested, &q);
	return OK;
}

/* A channel that the worker opened to the client. */
static enum err event_opened(struct conn *c, const struct msg_chan_event *m)
{
	struct mchan *ch;
	enum err e;

	if ((chan_policy_hears(c) & HEARS_OPENED) == 0 || chan_find(c, m->chan) != NULL)
		return ERR_FORBIDDEN;
	ch = chan_add(c, m->chan, false);
	if (ch == NULL)
		return ERR_FORBIDDEN; /* it has no more than the worker may have */
	e = chan_policy_begin(c, ch, &(struct msg){MSG_chan_event, {.chan_event = *m}});
	if (e == OK)
		chan_policy_opened(c, ch);
	else
		log_error("conn=%llu channel=%u policy does not hear of it: %s",
			  (unsigned long long)c->id, (unsigned)m->chan, err_text(e));
	return OK;
}

enum err serve_chan_event(struct conn *c, const struct msg_chan_event *m,
			  struct ipc_fds *fds)
{
	static const enum policy_event events[] = {
	    [CHAN_EVENT_OPENED] = POLICY_ON_channel_opened,
	    [CHAN_EVENT_EOF] = POLICY_ON_channel_eof,
	    [CHAN_EVENT_READY] = POLICY_ON_channel_ready_to_send};
	struct mchan *ch = chan_find(c, m->chan);

	(void)fds;
	if (m->event == CHAN_EVENT_OPENED)
		return event_opened(c, m);
	if (!policy_hears(c, events[m->event]) || ch == NULL || ch->policy == NULL)
		return ERR_FORBIDDEN;
	if (ch->policy->script == NULL) {
		ch->policy->sent = m->sent;
		ch->policy->received = m->received;
	}
	if (m->event == CHAN_EVENT_READY)
		ch->policy->ready = true;
	chan_policy_tell(c, ch, events[m->event], NULL);
	return OK;
}
