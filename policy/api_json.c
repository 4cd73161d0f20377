/*
 * json: RFC 8259. Tables 1…n are arrays, others objects; json.null stands where an array has a
 * null. Texts must be UTF-8: bytes go through base64.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "policy/api.h"

/* ---- writing ---- */

static void write_value(lua_State *L, int index, struct wr *w, unsigned depth);

/* Bytes of the character that begins so; 0 where none does. */
static size_t utf8_wanted(uint8_t first)
{
	static const uint8_t below[] = {0x80, 0xc0, 0xe0, 0xf0, 0xf8};
	size_t n = 0;

	while (n < sizeof below && first >= below[n])
		n++;
	if (n == 0)
		return 1;
	return n == 1 || n == sizeof below ? 0 : n;
}

/* RFC 3629 3: no surrogates */
static bool utf8_character(uint32_t c)
{
	return c < 0xd800 || (c >= 0xe000 && c <= 0x10ffff);
}

/* Bytes of the UTF-8 character at p, shortest form, no surrogates; 0 where it is none. */
static size_t utf8_bytes(struct span s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = utf8_wanted(s.p[0]);
	uint32_t c = n == 1 ? s.p[0] : s.p[0] & (0x7fU >> n);

	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	return c >= least[n] && utf8_character(c) ? n : 0;
}

static void write_escaped(struct wr *w, uint8_t c)
{
	char text[LIMIT_NAME_BYTES];

	if (c == '"' || c == '\\')
		(void)snprintf(text, sizeof text, "\\%c", c);
	else
		(void)snprintf(text, sizeof text, "\\u%04x", c);
	wr_raw(w, span_str(text));
}

static void write_text(lua_State *L, struct span s, struct wr *w)
{
	wr_u8(w, '"');
	for (size_t i = 0, n; i < s.n; i += n) {
		n = utf8_bytes((struct span){s.p + i, s.n - i});
		if (n == 0)
			(void)luaL_error(
			    L, "json: a string is not UTF-8: base64.encode it");
		if (s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\')
			write_escaped(w, s.p[i]);
		else
			wr_raw(w, (struct span){s.p + i, n});
	}
	wr_u8(w, '"');
}

static void write_number(lua_State *L, int index, struct wr *w)
{
	char text[LIMIT_NAME_BYTES];
	lua_Number n = lua_tonumber(L, index);

	if (lua_isinteger(L, index))
		(void)snprintf(text, sizeof text, "%lld",
			       (long long)lua_tointeger(L, index));
	else if (isfinite(n))
		(void)snprintf(text, sizeof text, "%.17g", n);
	else
		(void)luaL_error(L, "json: a number is not finite");
	wr_raw(w, span_str(text));
}

static void write_array(lua_State *L, int index, struct wr *w, unsigned depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, index), keys = 0;

	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
		keys += lua_isinteger(L, -2) != 0 ? 1 : n;
	if (keys != n)
		(void)luaL_error(L, "json: a table is neither 1…n nor all names");
	wr_u8(w, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			wr_u8(w, ',');
		(void)lua_rawgeti(L, index, i);
		write_value(L, lua_gettop(L), w, depth);
		lua_pop(L, 1);
	}
	wr_u8(w, ']');
}

static void write_object(lua_State *L, int index, struct wr *w, unsigned depth)
{
	bool first = true;

	wr_u8(w, '{');
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			(void)luaL_error(L,
					 "json: a table is neither 1…n nor all names");
		if (!first)
			wr_u8(w, ',');
		first = false;
		write_text(L, api_bytes(L, -2), w);
		wr_u8(w, ':');
		write_value(L, lua_gettop(L), w, depth);
	}
	wr_u8(w, '}');
}

static void write_value(lua_State *L, int index, struct wr *w, unsigned depth)
{
	int type = lua_type(L, index);

	fuel_pay(L, 1);
	if (depth == LIMIT_JSON_DEPTH)
		(void)luaL_error(L, "json: nested too deep");
	luaL_checkstack(L, 4, "json");
	if (type == LUA_TTABLE && lua_rawlen(L, index) > 0)
		write_array(L, index, w, depth + 1);
	else if (type == LUA_TTABLE)
		write_object(L, index, w, depth + 1);
	else if (type == LUA_TSTRING)
		write_text(L, api_bytes(L, index), w);
	else if (type == LUA_TNUMBER)
		write_number(L, index, w);
	else if (type == LUA_TBOOLEAN)
		wr_raw(w, span_str(lua_toboolean(L, index) != 0 ? "true" : "false"));
	else if (type == LUA_TNIL || type == LUA_TLIGHTUSERDATA)
		wr_raw(w, SPAN_LIT("null"));
	else
		(void)luaL_error(L, "json: cannot say a %s", lua_typename(L, type));
	if (w->err != OK)
		(void)luaL_error(L, "json: too long");
}

