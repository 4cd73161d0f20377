/*
 * Channel requests: a table of those that a session knows, each parsed to its end
 * before it acts. All others fail, politely. What is too long for its place fails too:
 * it is no reason to end the connection. Source: RFC 4254 5.4, 6
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "worker/chan/chan_private.h"

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_LATER };

/* Handles what stands behind want_reply; out is ANSWER_NO before. */
typedef enum err request_fn(struct chan *c, struct rd *r, enum answer *out);

/* ---- before the start ---- */

static bool keep(uint8_t *to, size_t cap, size_t *n, struct span s)
{
	if (bytes_copy(to, cap, s) != OK)
		return false;
	*n = s.n;
	return true;
}

static bool permitted(const struct chan *c, enum permit permit)
{
	return (c->worker->granted.permits & permit) != 0;
}

static enum err request_pty(struct chan *c, struct rd *r, enum answer *out)
{
	struct setup *s = c->session->setup;
	struct span term = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t columns = rd_u32(r);
	uint32_t rows = rd_u32(r);
	uint32_t width_px = rd_u32(r);
	uint32_t height_px = rd_u32(r);
	struct span modes = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (s->pty || !permitted(c, PERMIT_PTY) ||
	    !keep(s->term, sizeof s->term, &s->term_n, term) ||
	    !keep(s->modes, sizeof s->modes, &s->modes_n, modes))
		return OK;
	s->pty = true;
	s->columns = columns;
	s->rows = rows;
	s->width_px = width_px;
	s->height_px = height_px;
	*out = ANSWER_YES;
	return OK;
}

/* Grows by doubling, up to LIMIT_ENV_BYTES. */
static enum err env_room(struct setup *s, size_t need)
{
	size_t cap = s->env_cap == 0 ? LIMIT_TEXT_BYTES : s->env_cap;
	uint8_t *p;

	while (cap - s->env_n < need)
		cap *= 2;
	if (cap == s->env_cap)
		return OK;
	p = realloc(s->env, cap);
	if (p == NULL)
		return ERR_MEMORY;
	s->env = p;
	s->env_cap = cap;
	return OK;
}

static enum err request_env(struct chan *c, struct rd *r, enum answer *out)
{
	struct setup *s = c->session->setup;
	struct span name = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	struct span value = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	size_t need = name.n + value.n + 2 * sizeof(uint32_t);
	struct wr w;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (s->env_count >= LIMIT_ENV_COUNT || need > LIMIT_ENV_BYTES - s->env_n ||
	    name.n == 0 || memchr(name.p, 0, name.n) != NULL ||
	    memchr(name.p, '=', name.n) != NULL ||
	    (value.n > 0 && memchr(value.p, 0, value.n) != NULL))
		return OK;
	if ((e = env_room(s, need)) != OK)
		return e;
	w = (struct wr){.p = s->env, .n = s->env_n, .cap = s->env_cap};
	wr_bytes(&w, name);
	wr_bytes(&w, value);
	if (w.err != OK)
		return ERR_BUG;
	s->env_n = w.n;
	s->env_count++;
	*out = ANSWER_YES;
	return OK;
}

/* What goes to xauth as an argument: letters and a few signs, as sshd has it. */
static bool xauth_valid(struct span s)
{
	static const char other[] = ".:/-_";

	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = s.p[i];
		bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');

		if (!letter && !(b >= '0' && b <= '9') &&
		    memchr(other, b, sizeof other - 1) == NULL)
			return false;
	}
	return true;
}

static enum err request_x11(struct chan *c, struct rd *r, enum answer *out)
{
	enum { MANY = 1, SINGLE = 2 };
	struct setup *s = c->session->setup;
	bool single = rd_bool(r);
	struct span protocol = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	struct span cookie = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t screen = rd_u32(r);
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (s->x11 != 0 || !permitted(c, PERMIT_X11) || !xauth_valid(protocol) ||
	    !xauth_valid(cookie) ||
	    !keep(s->x11_protocol, sizeof s->x11_protocol, &s->x11_protocol_n,
		  protocol) ||
	    !keep(s->x11_cookie, sizeof s->x11_cookie, &s->x11_cookie_n, cookie))
		return OK;
	s->x11 = single ? SINGLE : MANY;
	s->x11_screen = screen;
	*out = ANSWER_YES;
	return OK;
}

