/* The bounded reader: every truncation, every bound. */
#include "common/rd.h"
#include "tests/unit.h"

static const uint8_t wire[] = {7, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 9};

START_TEST(rd_reads_in_order_and_ends)
{
	struct rd r = RD(SPAN_OF(wire));

	ck_assert_uint_eq(rd_u8(&r), 7);
	ck_assert(span_is(rd_bytes(&r, 3), "abc"));
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(rd_fails_at_every_truncation)
{
	for (size_t cut = 0; cut < sizeof wire; cut++) {
		struct rd r = RD(((struct span){wire, cut}));

		rd_u8(&r);
		rd_bytes(&r, 3);
		rd_u32(&r);
		ck_assert_int_eq(rd_end(&r), ERR_TRUNCATED);
	}
}
END_TEST

START_TEST(rd_bytes_refuses_length_beyond_max)
{
	struct rd r = RD(SPAN_OF(wire));

	rd_u8(&r);
	ck_assert_uint_eq(rd_bytes(&r, 2).n, 0);
	ck_assert_uint_eq(rd_u32(&r), 0);
	ck_assert_int_eq(rd_end(&r), ERR_RANGE);
}
END_TEST

START_TEST(rd_end_refuses_trailing_bytes)
{
	struct rd r = RD(SPAN_OF(wire));

	rd_u8(&r);
	ck_assert_int_eq(rd_end(&r), ERR_TRAILING);
}
END_TEST

START_TEST(rd_mpint_takes_shortest_form_only)
{
	static const uint8_t high[] = {0, 0, 0, 2, 0, 0x80};
	static const uint8_t negative[] = {0, 0, 0, 1, 0x80};
	static const uint8_t padded[] = {0, 0, 0, 2, 0, 0x7f};
	static const uint8_t zero[] = {0, 0, 0, 0};
	struct rd r = RD(SPAN_OF(high));
	struct span s = rd_mpint(&r, 1);

	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_uint_eq(s.p[0], 0x80);
	r = RD(SPAN_OF(negative));
	rd_mpint(&r, 8);
	ck_assert_int_eq(rd_end(&r), ERR_RANGE);
	r = RD(SPAN_OF(padded));
	rd_mpint(&r, 8);
	ck_assert_int_eq(rd_end(&r), ERR_RANGE);
	r = RD(SPAN_OF(zero));
	ck_assert_uint_eq(rd_mpint(&r, 8).n, 0);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(rd_sub_cannot_leave_its_string)
{
	struct rd r = RD(SPAN_OF(wire));
	struct rd sub;

	rd_u8(&r);
	sub = rd_sub(&r, 16);
	ck_assert_uint_eq(rd_u32(&sub), 0);
	ck_assert_int_eq(rd_end(&sub), ERR_TRUNCATED);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_rd");
	TCase *t = tcase_create("rd");

	tcase_add_test(t, rd_reads_in_order_and_ends);
	tcase_add_test(t, rd_fails_at_every_truncation);
	tcase_add_test(t, rd_bytes_refuses_length_beyond_max);
	tcase_add_test(t, rd_end_refuses_trailing_bytes);
	tcase_add_test(t, rd_mpint_takes_shortest_form_only);
	tcase_add_test(t, rd_sub_cannot_leave_its_string);
	suite_add_tcase(s, t);
	return s;
}