void json_write(lua_State *L, int index, struct wr *w)
{
	write_value(L, lua_absindex(L, index), w, 0);
}

/* ---- reading ---- */

struct reading {
	lua_State *L;
	struct span left;
	unsigned depth;
};

static void read_value(struct reading *r);

static int bad(const struct reading *r, const char *what)
{
	return luaL_error(r->L, "json: %s", what);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct reading *r)
{
	while (r->left.n > 0 && is_blank(r->left.p[0]))
		r->left = (struct span){r->left.p + 1, r->left.n - 1};
}

static bool take(struct reading *r, const char *text)
{
	size_t n = strlen(text);

	if (r->left.n < n || memcmp(r->left.p, text, n) != 0)
		return false;
	r->left = (struct span){r->left.p + n, r->left.n - n};
	return true;
}

static bool take_after_blanks(struct reading *r, const char *text)
{
	skip_blanks(r);
	return take(r, text);
}

static uint32_t read_hex4(struct reading *r)
{
	uint32_t c = 0;

	if (r->left.n < 4)
		(void)bad(r, "ends within \\u");
	for (size_t i = 0; i < 4; i++) {
		uint8_t d = r->left.p[i];
		uint8_t low = d | 0x20;

		if (d >= '0' && d <= '9')
			c = c << 4 | (uint32_t)(d - '0');
		else if (low >= 'a' && low <= 'f')
			c = c << 4 | (uint32_t)(low - 'a' + 10);
		else
			(void)bad(r, "no hex digits after \\u");
	}
	r->left = (struct span){r->left.p + 4, r->left.n - 4};
	return c;
}

