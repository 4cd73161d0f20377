/*
 * Serves calls of operators' clients. The control process parsed them; here they are checked again by the
 * table, and the role of who asks is our own knowledge.
 */
#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"
#include "monitor/control_private.h"
#include "monitor/link.h"
#include "monitor/serve.h"

#define SERVE_ONE(id)                                                                  \
	case CTL_ON_##id:                                                              \
		return control_##id(c);
#define SERVE_ROWS(id) SERVE_ONE(id)
#define SERVE_STREAM(id)                                                               \
	case CTL_ON_##id:                                                              \
		return CTL_BAD_METHOD; /* not ours to serve */

static enum ctl_error dispatch(struct control_call *c)
{
	switch (c->method) {
#define METHOD(id, name, role, kind, help) SERVE_##kind(id)
#include "common/ctl.def"
	case CTL_METHOD_COUNT:
		break;
	}
	return CTL_BAD_METHOD;
}

enum ctl_error control_say(struct control_call *c, enum ctl_error e, const char *fmt,
			   ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->text, sizeof c->text, fmt, ap);
	va_end(ap);
	return e;
}

struct conn *control_conn_of(const struct control_call *c, const char *param)
{
	return idmap_find(&c->m->conns_by_id, facts_get_num(c->params, param, 0));
}

bool control_row(struct control_call *c)
{
	struct span facts;

	if (wr_end(&c->out, &facts) == OK)
		control_send(c->m->control,
			     &MSG_OF(ctl_row, .call = c->id, .facts = facts));
	else
		log_error("control: a row of %s is too long and left out",
			  ctl_methods[c->method].name);
	c->out = (struct wr){.p = c->out.p, .cap = c->out.cap};
	return ++c->rows < LIMIT_CONTROL_PAGE;
}

/* Whoever changes something stands in the log, whatever came of it. */
static void note(const struct control_call *c, enum ctl_error e)
{
	if (ctl_methods[c->method].role != CTL_ADMIN)
		return;
	control_event_done(c, e);
	log_info("event=control uid=%u client=%u method=%s code=%d%s%s",
		 (unsigned)c->client->uid, (unsigned)c->client->id,
		 ctl_methods[c->method].name,
		 e == CONTROL_LATER ? 0 : (int)ctl_errors[e].code,
		 c->text[0] != '\0' ? ": " : "", c->text);
}

static void answer(struct control_call *c, enum ctl_error e)
{
	struct span facts = {0};

	if (e == CTL_OK && wr_end(&c->out, &facts) != OK)
		e = control_say(c, CTL_BAD_TOO_LONG, "the answer is too long");
	control_send(c->m->control,
		     &MSG_OF(ctl_done, .call = c->id, .error = (uint8_t)e,
			     .text = span_str(c->text),
			     .next = e == CTL_OK ? c->next : 0, .facts = facts));
}

void control_answer_later(struct monitor *m, uint64_t call, enum ctl_error e,
			  struct span text, struct span facts)
{
	if (text.n > LIMIT_LOG_BYTES)
		text.n = LIMIT_LOG_BYTES;
	if (m->control != NULL)
		control_send(m->control,
			     &MSG_OF(ctl_done, .call = call, .error = (uint8_t)e,
				     .text = text, .facts = facts));
}

enum err serve_ctl_call(struct control *k, const struct msg_ctl_call *m,
			struct ipc_fds *fds)
{
	struct control_call c = {
	    .m = k->m,
	    .client = idmap_find(&k->clients, m->client),
	    .id = m->call,
	    .method = (enum ctl_method)m->method,
	    .after = m->after,
	    .params = m->params,
	    .out = {.p = k->store, .cap = LIMIT_CONTROL_ROW_BYTES}
        };
	enum ctl_error e;

	(void)fds;
	if (c.client == NULL || ctl_params_check(c.method, m->params) != OK)
		return ERR_FORBIDDEN; /* it was to look itself */
	if (ctl_methods[c.method].role > c.client->role)
		e = CTL_BAD_DENIED;
	else
		e = dispatch(&c);
	note(&c, e);
	if (e != CONTROL_LATER)
		answer(&c, e);
	control_rest(k);
	return OK;
}
