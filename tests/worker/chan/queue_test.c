/*
 * The queue keeps bytes in order, bounded by what waits, and holds nothing when empty.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/chan/queue.h"

static int pipe_fds[2];

static void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
}

static void tear_down(void)
{
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

START_TEST(queue_keeps_the_order_of_bytes_across_chunks)
{
	struct queue q = {0};
	uint8_t bytes[1000], back[1000];
	size_t total = 300 * sizeof bytes, got = 0, taken;
	uint32_t next = 0;

	for (size_t i = 0; i < 300; i++) {
		for (size_t k = 0; k < sizeof bytes; k++)
			bytes[k] = (uint8_t)((i * sizeof bytes + k) % 251);
		ck_assert_int_eq(queue_put(&q, SPAN_OF(bytes)), OK);
	}
	ck_assert_uint_eq(q.n, total);
	while (got < total) {
		ssize_t n;

		ck_assert_int_ne(queue_flush(&q, pipe_fds[1], &taken), WRITE_FAILED);
		while ((n = read(pipe_fds[0], back, sizeof back)) > 0) {
			for (ssize_t k = 0; k < n; k++)
				ck_assert_uint_eq(back[k], next++ % 251);
			got += (size_t)n;
		}
	}
	ck_assert_uint_eq(q.n, 0);
	ck_assert_ptr_null(q.first);
	ck_assert_ptr_null(q.last);
}
END_TEST

START_TEST(queue_flush_stops_where_the_descriptor_is_full)
{
	static uint8_t bytes[256 * 1024];
	struct queue q = {0};
	size_t taken;

	ck_assert_int_eq(queue_put(&q, SPAN_OF(bytes)), OK);
	ck_assert_int_eq(queue_flush(&q, pipe_fds[1], &taken), WRITE_SOME);
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_eq(q.n, sizeof bytes - taken);
	ck_assert_int_eq(queue_flush(&q, pipe_fds[1], &taken), WRITE_SOME);
	ck_assert_uint_eq(taken, 0);
	queue_wipe(&q);
	ck_assert_uint_eq(q.n, 0);
	ck_assert_ptr_null(q.first);
}
END_TEST

START_TEST(queue_flush_tells_that_the_reader_is_gone)
{
	struct queue q = {0};
	size_t taken;

	ck_assert_int_eq(queue_put(&q, SPAN_LIT("lost")), OK);
	close(pipe_fds[0]);
	ck_assert_int_eq(queue_flush(&q, pipe_fds[1], &taken), WRITE_FAILED);
	queue_wipe(&q);
	pipe_fds[0] = -1;
}
END_TEST

START_TEST(queue_take_moves_bytes_from_the_front_across_chunks)
{
	static uint8_t in[3 * LIMIT_CHAN_PACKET_BYTES], out[sizeof in];
	struct queue q = {0};

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 7 % 251);
	ck_assert_int_eq(queue_put(&q, SPAN_OF(in)), OK);
	for (size_t at = 0, n = 1; at < sizeof in; at += n, n = n * 3 + 1) {
		n = n < sizeof in - at ? n : sizeof in - at;
		queue_take(&q, out + at, n);
		ck_assert_uint_eq(q.n, sizeof in - at - n);
	}
	ck_assert_mem_eq(in, out, sizeof in);
	ck_assert_ptr_null(q.first);
	ck_assert_int_eq(queue_put(&q, SPAN_LIT("again")), OK);
	queue_wipe(&q);
}
END_TEST

START_TEST(queue_wipe_takes_the_zero_state)
{
	struct queue q = {0};

	queue_wipe(&q);
	queue_wipe(&q);
	ck_assert_uint_eq(q.n, 0);
}
END_TEST

START_TEST(fd_write_writes_all_some_or_fails)
{
	static uint8_t bytes[256 * 1024];
	size_t taken;

	ck_assert_int_eq(fd_write(pipe_fds[1], SPAN_LIT("ab"), &taken), WRITE_ALL);
	ck_assert_uint_eq(taken, 2);
	ck_assert_int_eq(fd_write(pipe_fds[1], SPAN_OF(bytes), &taken), WRITE_SOME);
	ck_assert_uint_gt(taken, 0);
	ck_assert_int_eq(fd_write(pipe_fds[1], SPAN_OF(bytes), &taken), WRITE_SOME);
	ck_assert_uint_eq(taken, 0);
	ck_assert_int_eq(fd_write(-1, SPAN_LIT("ab"), &taken), WRITE_FAILED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_queue");
	TCase *t = tcase_create("queue");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, queue_keeps_the_order_of_bytes_across_chunks);
	tcase_add_test(t, queue_flush_stops_where_the_descriptor_is_full);
	tcase_add_test(t, queue_flush_tells_that_the_reader_is_gone);
	tcase_add_test(t, queue_take_moves_bytes_from_the_front_across_chunks);
	tcase_add_test(t, queue_wipe_takes_the_zero_state);
	tcase_add_test(t, fd_write_writes_all_some_or_fails);
	suite_add_tcase(s, t);
	return s;
}
