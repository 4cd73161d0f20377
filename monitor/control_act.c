/*
 * What operators do with connections and channels: the same that scripts do, by the same way (act.c).
 */
#include <stdlib.h>

#include "monitor/act.h"
#include "monitor/control_private.h"
#include "monitor/serve_chan.h"

#define PACKET_HEAD_BYTES 16 /* number, boolean, length */

static enum ctl_error error_of_code(uint32_t code)
{
	for (size_t i = 1; i < CTL_ERROR_COUNT; i++)
		if (ctl_errors[i].code == (int32_t)code)
			return (enum ctl_error)i;
	return CTL_BAD_INTERNAL;
}

static enum ctl_error result_of(struct control_call *c, struct act_result done)
{
	return done.why == NULL
		   ? CTL_OK
		   : control_say(c, error_of_code(done.code), "%s", done.why);
}

static struct span written(const struct wr *w)
{
	return w->err == OK ? (struct span){w->p, w->n} : (struct span){0};
}

static struct span str_of(const struct control_call *c, const char *name)
{
	return facts_get_str(c->params, name, (struct span){0});
}

/* ---- connections ---- */

static enum ctl_error act_conn(struct control_call *c, enum policy_action action,
			       struct span data)
{
	struct conn *at = control_conn_of(c, "id");

	if (at == NULL)
		return CTL_BAD_CONNECTION;
	return result_of(c, act_on(at, &(struct act){.action = action, .data = data}));
}

enum ctl_error control_connection_disconnect(struct control_call *c)
{
	struct span text = str_of(c, "message");

	if (text.n > LIMIT_TEXT_BYTES)
		return control_say(c, CTL_BAD_TOO_LONG, "a message may have %d bytes",
				   LIMIT_TEXT_BYTES);
	if (text.n == 0)
		text = SPAN_LIT("closed by an operator");
	return act_conn(c, POLICY_DISCONNECT, text);
}

enum ctl_error control_connection_rekey(struct control_call *c)
{
	return act_conn(c, POLICY_REKEY, (struct span){0});
}

enum ctl_error control_connection_set(struct control_call *c)
{
	uint64_t seconds = facts_get_num(c->params, "timeout", 0);
	uint8_t store[sizeof(uint32_t)];
	struct wr w = WR(store);

	if (seconds > LIMIT_POLICY_S)
		return control_say(c, CTL_BAD_INVALID,
				   "timeout may be %d seconds at most", LIMIT_POLICY_S);
	wr_u32(&w, (uint32_t)seconds);
	return act_conn(c, POLICY_TIMEOUT, written(&w));
}

enum ctl_error control_connection_send_packet(struct control_call *c)
{
	struct conn *at = control_conn_of(c, "id");
	uint64_t number = facts_get_num(c->params, "type", 0);
	uint64_t chan = facts_get_num(c->params, "channel", UINT64_MAX);
	struct span payload = str_of(c, "payload");
	uint8_t store[LIMIT_PIECE_BYTES + PACKET_HEAD_BYTES];
	struct wr w = WR(store);
	struct act a = {.action = POLICY_SEND_PACKET, .chan = (uint32_t)chan};

	if (at == NULL)
		return CTL_BAD_CONNECTION;
	if (number > UINT8_MAX || payload.n > LIMIT_PIECE_BYTES)
		return control_say(c, CTL_BAD_INVALID,
				   "type is a byte, and payload %d bytes at most",
				   LIMIT_PIECE_BYTES);
	wr_u8(&w, (uint8_t)number);
	wr_bool(&w, chan <= UINT32_MAX);
	wr_bytes(&w, payload);
	a.data = written(&w);
	return result_of(c, act_on(at, &a));
}

/* ---- channels ---- */

static enum ctl_error act_chan(struct control_call *c, enum policy_action action,
			       struct span data)
{
	struct conn *at = control_conn_of(c, "connection");
	uint64_t chan = facts_get_num(c->params, "channel", 0);

	if (at == NULL || at->work == NULL)
		return CTL_BAD_CONNECTION;
	if (chan > UINT32_MAX || chan_find(at, (uint32_t)chan) == NULL)
		return CTL_BAD_CHANNEL;
	return result_of(c, act_on(at, &(struct act){.action = action,
						     .chan = (uint32_t)chan,
						     .data = data}));
}

enum ctl_error control_channel_send(struct control_call *c)
{
	struct span text = str_of(c, "text"), hex = str_of(c, "hex");
	bool error = facts_get_bool(c->params, "stderr", false);

	if ((text.n > 0) == (hex.n > 0))
		return control_say(c, CTL_BAD_PARAMS,
				   "channel.send needs text or hex, one of them");
	return act_chan(c, error ? POLICY_SEND_ERROR : POLICY_SEND,
			text.n > 0 ? text : hex);
}

enum ctl_error control_channel_eof(struct control_call *c)
{
	return act_chan(c, POLICY_EOF, (struct span){0});
}

static enum ctl_error act_number(struct control_call *c, enum policy_action action,
				 uint64_t value)
{
	uint8_t store[sizeof(uint32_t)];
	struct wr w = WR(store);

	if (value > UINT32_MAX)
		return control_say(c, CTL_BAD_INVALID, "the number is too large");
	wr_u32(&w, (uint32_t)value);
	return act_chan(c, action, written(&w));
}

enum ctl_error control_channel_close(struct control_call *c)
{
	uint64_t status = facts_get_num(c->params, "status", UINT64_MAX);

	if (status == UINT64_MAX)
		return act_chan(c, POLICY_CLOSE, (struct span){0});
	return act_number(c, POLICY_CLOSE, status);
}

enum ctl_error control_channel_set(struct control_call *c)
{
	return act_number(c, POLICY_RECORD_LENGTH,
			  facts_get_num(c->params, "record_length", 0));
}

/* ---- a channel that we open: the client answers later ---- */

struct opening {
	struct monitor *m;
	uint64_t call;
};

static void opened(void *ctx, uint32_t chan, uint32_t code, struct span text)
{
	struct opening *o = ctx;
	uint8_t store[LIMIT_TEXT_BYTES];
	struct wr w = WR(store);

	if (code == 0)
		facts_num(&w, "channel", chan);
	control_answer_later(o->m, o->call, code == 0 ? CTL_OK : error_of_code(code),
			     text, written(&w));
	free(o);
}

enum ctl_error control_channel_open(struct control_call *c)
{
	struct conn *at = control_conn_of(c, "connection");
	struct span type = str_of(c, "type"), payload = str_of(c, "payload");
	uint8_t store[LIMIT_PIECE_BYTES + LIMIT_NAME_BYTES + PACKET_HEAD_BYTES];
	struct wr w = WR(store);
	struct opening *o;
	struct act_result done;

	if (at == NULL)
		return CTL_BAD_CONNECTION;
	wr_bytes(&w, type);
	wr_bytes(&w, payload);
	if (w.err != OK)
		return CTL_BAD_TOO_LONG;
	o = malloc(sizeof *o);
	if (o == NULL)
		return CTL_BAD_NO_SPACE;
	*o = (struct opening){c->m, c->id};
	done = act_on(at, &(struct act){.action = POLICY_OPEN_CHANNEL,
					.data = written(&w),
					.opened = opened,
					.ctx = o});
	if (done.why == NULL)
		return CONTROL_LATER;
	free(o);
	return result_of(c, done);
}
