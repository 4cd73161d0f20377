/*
 * What a script does beside deciding: it acts on connections and channels, and asks helpers.
 */
#include "common/log.h"
#include "monitor/act.h"
#include "monitor/conn.h"
#include "monitor/helper_link.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"

/* Actions of a connection as a whole; the others are a channel's. */
static bool is_of_conn(enum policy_action action)
{
	return action == POLICY_DISCONNECT || action == POLICY_REKEY ||
	       action == POLICY_OPEN_CHANNEL || action == POLICY_SEND_PACKET ||
	       action == POLICY_TIMEOUT;
}

enum err serve_policy_action(struct policy *p, const struct msg_policy_action *m,
			     struct ipc_fds *fds)
{
	const struct act a = {.action = (enum policy_action)m->action,
			      .chan = m->channel,
			      .data = m->data};
	struct conn *c = idmap_find(&p->m->conns_by_id, m->conn);
	struct act_result done;

	(void)fds;
	p->heard_ms = clock_ms();
	if (c == NULL) /* it ended meanwhile */
		return OK;
	if (a.action == POLICY_DISCONNECT)
		log_info("conn=%llu policy: the script ends the connection",
			 (unsigned long long)c->id);
	done = act_on(c, &a); /* c may be gone */
	if (done.why == NULL)
		return OK;
	if (is_of_conn(a.action))
		log_error("conn=%llu policy: conn:%s: %s", (unsigned long long)m->conn,
			  policy_action_name(a.action), done.why);
	else
		log_error("conn=%llu channel=%u policy: channel:%s: %s",
			  (unsigned long long)m->conn, (unsigned)m->channel,
			  policy_action_name(a.action), done.why);
	return OK;
}

void policy_help_begin(struct monitor *m, const struct msg_policy_help *q)
{
	const struct helper_question question = {.call = q->call,
						 .conn = q->conn,
						 .name = q->name,
						 .request = q->request,
						 .deadline_ms = q->deadline_ms,
						 .cache_s = q->cache_s};

	helper_call(m, &question, policy_helped);
}
