/*
 * base32, base64, hex: bytes as text and back. What cannot be decoded gives nil, so that a
 * script says what follows from it.
 */
#include "common/base32.h"
#include "common/base64.h"
#include "policy/api.h"

#define HEX_DIGITS 2

typedef void encode_fn(struct wr *w, struct span data);
typedef enum err decode_fn(struct wr *w, struct span text);

/* A writer into memory that Lua owns. */
static struct wr buffer(lua_State *L, luaL_Buffer *b, size_t cap)
{
	fuel_pay(L, cap / LIMIT_FUEL_COPIES + 1);
	return (struct wr){.p = (uint8_t *)luaL_buffinitsize(L, b, cap + 1),
			   .cap = cap};
}

static int encode(lua_State *L, size_t cap, encode_fn *fn)
{
	struct span data = api_bytes(L, 1);
	luaL_Buffer b;
	struct wr w = buffer(L, &b, cap);

	fn(&w, data);
	if (w.err != OK)
		return luaL_error(L, "%s", err_text(w.err));
	luaL_pushresultsize(&b, w.n);
	return 1;
}

static int decode(lua_State *L, size_t cap, decode_fn *fn)
{
	struct span text = api_bytes(L, 1);
	luaL_Buffer b;
	struct wr w = buffer(L, &b, cap);

	if (fn(&w, text) != OK) {
		lua_pushnil(L);
		return 1;
	}
	luaL_pushresultsize(&b, w.n);
	return 1;
}

static size_t bytes_of(lua_State *L)
{
	return api_bytes(L, 1).n;
}

static void base32_padded(struct wr *w, struct span data)
{
	base32_encode(w, data, true);
}

static void base64_padded(struct wr *w, struct span data)
{
	base64_encode(w, data, true);
}

static void base64_bare(struct wr *w, struct span data)
{
	base64_encode(w, data, false);
}

static void hex_encode(struct wr *w, struct span data)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < data.n; i++) {
		wr_u8(w, (uint8_t)digits[data.p[i] >> 4]);
		wr_u8(w, (uint8_t)digits[data.p[i] & 0xf]);
	}
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* a small letter */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err hex_decode(struct wr *w, struct span text)
{
	if (text.n % HEX_DIGITS != 0)
		return ERR_RANGE;
	for (size_t i = 0; i < text.n; i += HEX_DIGITS) {
		int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);

		if (high < 0 || low < 0)
			return ERR_RANGE;
		wr_u8(w, (uint8_t)(high << 4 | low));
	}
	return w->err;
}

static int lua_base32_encode(lua_State *L)
{
	return encode(L, (bytes_of(L) + 4) / 5 * 8, base32_padded);
}

static int lua_base32_decode(lua_State *L)
{
	return decode(L, bytes_of(L), base32_decode);
}

/* encode(data [, false]): without = at the end */
static int lua_base64_encode(lua_State *L)
{
	bool bare = lua_isboolean(L, 2) && lua_toboolean(L, 2) == 0;

	return encode(L, base64_encoded_bytes(bytes_of(L)),
		      bare ? base64_bare : base64_padded);
}

static int lua_base64_decode(lua_State *L)
{
	return decode(L, bytes_of(L), base64_decode);
}

static int lua_hex_encode(lua_State *L)
{
	return encode(L, bytes_of(L) * HEX_DIGITS, hex_encode);
}

static int lua_hex_decode(lua_State *L)
{
	return decode(L, bytes_of(L), hex_decode);
}

int api_base32(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"encode", lua_base32_encode},
            {"decode", lua_base32_decode},
            {NULL,     NULL             }
        };

	return api_library(L, functions);
}

int api_base64(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"encode", lua_base64_encode},
            {"decode", lua_base64_decode},
            {NULL,     NULL             }
        };

	return api_library(L, functions);
}

int api_hex(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"encode", lua_hex_encode},
            {"decode", lua_hex_decode},
            {NULL,     NULL          }
        };

	return api_library(L, functions);
}
