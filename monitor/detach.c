/*
 * As daemon(3), but the process in front waits until the start has succeeded or failed: whoever
 * starts the gateway by hand or from a script sees why it does not come up.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/detach.h"

/* In the process in front: ends with what the other one says, or did not live to say. */
static _Noreturn void await_start(int ready)
{
	char started = 0;

	if (read(ready, &started, 1) != 1)
		started = 0;
	_exit(started ? EXIT_SUCCESS : EXIT_FAILURE);
}

static enum err leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	enum err e = OK;

	if (null < 0 || setsid() < 0 || chdir("/") != 0)
		e = ERR_SYSTEM;
	for (int fd = STDIN_FILENO; e == OK && fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			e = ERR_SYSTEM;
	if (null > STDERR_FILENO)
		close(null);
	return e;
}

enum err detach(struct detached *d)
{
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	pid = fork();
	if (pid > 0) {
		close(ready[1]);
		await_start(ready[0]);
	}
	close(ready[0]);
	if (pid < 0) {
		close(ready[1]);
		return ERR_SYSTEM;
	}
	d->ready = ready[1];
	d->echo = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return leave_terminal();
}

void detach_done(struct detached *d, bool started)
{
	char byte = started ? 1 : 0;

	if (d->ready >= 0) {
		/* nobody may be left to hear it */
		if (write(d->ready, &byte, 1) != 1)
			byte = 0;
		close(d->ready);
	}
	if (d->echo >= 0)
		close(d->echo);
	*d = (struct detached){-1, -1};
}
