/* A rate holds over any time, in pieces that are worth the effort, and waiting for it ends. */
#include "common/limits.h"
#include "tests/unit.h"
#include "worker/wire/bucket.h"

START_TEST(zero_state_has_no_limit)
{
	struct bucket b = {0};

	ck_assert(bucket_room(&b, 1000, 5) == SIZE_MAX);
	ck_assert_uint_eq(bucket_wait_ms(&b), 0);
	bucket_start(&b, 0, 7, 9);
	ck_assert(bucket_room(&b, 1000, 10) == SIZE_MAX);
}
END_TEST

/* Takes all there is for some seconds, waking just when it is told to. Gives the bytes. */
static uint64_t drink(uint64_t rate, uint64_t seconds, uint64_t *wakings)
{
	uint64_t passed = 77, now = 1000, end = now + seconds * 1000;
	struct bucket b;

	bucket_start(&b, rate, passed, now);
	for (*wakings = 0; now < end; (*wakings)++) {
		size_t room = bucket_room(&b, passed, now);

		passed += room;
		ck_assert_uint_eq(bucket_room(&b, passed, now), 0);
		ck_assert_uint_gt(bucket_wait_ms(&b), 0);
		now += bucket_wait_ms(&b);
	}
	return passed - 77;
}

START_TEST(rate_holds_and_few_wakings_are_needed)
{
	static const uint64_t rates[] = {64,       1000,    65536,
					 10 << 20, 1 << 30, LIMIT_POLICY_RATE};
	uint64_t wakings, bytes;

	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		bytes = drink(rates[i], 20, &wakings);
		ck_assert_uint_ge(bytes, rates[i] * 19);
		ck_assert_uint_le(bytes, rates[i] * 21);
		ck_assert_uint_le(wakings, 20000);
		if (rates[i] <= 65536)
			ck_assert_uint_le(wakings, 20 * (LIMIT_RATE_PIECES + 1));
	}
}
END_TEST

START_TEST(what_is_saved_up_is_little)
{
	struct bucket b;

	bucket_start(&b, 1000, 0, 0);
	ck_assert_uint_le(bucket_room(&b, 0, 1000000), 202);
	ck_assert_uint_ge(bucket_room(&b, 0, 1000001), 200);
}
END_TEST

START_TEST(what_passed_too_much_is_waited_off)
{
	struct bucket b;

	bucket_start(&b, 1000, 0, 0);
	ck_assert_uint_eq(bucket_room(&b, 5202, 0), 0);
	ck_assert_uint_eq(bucket_wait_ms(&b), 5100);
	ck_assert_uint_eq(bucket_room(&b, 5202, 5099), 0);
	ck_assert_uint_eq(bucket_room(&b, 5202, 5100), 100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_bucket");
	TCase *t = tcase_create("bucket");

	tcase_add_test(t, zero_state_has_no_limit);
	tcase_add_test(t, rate_holds_and_few_wakings_are_needed);
	tcase_add_test(t, what_is_saved_up_is_little);
	tcase_add_test(t, what_passed_too_much_is_waited_off);
	suite_add_tcase(s, t);
	return s;
}
