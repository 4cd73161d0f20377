/*
 * packet.get and packet.put: fields of SSH packets by name or by type, as GetSSHParam and
 * SetSSHParam of the reference. A packet is what a client sent: it is read with rd.
 * Source: RFC 4251 5, RFC 4254 6, RFC 4335
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "policy/api.h"

enum kind { TEXT, HEX, MPINT, INT32, INT64, BYTE, FLAG, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {"s", "sb", "m", "i", "l", "b", "f"};

struct field {
	const char *request, *name;
	enum kind kind;
};

/* In the order in which they stand in the packet; those of no request stand before all. */
static const struct field fields[] = {
    {NULL,	    "ChannelId",               INT32},
    {NULL,	    "RequestType",             TEXT },
    {NULL,	    "WantsReply",              FLAG },
    {"pty-req",       "TerminalType",            TEXT },
    {"pty-req",       "TerminalWidthCharacters", INT32},
    {"pty-req",       "TerminalHeightRows",      INT32},
    {"pty-req",       "TerminalWidthPixels",     INT32},
    {"pty-req",       "TerminalHeightPixels",    INT32},
    {"pty-req",       "TerminalModes",           TEXT },
    {"x11-req",       "SingleConnection",        FLAG },
    {"x11-req",       "X11AuthProtocol",         TEXT },
    {"x11-req",       "X11AuthCookie",           TEXT },
    {"x11-req",       "X11ScreenNumber",         INT32},
    {"env",           "VariableName",            TEXT },
    {"env",           "VariableValue",           TEXT },
    {"exec",          "Command",                 TEXT },
    {"subsystem",     "Subsystem",               TEXT },
    {"xon-xoff",      "ClientCanDo",             FLAG },
    {"signal",        "SignalName",              TEXT },
    {"window-change", "TerminalWidthCharacters", INT32},
    {"window-change", "TerminalHeightRows",      INT32},
    {"window-change", "TerminalWidthPixels",     INT32},
    {"window-change", "TerminalHeightPixels",    INT32},
    {"break",         "BreakLength",             INT32},
};

/* ---- one field ---- */

static void push_hex(lua_State *L, struct span s)
{
	static const char digits[] = "0123456789ABCDEF";
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0; i < s.n; i++) {
		luaL_addchar(&b, digits[s.p[i] >> 4]);
		luaL_addchar(&b, digits[s.p[i] & 0xf]);
	}
	luaL_pushresult(&b);
}

/* What Lua counts to is a number, what is larger its digits. */
static void push_mpint(lua_State *L, struct span s)
{
	BIGNUM *n =
	    s.n <= LIMIT_KEX_VALUE_BYTES ? BN_bin2bn(s.p, (int)s.n, NULL) : NULL;
	char *text = n == NULL ? NULL : BN_bn2dec(n);
	bool small = n != NULL && BN_num_bits(n) < 63;
	char copy[LIMIT_MPINT_DIGITS];

	if (text != NULL)
		(void)snprintf(copy, sizeof copy, "%s", text);
	BN_free(n);
	OPENSSL_free(text);
	if (text == NULL)
		(void)luaL_error(L, "packet.get: number too large");
	else if (small)
		lua_pushinteger(L, (lua_Integer)strtoll(copy, NULL, 10));
	else
		lua_pushstring(L, copy);
}

static void push_u64(lua_State *L, uint64_t n)
{
	char text[LIMIT_NAME_BYTES];

	if (n <= (uint64_t)LUA_MAXINTEGER) {
		lua_pushinteger(L, (lua_Integer)n);
		return;
	}
	(void)snprintf(text, sizeof text, "%" PRIu64, n);
	lua_pushstring(L, text);
}

/* Reads a field; pushes it where push is set and it was there. */
static void take(lua_State *L, struct rd *r, enum kind kind, bool push)
{
	struct span s = {0};
	uint64_t n = 0;

	switch (kind) {
	case TEXT:
	case HEX:
		s = rd_bytes(r, r->left.n);
		break;
	case MPINT:
		s = rd_mpint(r, LIMIT_KEX_VALUE_BYTES);
		break;
	case INT32:
		n = rd_u32(r);
		break;
	case INT64:
		n = rd_u64(r);
		break;
	case BYTE:
	case FLAG:
		n = rd_u8(r);
		break;
	case KIND_COUNT:
		break;
	}
	if (!push || !rd_ok(r))
		return;
	if (kind == TEXT)
		api_push(L, s);
	else if (kind == HEX)
		push_hex(L, s);
	else if (kind == MPINT)
		push_mpint(L, s);
	else if (kind == FLAG)
		lua_pushboolean(L, n != 0);
	else
		push_u64(L, n);
}

static enum kind kind_of(lua_State *L, struct span name)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (span_is(name, kind_names[i]))
			return (enum kind)i;
	(void)luaL_error(L, "no such type of field: s sb m i l b f");
	return KIND_COUNT;
}

/* ---- get ---- */

/* "%s,f": the first is what is read, the others stand before it, in their order. */
static void get_by_types(lua_State *L, struct span payload, struct span list)
{
	struct rd r = RD(payload);
	enum kind wanted = KIND_COUNT;

	while (list.n > 0) {
		const uint8_t *comma = memchr(list.p, ',', list.n);
		size_t n = comma == NULL ? list.n : (size_t)(comma - list.p);
		enum kind kind = kind_of(L, (struct span){list.p, n});

		if (wanted == KIND_COUNT)
			wanted = kind;
		else
			take(L, &r, kind, false);
		n += comma != NULL;
		list = (struct span){list.p + n, list.n - n};
	}
	if (wanted == KIND_COUNT)
		(void)luaL_error(L, "packet.get: no type after %%");
	take(L, &r, wanted, true);
	if (!rd_ok(&r))
		lua_pushnil(L);
}

