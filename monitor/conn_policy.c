/*
 * Events of a connection for its script. What a client said is in them as it said it, and bounded.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/sshnum.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/metrics.h"
#include "monitor/policy_link.h"
#include "monitor/script.h"
#include "monitor/serve.h"

/* Facts of one event beside the connection's: a line or two. */
#define FACTS_BYTES (LIMIT_LOG_BYTES + LIMIT_TEXT_BYTES)

static struct span written(const struct wr *w)
{
	return w->err == OK ? (struct span){w->p, w->n} : (struct span){0};
}

/* By the script, or by somebody who follows events. */
static bool is_heard(const struct conn *c, enum policy_event event)
{
	return c->m->follower != NULL || policy_hears(c, event);
}

/* ---- what is told ---- */

static void tell_code(struct conn *c, enum policy_event event,
		      const char *const name[2], uint32_t code, struct span text)
{
	uint8_t store[FACTS_BYTES];
	struct wr w = WR(store);

	facts_num(&w, name[0], code);
	facts_str(&w, name[1], text);
	policy_tell(c, event, written(&w));
}

void conn_policy_status(struct conn *c, const char *fmt, ...)
{
	uint8_t store[FACTS_BYTES];
	struct wr w = WR(store);
	char text[LIMIT_LOG_BYTES];
	va_list ap;

	if (!is_heard(c, POLICY_ON_status))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	facts_str(&w, "status.message", span_str(text));
	policy_tell(c, POLICY_ON_status, written(&w));
}

void conn_policy_error(struct conn *c, uint32_t code, struct span text)
{
	static const char *const names[] = {"problem.code", "problem.description"};

	if (is_heard(c, POLICY_ON_error))
		tell_code(c, POLICY_ON_error, names, code, text);
}

static void tell_connected(struct conn *c, uint32_t code, struct span text)
{
	static const char *const names[] = {"status.code", "status.description"};

	if (c->told_connected || !is_heard(c, POLICY_ON_connected))
		return;
	c->told_connected = true;
	tell_code(c, POLICY_ON_connected, names, code, text);
}

void conn_policy_negotiated(struct conn *c, const struct msg_negotiated *m)
{
	struct printable shown;

	if (c->script == NULL && c->m->follower == NULL)
		return;
	if (c->work->client_version == NULL)
		c->work->client_version = strdup(printable(m->version, &shown));
	tell_connected(c, CODE_OK, SPAN_LIT("OK"));
	conn_policy_status(c, "NEWKEYS %s", printable(m->algorithms, &shown));
}

/* ---- the end ---- */

/* RFC 4253 11.1 in the words of the reference. A client that says goodbye ends it normally. */
struct ending {
	uint32_t reason, code;
	const char *text;
};

static const struct ending over = {SSH_DISCONNECT_BY_APPLICATION, CODE_OK, "OK"};
static const struct ending cut = {SSH_DISCONNECT_CONNECTION_LOST, CODE_RESET,
				  "Connection reset by peer."};
static const struct ending failed = {SSH_DISCONNECT_NO_MORE_AUTH_METHODS, CODE_AUTH,
				     "Could not authenticate client."};
static const struct ending aborted = {0, CODE_ABORT,
				      "Software caused connection abort."};
static const struct ending timed_out = {0, CODE_TIMEOUT, "Connection timed out."};
static const struct ending denied = {0, CODE_DENIED, "Access denied."};

void conn_policy_note_end(struct conn *c, uint32_t reason, enum err e)
{
	if (c->ended)
		return;
	c->ended = true;
	c->end_reason = reason;
	c->end_err = e;
}

static const struct ending *ending_of(const struct conn *c)
{
	if (c->end_err == ERR_GRACE || c->end_err == ERR_NO_REPLY)
		return &timed_out;
	if (c->end_err == ERR_DENIED)
		return &denied;
	if (c->end_err == ERR_LOST)
		return &cut;
	if (!c->ended || c->end_err == ERR_CLOSED)
		return &over;
	if (c->end_err != OK && err_class(c->end_err) == ERR_CLASS_LOCAL)
		return &aborted;
	if (c->end_reason == over.reason)
		return &over;
	if (c->end_reason == cut.reason)
		return &cut;
	if (c->end_reason == failed.reason)
		return &failed;
	return &aborted;
}

