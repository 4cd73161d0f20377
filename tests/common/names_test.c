/* Name-lists. Source: RFC 4251 5 and 6, RFC 4253 7.1 */
#include <string.h>

#include "common/limits.h"
#include "common/names.h"
#include "tests/unit.h"

START_TEST(names_next_walks_a_list_to_its_end)
{
	struct span list = SPAN_LIT("a,bb,c"), name;

	ck_assert(names_next(&list, &name) && span_is(name, "a"));
	ck_assert(names_next(&list, &name) && span_is(name, "bb"));
	ck_assert(names_next(&list, &name) && span_is(name, "c"));
	ck_assert(!names_next(&list, &name));
}
END_TEST

START_TEST(names_has_finds_whole_names_only)
{
	ck_assert(names_has(SPAN_LIT("aes128-ctr,none"), SPAN_LIT("none")));
	ck_assert(!names_has(SPAN_LIT("aes128-ctr,none"), SPAN_LIT("aes128")));
	ck_assert(!names_has(SPAN_LIT(""), SPAN_LIT("none")));
}
END_TEST

START_TEST(names_choose_takes_the_clients_first_that_the_server_has)
{
	struct span got = {0};

	ck_assert_int_eq(names_choose(SPAN_LIT("x,b,a"), SPAN_LIT("a,b"), &got), OK);
	ck_assert(span_is(got, "b"));
	ck_assert_int_eq(names_choose(SPAN_LIT("x,y"), SPAN_LIT("a,b"), &got),
			 ERR_KEX_NONE);
	ck_assert_int_eq(names_choose(SPAN_LIT(","), SPAN_LIT("a,,b"), &got),
			 ERR_KEX_NONE);
}
END_TEST

START_TEST(names_valid_refuses_empty_long_and_unprintable_names)
{
	char name[LIMIT_NAME_BYTES + 2];

	memset(name, 'n', sizeof name);
	ck_assert(names_valid(SPAN_LIT("")));
	ck_assert(names_valid(SPAN_LIT("a,b@c")));
	ck_assert(!names_valid(SPAN_LIT("a,")));
	ck_assert(!names_valid(SPAN_LIT(",a")));
	ck_assert(!names_valid(SPAN_LIT("a,,b")));
	ck_assert(!names_valid(SPAN_LIT("a b")));
	ck_assert(!names_valid(SPAN_LIT("a\x7f")));
	ck_assert(names_valid((struct span){(uint8_t *)name, LIMIT_NAME_BYTES}));
	ck_assert(!names_valid((struct span){(uint8_t *)name, LIMIT_NAME_BYTES + 1}));
}
END_TEST

START_TEST(names_sound_takes_one_name)
{
	static const char name[LIMIT_NAME_BYTES + 1] = "";

	ck_assert(names_sound(SPAN_LIT("forwarded-tcpip")));
	ck_assert(names_sound(SPAN_LIT("a@example.com")));
	ck_assert(!names_sound(SPAN_LIT("")));
	ck_assert(!names_sound(SPAN_LIT("a b")));
	ck_assert(!names_sound(SPAN_LIT("\x7f")));
	ck_assert(!names_sound((struct span){(const uint8_t *)name, sizeof name}));
}
END_TEST

START_TEST(names_glob_knows_star_and_question_mark)
{
	ck_assert(names_glob(SPAN_LIT("*"), SPAN_LIT("")));
	ck_assert(names_glob(SPAN_LIT("*.example.?rg"), SPAN_LIT("a.b.example.org")));
	ck_assert(!names_glob(SPAN_LIT("*.example.?rg"), SPAN_LIT("example.org")));
	ck_assert(names_glob(SPAN_LIT("a*b*c"), SPAN_LIT("a-b-b-c")));
	ck_assert(!names_glob(SPAN_LIT("?"), SPAN_LIT("")));
	ck_assert(!names_glob(SPAN_LIT("Host"), SPAN_LIT("host")));
	ck_assert(names_glob_fold(SPAN_LIT("Ho*T"), SPAN_LIT("host")));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_names");
	TCase *t = tcase_create("names");

	tcase_add_test(t, names_next_walks_a_list_to_its_end);
	tcase_add_test(t, names_has_finds_whole_names_only);
	tcase_add_test(t, names_choose_takes_the_clients_first_that_the_server_has);
	tcase_add_test(t, names_valid_refuses_empty_long_and_unprintable_names);
	tcase_add_test(t, names_sound_takes_one_name);
	tcase_add_test(t, names_glob_knows_star_and_question_mark);
	suite_add_tcase(s, t);
	return s;
}
