/* Facts: what is written is read again, and nothing malformed is. */
#include <string.h>

#include "common/facts.h"
#include "common/limits.h"
#include "tests/unit.h"

static struct span whole(struct wr *w)
{
	struct span s = {0};

	ck_assert_int_eq(wr_end(w, &s), OK);
	return s;
}

START_TEST(facts_come_back_as_they_were_written)
{
	uint8_t buf[256];
	struct wr w = WR(buf);
	struct span item[] = {SPAN_LIT("one"), SPAN_LIT("")};
	struct fact f = {0};
	struct rd r;

	facts_str(&w, "conn.claimed.user", SPAN_LIT("alice"));
	facts_num(&w, "conn.id", UINT64_MAX);
	facts_bool(&w, "auth.probe", true);
	facts_list(&w, "conn.verified.groups", item, 2);
	r = RD(whole(&w));
	ck_assert_int_eq(facts_next(&r, &f), OK);
	ck_assert(span_is(f.name, "conn.claimed.user") && f.type == FACT_STR);
	ck_assert(span_is(f.value, "alice"));
	ck_assert_int_eq(facts_next(&r, &f), OK);
	ck_assert(f.type == FACT_NUM && f.number == UINT64_MAX);
	ck_assert_int_eq(facts_next(&r, &f), OK);
	ck_assert(f.type == FACT_BOOL && f.number == 1);
	ck_assert_int_eq(facts_next(&r, &f), OK);
	ck_assert(f.type == FACT_LIST);
	ck_assert_int_eq(rd_end(&r), OK);
	r = RD(f.value);
	ck_assert(span_is(rd_bytes(&r, 8), "one") && rd_bytes(&r, 8).n == 0);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(facts_next_refuses_what_is_cut_short_at_every_byte)
{
	uint8_t buf[128];
	struct wr w = WR(buf);
	struct span item[] = {SPAN_LIT("x")};
	struct span all;
	size_t good = 0;

	facts_str(&w, "a", SPAN_LIT("1"));
	facts_list(&w, "b", item, 1);
	facts_num(&w, "c", 7);
	all = whole(&w);
	for (size_t n = 0; n <= all.n; n++)
		good += facts_check((struct span){all.p, n}) == OK;
	ck_assert_uint_eq(good, 4); /* at the start and behind each entry */
}
END_TEST

static enum err check_one(const char *name, uint8_t type, struct span raw)
{
	uint8_t buf[256];
	struct wr w = WR(buf);

	wr_str(&w, name);
	wr_u8(&w, type);
	wr_raw(&w, raw);
	return facts_check(whole(&w));
}

START_TEST(facts_next_refuses_unknown_types_bad_names_and_broken_lists)
{
	static const char *const bad[] = {"",     ".", "a.",  ".a",
					  "a..b", "A", "a b", "a-b"};
	char longest[LIMIT_FACT_NAME_BYTES + 2];

	ck_assert_int_eq(check_one("a.b_1", FACT_BOOL, SPAN_LIT("\1")), OK);
	ck_assert_int_eq(check_one("a", FACT_BOOL, SPAN_LIT("\2")), ERR_RANGE);
	ck_assert_int_eq(check_one("a", FACT_TYPE_COUNT, SPAN_LIT("")), ERR_RANGE);
	ck_assert_int_eq(check_one("a", FACT_LIST, SPAN_LIT("\0\0\0\3\0\0\0")),
			 ERR_TRUNCATED);
	ck_assert_int_eq(check_one("a", FACT_LIST, SPAN_LIT("\0\0\0\4\0\0\0\1")),
			 ERR_TRUNCATED);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(check_one(bad[i], FACT_BOOL, SPAN_LIT("\0")),
				 ERR_RANGE);
	memset(longest, 'n', sizeof longest);
	longest[LIMIT_FACT_NAME_BYTES + 1] = '\0';
	ck_assert_int_eq(check_one(longest, FACT_BOOL, SPAN_LIT("\0")), ERR_RANGE);
	longest[LIMIT_FACT_NAME_BYTES] = '\0';
	ck_assert_int_eq(check_one(longest, FACT_BOOL, SPAN_LIT("\0")), OK);
}
END_TEST

START_TEST(facts_find_takes_the_first_of_that_name)
{
	uint8_t buf[128];
	struct wr w = WR(buf);
	struct fact f = {0};
	struct span all;

	facts_str(&w, "host", SPAN_LIT("a"));
	facts_num(&w, "port", 22);
	facts_bool(&w, "pty", false);
	facts_str(&w, "host", SPAN_LIT("b"));
	all = whole(&w);
	ck_assert(facts_find(all, "host", &f) && span_is(f.value, "a"));
	ck_assert(!facts_find(all, "hos", &f) && !facts_find(all, "hosts", &f));
	ck_assert(span_is(facts_get_str(all, "host", SPAN_LIT("x")), "a"));
	ck_assert(span_is(facts_get_str(all, "port", SPAN_LIT("x")), "x"));
	ck_assert_uint_eq(facts_get_num(all, "port", 1), 22);
	ck_assert_uint_eq(facts_get_num(all, "host", 1), 1);
	ck_assert(!facts_get_bool(all, "pty", true));
	ck_assert(facts_get_bool(all, "x11", true));
}
END_TEST

START_TEST(facts_into_a_full_writer_fail_it)
{
	uint8_t buf[12];
	struct wr w = WR(buf);
	struct span out = {0};

	facts_num(&w, "port", 22);
	ck_assert_int_eq(wr_end(&w, &out), ERR_NO_SPACE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_facts");
	TCase *t = tcase_create("facts");

	tcase_add_test(t, facts_come_back_as_they_were_written);
	tcase_add_test(t, facts_next_refuses_what_is_cut_short_at_every_byte);
	tcase_add_test(t, facts_next_refuses_unknown_types_bad_names_and_broken_lists);
	tcase_add_test(t, facts_find_takes_the_first_of_that_name);
	tcase_add_test(t, facts_into_a_full_writer_fail_it);
	suite_add_tcase(s, t);
	return s;
}