void conn_policy_last_words(struct conn *c, const struct msg_conn_end *m)
{
	uint32_t code;

	conn_policy_note_end(c, m->reason, (enum err)m->error);
	code = ending_of(c)->code;
	/* that a login failed was told when it did; a refusal is the script's own */
	if (code != CODE_OK && code != CODE_AUTH && code != CODE_DENIED)
		conn_policy_error(c, code, m->text);
}

void conn_policy_over(struct conn *c)
{
	static const char *const names[] = {"ending.status_code", "ending.description"};
	const struct ending *end;

	if (c->script == NULL && c->m->follower == NULL)
		return;
	end = ending_of(c);
	if (c->work != NULL && end->code != CODE_OK)
		tell_connected(c, end->code, span_str(end->text));
	if (is_heard(c, POLICY_ON_disconnected))
		tell_code(c, POLICY_ON_disconnected, names, end->code,
			  span_str(end->text));
	policy_conn_over(c);
	/* what is logged while it is taken apart is told to nobody */
	script_unref(c->script);
	c->script = NULL;
}

/* ---- questions ---- */

/* RFC 4253 4.2: lines may come before the identification; this is the last. */
static void say_why(const struct conn *c, struct span text)
{
	struct printable shown;
	char line[sizeof shown.text + 2];
	int n;

	if (text.n == 0)
		return;
	n = snprintf(line, sizeof line, "%s\r\n", printable(text, &shown));
	if (send(c->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
		log_debug("conn=%llu was not told why", (unsigned long long)c->id);
}

static void request_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	(void)ctx;
	if (a->verdict == POLICY_NONE || a->verdict == POLICY_ACCEPT) {
		conn_greet(c);
		return;
	}
	log_info("conn=%llu from %s port %u refused by the script",
		 (unsigned long long)c->id, c->remote.address,
		 (unsigned)c->remote.port);
	if (a->verdict == POLICY_REFUSE) /* an error is not the client's */
		conn_penalize(c, PENALTY_REFUSED);
	metrics_refused(c->m, "script");
	say_why(c, facts_get_str(a->fields, "message", (struct span){0}));
	conn_policy_note_end(c, 0, ERR_DENIED);
	conn_disconnect(c, ERR_DENIED, NULL);
}

bool conn_policy_request(struct conn *c)
{
	static const struct policy_answer none = {.verdict = POLICY_ERROR};

	if (!policy_hears(c, POLICY_ON_connection_request))
		return false;
	if (policy_ask(c, POLICY_ON_connection_request, (struct span){0},
		       request_decided, NULL) != OK)
		request_decided(c, &none, NULL);
	return true;
}

static void service_decided(struct conn *c, const struct policy_answer *a, void *ctx)
{
	bool ok = a->verdict == POLICY_NONE || a->verdict == POLICY_ACCEPT;
	struct span text = facts_get_str(a->fields, "message", (struct span){0});

	(void)ctx;
	c->work->service_asked = false;
	if (!ok)
		conn_policy_note_end(c, 0, ERR_DENIED);
	conn_policy_status(c, "SERVICE_REQUEST ssh-userauth: %s",
			   ok ? "accepted" : "refused");
	conn_tell(c, &MSG_OF(service_result, .ok = ok, .text = text));
}

enum err serve_service_request(struct conn *c, const struct msg_service_request *m,
			       struct ipc_fds *fds)
{
	static const struct policy_answer none = {.verdict = POLICY_ERROR};
	uint8_t store[FACTS_BYTES];
	struct wr w = WR(store);

	(void)fds;
	if (c->work->service_asked || c->work->attempting ||
	    !policy_hears(c, POLICY_ON_service_request))
		return ERR_FORBIDDEN;
	c->work->service_asked = true;
	facts_str(&w, "service.name", m->name);
	if (policy_ask(c, POLICY_ON_service_request, written(&w), service_decided,
		       NULL) != OK)
		service_decided(c, &none, NULL);
	return OK;
}