static enum err request_agent(struct chan *c, struct rd *r, enum answer *out)
{
	struct setup *s = c->session->setup;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (s->agent || !permitted(c, PERMIT_AGENT))
		return OK;
	s->agent = true;
	*out = ANSWER_YES;
	return OK;
}

static enum err start(struct chan *c, enum session_kind kind, struct span command,
		      enum answer *out)
{
	if (command.n > LIMIT_COMMAND_BYTES)
		return OK;
	*out = ANSWER_LATER;
	return session_start(c, kind, command);
}

static enum err request_shell(struct chan *c, struct rd *r, enum answer *out)
{
	enum err e = rd_end(r);

	return e == OK ? start(c, SESSION_SHELL, (struct span){0}, out) : e;
}

static enum err request_exec(struct chan *c, struct rd *r, enum answer *out)
{
	struct span command = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e = rd_end(r);

	return e == OK ? start(c, SESSION_EXEC, command, out) : e;
}

static enum err request_subsystem(struct chan *c, struct rd *r, enum answer *out)
{
	struct span name = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e = rd_end(r);

	return e == OK ? start(c, SESSION_SUBSYSTEM, name, out) : e;
}

/* ---- at any time ---- */

static unsigned short clip(uint32_t v)
{
	return v > UINT16_MAX ? UINT16_MAX : (unsigned short)v;
}

static enum err request_window_change(struct chan *c, struct rd *r, enum answer *out)
{
	struct session *s = c->session;
	uint32_t columns = rd_u32(r);
	uint32_t rows = rd_u32(r);
	uint32_t width_px = rd_u32(r);
	uint32_t height_px = rd_u32(r);
	struct winsize size = {.ws_col = clip(columns),
			       .ws_row = clip(rows),
			       .ws_xpixel = clip(width_px),
			       .ws_ypixel = clip(height_px)};
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (s->setup != NULL && s->setup->pty) {
		s->setup->columns = columns;
		s->setup->rows = rows;
		s->setup->width_px = width_px;
		s->setup->height_px = height_px;
		*out = ANSWER_YES;
	} else if (s->tty && c->from[CHAN_OUT].fd >= 0 &&
		   ioctl(c->from[CHAN_OUT].fd, TIOCSWINSZ, &size) == 0) {
		*out = ANSWER_YES;
	}
	return OK;
}

/* ---- while it runs ---- */

/* RFC 4335; as in sshd its length is the terminal's affair. */
static enum err request_break(struct chan *c, struct rd *r, enum answer *out)
{
	enum err e;

	rd_u32(r); /* milliseconds */
	if ((e = rd_end(r)) != OK)
		return e;
	if (c->session->tty && c->from[CHAN_OUT].fd >= 0 &&
	    ioctl(c->from[CHAN_OUT].fd, TCSBRK, 0) == 0)
		*out = ANSWER_YES;
	return OK;
}

