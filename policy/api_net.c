/*
 * net: addresses and networks. What is no address is in no network: a host name that a client
 * asked for does not slip through a list of them.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy/api.h"

#define V4_BYTES 4
#define V6_BYTES 16

/* IPv4 within IPv6 (::ffff:a.b.c.d) counts as IPv4. */
struct address {
	uint8_t bytes[V6_BYTES];
	size_t n;
};

static bool parse(struct span text, struct address *out)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char str[INET6_ADDRSTRLEN];
	struct address a = {0};

	if (bytes_to_str(str, sizeof str, text) != OK)
		return false;
	if (inet_pton(AF_INET, str, a.bytes) == 1) {
		a.n = V4_BYTES;
	} else if (inet_pton(AF_INET6, str, a.bytes) == 1) {
		a.n = V6_BYTES;
		if (memcmp(a.bytes, mapped, sizeof mapped) == 0) {
			memmove(a.bytes, a.bytes + sizeof mapped, V4_BYTES);
			a.n = V4_BYTES;
		}
	} else {
		return false;
	}
	*out = a;
	return true;
}

static bool same_bits(const struct address *a, const struct address *b, size_t bits)
{
	size_t whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (a->n != b->n || memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0;
}

/* "10.0.0.0/8", or one address. Raises an error where it is neither: a mistake of the script. */
static size_t parse_net(lua_State *L, struct span text, struct address *out)
{
	const uint8_t *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	size_t n = slash == NULL ? text.n : (size_t)(slash - text.p), bits = 0;
	bool good = parse((struct span){text.p, n}, out);
	bool v4_text = good && memchr(text.p, ':', n) == NULL;

	if (good && slash == NULL)
		return out->n * 8;
	good = good && n + 1 < text.n && (out->n == V6_BYTES || v4_text);
	for (size_t i = n + 1; good && i < text.n; i++) {
		good = text.p[i] >= '0' && text.p[i] <= '9' && bits <= V6_BYTES * 8;
		bits = bits * 10 + (size_t)(text.p[i] - '0');
	}
	if (!good || bits > out->n * 8)
		(void)luaL_error(L, "'%s' is no network: address/bits", text.p);
	return bits;
}

static bool within(lua_State *L, const struct address *a, struct span net)
{
	struct address b = {0};
	size_t bits = parse_net(L, net, &b);

	fuel_pay(L, 10);
	return same_bits(a, &b, bits);
}

/* within(address, "network", … or { "network", … }) */
static int net_within(lua_State *L)
{
	struct address a = {0};
	bool found = false, good;
	int n = lua_gettop(L);

	good = lua_type(L, 1) == LUA_TSTRING && parse(api_bytes(L, 1), &a);
	luaL_argcheck(L, n >= 2, 2, "a network is expected");
	for (int i = 2; i <= n; i++) {
		if (!lua_istable(L, i)) {
			found = (within(L, &a, api_bytes(L, i)) && good) || found;
			continue;
		}
		for (lua_Integer k = 1; lua_rawgeti(L, i, k) != LUA_TNIL; k++) {
			found = (within(L, &a, api_bytes(L, -1)) && good) || found;
			lua_pop(L, 1);
		}
		lua_pop(L, 1);
	}
	lua_pushboolean(L, found);
	return 1;
}

static int push_in(lua_State *L, const char *const *nets)
{
	struct address a = {0};
	bool found = false;

	if (lua_type(L, 1) == LUA_TSTRING && parse(api_bytes(L, 1), &a))
		for (; *nets != NULL && !found; nets++)
			found = within(L, &a, span_str(*nets));
	lua_pushboolean(L, found);
	return 1;
}

/* RFC 1918, RFC 4193, RFC 6598, RFC 3927, RFC 4291 2.5.6, and the machine itself */
static int net_is_private(lua_State *L)
{
	static const char *const nets[] = {"10.0.0.0/8",
					   "172.16.0.0/12",
					   "192.168.0.0/16",
					   "100.64.0.0/10",
					   "169.254.0.0/16",
					   "127.0.0.0/8",
					   "::1",
					   "fc00::/7",
					   "fe80::/10",
					   NULL};

	return push_in(L, nets);
}

static int net_is_loopback(lua_State *L)
{
	static const char *const nets[] = {"127.0.0.0/8", "::1", NULL};

	return push_in(L, nets);
}

/* family(text): 4, 6, or nil where it is no address */
static int net_family(lua_State *L)
{
	struct address a = {0};

	if (lua_type(L, 1) == LUA_TSTRING && parse(api_bytes(L, 1), &a))
		lua_pushinteger(L, a.n == V4_BYTES ? 4 : 6);
	else
		lua_pushnil(L);
	return 1;
}

int api_net(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"within",      net_within     },
	    {"is_private",  net_is_private },
	    {"is_loopback", net_is_loopback},
	    {"family",      net_family     },
	    {NULL,          NULL           }
        };

	return api_library(L, functions);
}