static void add_utf8(luaL_Buffer *b, uint32_t c)
{
	if (c < 0x80) {
		luaL_addchar(b, (char)c);
	} else if (c < 0x800) {
		luaL_addchar(b, (char)(0xc0 | c >> 6));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		luaL_addchar(b, (char)(0xe0 | c >> 12));
		luaL_addchar(b, (char)(0x80 | (c >> 6 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	} else {
		luaL_addchar(b, (char)(0xf0 | c >> 18));
		luaL_addchar(b, (char)(0x80 | (c >> 12 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c >> 6 & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
	}
}

static void read_unicode(struct reading *r, luaL_Buffer *b)
{
	uint32_t c = read_hex4(r), low;

	if (c >= 0xdc00 && c < 0xe000)
		(void)bad(r, "half a surrogate pair");
	if (c >= 0xd800 && c < 0xdc00) {
		if (!take(r, "\\u") || (low = read_hex4(r)) < 0xdc00 || low >= 0xe000) {
			(void)bad(r, "half a surrogate pair");
			return;
		}
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(b, c);
}

static void read_escape(struct reading *r, luaL_Buffer *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->left.n == 0)
		(void)bad(r, "ends within a string");
	if (take(r, "u")) {
		read_unicode(r, b);
		return;
	}
	at = r->left.p[0] == 0 ? NULL : strchr(from, r->left.p[0]);
	if (at == NULL) {
		(void)bad(r, "no such escape");
		return;
	}
	luaL_addchar(b, to[at - from]);
	r->left = (struct span){r->left.p + 1, r->left.n - 1};
}

static void read_text(struct reading *r)
{
	luaL_Buffer b;

	if (!take(r, "\""))
		(void)bad(r, "a string is expected");
	luaL_buffinit(r->L, &b);
	while (!take(r, "\"")) {
		size_t n;

		if (r->left.n == 0)
			(void)bad(r, "ends within a string");
		if (take(r, "\\")) {
			read_escape(r, &b);
			continue;
		}
		n = r->left.p[0] < ' ' ? 0 : utf8_bytes(r->left);
		if (n == 0)
			(void)bad(r,
				  "a string has a control character, or is not UTF-8");
		luaL_addlstring(&b, (const char *)r->left.p, n);
		r->left = (struct span){r->left.p + n, r->left.n - n};
	}
	luaL_pushresult(&b);
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* RFC 8259 6: no sign but -, no zero in front, digits on both sides of the point. */
static bool number_valid(const char *text)
{
	size_t n;

	text += text[0] == '-';
	n = digits(text);
	if (n == 0 || (n > 1 && text[0] == '0'))
		return false;
	text += n;
	if (text[0] == '.') {
		n = digits(++text);
		if (n == 0)
			return false;
		text += n;
	}
	if (text[0] == 'e' || text[0] == 'E') {
		text++;
		text += text[0] == '-' || text[0] == '+';
		n = digits(text);
		if (n == 0)
			return false;
		text += n;
	}
	return text[0] == '\0';
}

static void read_number(struct reading *r)
{
	char text[LIMIT_NAME_BYTES] = "";
	size_t n = 0;

	while (n < r->left.n && n < sizeof text - 1 && r->left.p[n] != 0 &&
	       strchr("+-.0123456789Ee", r->left.p[n]) != NULL) {
		text[n] = (char)r->left.p[n];
		n++;
	}
	text[n] = '\0';
	if (!number_valid(text) || lua_stringtonumber(r->L, text) == 0)
		(void)bad(r, "no value");
	r->left = (struct span){r->left.p + n, r->left.n - n};
}

static void read_array(struct reading *r)
{
	lua_Integer i = 0;

	lua_newtable(r->L);
	if (take_after_blanks(r, "]"))
		return;
	do {
		read_value(r);
		lua_rawseti(r->L, -2, ++i);
	} while (take_after_blanks(r, ","));
	if (!take(r, "]"))
		(void)bad(r, "a comma or ] is expected");
}

static void read_object(struct reading *r)
{
	lua_newtable(r->L);
	if (take_after_blanks(r, "}"))
		return;
	do {
		skip_blanks(r);
		read_text(r);
		if (!take_after_blanks(r, ":"))
			(void)bad(r, "a : is expected");
		read_value(r);
		if (lua_islightuserdata(r->L, -1) !=
		    0) { /* null: as if it were not there */
			lua_pop(r->L, 1);
			lua_pushnil(r->L);
		}
		lua_rawset(r->L, -3);
	} while (take_after_blanks(r, ","));
	if (!take(r, "}"))
		(void)bad(r, "a comma or } is expected");
}

static void read_value(struct reading *r)
{
	fuel_pay(r->L, 1);
	luaL_checkstack(r->L, LUA_MINSTACK, "json");
	if (++r->depth > LIMIT_JSON_DEPTH)
		(void)bad(r, "nested too deep");
	skip_blanks(r);
	if (take(r, "{"))
		read_object(r);
	else if (take(r, "["))
		read_array(r);
	else if (r->left.n > 0 && r->left.p[0] == '"')
		read_text(r);
	else if (take(r, "true"))
		lua_pushboolean(r->L, 1);
	else if (take(r, "false"))
		lua_pushboolean(r->L, 0);
	else if (take(r, "null"))
		lua_pushlightuserdata(r->L, NULL);
	else
		read_number(r);
	r->depth--;
}

void json_read(lua_State *L, struct span text)
{
	struct reading r = {.L = L, .left = text};

	fuel_pay(L, text.n / LIMIT_FUEL_COPIES);
	read_value(&r);
	skip_blanks(&r);
	if (r.left.n > 0)
		(void)bad(&r, "something follows the value");
}

/* ---- json ---- */

static int json_encode(lua_State *L)
{
	struct wr w = WR(state_of(L)->e->scratch);
	struct span out = {0};

	luaL_checkany(L, 1);
	json_write(L, 1, &w);
	if (wr_end(&w, &out) != OK)
		return luaL_error(L, "json: too long");
	api_push(L, out);
	return 1;
}

static int json_decode(lua_State *L)
{
	json_read(L, api_bytes(L, 1));
	return 1;
}

int api_json(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"encode", json_encode},
            {"decode", json_decode},
            {NULL,     NULL       }
        };

	lua_newtable(L);
	luaL_setfuncs(L, functions, 0);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	api_freeze(L);
	return 1;
}
