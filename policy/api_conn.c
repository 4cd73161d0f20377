/*
 * The methods of conn and channel: what a script does beside deciding. Each is told to the
 * monitor, which looks at it again; what can be seen to be wrong is an error here, where the
 * script's author finds it. Source: RFC 4254 5
 */
#include "common/names.h"
#include "common/sendable.h"
#include "policy/api.h"

/* keys of the registry: addresses that are nobody else's */
static const char conn_key, channel_key;

/* Pays for an action, and tells it. */
static void act(lua_State *L, uint32_t channel, enum policy_action action,
		struct span data)
{
	struct question *q = question_of(L);
	const struct engine *e = q->state->e;

	if (++q->actions > LIMIT_POLICY_ACTIONS)
		(void)luaL_error(L, "more than %d actions in one handler",
				 LIMIT_POLICY_ACTIONS);
	fuel_pay(L, LIMIT_FUEL_STEP);
	if (e->hooks.action != NULL)
		e->hooks.action(e->hooks.ctx, q->q.conn, channel, action, data);
}

/* The number of the channel at index. */
static uint32_t channel_at(lua_State *L, int index)
{
	lua_Integer n;

	luaL_checktype(L, index, LUA_TTABLE);
	lua_pushvalue(L, index);
	lua_pushliteral(L, "id");
	(void)lua_rawget(L, -2);
	n = api_number(L, -1, 0, UINT32_MAX);
	lua_pop(L, 2);
	return (uint32_t)n;
}

static void act_number(lua_State *L, uint32_t channel, enum policy_action action,
		       uint32_t n)
{
	uint8_t buf[sizeof(uint32_t)];
	struct wr w = WR(buf);

	wr_u32(&w, n);
	act(L, channel, action, SPAN_OF(buf));
}

static void act_written(lua_State *L, uint32_t channel, enum policy_action action,
			struct wr *w)
{
	struct span data = {0};

	if (wr_end(w, &data) != OK)
		(void)luaL_error(L, "too long");
	act(L, channel, action, data);
}

/* ---- channel ---- */

static struct span data_arg(lua_State *L)
{
	struct span data = api_bytes(L, 2);

	luaL_argcheck(L, data.n <= LIMIT_POLICY_SEND_BYTES, 2, "too long");
	return data;
}

/* send(data): bytes, as they are */
static int channel_send(lua_State *L)
{
	struct span data = data_arg(L);

	act(L, channel_at(L, 1), POLICY_SEND, data);
	return 0;
}

/* send_text(text): in the encoding of CodePage */
static int channel_send_text(lua_State *L)
{
	struct engine *e = state_of(L)->e;
	struct wr w = WR(e->scratch);
	struct span text = data_arg(L);
	enum err err = codepage_encode(e->page, text, &w);

	if (err == ERR_RANGE)
		return luaL_error(L, "send_text: no UTF-8, or not in CodePage");
	luaL_argcheck(L, err == OK && w.n <= LIMIT_POLICY_SEND_BYTES, 2, "too long");
	act_written(L, channel_at(L, 1), POLICY_SEND, &w);
	return 0;
}

static int channel_send_error(lua_State *L)
{
	struct span data = data_arg(L);

	act(L, channel_at(L, 1), POLICY_SEND_ERROR, data);
	return 0;
}

static int channel_eof(lua_State *L)
{
	act(L, channel_at(L, 1), POLICY_EOF, (struct span){0});
	return 0;
}

/* close([status]) */
static int channel_close(lua_State *L)
{
	uint32_t channel = channel_at(L, 1);

	if (lua_isnoneornil(L, 2))
		act(L, channel, POLICY_CLOSE, (struct span){0});
	else
		act_number(L, channel, POLICY_CLOSE,
			   (uint32_t)api_number(L, 2, 0, UINT8_MAX));
	return 0;
}

static int channel_set_record_length(lua_State *L)
{
	uint32_t bytes = (uint32_t)api_number(L, 2, 0, LIMIT_PIECE_BYTES);

	act_number(L, channel_at(L, 1), POLICY_RECORD_LENGTH, bytes);
	return 0;
}

/* ---- conn ---- */

static int conn_disconnect(lua_State *L)
{
	struct span text = lua_isnoneornil(L, 2) ? (struct span){0} : api_bytes(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argcheck(L, text.n <= LIMIT_TEXT_BYTES, 2, "too long");
	act(L, 0, POLICY_DISCONNECT, text);
	return 0;
}

static int conn_rekey(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	act(L, 0, POLICY_REKEY, (struct span){0});
	return 0;
}

static int conn_set_timeout(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	act_number(L, 0, POLICY_TIMEOUT, (uint32_t)api_number(L, 2, 0, LIMIT_POLICY_S));
	return 0;
}

/* open_channel(type[, params]): on_channel_opened follows, or on_error */
static int conn_open_channel(lua_State *L)
{
	struct wr w = WR(state_of(L)->e->scratch);
	struct span type = api_bytes(L, 2);
	struct span params = lua_isnoneornil(L, 3) ? (struct span){0} : api_bytes(L, 3);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argcheck(L, names_sound(type), 2, "no name of a channel type");
	luaL_argcheck(L, params.n <= LIMIT_PIECE_BYTES, 3, "too long");
	/* a channel that is refused is such an error: it would go on for ever */
	if (question_of(L)->q.event == POLICY_ON_error)
		return luaL_error(L, "on_error opens no channels");
	wr_bytes(&w, type);
	wr_bytes(&w, params);
	act_written(L, 0, POLICY_OPEN_CHANNEL, &w);
	return 0;
}

/* send_packet(channel or nil, number, payload) */
static int conn_send_packet(lua_State *L)
{
	struct wr w = WR(state_of(L)->e->scratch);
	bool on_channel = !lua_isnoneornil(L, 2);
	uint32_t channel = on_channel ? channel_at(L, 2) : 0;
	uint8_t number = (uint8_t)api_number(L, 3, 0, UINT8_MAX);
	struct span payload = api_bytes(L, 4);
	const char *wrong = sendable_wrong(number, on_channel, payload);

	luaL_checktype(L, 1, LUA_TTABLE);
	if (wrong != NULL)
		return luaL_error(L, "packet %d is not sent: %s", (int)number, wrong);
	wr_u8(&w, number);
	wr_bool(&w, on_channel);
	wr_bytes(&w, payload);
	act_written(L, channel, POLICY_SEND_PACKET, &w);
	return 0;
}

/* ---- both ---- */

static const luaL_Reg conn_methods[] = {
    {"disconnect",   conn_disconnect  },
    {"open_channel", conn_open_channel},
    {"rekey",        conn_rekey       },
    {"send_packet",  conn_send_packet },
    {"set_timeout",  conn_set_timeout },
    {NULL,	   NULL             },
};
static const luaL_Reg channel_methods[] = {
    {"send",	      channel_send             },
    {"send_error",        channel_send_error       },
    {"send_text",         channel_send_text        },
    {"eof",	       channel_eof              },
    {"close",             channel_close            },
    {"set_record_length", channel_set_record_length},
    {NULL,		NULL		     },
};

void api_methods(lua_State *L, struct span arg)
{
	bool conn = span_is(arg, "conn"), channel = span_is(arg, "channel");
	const void *key = conn ? &conn_key : &channel_key;

	if (!conn && !channel)
		return;
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_createtable(L, 0, 2);
		(void)api_library(L, conn ? conn_methods : channel_methods);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, key);
	}
	lua_setmetatable(L, -2);
}
