/*
 * str: what policies do with text, without patterns. time: the moment of the question, in the
 * gateway's zone; there is no other clock.
 */
#include <string.h>

#include "common/names.h"
#include "policy/api.h"

#define DAY_S    86400
#define HOUR_S   3600
#define MINUTE_S 60
#define WEEK     7

/* glob(text, pattern, …): does one of them match? */
static int str_glob(lua_State *L)
{
	struct span s = api_bytes(L, 1);
	int n = lua_gettop(L);
	bool found = false;

	luaL_argcheck(L, n >= 2, 2, "a pattern is expected");
	for (int i = 2; i <= n && !found; i++) {
		struct span pattern = api_bytes(L, i);
		size_t work;

		if (__builtin_mul_overflow(s.n, pattern.n, &work))
			work = SIZE_MAX;
		fuel_pay(L, work / 2 + 1); /* a star goes back to itself only */
		found = names_glob(pattern, s);
	}
	lua_pushboolean(L, found);
	return 1;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_item(lua_State *L, struct span item)
{
	api_push(L, item);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void split_words(lua_State *L, struct span s)
{
	size_t word = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && !is_blank(s.p[i]))
			continue;
		if (i > word)
			add_item(L, (struct span){s.p + word, i - word});
		word = i + 1;
	}
}

static void split_at(lua_State *L, struct span s, struct span sep)
{
	const uint8_t *at;

	while (s.n > 0 && (at = memmem(s.p, s.n, sep.p, sep.n)) != NULL) {
		size_t part = (size_t)(at - s.p);

		add_item(L, (struct span){s.p, part});
		s = (struct span){at + sep.n, s.n - part - sep.n};
	}
	add_item(L, s);
}

/* split(text, separator): a list; without separator at runs of blanks */
static int str_split(lua_State *L)
{
	struct span s = api_bytes(L, 1);
	struct span sep = lua_isnoneornil(L, 2) ? SPAN_LIT("") : api_bytes(L, 2);

	fuel_pay(L, s.n / LIMIT_FUEL_COPIES + 1);
	lua_newtable(L);
	if (sep.n > 0)
		split_at(L, s, sep);
	else
		split_words(L, s);
	return 1;
}

static int str_trim(lua_State *L)
{
	struct span s = api_bytes(L, 1);

	fuel_pay(L, s.n / LIMIT_FUEL_BYTES);
	while (s.n > 0 && is_blank(s.p[0]))
		s = (struct span){s.p + 1, s.n - 1};
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	api_push(L, s);
	return 1;
}

static int str_starts(lua_State *L)
{
	struct span s = api_bytes(L, 1), with = api_bytes(L, 2);

	lua_pushboolean(L,
			with.n <= s.n && span_equal((struct span){s.p, with.n}, with));
	return 1;
}

static int str_ends(lua_State *L)
{
	struct span s = api_bytes(L, 1), with = api_bytes(L, 2);

	lua_pushboolean(
	    L, with.n <= s.n &&
		   span_equal((struct span){s.p + s.n - with.n, with.n}, with));
	return 1;
}

static int str_contains(lua_State *L)
{
	struct span s = api_bytes(L, 1), what = api_bytes(L, 2);

	fuel_pay(L, s.n / LIMIT_FUEL_BYTES);
	lua_pushboolean(L, what.n == 0 || memmem(s.p, s.n, what.p, what.n) != NULL);
	return 1;
}

static int change_case(lua_State *L, char from, char to, int by)
{
	struct span s = api_bytes(L, 1);
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, s.n + 1);

	for (size_t i = 0; i < s.n; i++) {
		char c = (char)s.p[i];

		out[i] = (char)(c >= from && c <= to ? c + by : c);
	}
	luaL_pushresultsize(&b, s.n);
	return 1;
}

static int str_lower(lua_State *L)
{
	return change_case(L, 'A', 'Z', 'a' - 'A');
}

static int str_upper(lua_State *L)
{
	return change_case(L, 'a', 'z', 'A' - 'a');
}

/* one_of(text, { "a", "b" }) */
static int str_one_of(lua_State *L)
{
	bool found = false;

	luaL_checktype(L, 2, LUA_TTABLE);
	for (lua_Integer i = 1; !found && lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
		found = lua_rawequal(L, 1, -1) != 0;
		fuel_pay(L, 1);
		lua_pop(L, 1);
	}
	lua_pushboolean(L, found);
	return 1;
}

