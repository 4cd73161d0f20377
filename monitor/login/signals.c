/*
 * Names of signals. Only those of RFC 4254 6.10 travel over SSH.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/login/login.h"

static const struct {
	int number;
	const char *name;
} signals[] = {
    {SIGABRT, "ABRT"},
    {SIGALRM, "ALRM"},
    {SIGFPE,  "FPE" },
    {SIGHUP,  "HUP" },
    {SIGILL,  "ILL" },
    {SIGINT,  "INT" },
    {SIGKILL, "KILL"},
    {SIGPIPE, "PIPE"},
    {SIGQUIT, "QUIT"},
    {SIGSEGV, "SEGV"},
    {SIGTERM, "TERM"},
    {SIGUSR1, "USR1"},
    {SIGUSR2, "USR2"},
};

int signal_number(struct span name)
{
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (span_is(name, signals[i].name))
			return signals[i].number;
	return 0;
}

const char *signal_name(int number)
{
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "SIG@openssh.com";
}

/*
 * Straight to the kernel: signal(2) of the C library refuses the two signals that it keeps for
 * itself, which posix_spawn(3) leaves ignored in what it starts.
 */
void signals_reset(void)
{
	const uint64_t act[4] = {
	    0}; /* the kernel's sigaction: SIG_DFL, no flags, no mask */
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)syscall(SYS_rt_sigaction, i, act, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
