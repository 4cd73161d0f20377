/* Requests that wait: kept whole and in order, within both bounds. */
#include <stdlib.h>

#include "common/limits.h"
#include "common/rd.h"
#include "tests/unit.h"
#include "worker/chan/hold.h"

START_TEST(requests_come_out_as_they_went_in)
{
	struct hold h = {0}, out;
	size_t total = 0;
	struct rd r;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(
		    hold_put(&h, &total, i % 2 == 0 ? SPAN_LIT("one") : SPAN_LIT("")),
		    OK);
	ck_assert_uint_eq(total, h.n);
	hold_move(&h, &total, &out);
	ck_assert_uint_eq(total, 0);
	ck_assert_ptr_null(h.p);
	r = RD(((struct span){out.p, out.n}));
	for (int i = 0; i < 1000; i++)
		ck_assert(span_is(rd_bytes(&r, LIMIT_CHAN_HELD_BYTES),
				  i % 2 == 0 ? "one" : ""));
	ck_assert_int_eq(rd_end(&r), OK);
	free(out.p);
}
END_TEST

START_TEST(one_hold_is_bounded)
{
	static uint8_t most[LIMIT_CHAN_HELD_BYTES - 4];
	struct hold h = {0};
	size_t total = 0;

	ck_assert_int_eq(hold_put(&h, &total, SPAN_OF(most)), OK);
	ck_assert_int_eq(hold_put(&h, &total, SPAN_LIT("")), ERR_BUDGET);
	ck_assert_uint_eq(total, LIMIT_CHAN_HELD_BYTES);
	hold_wipe(&h, &total);
	ck_assert_uint_eq(total, 0);
}
END_TEST

START_TEST(all_holds_together_are_bounded)
{
	struct hold h = {0};
	size_t total = LIMIT_CHANS_HELD_BYTES - 5;

	ck_assert_int_eq(hold_put(&h, &total, SPAN_LIT("ab")), ERR_BUDGET);
	ck_assert_int_eq(hold_put(&h, &total, SPAN_LIT("a")), OK);
	ck_assert_uint_eq(total, LIMIT_CHANS_HELD_BYTES);
	hold_wipe(&h, &total);
	hold_wipe(&h, &total);
	ck_assert_uint_eq(total, LIMIT_CHANS_HELD_BYTES - 5);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_hold");
	TCase *t = tcase_create("hold");

	tcase_add_test(t, requests_come_out_as_they_went_in);
	tcase_add_test(t, one_hold_is_bounded);
	tcase_add_test(t, all_holds_together_are_bounded);
	suite_add_tcase(s, t);
	return s;
}
