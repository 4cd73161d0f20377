/* Sums that run out: found by key, in the order in which they run out, never more than the bound. */
#include <string.h>

#include "monitor/tally.h"
#include "tests/unit.h"

enum { ITEMS = 1000 };

static void key_of(uint32_t n, uint8_t key[TALLY_KEY_BYTES])
{
	memset(key, 0, TALLY_KEY_BYTES);
	memcpy(key, &n, sizeof n);
}

static struct tally_item *add(struct tally *t, uint32_t n, uint64_t due_ms)
{
	uint8_t key[TALLY_KEY_BYTES];
	struct tally_item *item = NULL;

	key_of(n, key);
	ck_assert_int_eq(tally_add(t, key, ITEMS, &item), OK);
	tally_move(t, item, due_ms);
	return item;
}

static struct tally_item *find(const struct tally *t, uint32_t n)
{
	uint8_t key[TALLY_KEY_BYTES];

	key_of(n, key);
	return tally_find(t, key);
}

START_TEST(tally_finds_what_was_added_and_nothing_else)
{
	struct tally t = {.key_bytes = 16};

	ck_assert_ptr_null(find(&t, 1));
	for (uint32_t i = 0; i < ITEMS; i++)
		add(&t, i, i)->count = i;
	for (uint32_t i = 0; i < ITEMS; i++)
		ck_assert_uint_eq(find(&t, i)->count, i);
	ck_assert_ptr_null(find(&t, ITEMS));
	tally_wipe(&t);
	ck_assert_ptr_null(find(&t, 1));
}
END_TEST

START_TEST(tally_never_has_more_than_max)
{
	struct tally t = {.key_bytes = 16};
	uint8_t key[TALLY_KEY_BYTES];
	struct tally_item *item = NULL;

	for (uint32_t i = 0; i < ITEMS; i++)
		add(&t, i, i);
	key_of(ITEMS, key);
	ck_assert_int_eq(tally_add(&t, key, ITEMS, &item), ERR_NO_SPACE);
	ck_assert_ptr_null(item);
	tally_remove(&t, tally_first(&t));
	ck_assert_int_eq(tally_add(&t, key, ITEMS, &item), OK);
	ck_assert_uint_eq(t.n, ITEMS);
	tally_wipe(&t);
}
END_TEST

START_TEST(tally_gives_items_in_the_order_in_which_they_run_out)
{
	struct tally t = {.key_bytes = 16};
	uint64_t last = 0;
	uint32_t x = 1;

	for (uint32_t i = 0; i < ITEMS; i++) {
		x = x * 1664525 + 1013904223;
		add(&t, i, x >> 8);
	}
	for (uint32_t i = 0; i < ITEMS; i += 3) /* some are prolonged, some cut */
		tally_move(&t, find(&t, i), i % 2 == 0 ? UINT32_MAX + i : i);
	for (uint32_t n = ITEMS; n > 0; n--) {
		ck_assert_uint_eq(t.n, n);
		ck_assert_uint_ge(tally_first(&t)->due_ms, last);
		last = tally_first(&t)->due_ms;
		tally_remove(&t, tally_first(&t));
	}
	ck_assert_ptr_null(tally_first(&t));
	tally_wipe(&t);
}
END_TEST

START_TEST(tally_uses_again_what_was_removed)
{
	struct tally t = {.key_bytes = 16};

	for (uint32_t i = 0; i < 100 * ITEMS; i++) {
		add(&t, i, i);
		if (i >= 50)
			tally_remove(&t, find(&t, i - 50));
		if (i >= 50)
			ck_assert_ptr_null(find(&t, i - 50));
	}
	ck_assert_uint_eq(t.n, 50);
	ck_assert_uint_eq(t.cap, 64);
	for (uint32_t i = 100 * ITEMS - 50; i < 100 * ITEMS; i++)
		ck_assert_uint_eq(find(&t, i)->due_ms, i);
	tally_wipe(&t);
}
END_TEST

START_TEST(tally_compares_only_the_bytes_of_a_key)
{
	struct tally t = {.key_bytes = 4};
	uint8_t key[TALLY_KEY_BYTES];

	add(&t, 7, 1);
	key_of(7, key);
	key[4] = 1;
	ck_assert_ptr_nonnull(tally_find(&t, key));
	tally_wipe(&t);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_tally");
	TCase *t = tcase_create("tally");

	tcase_add_test(t, tally_finds_what_was_added_and_nothing_else);
	tcase_add_test(t, tally_never_has_more_than_max);
	tcase_add_test(t, tally_gives_items_in_the_order_in_which_they_run_out);
	tcase_add_test(t, tally_uses_again_what_was_removed);
	tcase_add_test(t, tally_compares_only_the_bytes_of_a_key);
	suite_add_tcase(s, t);
	return s;
}
