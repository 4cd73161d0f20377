/* Buffers: what is in them stays in order while they grow, empty and close up. */
#include <string.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/wire/buffer.h"

static void put(struct buffer *b, uint8_t value, size_t n)
{
	ck_assert_int_eq(buffer_reserve(b, n), OK);
	ck_assert_uint_ge(buffer_free_bytes(b), n);
	memset(buffer_end(b), value, n);
	b->n += n;
}

START_TEST(a_buffer_begins_small_and_doubles)
{
	struct buffer b = {0};

	ck_assert_ptr_null(buffer_end(&b));
	put(&b, 'a', 10);
	ck_assert_uint_eq(b.cap, LIMIT_BUFFER_STEP_BYTES);
	put(&b, 'b', LIMIT_BUFFER_STEP_BYTES);
	ck_assert_uint_eq(b.cap, 2 * LIMIT_BUFFER_STEP_BYTES);
	ck_assert_int_eq(b.p[9], 'a');
	ck_assert_int_eq(b.p[10], 'b');
	buffer_free(&b);
	buffer_free(&b);
	ck_assert_ptr_null(b.p);
}
END_TEST

START_TEST(a_buffer_closes_up_before_it_grows)
{
	struct buffer b = {0};

	put(&b, 'a', LIMIT_BUFFER_STEP_BYTES - 1);
	buffer_take(&b, LIMIT_BUFFER_STEP_BYTES - 3);
	put(&b, 'b', LIMIT_BUFFER_STEP_BYTES - 2);
	ck_assert_uint_eq(b.cap, LIMIT_BUFFER_STEP_BYTES);
	ck_assert_uint_eq(b.start, 0);
	ck_assert_uint_eq(b.n, LIMIT_BUFFER_STEP_BYTES);
	ck_assert_int_eq(b.p[1], 'a');
	ck_assert_int_eq(b.p[2], 'b');
	buffer_free(&b);
}
END_TEST

START_TEST(an_emptied_buffer_begins_at_its_start_again)
{
	struct buffer b = {0};

	put(&b, 'a', 100);
	buffer_take(&b, 40);
	ck_assert_uint_eq(b.start, 40);
	buffer_take(&b, 60);
	ck_assert_uint_eq(b.start, 0);
	ck_assert_uint_eq(b.n, 0);
	buffer_free(&b);
}
END_TEST

START_TEST(a_size_beyond_reason_is_refused)
{
	struct buffer b = {0};

	put(&b, 'a', 1);
	ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX), ERR_MEMORY);
	ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX / 2), ERR_MEMORY);
	ck_assert_int_eq(b.p[0], 'a');
	buffer_free(&b);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_buffer");
	TCase *t = tcase_create("buffer");

	tcase_add_test(t, a_buffer_begins_small_and_doubles);
	tcase_add_test(t, a_buffer_closes_up_before_it_grows);
	tcase_add_test(t, an_emptied_buffer_begins_at_its_start_again);
	tcase_add_test(t, a_size_beyond_reason_is_refused);
	suite_add_tcase(s, t);
	return s;
}
