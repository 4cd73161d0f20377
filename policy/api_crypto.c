/*
 * crypto and totp. Digests are given as bytes; hex.encode shows them. A code that totp.verify
 * found good is noted with the decision, so that the monitor lets it count once.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "common/base32.h"
#include "common/totp.h"
#include "policy/api.h"

static int push_digest(lua_State *L, enum digest d)
{
	struct span data = api_bytes(L, 1);
	struct exhash_value out;

	fuel_pay(L, data.n / LIMIT_FUEL_COPIES + LIMIT_FUEL_STEP);
	if (digest_spans(d, &data, 1, &out) != OK)
		return luaL_error(L, "%s", err_text(ERR_CRYPTO));
	api_push(L, (struct span){out.bytes, out.n});
	return 1;
}

static int crypto_sha256(lua_State *L)
{
	return push_digest(L, DIGEST_SHA256);
}

static int crypto_sha512(lua_State *L)
{
	return push_digest(L, DIGEST_SHA512);
}

static const struct {
	const char *name;
	enum digest digest;
} digests[] = {
    {"sha1",   DIGEST_SHA1  },
    {"sha256", DIGEST_SHA256},
    {"sha512", DIGEST_SHA512},
};

static enum digest digest_arg(lua_State *L, struct span name)
{
	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		if (span_is(name, digests[i].name))
			return digests[i].digest;
	(void)luaL_error(L, "no such digest: sha1, sha256, sha512");
	return DIGEST_SHA1;
}

/* hmac(digest, key, data) */
static int crypto_hmac(lua_State *L)
{
	enum digest d = digest_arg(L, api_bytes(L, 1));
	struct span key = api_bytes(L, 2), data = api_bytes(L, 3);
	uint8_t out[LIMIT_HASH_BYTES];
	unsigned n = 0;

	fuel_pay(L, (key.n + data.n) / LIMIT_FUEL_COPIES + LIMIT_FUEL_STEP);
	if (key.n > INT32_MAX ||
	    HMAC(digest_md(d), key.n > 0 ? (const void *)key.p : "", (int)key.n, data.p,
		 data.n, out, &n) == NULL)
		return luaL_error(L, "%s", err_text(ERR_CRYPTO));
	api_push(L, (struct span){out, n});
	return 1;
}

static int crypto_equal(lua_State *L)
{
	struct span a = api_bytes(L, 1), b = api_bytes(L, 2);

	fuel_pay(L, a.n / LIMIT_FUEL_BYTES);
	lua_pushboolean(L, bytes_equal_secret(a, b));
	return 1;
}

/* random(n): n bytes */
static int crypto_random(lua_State *L)
{
	size_t n = (size_t)api_number(L, 1, 0, LIMIT_RANDOM_BYTES);
	uint8_t out[LIMIT_RANDOM_BYTES];

	fuel_pay(L, LIMIT_FUEL_STEP);
	if (RAND_bytes(out, (int)n) != 1)
		return luaL_error(L, "%s", err_text(ERR_CRYPTO));
	api_push(L, (struct span){out, n});
	return 1;
}

int api_crypto(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"sha256", crypto_sha256},
            {"sha512", crypto_sha512},
            {"hmac",   crypto_hmac  },
	    {"equal",  crypto_equal },
            {"random", crypto_random},
            {NULL,     NULL         },
	};

	return api_library(L, functions);
}

/* ---- totp ---- */

static lua_Integer option(lua_State *L, int i, const char *name, lua_Integer otherwise)
{
	lua_Integer n = otherwise;

	if (lua_istable(L, i)) {
		lua_getfield(L, i, name);
		if (!lua_isnil(L, -1))
			n = api_number(L, -1, 1, UINT32_MAX);
		lua_pop(L, 1);
	}
	return n;
}

/* The secret (base32) and options { digits =, period =, digest = }; w holds the secret. */
static struct totp totp_args(lua_State *L, int i, struct wr *w)
{
	struct totp t = {.digest = DIGEST_SHA1};

	if (base32_decode(w, api_bytes(L, 1)) != OK || wr_end(w, &t.secret) != OK ||
	    t.secret.n == 0)
		(void)luaL_error(L, "totp: the secret is not base32, or too long");
	t.digits = (uint32_t)option(L, i, "digits", LIMIT_TOTP_DIGITS_MIN);
	t.period_s = (uint32_t)option(L, i, "period", LIMIT_TOTP_USUAL_S);
	if (lua_istable(L, i)) {
		lua_getfield(L, i, "digest");
		if (!lua_isnil(L, -1))
			t.digest = digest_arg(L, api_bytes(L, -1));
		lua_pop(L, 1);
	}
	return t;
}

/*
 * What the monitor remembers: the step, and which secret it was, without telling it.
 * Kept once a code was found good, as the decision that follows counts on it.
 */
static void note_used(lua_State *L, const struct totp *t, uint64_t counter)
{
	struct question *q = question_of(L);
	struct wr w = {.p = q->used, .n = q->used_n, .cap = sizeof q->used};
	struct exhash_value hash;
	char text[LIMIT_TEXT_BYTES];
	size_t n = 0;

	if (digest_spans(DIGEST_SHA256, &t->secret, 1, &hash) != OK)
		(void)luaL_error(L, "%s", err_text(ERR_CRYPTO));
	for (size_t i = 0; i < LIMIT_TOTP_NAME_BYTES; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%02x", hash.bytes[i]);
	(void)snprintf(text + n, sizeof text - n, ":%llu", (unsigned long long)counter);
	wr_str(&w, text);
	if (w.err != OK)
		(void)luaL_error(L, "totp.verify: too many codes in one handler");
	q->used_n = w.n;
}

/* verify(secret, code [, options]): is it the code of now? nil and "" are none */
static int totp_verify_code(lua_State *L)
{
	uint8_t raw[LIMIT_TOTP_SECRET_BYTES];
	struct wr w = WR(raw);
	struct span code = {0};
	struct totp t;
	uint64_t counter = 0;
	enum err e;

	if (lua_isnoneornil(L, 1) || lua_isnoneornil(L, 2)) {
		lua_pushboolean(L, 0);
		return 1;
	}
	t = totp_args(L, 3, &w);
	code = api_bytes(L, 2);
	fuel_pay(L, LIMIT_FUEL_STEP);
	e = totp_verify(&t, code, state_of(L)->e->now_s, &counter);
	if (e == OK)
		note_used(L, &t, counter);
	wipe(raw, sizeof raw);
	if (e != OK && e != ERR_DENIED)
		return luaL_error(L, "totp.verify: %s", err_text(e));
	lua_pushboolean(L, e == OK);
	return 1;
}

/* code(secret [, options]): of now */
static int totp_code_now(lua_State *L)
{
	uint8_t raw[LIMIT_TOTP_SECRET_BYTES];
	struct wr w = WR(raw);
	char code[LIMIT_TOTP_DIGITS + 1];
	struct totp t = totp_args(L, 2, &w);
	enum err e;

	fuel_pay(L, LIMIT_FUEL_STEP);
	e = t.period_s == 0 ? ERR_RANGE
			    : totp_code(&t, state_of(L)->e->now_s / t.period_s, code);
	wipe(raw, sizeof raw);
	if (e != OK)
		return luaL_error(L, "totp.code: %s", err_text(e));
	lua_pushstring(L, code);
	return 1;
}

int api_totp(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"verify", totp_verify_code},
            {"code",   totp_code_now   },
            {NULL,     NULL            }
        };

	return api_library(L, functions);
}
