/*
 * The relay between the monitor and a program of PolicyHelper. By the time it reads a byte of the
 * program it is the program's own user, behind the walls of ROLE_SESSION. It outlives its program
 * by nothing, and its program outlives it by nothing.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/login/helper.h"

#define MS_PER_S    1000
#define NS_PER_MS   1000000
#define DRAIN_READS 64 /* of a program that ended: what a pipe can hold */

enum { AT_MONITOR, AT_PROGRAM, AT_OUT, AT_ERR, AT_IN, AT_COUNT };

/* How far its end has come. */
enum phase { RUNNING, INPUT_CLOSED, TERMINATED, KILLED };

struct open_call {
	uint64_t call;
	uint64_t until_ms;
};

struct relay {
	struct child *child;
	struct helper_program program;
	struct helper_lines out, err;
	uint8_t *in; /* what the program has not read yet */
	size_t n_in;
	uint8_t *ipc;
	struct open_call calls[LIMIT_HELPER_CALLS];
	size_t n_calls;
	enum phase phase;
	uint64_t phase_ms; /* when the next one begins */
	uint64_t log_second;
	uint32_t logged, unlogged;
	bool gone; /* the monitor is */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

static void tell(struct relay *r, const struct msg *m)
{
	if (!r->gone && ipc_send(r->child->sock, m, NULL, 0, true) != OK)
		r->gone = true;
}

static void tell_log(struct relay *r, enum log_level level, struct span text)
{
	struct msg m = MSG_OF(helper_log, .level = (uint8_t)level, .text = text);

	if (text.n > LIMIT_LOG_BYTES)
		m.u.helper_log.text.n = LIMIT_LOG_BYTES;
	tell(r, &m);
}

/* A program that floods its standard error is read on, but not listened to. */
static bool may_log(struct relay *r)
{
	uint64_t second = now_ms() / MS_PER_S;
	char text[LIMIT_TEXT_BYTES];
	uint32_t lost = r->unlogged;

	if (second == r->log_second && r->logged >= LIMIT_HELPER_LOGS - 1) {
		r->unlogged++;
		return false;
	}
	if (second != r->log_second) {
		r->log_second = second;
		r->logged = r->unlogged = 0;
		(void)snprintf(text, sizeof text, "%u lines more were not logged",
			       (unsigned)lost);
		if (lost > 0)
			tell_log(r, LOG_INFO_LEVEL, span_str(text));
	}
	r->logged++;
	return true;
}

static void log_to_relay(void *ctx, enum log_level level, const char *line)
{
	struct relay *r = ctx;

	if (may_log(r))
		tell_log(r, level, span_str(line));
}

static void answer(struct relay *r, uint64_t call, bool ok, const char *text)
{
	tell(r, &MSG_OF(helper_answer, .call = call, .ok = ok, .text = span_str(text)));
}

/* ---- calls under way ---- */

/* A table that is full has one that the monitor has given up: it allows no more than fit. */
static void call_open(struct relay *r, uint64_t call, uint32_t deadline_ms)
{
	struct open_call *at = &r->calls[0];

	if (r->n_calls < LIMIT_HELPER_CALLS)
		at = &r->calls[r->n_calls++];
	else
		for (size_t i = 1; i < r->n_calls; i++)
			if (r->calls[i].until_ms < at->until_ms)
				at = &r->calls[i];
	*at = (struct open_call){call, now_ms() + deadline_ms};
}

static bool call_close(struct relay *r, uint64_t call)
{
	for (size_t i = 0; i < r->n_calls; i++) {
		if (r->calls[i].call != call)
			continue;
		r->calls[i] = r->calls[--r->n_calls];
		return true;
	}
	return false;
}

/* ---- the end ---- */

static void phase_enter(struct relay *r, enum phase phase)
{
	r->phase = phase;
	r->phase_ms = now_ms() + LIMIT_HELPER_END_MS;
	if (r->program.in >= 0)
		close(r->program.in);
	r->program.in = -1;
	r->n_in = 0;
	if (phase != INPUT_CLOSED)
		(void)kill(-r->program.pid, phase == TERMINATED ? SIGTERM : SIGKILL);
}

static void phase_next(struct relay *r)
{
	if (r->phase != RUNNING && r->phase != KILLED && now_ms() >= r->phase_ms)
		phase_enter(r, r->phase == INPUT_CLOSED ? TERMINATED : KILLED);
}

static int phase_wait_ms(const struct relay *r)
{
	uint64_t now = now_ms();

	if (r->phase == RUNNING)
		return -1;
	return now >= r->phase_ms ? (r->phase == KILLED ? LIMIT_HELPER_END_MS : 0)
				  : (int)(r->phase_ms - now);
}

/* ---- what the program says ---- */

static void on_line(void *ctx, struct span line)
{
	struct relay *r = ctx;
	struct helper_said said = {0};
	struct why why = {0};

	if (r->gone || r->phase > INPUT_CLOSED)
		return;
	if (helper_json_read(line, &said, &why) != OK)
		log_error("it wrote %s", why.text);
	else if (!call_close(r, said.call))
		log_info("it answered request %llu, which nobody waits for",
			 (unsigned long long)said.call);
	else
		answer(r, said.call, said.ok, said.text);
	helper_said_wipe(&said);
}

static void on_log(void *ctx, struct span line)
{
	struct relay *r = ctx;

	if (may_log(r))
		tell_log(r, LOG_INFO_LEVEL, line);
}

/* Without the ends of lines there is no telling what is an answer: it has to go. */
static void lines_read(struct relay *r, struct helper_lines *l, helper_line_fn *fn)
{
	enum err e = helper_lines_read(l, fn, r);

	if (e == OK || e == ERR_AGAIN)
		return;
	if (e == ERR_RANGE) {
		log_error("it wrote a line of more than %d bytes: it is ended",
			  LIMIT_HELPER_LINE_BYTES);
		if (r->phase == RUNNING)
			phase_enter(r, TERMINATED);
		l->n = 0;
		l->cut = true; /* from here on it is drained only */
		return;
	}
	close(l->fd);
	l->fd = -1;
	if (fn == on_line && r->phase == RUNNING)
		phase_enter(r, INPUT_CLOSED); /* it will never answer again */
}

/* ---- what the monitor says ---- */

static void on_ask(struct relay *r, const struct msg_helper_ask *m)
{
	struct wr w = {.p = r->in + r->n_in, .cap = LIMIT_HELPER_QUEUE_BYTES - r->n_in};
	enum err e = ERR_CLOSED;

	if (r->program.in >= 0)
		e = helper_json_ask(m, &w);
	if (e == OK) {
		call_open(r, m->call, m->deadline_ms);
		r->n_in += w.n;
		return;
	}
	answer(r, m->call, false,
	       e == ERR_RANGE      ? "the request is not JSON"
	       : e == ERR_NO_SPACE ? "the program does not read its requests"
	       : e == ERR_CLOSED   ? "the program ended"
				   : err_text(e));
}

static void on_monitor(struct relay *r)
{
	struct wr buf = {.p = r->ipc, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv(r->child->sock, &buf, false, &m, &fds);

	if (e == ERR_AGAIN)
		return;
	if (e == OK)
		ipc_fds_close(&fds);
	if (e == OK && m.type == MSG_helper_ask)
		on_ask(r, &m.u.helper_ask);
	else
		r->gone = true;
	wipe(r->ipc, buf.n);
}

static void write_requests(struct relay *r)
{
	ssize_t n = write(r->program.in, r->in, r->n_in);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		phase_enter(r, INPUT_CLOSED); /* it reads no more */
		return;
	}
	if (n <= 0)
		return;
	r->n_in -= (size_t)n;
	memmove(r->in, r->in + n, r->n_in);
	wipe(r->in + r->n_in, (size_t)n);
}

/* ---- its life ---- */

static void fill_poll(const struct relay *r, struct pollfd p[AT_COUNT])
{
	p[AT_MONITOR] =
	    (struct pollfd){.fd = r->gone ? -1 : r->child->sock, .events = POLLIN};
	p[AT_PROGRAM] = (struct pollfd){.fd = r->program.fd, .events = POLLIN};
	p[AT_OUT] = (struct pollfd){.fd = r->out.fd, .events = POLLIN};
	p[AT_ERR] = (struct pollfd){.fd = r->err.fd, .events = POLLIN};
	p[AT_IN] =
	    (struct pollfd){.fd = r->n_in > 0 ? r->program.in : -1, .events = POLLOUT};
}

/* Serves what poll found; tells whether the program has ended. */
static bool on_poll(struct relay *r, const struct pollfd p[AT_COUNT])
{
	if (p[AT_OUT].revents != 0)
		lines_read(r, &r->out, on_line);
	if (p[AT_ERR].revents != 0)
		lines_read(r, &r->err, on_log);
	if (p[AT_IN].revents != 0 && r->program.in >= 0)
		write_requests(r);
	if (p[AT_MONITOR].revents != 0 && !r->gone)
		on_monitor(r);
	if (r->gone && r->phase == RUNNING)
		phase_enter(r, INPUT_CLOSED);
	phase_next(r);
	return p[AT_PROGRAM].revents != 0;
}

/* It ended: what it wrote before counts. Gives its status as wait(2) tells it. */
static int last_words(struct relay *r)
{
	int status = 0;

	(void)kill(-r->program.pid, SIGKILL); /* what it started ends with it */
	for (size_t i = 0; i < DRAIN_READS && r->out.fd >= 0; i++)
		lines_read(r, &r->out, on_line);
	for (size_t i = 0; i < DRAIN_READS && r->err.fd >= 0; i++)
		lines_read(r, &r->err, on_log);
	while (waitpid(r->program.pid, &status, 0) < 0 && errno == EINTR)
		;
	r->program.pid = -1;
	return status;
}

static void tell_ended(struct relay *r, int status, bool ours)
{
	char text[LIMIT_TEXT_BYTES];

	if (WIFSIGNALED(status))
		(void)snprintf(text, sizeof text, "it ended by signal %s",
			       signal_name(WTERMSIG(status)));
	else
		(void)snprintf(text, sizeof text, "it ended with status %d",
			       WEXITSTATUS(status));
	tell(r, &MSG_OF(helper_ended, .clean = !ours && status == 0,
			.text = span_str(text)));
}

/* As first of a process namespace we inherit what others leave behind. */
static void reap(const struct relay *r)
{
	siginfo_t info = {0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0 && info.si_pid != r->program.pid) {
		(void)waitpid(info.si_pid, NULL, 0);
		info = (siginfo_t){0};
	}
}

static void relay_run(struct relay *r)
{
	struct pollfd p[AT_COUNT];
	bool ended = false;
	bool ours;
	int status;

	while (!ended) {
		fill_poll(r, p);
		if (poll(p, AT_COUNT, phase_wait_ms(r)) < 0 && errno != EINTR)
			break;
		ended = on_poll(r, p);
		reap(r);
	}
	ours = r->phase > INPUT_CLOSED;
	status = last_words(r);
	tell_ended(r, status, ours);
}

static enum err relay_open(struct relay *r, struct child *c)
{
	*r = (struct relay){
	    .child = c,
	    .program = {.pid = -1,  .fd = -1, .in = -1, .out = -1, .err = -1},
	    .out = {.fd = -1, .cap = LIMIT_HELPER_LINE_BYTES        },
	    .err = {.fd = -1,          .cap = LIMIT_LOG_BYTES,   .cut = true         }
        };
	r->out.p = malloc(r->out.cap);
	r->err.p = malloc(r->err.cap);
	r->in = malloc(LIMIT_HELPER_QUEUE_BYTES);
	r->ipc = malloc(LIMIT_MSG_BYTES);
	if (r->out.p == NULL || r->err.p == NULL || r->in == NULL || r->ipc == NULL)
		return ERR_MEMORY;
	return helper_json_open();
}

static void relay_wipe(struct relay *r)
{
	helper_program_wipe(&r->program);
	free(r->out.p);
	free(r->err.p);
	free(r->in);
	free(r->ipc);
}

static enum err relay_shut(const struct relay *r, const struct account *a)
{
	const int keep[] = {STDERR_FILENO, r->child->sock, r->program.fd,
			    r->program.in, r->program.out, r->program.err};

