/* The watch barks twice, and not at all once it is stopped. */
#include <time.h>

#include "policy/watchdog.h"
#include "tests/unit.h"

#define SOFT_MS 20
#define HARD_MS 60

struct heard {
	volatile unsigned soft, hard;
};

static void on_bark(void *ctx, bool hard)
{
	struct heard *h = ctx;

	if (hard)
		h->hard++;
	else
		h->soft++;
}

static double cpu_ms(void)
{
	return (double)clock() * 1e3 / CLOCKS_PER_SEC;
}

static void burn(double ms)
{
	double end = cpu_ms() + ms;

	while (cpu_ms() < end)
		;
}

START_TEST(it_barks_softly_then_hard)
{
	struct heard h = {0};
	double began = cpu_ms();

	watchdog_start(SOFT_MS, HARD_MS, on_bark, &h);
	while (h.soft == 0 && cpu_ms() < began + 1000)
		;
	ck_assert(cpu_ms() - began >= SOFT_MS / 2.0);
	ck_assert_uint_eq(h.soft, 1);
	ck_assert_uint_eq(h.hard, 0);
	while (h.hard == 0 && cpu_ms() < began + 1000)
		;
	ck_assert_uint_eq(h.hard, 1);
	watchdog_stop();
}
END_TEST

START_TEST(it_is_silent_once_stopped_and_starts_anew)
{
	struct heard h = {0};

	watchdog_start(SOFT_MS, HARD_MS, on_bark, &h);
	watchdog_stop();
	burn(HARD_MS * 2);
	ck_assert_uint_eq(h.soft + h.hard, 0);
	watchdog_start(SOFT_MS, HARD_MS, on_bark, &h);
	burn(HARD_MS * 2);
	watchdog_stop();
	ck_assert_uint_eq(h.soft, 1);
	ck_assert_uint_ge(h.hard, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_watchdog");
	TCase *t = tcase_create("watchdog");

	tcase_add_test(t, it_barks_softly_then_hard);
	tcase_add_test(t, it_is_silent_once_stopped_and_starts_anew);
	suite_add_tcase(s, t);
	return s;
}
