/* The map from numbers to things. */
#include "monitor/idmap.h"
#include "tests/unit.h"

static int thing[4000];

START_TEST(idmap_finds_what_was_added_and_not_what_was_removed)
{
	struct idmap m = {0};

	for (uint64_t id = 1; id < 4000; id++)
		ck_assert_int_eq(idmap_add(&m, id * 64, &thing[id]), OK);
	for (uint64_t id = 1; id < 4000; id += 3)
		ck_assert_ptr_eq(idmap_remove(&m, id * 64), &thing[id]);
	for (uint64_t id = 1; id < 4000; id++)
		ck_assert_ptr_eq(idmap_find(&m, id * 64), id % 3 == 1 ? NULL : &thing[id]);
	ck_assert_uint_eq(m.n, 2666);
	idmap_wipe(&m);
}
END_TEST

START_TEST(idmap_finds_nothing_in_the_zero_state)
{
	struct idmap m = {0};

	ck_assert_ptr_null(idmap_find(&m, 7));
	ck_assert_ptr_null(idmap_remove(&m, 7));
	idmap_wipe(&m);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_idmap");
	TCase *t = tcase_create("idmap");

	tcase_add_test(t, idmap_finds_what_was_added_and_not_what_was_removed);
	tcase_add_test(t, idmap_finds_nothing_in_the_zero_state);
	suite_add_tcase(s, t);
	return s;
}