static bool name_known(struct span name)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (span_is(name, fields[i].name))
			return true;
	return false;
}

static void get_by_name(lua_State *L, struct span payload, struct span name)
{
	struct rd head = RD(payload), r = RD(payload);
	struct span type;

	(void)rd_u32(&head);
	type = rd_bytes(&head, payload.n);
	if (!name_known(name))
		(void)luaL_error(L, "packet.get: there is no field '%s'", name.p);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct field *f = &fields[i];
		bool wanted = span_is(name, f->name);

		if (f->request != NULL && !span_is(type, f->request))
			continue;
		take(L, &r, f->kind, wanted);
		if (!rd_ok(&r))
			break;
		if (wanted)
			return;
	}
	lua_pushnil(L);
}

/* get(payload, field): nil where the packet has it not */
static int packet_get(lua_State *L)
{
	struct span payload = api_bytes(L, 1), field = api_bytes(L, 2);

	fuel_pay(L, field.n + 1);
	if (field.n > 0 && field.p[0] == '%')
		get_by_types(L, payload, (struct span){field.p + 1, field.n - 1});
	else
		get_by_name(L, payload, field);
	return 1;
}

/* ---- put ---- */

/* A number, or its text: 1234 or 0x4d2. Numbers that Lua cannot hold are given as text. */
static BIGNUM *number_arg(lua_State *L)
{
	BIGNUM *n = NULL;
	const char *text;

	if (lua_type(L, 3) == LUA_TNUMBER)
		(void)api_number(L, 3, 0, LUA_MAXINTEGER);
	text = luaL_checkstring(L, 3);
	if (strlen(text) >= LIMIT_MPINT_DIGITS || text[0] == '-' ||
	    BN_asc2bn(&n, text) != 1 ||
	    (size_t)BN_num_bytes(n) > LIMIT_KEX_VALUE_BYTES) {
		BN_free(n);
		(void)luaL_argerror(L, 3, "no number");
	}
	return n;
}

static uint64_t bounded_arg(lua_State *L, size_t bytes)
{
	BIGNUM *n = number_arg(L);
	uint8_t raw[sizeof(uint64_t)];
	bool fits = (size_t)BN_num_bytes(n) <= bytes &&
		    BN_bn2binpad(n, raw, sizeof raw) == (int)sizeof raw;
	struct rd r = RD(SPAN_OF(raw));

	BN_free(n);
	luaL_argcheck(L, fits, 3, "number too large for the field");
	return rd_u64(&r);
}

static void put_mpint(lua_State *L, struct wr *w)
{
	BIGNUM *n = number_arg(L);
	uint8_t raw[LIMIT_KEX_VALUE_BYTES];
	int bytes = BN_bn2bin(n, raw);

	BN_free(n);
	wr_mpint(w, (struct span){raw, (size_t)bytes});
}

static bool flag_arg(lua_State *L)
{
	if (lua_isboolean(L, 3))
		return lua_toboolean(L, 3) != 0;
	if (lua_type(L, 3) == LUA_TSTRING && span_is(api_bytes(L, 3), "true"))
		return true;
	if (lua_type(L, 3) != LUA_TSTRING || !span_is(api_bytes(L, 3), "false"))
		(void)luaL_argerror(L, 3, "must be true or false");
	return false;
}

/* hex.decode's work, on the argument. */
static void put_hex(lua_State *L, struct wr *w)
{
	(void)api_hex(L);
	lua_getfield(L, -1, "decode");
	lua_pushvalue(L, 3);
	lua_call(L, 1, 1);
	luaL_argcheck(L, !lua_isnil(L, -1), 3, "no hex digits");
	wr_bytes(w, api_bytes(L, -1));
}

static void put_value(lua_State *L, struct wr *w, enum kind kind)
{
	switch (kind) {
	case TEXT:
		wr_bytes(w, api_bytes(L, 3));
		break;
	case HEX:
		put_hex(L, w);
		break;
	case MPINT:
		put_mpint(L, w);
		break;
	case INT32:
		wr_u32(w, (uint32_t)bounded_arg(L, sizeof(uint32_t)));
		break;
	case INT64:
		wr_u64(w, bounded_arg(L, sizeof(uint64_t)));
		break;
	case BYTE:
		wr_u8(w, (uint8_t)bounded_arg(L, 1));
		break;
	case FLAG:
		wr_bool(w, flag_arg(L));
		break;
	case KIND_COUNT:
		break;
	}
}

/* put(payload, type, value): the payload with the value at its end */
static int packet_put(lua_State *L)
{
	struct span payload = api_bytes(L, 1);
	enum kind kind = kind_of(L, api_bytes(L, 2));
	struct wr w = WR(state_of(L)->e->scratch);
	struct span out = {0};

	luaL_checkany(L, 3);
	fuel_pay(L, payload.n / LIMIT_FUEL_BYTES + 1);
	wr_raw(&w, payload);
	put_value(L, &w, kind);
	if (wr_end(&w, &out) != OK)
		return luaL_error(L, "packet.put: payload too long");
	api_push(L, out);
	return 1;
}

int api_packet(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"get", packet_get},
            {"put", packet_put},
            {NULL,  NULL      }
        };

	return api_library(L, functions);
}
