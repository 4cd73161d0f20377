/*
 * Actions on connections and channels. The policy process may be anybody's by now, and an operator
 * may err: numbers, lengths and packets are checked here again. Source: RFC 4254 5
 */
#include "monitor/act.h"
#include "common/log.h"
#include "common/names.h"
#include "common/sendable.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/offer.h"
#include "monitor/serve_chan.h"

static const struct act_result malformed = {CODE_INVALID, "malformed"};
static const struct act_result too_early = {CODE_NOT_CONNECTED,
					    "nobody is logged in yet"};

static bool is_open(const struct conn *c)
{
	return c->work != NULL && c->work->link.state == IN_OPEN;
}

uint32_t act_timeout_s(const struct conn *c)
{
	return c->work->timeout_set ? c->work->timeout_s
				    : c->work->set->connection_timeout_s;
}

static struct act_result disconnect(struct conn *c, struct span text)
{
	char store[LIMIT_TEXT_BYTES + 1];

	if (c->work != NULL)
		c->work->tried = true; /* before the login it is a refusal */
	if (text.n == 0 || bytes_to_str(store, sizeof store, text) != OK)
		conn_disconnect(c, ERR_DENIED, "closed by the gateway's policy");
	else
		conn_disconnect(c, ERR_DENIED, store);
	return ACT_DONE;
}

static struct act_result rekey(struct conn *c)
{
	if (c->work == NULL)
		return too_early;
	conn_tell(c, &MSG_OF(rekey, .now = 1));
	return ACT_DONE;
}

static struct act_result set_timeout(struct conn *c, struct span data)
{
	struct rd r = RD(data);
	uint32_t seconds = rd_u32(&r);

	if (rd_end(&r) != OK || seconds > LIMIT_POLICY_S)
		return malformed;
	if (c->work == NULL)
		return too_early;
	c->work->timeout_set = true;
	c->work->timeout_s = seconds;
	return ACT_DONE;
}

static struct act_result open_channel(struct conn *c, const struct act *a)
{
	struct rd r = RD(a->data);
	struct offer_wish wish = {.done = a->opened, .ctx = a->ctx};

	wish.type = rd_bytes(&r, LIMIT_NAME_BYTES);
	wish.payload = rd_bytes(&r, LIMIT_PIECE_BYTES);
	if (rd_end(&r) != OK || !names_sound(wish.type))
		return malformed;
	if (!is_open(c))
		return too_early;
	return offer_begin(c, &wish);
}

static struct act_result send_packet(struct conn *c, const struct act *a)
{
	struct rd r = RD(a->data);
	uint8_t number = rd_u8(&r);
	bool on_channel = rd_bool(&r);
	struct span payload = rd_bytes(&r, LIMIT_PIECE_BYTES);
	const char *wrong;

	if (rd_end(&r) != OK)
		return malformed;
	if ((wrong = sendable_wrong(number, on_channel, payload)) != NULL)
		return (struct act_result){CODE_INVALID, wrong};
	if (!is_open(c))
		return too_early;
	if (on_channel && chan_find(c, a->chan) == NULL)
		return (struct act_result){CODE_NO_SUCH, "it is closed"};
	if (!chan_link_has_room(c))
		return (struct act_result){CODE_WOULD_BLOCK,
					   "the client does not read"};
	conn_tell(c, &MSG_OF(packet, .chan = a->chan, .on_channel = on_channel,
			     .number = number, .payload = payload));
	return ACT_DONE;
}

struct act_result act_on(struct conn *c, const struct act *a)
{
	switch (a->action) {
	case POLICY_DISCONNECT:
		return disconnect(c, a->data);
	case POLICY_REKEY:
		return rekey(c);
	case POLICY_TIMEOUT:
		return set_timeout(c, a->data);
	case POLICY_OPEN_CHANNEL:
		return open_channel(c, a);
	case POLICY_SEND_PACKET:
		return send_packet(c, a);
	case POLICY_SEND:
	case POLICY_SEND_ERROR:
	case POLICY_EOF:
	case POLICY_CLOSE:
	case POLICY_RECORD_LENGTH:
		return is_open(c) ? chan_script_act(c, a->chan, a->action, a->data)
				  : too_early;
	case POLICY_ACTION_COUNT:
		break;
	}
	return malformed;
}