	return unprivileged_wait(a, keep, sizeof keep / sizeof keep[0], NULL);
}

static void relay_serve(struct relay *r, const struct msg_helper_start *m,
			const struct account *a)
{
	bool root = geteuid() == 0;
	enum err e = helper_program_start(m, root ? a : NULL, &r->program);

	r->out.fd = r->program.out;
	r->err.fd = r->program.err;
	if (e == OK)
		e = relay_shut(r, a);
	if (e == OK)
		relay_run(r);
	else
		log_error("it was not started: %s", err_text(e));
	/* the lines own them by now */
	r->program.out = r->out.fd;
	r->program.err = r->err.fd;
}

/*
 * Where root can, the relay is the first process of a namespace: whatever the program leaves
 * running ends with it, in whichever session it is.
 */
static bool apart(const struct relay *r)
{
	pid_t pid;

	if (geteuid() != 0 || unshare(CLONE_NEWPID) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		return false;
	if (pid < 0)
		log_error("it was not started: %s", strerror(errno));
	log_open(NULL, NULL, LOG_INFO_LEVEL);
	close(r->child->sock);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

void serve_helper_start(struct child *c, const struct msg_helper_start *m)
{
	struct relay r;
	struct account a = {0};
	struct why why = {0};
	enum err e = relay_open(&r, c);

	log_open(log_to_relay, &r, LOG_DEBUG3);
	if (e == OK && geteuid() == 0 && (e = account_require(m->user, &a, &why)) == OK)
		e = account_groups(&a);
	if (e != OK)
		log_error("it was not started: PolicyHelperUser: %s",
			  why.text[0] != '\0' ? why.text : err_text(e));
	else if (!apart(&r))
		relay_serve(&r, m, &a);
	log_open(NULL, NULL, LOG_INFO_LEVEL);
	account_wipe(&a);
	relay_wipe(&r);
}