static bool signal_known(struct span name)
{
	/* RFC 4254 6.10 */
	static const char *const names[] = {"ABRT", "ALRM", "FPE",  "HUP",  "ILL",
					    "INT",  "KILL", "PIPE", "QUIT", "SEGV",
					    "TERM", "USR1", "USR2"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static enum err request_signal(struct chan *c, struct rd *r, enum answer *out)
{
	struct span name = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e;

	if ((e = rd_end(r)) != OK || !signal_known(name))
		return e;
	*out = ANSWER_YES;
	return worker_ask(c->worker,
			  &MSG_OF(session_signal, .chan = c->number, .signal = name));
}

/* PROTOCOL 2.1: the client reads no more; its program is told as by a closed pipe. */
static enum err request_eow(struct chan *c, struct rd *r, enum answer *out)
{
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	for (size_t i = 0; i < CHAN_FROM_COUNT; i++)
		c->reading[i] = c->drain[i] = false;
	*out = ANSWER_YES;
	return OK;
}

/* ---- the table ---- */

enum {
	COLLECT = 1 << SESSION_COLLECT,
	RUNNING = 1 << SESSION_RUNNING,
	EXITED = 1 << SESSION_EXITED
};

static const struct request {
	const char *name;
	request_fn *fn;
	unsigned phases; /* in others it fails */
	bool starts;     /* the monitor decides about it anyway */
} requests[] = {
    {"auth-agent-req@openssh.com", request_agent,         COLLECT,                    false},
    {"break",		      request_break,         RUNNING,                    false},
    {"env",			request_env,           COLLECT,                    false},
    {"eow@openssh.com",            request_eow,           RUNNING | EXITED,           false},
    {"exec",		       request_exec,          COLLECT,                    true },
    {"pty-req",		    request_pty,           COLLECT,                    false},
    {"shell",		      request_shell,         COLLECT,                    true },
    {"signal",		     request_signal,        RUNNING,                    false},
    {"subsystem",		  request_subsystem,     COLLECT,                    true },
    {"window-change",              request_window_change, COLLECT | RUNNING | EXITED, false},
    {"x11-req",		    request_x11,           COLLECT,                    false},
};

/* NULL where no channel of its kind knows the name. */
static const struct request *request_find(const struct chan *c, struct span name)
{
	if (c->session == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		if (span_is(name, requests[i].name))
			return &requests[i];
	return NULL;
}

static bool in_phase(const struct chan *c, const struct request *row)
{
	return c->session != NULL && (row->phases >> c->session->phase & 1) != 0;
}

enum err send_request_answer(struct chan *c, bool ok)
{
	struct transport *t = &c->worker->transport;

	wr_u32(
	    transport_begin(t, ok ? SSH_MSG_CHANNEL_SUCCESS : SSH_MSG_CHANNEL_FAILURE),
	    c->peer);
	return transport_commit(t);
}

/* What the script took itself needs nobody else; all other requests have their row. */
static enum err act(struct chan *c, const struct request *row, struct rd *r,
		    enum decided decided, enum answer *out)
{
	if (decided == DECIDED_GRANTED && (row == NULL || c->script != NULL)) {
		*out = ANSWER_YES;
		return OK;
	}
	return row != NULL && in_phase(c, row) ? row->fn(c, r, out) : OK;
}

enum err request_take(struct chan *c, struct span request, enum decided decided)
{
	struct rd r = RD(request);
	struct asked_request q = {0};
	enum answer answer = ANSWER_NO;
	const struct request *row;
	enum err e;

	q.name = rd_bytes(&r, LIMIT_TEXT_BYTES);
	q.reply = rd_bool(&r);
	q.payload = r.left;
	if (!rd_ok(&r))
		return rd_end(&r);
	row = request_find(c, q.name);
	/* what cannot be in this phase needs no question */
	if (decided == DECIDED_NOT && question_due(c) &&
	    (row == NULL || (!row->starts && in_phase(c, row))))
		return question_ask(c, request, &q);
	if (c->session != NULL)
		c->session->reply = q.reply;
	if ((e = act(c, row, &r, decided, &answer)) != OK || answer == ANSWER_LATER)
		return e;
	if (q.reply && (e = send_request_answer(c, answer == ANSWER_YES)) != OK)
		return e;
	return answer == ANSWER_YES ? question_tell(c, &q) : OK;
}

enum err recv_channel_request(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct span request = rd_rest(r);
	struct chan *c;
	enum err e;

	if ((e = rd_end(r)) != OK || (e = chan_lookup(w, number, &c)) != OK)
		return e;
	if (c->close_got)
		return ERR_FORBIDDEN;
	if (c->close_sent)
		return OK; /* it crossed our CLOSE, RFC 4254 5.3: no answer */
	if (question_open(c))
		return hold_put(&c->held, &w->chans.held, request);
	if ((e = request_take(c, request, DECIDED_NOT)) != OK)
		return e;
	return chan_progress(c);
}

/* Answers to requests of ours, which want none. */
static enum err recv_channel_answer(struct worker *w, struct rd *r)
{
	uint32_t number = rd_u32(r);
	struct chan *c;
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	return chan_lookup(w, number, &c);
}

enum err recv_channel_success(struct worker *w, struct rd *r)
{
	return recv_channel_answer(w, r);
}

enum err recv_channel_failure(struct worker *w, struct rd *r)
{
	return recv_channel_answer(w, r);
}
