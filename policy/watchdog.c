/*
 * ITIMER_PROF and its signal. A handler of a signal has no argument, so what it needs stands
 * in the one variable of this file.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#include "common/limits.h"
#include "policy/watchdog.h"

#define MS_PER_S  1000
#define US_PER_MS 1000

static struct {
	watchdog_fn *bark;
	void *ctx;
	uint32_t rest_ms; /* until the second time */
	volatile sig_atomic_t on;
} watch;

static void arm(uint32_t ms)
{
	struct itimerval t = {
	    .it_value = {.tv_sec = ms / MS_PER_S,
			 .tv_usec = ms % MS_PER_S * US_PER_MS}
        };

	(void)setitimer(ITIMER_PROF, &t, NULL);
}

static void on_signal(int number)
{
	int kept = errno;
	uint32_t rest = watch.rest_ms;

	(void)number;
	if (watch.on != 0) {
		watch.rest_ms = 0;
		arm(rest);
		watch.bark(watch.ctx, rest == 0);
	}
	errno = kept;
}

void watchdog_start(uint32_t soft_ms, uint32_t hard_ms, watchdog_fn *bark, void *ctx)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (watch.bark == NULL)
		(void)sigaction(SIGPROF, &act, NULL);
	watch.bark = bark;
	watch.ctx = ctx;
	watch.rest_ms = hard_ms > soft_ms ? hard_ms - soft_ms : 1;
	watch.on = 1;
	arm(soft_ms);
}

void watchdog_stop(void)
{
	watch.on = 0;
	arm(0);
}
