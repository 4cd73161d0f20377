/*
 * What the policy process says. It runs scripts over a client's facts, so it is believed no more than its
 * rows allow: a decision counts only where it fits the question.
 */
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/conn.h"
#include "monitor/helper_link.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"

enum err serve_policy_ready(struct policy *p, const struct msg_policy_ready *m,
			    struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	p->ready = true;
	p->heard_ms = clock_ms();
	log_info("sallyport-policy: layers: %s", printable(m->layers, &keep));
	return OK;
}

static struct script *script_find(const struct policy *p, uint32_t version)
{
	struct script *s = p->scripts;

	while (s != NULL && s->version != version)
		s = s->next;
	return s;
}

enum err serve_policy_loaded(struct policy *p, const struct msg_policy_loaded *m,
			     struct ipc_fds *fds)
{
	struct script *s = script_find(p, m->version);
	struct printable text;

	(void)fds;
	p->heard_ms = clock_ms();
	if (s == NULL || !s->sent_last)
		return OK; /* dropped meanwhile */
	if (m->ok == 0)
		log_error("PolicyScript: %s", printable(m->text, &text));
	else if (s->state == SCRIPT_PENDING &&
		 (!names_valid(m->owns) ||
		  bytes_to_str(s->owns, sizeof s->owns, m->owns) != OK))
		return ERR_RANGE;
	if (s->state == SCRIPT_PENDING) {
		s->state = m->ok != 0 ? SCRIPT_GOOD : SCRIPT_BAD;
		s->handlers = m->handlers;
	}
	if (p->loading == s)
		policy_loaded_tell(p, m->ok != 0 ? OK : ERR_CONFIG);
	return OK;
}

/* What is asked only to keep a pace is no decision: data of channels, piece by piece. */
static enum log_level level_of(const struct policy_item *it,
			       const struct policy_answer *a)
{
	if (a->verdict == POLICY_ERROR)
		return LOG_ERROR;
	if (a->verdict == POLICY_REFUSE)
		return LOG_INFO_LEVEL;
	return policy_decides(it->event) ? LOG_VERBOSE : LOG_DEBUG1;
}

static void log_decision(const struct policy_item *it, const struct policy_answer *a)
{
	struct printable where, reason;
	struct span why = facts_get_str(a->fields, "reason", (struct span){0});

	log_line(level_of(it, a), "conn=%llu policy: on_%s: %s%s%s%s%s cpu=%uus",
		 (unsigned long long)it->conn, policy_events[it->event].name,
		 policy_verdict_name(a->verdict), a->where.n > 0 ? " at " : "",
		 printable(a->where, &where), why.n > 0 ? " reason=" : "",
		 printable(why, &reason), (unsigned)a->cpu_us);
}

enum err serve_policy_decision(struct policy *p, const struct msg_policy_decision *m,
			       struct ipc_fds *fds)
{
	struct policy_item *it = policy_question_find(p, m->id);
	struct policy_answer a = {.verdict = (enum policy_verdict)m->verdict,
				  .fields = m->fields,
				  .where = m->where,
				  .cpu_us = m->cpu_us};

	(void)fds;
	p->heard_ms = clock_ms();
	p->m->metrics.slot[METRIC_policy_cpu_seconds_total] += m->cpu_us;
	if (it == NULL) /* too late: it was refused */
		return OK;
	if (policy_decision_check(it->event, a.verdict, a.fields) != OK) {
		log_error("conn=%llu policy: on_%s: a decision that does not fit: "
			  "refused",
			  (unsigned long long)it->conn, policy_events[it->event].name);
		a = (struct policy_answer){.verdict = POLICY_ERROR, .where = m->where};
	}
	log_decision(it, &a);
	policy_item_answer(it, &a);
	return OK;
}

enum err serve_policy_share_set(struct policy *p, const struct msg_policy_share_set *m,
				struct ipc_fds *fds)
{
	(void)fds;
	p->heard_ms = clock_ms();
	/* the process has its own bounds; the copy is not what scripts read */
	if (share_set(&p->shares, m->key, m->value, m->expires_s) != OK)
		log_verbose(
		    "policy: a shared value is not kept for a restart: no room");
	return OK;
}

/* The question that its handler runs for; NULL where it was an event that is told. */
static struct policy_item *question_of(const struct policy *p, uint64_t conn)
{
	struct policy_item *it = p->running.first;

	while (it != NULL && it->conn != conn)
		it = it->next;
	return it;
}

enum err serve_policy_help(struct policy *p, const struct msg_policy_help *m,
			   struct ipc_fds *fds)
{
	struct policy_item *it = question_of(p, m->conn);
	struct timeval more;
	uint64_t ms;

	(void)fds;
	p->heard_ms = clock_ms();
	if (it != NULL) {
		ms =
		    (uint64_t)it->timeout_ms + helper_deadline_ms(p->m, m->deadline_ms);
		more = (struct timeval){.tv_sec = (time_t)(ms / 1000),
					.tv_usec = (suseconds_t)(ms % 1000 * 1000)};
		it->call = m->call;
		policy_item_move(it, &p->helped);
		if (it->done == NULL) /* the drop that follows ends it */
			policy_item_free(it);
		else if (event_add(&it->deadline, &more) != 0)
			log_error("policy: a deadline cannot be set");
	}
	policy_help_begin(p->m, m);
	return OK;
}

enum err serve_policy_note(struct policy *p, const struct msg_policy_note *m,
			   struct ipc_fds *fds)
{
	struct printable text;

	(void)fds;
	p->heard_ms = clock_ms();
	log_line((enum log_level)m->level, "conn=%llu policy: %s",
		 (unsigned long long)m->conn, printable(m->text, &text));
	return OK;
}

enum err serve_policy_stuck(struct policy *p, const struct msg_policy_stuck *m,
			    struct ipc_fds *fds)
{
	const struct policy_item *it = policy_question_find(p, m->id);
	struct printable where;

	(void)fds;
	p->stuck = true;
	p->stuck_id = m->id;
	log_error("event=policy_stuck conn=%llu policy: %s",
		  (unsigned long long)(it != NULL ? it->conn : 0),
		  printable(m->where, &where));
	return ERR_CLOSED;
}