/* A text in the encoding of CodePage, or back; nil where it cannot be. */
static int recode(lua_State *L, bool encode)
{
	struct engine *e = state_of(L)->e;
	struct wr w = WR(e->scratch);
	struct span s = api_bytes(L, 1);
	enum err err;

	fuel_pay(L, s.n / LIMIT_FUEL_BYTES + 1);
	err =
	    encode ? codepage_encode(e->page, s, &w) : codepage_decode(e->page, s, &w);
	if (err == ERR_NO_SPACE)
		return luaL_argerror(L, 1, "too long");
	if (err != OK)
		lua_pushnil(L);
	else
		api_push(L, (struct span){w.p, w.n});
	return 1;
}

static int str_encode(lua_State *L)
{
	return recode(L, true);
}

static int str_decode(lua_State *L)
{
	return recode(L, false);
}

int api_str(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"glob",     str_glob    },
            {"encode",   str_encode  },
            {"decode",   str_decode  },
	    {"split",    str_split   },
            {"trim",     str_trim    },
            {"starts",   str_starts  },
	    {"ends",     str_ends    },
            {"contains", str_contains},
            {"lower",    str_lower   },
	    {"upper",    str_upper   },
            {"one_of",   str_one_of  },
            {NULL,       NULL        },
	};

	return api_library(L, functions);
}

/* ---- time ---- */

/* Seconds since 1970 as a clock on the wall shows them. */
static int64_t wall(lua_State *L)
{
	const struct engine *e = state_of(L)->e;

	return (int64_t)(e->now_s & INT64_MAX >> 1) + e->zone_s;
}

static int64_t since(int64_t t, int64_t unit)
{
	int64_t rest = t % unit;

	return rest < 0 ? rest + unit : rest;
}

static int time_now(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)state_of(L)->e->now_s);
	return 1;
}

static int time_hour(lua_State *L)
{
	lua_pushinteger(L, since(wall(L), DAY_S) / HOUR_S);
	return 1;
}

static int time_minute(lua_State *L)
{
	lua_pushinteger(L, since(wall(L), HOUR_S) / MINUTE_S);
	return 1;
}

/* 1 Monday to 7 Sunday; 1 January 1970 was a Thursday */
static int time_weekday(lua_State *L)
{
	int64_t day = (wall(L) - since(wall(L), DAY_S)) / DAY_S;

	lua_pushinteger(L, since(day + 3, WEEK) + 1);
	return 1;
}

/*
 * Year, month and day of a day since 1970: in eras of 400 years that begin with March, so that
 * the day of a leap year comes last.
 */
static void civil(int64_t day, int64_t out[3])
{
	enum { ERA = 146097, YEARS = 400, TO_1970 = 719468 };
	int64_t z = day + TO_1970, in_era = since(z, ERA), era = (z - in_era) / ERA;
	int64_t year =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / (ERA - 1)) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	out[2] = in_year - (153 * month + 2) / 5 + 1;
	out[1] = month < 10 ? month + 3 : month - 9;
	out[0] = year + era * YEARS + (out[1] <= 2 ? 1 : 0);
}

/* "2026-11-25" */
static int time_date(lua_State *L)
{
	int64_t d[3];
	char text[LIMIT_NAME_BYTES];

	civil((wall(L) - since(wall(L), DAY_S)) / DAY_S, d);
	(void)snprintf(text, sizeof text, "%04lld-%02lld-%02lld", (long long)d[0],
		       (long long)d[1], (long long)d[2]);
	lua_pushstring(L, text);
	return 1;
}

static bool digits(struct span s, size_t at, int64_t below, int64_t *out)
{
	if (s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
		return false;
	*out = (s.p[at] - '0') * 10 + (s.p[at + 1] - '0');
	return *out < below;
}

static int64_t minutes_arg(lua_State *L, int i)
{
	struct span s = api_bytes(L, i);
	int64_t h = 0, m = 0;

	if (s.n != 5 || s.p[2] != ':' || !digits(s, 0, 25, &h) ||
	    !digits(s, 3, 60, &m) || (h == 24 && m != 0))
		(void)luaL_argerror(L, i, "must be \"hh:mm\"");
	return h * 60 + m;
}

/* between("22:00", "06:00"): from the first to before the second, over midnight too */
static int time_between(lua_State *L)
{
	int64_t from = minutes_arg(L, 1), to = minutes_arg(L, 2);
	int64_t now = since(wall(L), DAY_S) / MINUTE_S;

	lua_pushboolean(L,
			from <= to ? now >= from && now < to : now >= from || now < to);
	return 1;
}

int api_time(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"now",     time_now    },
	    {"hour",    time_hour   },
	    {"minute",  time_minute },
	    {"weekday", time_weekday},
	    {"date",    time_date   },
	    {"between", time_between},
	    {NULL,      NULL        },
	};

	return api_library(L, functions);
}
