/*
 * Names of signals. Only those of RFC 4254 6.10 travel over SSH.
 */
#include <signal.h>

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
