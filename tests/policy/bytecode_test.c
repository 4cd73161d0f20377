/* What is known of a script without running it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policy/bytecode.h"
#include "tests/unit.h"

static struct bytecode b;
static char why[LIMIT_WHERE_BYTES];

static void read_text(const char *text)
{
	ck_assert_int_eq(bytecode_read(span_str(text), "x.lua", &b, why, sizeof why),
			 OK);
}

/* The lines that can execute, as text: "2 3 5". */
static const char *lines(void)
{
	static char text[1024];
	uint8_t map[64] = {0};
	size_t n = 0;

	bytecode_lines(&b, map, sizeof map);
	text[0] = '\0';
	for (size_t i = 0; i < sizeof map; i++)
		if (map[i] != 0)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%zu",
					      n > 0 ? " " : "", i);
	return text;
}

START_TEST(bytecode_lines_are_those_of_functions)
{
	read_text("local a = 1\n"
		  "function f(x)\n"
		  "\tif x then\n"
		  "\t\treturn 1\n"
		  "\telse\n"
		  "\t\tlocal g = function()\n"
		  "\t\t\treturn a\n"
		  "\t\tend\n"
		  "\t\treturn g()\n"
		  "\tend\n"
		  "end\n");
	ck_assert_uint_eq(b.n, 3);
	ck_assert_str_eq(lines(), "3 4 7 8 9");
	bytecode_wipe(&b);
}
END_TEST

START_TEST(bytecode_lines_are_right_after_a_gap_and_in_long_functions)
{
	char text[40000] = "function f(x)\n";
	uint8_t map[2048] = {0};
	size_t n = strlen(text), marked = 0;

	for (int i = 0; i < 300; i++) /* more than a byte of difference */
		n += (size_t)snprintf(text + n, sizeof text - n, "\n");
	for (int i = 0; i < 300; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "x = x + %d\n", i);
	(void)snprintf(text + n, sizeof text - n, "return x\nend\n");
	read_text(text);
	bytecode_lines(&b, map, sizeof map);
	for (size_t i = 0; i < sizeof map; i++) {
		marked += map[i];
		ck_assert_int_eq(map[i], i >= 302 && i <= 602);
	}
	ck_assert_uint_eq(marked, 301);
	bytecode_wipe(&b);
}
END_TEST

START_TEST(bytecode_says_where_a_script_is_wrong)
{
	ck_assert_int_eq(
	    bytecode_read(SPAN_LIT("x = = 1"), "x.lua", &b, why, sizeof why),
	    ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "x.lua:1: unexpected symbol"));
	ck_assert_int_eq(
	    bytecode_read(SPAN_LIT("\033Lua"), "x.lua", &b, why, sizeof why),
	    ERR_CONFIG);
}
END_TEST

static char told[4096];

static void tell(void *ctx, const struct use *u)
{
	static const char *const kinds[] = {"read", "write", "member", "field",
					    "argument"};
	size_t n = strlen(told);

	(void)ctx;
	(void)snprintf(told + n, sizeof told - n, "%u %s %.*s%s%.*s\n", u->line,
		       kinds[u->kind], (int)u->name.n, (const char *)u->name.p,
		       u->member.n > 0 ? "." : "", (int)u->member.n,
		       (const char *)u->member.p);
}

static const char *args(struct span handler)
{
	return span_is(handler, "on_log") ? "conn, line" : NULL;
}

static const char *uses(const char *text)
{
	told[0] = '\0';
	read_text(text);
	bytecode_uses(&b, args, tell, NULL);
	bytecode_wipe(&b);
	return told;
}

START_TEST(bytecode_tells_globals_members_and_fields)
{
	ck_assert_str_eq(uses("function f()\n"
			      "  local t = { a = 1 }\n"
			      "  return refuse{ reason = net.name, env = { b = 1 },\n"
			      "    [y] = 2, max = t.a }\n"
			      "end\n"),
			 "1 write f\n3 read refuse\n3 read net\n3 member net.name\n"
			 "3 field refuse.reason\n3 field refuse.env\n4 read y\n"
			 "4 field refuse.max\n");
}
END_TEST

START_TEST(bytecode_follows_the_arguments_of_handlers)
{
	ck_assert_str_eq(uses("function on_log(c, l)\n"
			      "  local v = c.verified\n"
			      "  v = v.sauce\n"
			      "  c:disconnect('x')\n"
			      "  c = 1\n"
			      "  return c.other, l.message\n"
			      "end\n"
			      "local function other(c) return c.verified end\n"),
			 "1 write on_log\n2 argument conn.verified\n"
			 "3 argument conn.verified.sauce\n4 argument conn.disconnect\n"
			 "6 argument line.message\n");
}
END_TEST

START_TEST(bytecode_tells_globals_of_a_function_with_many_constants)
{
	char text[16384] = "function f(x)\n";
	size_t n = strlen(text);

	for (int i = 0; i < 400; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "x.k%d = 'v%d'\n", i,
				      i);
	(void)snprintf(text + n, sizeof text - n, "unknown.a = other\nmine = 1\nend\n");
	ck_assert_str_eq(
	    uses(text),
	    "1 write f\n402 read unknown\n402 read other\n403 write mine\n");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_bytecode");
	TCase *t = tcase_create("bytecode");

	tcase_add_test(t, bytecode_lines_are_those_of_functions);
	tcase_add_test(t, bytecode_lines_are_right_after_a_gap_and_in_long_functions);
	tcase_add_test(t, bytecode_says_where_a_script_is_wrong);
	tcase_add_test(t, bytecode_tells_globals_members_and_fields);
	tcase_add_test(t, bytecode_follows_the_arguments_of_handlers);
	tcase_add_test(t, bytecode_tells_globals_of_a_function_with_many_constants);
	suite_add_tcase(s, t);
	return s;
}
