/*
 * Facts of channels and requests. What a worker reports of a client's packet is parsed
 * here again: a script reads fields of sound packets only, and the raw payload is there
 * beside them for those who want to read it otherwise. Source: RFC 4254 5-7
 */
#include "monitor/chan_facts.h"
#include "common/facts.h"

/* ---- what was opened ---- */

void chan_facts_type(struct wr *w, struct span type)
{
	facts_str(w, "channel.type", type);
}

/* The fields again as RFC 4254 7.2 has them on the wire. */
static void open_tcp(struct wr *w, const struct msg_open_tcp *m)
{
	uint8_t bytes[2 * LIMIT_HOST_BYTES + LIMIT_NAME_BYTES];
	struct wr payload = WR(bytes);

	chan_facts_type(w, SPAN_LIT("direct-tcpip"));
	facts_str(w, "channel.host", m->host);
	facts_num(w, "channel.port", m->port);
	facts_str(w, "channel.origin", m->origin);
	facts_num(w, "channel.origin_port", m->origin_port);
	wr_bytes(&payload, m->host);
	wr_u32(&payload, m->port);
	wr_bytes(&payload, m->origin);
	wr_u32(&payload, m->origin_port);
	facts_str(w, "channel.payload", (struct span){payload.p, payload.n});
}

static void open_unix(struct wr *w, const struct msg_open_unix *m)
{
	uint8_t bytes[LIMIT_PATH_BYTES + LIMIT_NAME_BYTES];
	struct wr payload = WR(bytes);

	chan_facts_type(w, SPAN_LIT("direct-streamlocal@openssh.com"));
	facts_str(w, "channel.path", m->path);
	wr_bytes(&payload, m->path);
	wr_str(&payload, ""); /* reserved */
	wr_u32(&payload, 0);
	facts_str(w, "channel.payload", (struct span){payload.p, payload.n});
}

bool chan_facts_open(struct wr *w, const struct msg *m)
{
	if (m->type == MSG_open_session) {
		chan_facts_type(w, SPAN_LIT("session"));
		facts_str(w, "channel.payload", (struct span){0});
	} else if (m->type == MSG_open_tcp) {
		open_tcp(w, &m->u.open_tcp);
	} else if (m->type == MSG_open_unix) {
		open_unix(w, &m->u.open_unix);
	} else if (m->type == MSG_open_other) {
		chan_facts_type(w, m->u.open_other.type);
		facts_str(w, "channel.payload", m->u.open_other.payload);
	} else {
		return false;
	}
	return true;
}

/* ---- requests ---- */

/* How a field of a request is read, and the fact that it becomes; a NULL name is skipped. */
struct field {
	enum { END, TEXT, NUMBER, FLAG } kind;
	const char *fact;
};

enum { FIELDS = 7 };

static const struct row {
	const char *request;
	struct field field[FIELDS];
} rows[] = {
    {"cancel-streamlocal-forward@openssh.com", {{TEXT, "request.path"}}                          },
    {"cancel-tcpip-forward",                   {{TEXT, "request.host"}, {NUMBER, "request.port"}}},
    {"env",				    {{TEXT, "request.name"}, {TEXT, "request.value"}} },
    {"exec",				   {{TEXT, "request.command"}}                       },
    {"pty-req",
     {{TEXT, "request.term"},
      {NUMBER, "request.columns"},
      {NUMBER, "request.rows"},
      {NUMBER, "request.width_px"},
      {NUMBER, "request.height_px"},
      {TEXT, "request.modes"}}								   },
    {"signal",				 {{TEXT, "request.signal"}}                        },
    {"streamlocal-forward@openssh.com",        {{TEXT, "request.path"}}                          },
    {"subsystem",			      {{TEXT, "request.subsystem"}}                     },
    {"tcpip-forward",			  {{TEXT, "request.host"}, {NUMBER, "request.port"}}},
    {"window-change",
     {{NUMBER, "request.columns"},
      {NUMBER, "request.rows"},
      {NUMBER, "request.width_px"},
      {NUMBER, "request.height_px"}}							     },
    {"x11-req",
     {{FLAG, "request.single_connection"},
      {TEXT, "request.x11_protocol"},
      {TEXT, NULL}, /* the cookie opens the user's screen */
      {NUMBER, "request.x11_screen"}}							    },
};

/* Reads one field; w may be NULL: it is only looked whether the fields are sound. */
static void take(struct rd *r, const struct field *f, struct wr *w)
{
	struct span text = {0};
	uint32_t number = 0;

	if (f->kind == TEXT)
		text = rd_bytes(r, LIMIT_COMMAND_BYTES);
	else if (f->kind == NUMBER)
		number = rd_u32(r);
	else
		number = rd_bool(r);
	if (w == NULL || f->fact == NULL)
		return;
	if (f->kind == TEXT)
		facts_str(w, f->fact, text);
	else if (f->kind == NUMBER)
		facts_num(w, f->fact, number);
	else
		facts_bool(w, f->fact, number != 0);
}

static enum err take_all(const struct row *row, struct span payload, struct wr *w)
{
	struct rd r = RD(payload);

	for (size_t i = 0; i < FIELDS && row->field[i].kind != END; i++)
		take(&r, &row->field[i], w);
	return rd_end(&r);
}

static void put_fields(struct wr *w, const struct request_facts *q)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_is(q->name, rows[i].request) &&
		    take_all(&rows[i], q->payload, NULL) == OK &&
		    take_all(&rows[i], q->payload, w) == OK)
			return;
}

/* As the packet was, from the channel's number on: packet.get reads it so. */
static void put_packet(struct wr *w, const struct request_facts *q)
{
	size_t mark;

	wr_str(w, "request.payload");
	wr_u8(w, FACT_STR);
	mark = wr_open(w);
	wr_u32(w, q->chan);
	wr_bytes(w, q->name);
	wr_bool(w, q->reply);
	wr_raw(w, q->payload);
	wr_close(w, mark);
}

void chan_facts_request(struct wr *w, const struct request_facts *q)
{
	facts_str(w, "request.type", q->name);
	facts_bool(w, "request.want_reply", q->reply);
	put_fields(w, q);
	put_packet(w, q);
}

void chan_facts_start(struct wr *w, const struct msg_session_start *m,
		      struct span *name)
{
	static const char *const names[] = {[SESSION_SHELL] = "shell",
					    [SESSION_EXEC] = "exec",
					    [SESSION_SUBSYSTEM] = "subsystem"};

	*name = span_str(names[m->kind]);
	if (m->kind != SESSION_SHELL)
		wr_bytes(w, m->command);
}

enum err chan_facts_env(struct span payload, struct span *name, struct span *value)
{
	struct rd r = RD(payload);
	struct span first = rd_bytes(&r, LIMIT_REQUEST_BYTES);
	struct span second = rd_bytes(&r, LIMIT_REQUEST_BYTES);
	enum err e = rd_end(&r);

	if (e != OK)
		return e;
	*name = first;
	*value = second;
	return OK;
}
