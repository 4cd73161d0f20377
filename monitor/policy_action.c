/*
 * What a script does beside deciding: ends a connection, has keys exchanged, asks helpers.
 */
#include <string.h>

#include "common/log.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/helper_link.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"

static void disconnect(struct conn *c, struct span text)
{
	char store[LIMIT_TEXT_BYTES + 1];

	if (c->work != NULL)
		c->work->tried = true; /* before the login it is a refusal */
	if (text.n == 0 || bytes_to_str(store, sizeof store, text) != OK)
		conn_disconnect(c, ERR_DENIED, "closed by the gateway's policy");
	else
		conn_disconnect(c, ERR_DENIED, store);
}

enum err serve_policy_action(struct policy *p, const struct msg_policy_action *m,
			     struct ipc_fds *fds)
{
	struct conn *c = idmap_find(&p->m->conns_by_id, m->conn);

	(void)fds;
	p->heard_ms = clock_ms();
	if (c == NULL) /* it ended meanwhile */
		return OK;
	switch ((enum policy_action)m->action) {
	case POLICY_DISCONNECT:
		log_info("conn=%llu policy: the script ends the connection",
			 (unsigned long long)c->id);
		disconnect(c, m->data);
		return OK;
	case POLICY_REKEY:
		if (c->work != NULL)
			conn_tell(c, &MSG_OF(rekey, .now = 1));
		return OK;
	case POLICY_SEND:
	case POLICY_EOF:
	case POLICY_CLOSE:
	case POLICY_RECORD_LENGTH:
		if (c->work != NULL)
			chan_script_act(c, m->channel, (enum policy_action)m->action,
					m->data);
		return OK;
	case POLICY_ACTION_COUNT:
		break;
	}
	return ERR_RANGE;
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
