/* The matcher against Lua's own, and its bounds. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "policy/pattern.h"
#include "tests/unit.h"

#define STEPS 10000000

/* What string.find of Lua says: 0 nothing, -1 an error, else the end; captures joined in out. */
static long theirs(lua_State *L, const char *s, const char *pattern, char *out,
		   size_t cap)
{
	size_t n = 0;
	long end;

	lua_settop(L, 0);
	out[0] = '\0';
	lua_getglobal(L, "string");
	lua_getfield(L, -1, "find");
	lua_pushstring(L, s);
	lua_pushstring(L, pattern);
	if (lua_pcall(L, 2, LUA_MULTRET, 0) != LUA_OK)
		return -1;
	if (lua_isnil(L, 2))
		return 0;
	end = (long)lua_tointeger(L, 3) + 1;
	for (int i = 4; i <= lua_gettop(L); i++)
		n += (size_t)snprintf(out + n, cap - n, "<%s>", lua_tostring(L, i));
	return end;
}

static long ours(const char *s, const char *pattern, char *out, size_t cap)
{
	bool tied = pattern[0] == '^';
	struct pattern p = {.text = span_str(pattern + tied),
			    .subject = span_str(s),
			    .steps_left = STEPS};
	size_t n = 0, end = 0;

	out[0] = '\0';
	if (!pattern_special(
		span_str(pattern))) { /* string.find looks for it as it is */
		const char *at = strstr(s, pattern);

		return at == NULL ? 0 : (long)(at - s) + (long)strlen(pattern) + 1;
	}
	for (size_t at = 0; at <= p.subject.n; at++) {
		if (pattern_match(&p, at, &end)) {
			for (size_t i = 0; i < p.n_captures; i++) {
				const struct pattern_capture *c = &p.capture[i];

				if (c->position)
					n += (size_t)snprintf(out + n, cap - n, "<%zu>",
							      c->start + 1);
				else
					n += (size_t)snprintf(
					    out + n, cap - n, "<%.*s>",
					    (int)(c->end - c->start), s + c->start);
			}
			return (long)end + 1;
		}
		if (p.error != NULL)
			return -1;
		if (tied)
			break;
	}
	return 0;
}

static void same(lua_State *L, const char *s, const char *pattern)
{
	char a[512], b[512];
	long x = theirs(L, s, pattern, a, sizeof a), y = ours(s, pattern, b, sizeof b);

	ck_assert_msg(x == y && (x <= 0 || strcmp(a, b) == 0),
		      "'%s' in '%s': %ld %s, %ld %s", pattern, s, x, a, y, b);
}

START_TEST(known_patterns_match_as_lua_matches_them)
{
	static const char *const patterns[] = {
	    "a*b",
	    "^a-b$",
	    "(a)(b?)",
	    "%d+",
	    "[%a_][%w_]*",
	    "[^a-c]+",
	    "[]]",
	    "[^]]",
	    "[a-]",
	    "[a-%d]",
	    "%b()",
	    "%f[%w]%w+",
	    "(.)%1",
	    "()b()",
	    "(a",
	    "a)",
	    "%",
	    "[a",
	    "[",
	    "%1",
	    "a**",
	    "^",
	    "$",
	    "^$",
	    "a$b",
	    "(%a+) (%a+)",
	    "%f",
	    "%bx",
	    "[%",
	    "%A%D%S%W",
	    "((a)(b))",
	    "%p%c%x%l%u",
	    "[^%s]-x",
	    "^(.-)%s*$",
	    "%z",
	    "%.",
	    "[%]]",
	    "(()",
	    "a-",
	    "-",
	    "[a-z]?[0-9]+",
	    "(%d)(%d)%2%1",
	};
	static const char *const subjects[] = {
	    "",      "a",  "b",    "aab",   "abc123", "foo(bar(baz))x", "  the end  ",
	    "a]b-c", "xx", "1221", "a.b%c", "-",      "hello world",    "]"};
	lua_State *L = luaL_newstate();

	luaL_openlibs(L);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++)
			same(L, subjects[k], patterns[i]);
	lua_close(L);
}
END_TEST

START_TEST(random_patterns_match_as_lua_matches_them)
{
	static const char pieces[] = "ab%.[]()^$*+-?%d%b%f[a1";
	lua_State *L = luaL_newstate();
	char s[9], pattern[9];

	srandom(1);
	luaL_openlibs(L);
	for (int i = 0; i < 60000; i++) {
		size_t n = (size_t)random() % 9, m = (size_t)random() % 9;

		for (size_t k = 0; k < n; k++)
			s[k] = "ab1(]"[random() % 5];
		for (size_t k = 0; k < m; k++)
			pattern[k] = pieces[(size_t)random() % (sizeof pieces - 1)];
		s[n] = pattern[m] = '\0';
		same(L, s, pattern);
	}
	lua_close(L);
}
END_TEST

START_TEST(work_is_bounded)
{
	static char s[20000];
	struct pattern p = {.text = SPAN_LIT(".-.-.-.-.-x"), .steps_left = 100000};
	size_t end;

	memset(s, 'a', sizeof s);
	p.subject = (struct span){(const uint8_t *)s, sizeof s};
	ck_assert(!pattern_match(&p, 0, &end));
	ck_assert_uint_eq(p.steps_left, 0);
	ck_assert_ptr_null(p.error);
	ck_assert(!pattern_match(&p, 0, &end));
}
END_TEST

START_TEST(depth_is_bounded)
{
	char text[LIMIT_PATTERN_DEPTH * 2 + 1];
	struct pattern p = {.subject = SPAN_LIT("x"), .steps_left = STEPS};
	size_t end;

	for (size_t i = 0; i < sizeof text - 1; i += 2)
		memcpy(text + i, "x?", 2);
	p.text = (struct span){(const uint8_t *)text, sizeof text - 1};
	ck_assert(pattern_match(&p, 0, &end) || p.error != NULL);
	memset(text, '(', sizeof text);
	p = (struct pattern){
	    .text = {(const uint8_t *)text, sizeof text},
	    .subject = SPAN_LIT("x"),
	    .steps_left = STEPS
        };
	ck_assert(!pattern_match(&p, 0, &end));
	ck_assert_str_eq(p.error, "too many captures");
}
END_TEST

START_TEST(plain_text_is_told_from_patterns)
{
	ck_assert(!pattern_special(SPAN_LIT("plain text/0")));
	ck_assert(pattern_special(SPAN_LIT("a.b")) && pattern_special(SPAN_LIT("50%")));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_pattern");
	TCase *t = tcase_create("pattern");

	tcase_add_test(t, known_patterns_match_as_lua_matches_them);
	tcase_add_test(t, random_patterns_match_as_lua_matches_them);
	tcase_add_test(t, work_is_bounded);
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, plain_text_is_told_from_patterns);
	suite_add_tcase(s, t);
	return s;
}
