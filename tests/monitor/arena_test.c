/* The arena: alignment, zeros, sizes beyond a chunk, refusal. */
#include <string.h>

#include "common/limits.h"
#include "monitor/arena.h"
#include "tests/unit.h"

START_TEST(arena_gives_aligned_zeros_that_do_not_overlap)
{
	struct arena a = {0};
	uint8_t *before = NULL;

	for (size_t n = 1; n < 300; n++) {
		uint8_t *p = arena_alloc(&a, n);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, n);
		ck_assert(before == NULL || before[0] == 0xff);
		before = p;
	}
	arena_wipe(&a);
	ck_assert_ptr_null(a.last);
}
END_TEST

START_TEST(arena_gives_more_than_a_chunk_and_refuses_nonsense)
{
	struct arena a = {0};
	uint8_t *p = arena_alloc(&a, (size_t)LIMIT_ARENA_CHUNK_BYTES * 3);

	ck_assert_ptr_nonnull(p);
	p[(size_t)LIMIT_ARENA_CHUNK_BYTES * 3 - 1] = 1;
	ck_assert(!a.failed);
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert(a.failed);
	arena_wipe(&a);
}
END_TEST

START_TEST(arena_copies_and_prints_text)
{
	struct arena a = {0};

	ck_assert_str_eq(arena_copy(&a, SPAN_LIT("abc")), "abc");
	ck_assert_str_eq(arena_copy(&a, (struct span){0}), "");
	ck_assert_str_eq(arena_print(&a, "%s:%d", "x", 7), "x:7");
	arena_wipe(&a);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_arena");
	TCase *t = tcase_create("arena");

	tcase_add_test(t, arena_gives_aligned_zeros_that_do_not_overlap);
	tcase_add_test(t, arena_gives_more_than_a_chunk_and_refuses_nonsense);
	tcase_add_test(t, arena_copies_and_prints_text);
	suite_add_tcase(s, t);
	return s;
}
