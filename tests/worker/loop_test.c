/* The event loop: order, slots that empty while handlers run, timers. */
#include <unistd.h>

#include "tests/unit.h"
#include "worker/loop.h"

struct note {
	struct loop *loop;
	struct watch *other; /* to be unwatched by the handler */
	char *order;
	char name;
};

static void note_down(struct watch *w, short revents)
{
	struct note *note = w->ctx;

	ck_assert_int_ne(revents & (POLLIN | POLLHUP), 0);
	*note->order = note->name;
	note->order[1] = '\0';
	if (note->other != NULL)
		loop_unwatch(note->loop, note->other);
	w->events = 0;
}

static void watch_readable(struct loop *l, struct watch *w, struct note *note)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	close(fds[1]);
	*w = (struct watch){
	    .fd = fds[0], .events = POLLIN, .fn = note_down, .ctx = note};
	ck_assert_int_eq(loop_watch(l, w), OK);
}

START_TEST(loop_calls_what_is_ready_in_the_order_of_watching)
{
	struct loop l = {0};
	struct watch w[20];
	struct note notes[20];
	char order[sizeof w / sizeof w[0]][2];

	for (size_t i = 0; i < 20; i++) {
		notes[i] = (struct note){.order = order[i], .name = (char)('a' + i)};
		watch_readable(&l, &w[i], &notes[i]);
	}
	ck_assert_int_eq(loop_turn(&l, true), OK);
	for (size_t i = 0; i < 20; i++) {
		ck_assert_int_eq(order[i][0], (char)('a' + i));
		close(w[i].fd);
	}
	loop_wipe(&l);
}
END_TEST

START_TEST(loop_does_not_call_a_watch_that_another_handler_took_away)
{
	struct loop l = {0};
	struct watch w[2];
	char first[2] = "", second[2] = "";
	struct note a = {.loop = &l, .other = &w[1], .order = first, .name = 'a'};
	struct note b = {.order = second, .name = 'b'};

	watch_readable(&l, &w[0], &a);
	watch_readable(&l, &w[1], &b);
	ck_assert_int_eq(loop_turn(&l, true), OK);
	ck_assert_str_eq(first, "a");
	ck_assert_str_eq(second, "");
	ck_assert_uint_eq(w[1].slot, 0);
	loop_unwatch(&l, &w[1]);
	close(w[0].fd);
	close(w[1].fd);
	loop_wipe(&l);
}
END_TEST

START_TEST(loop_is_not_woken_by_the_hang_up_of_a_watch_that_wants_nothing)
{
	struct loop l = {0};
	struct watch w;
	char order[2] = "";
	struct note a = {.order = order, .name = 'a'};

	watch_readable(&l, &w, &a);
	w.events = 0;
	ck_assert_int_eq(loop_turn(&l, false), OK);
	ck_assert_str_eq(order, "");
	close(w.fd);
	loop_wipe(&l);
}
END_TEST

static void count_up(struct timer *t)
{
	++*(int *)t->ctx;
}

START_TEST(loop_fires_timers_once_and_the_soonest_first)
{
	struct loop l = {0};
	int soon = 0, late = 0;
	struct timer a = {.fn = count_up, .ctx = &late},
		     b = {.fn = count_up, .ctx = &soon};

	loop_clock(&l);
	loop_timer(&l, &a, 60000);
	loop_timer(&l, &b, 1);
	ck_assert_ptr_eq(l.timers, &b);
	ck_assert_int_eq(loop_turn(&l, true), OK);
	if (soon == 0)
		ck_assert_int_eq(loop_turn(&l, true), OK);
	ck_assert_int_eq(soon, 1);
	ck_assert_int_eq(late, 0);
	ck_assert(!b.running);
	loop_timer_stop(&l, &a);
	loop_timer_stop(&l, &a);
	ck_assert_ptr_null(l.timers);
	loop_wipe(&l);
}
END_TEST

START_TEST(loop_restarts_a_running_timer)
{
	struct loop l = {0};
	int n = 0;
	struct timer t = {.fn = count_up, .ctx = &n};

	loop_clock(&l);
	loop_timer(&l, &t, 0);
	loop_timer(&l, &t, UINT64_MAX);
	ck_assert_int_eq(loop_turn(&l, false), OK);
	ck_assert_int_eq(n, 0);
	ck_assert(t.running);
	loop_wipe(&l);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_loop");
	TCase *t = tcase_create("loop");

	tcase_add_test(t, loop_calls_what_is_ready_in_the_order_of_watching);
	tcase_add_test(t, loop_does_not_call_a_watch_that_another_handler_took_away);
	tcase_add_test(t,
		       loop_is_not_woken_by_the_hang_up_of_a_watch_that_wants_nothing);
	tcase_add_test(t, loop_fires_timers_once_and_the_soonest_first);
	tcase_add_test(t, loop_restarts_a_running_timer);
	suite_add_tcase(s, t);
	return s;
}
