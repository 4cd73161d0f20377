/*
 * One login helper: reads one request from the monitor, serves it, ends. Its log lines travel
 * to the monitor, which knows the connection that they belong to.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/login/login.h"

void why_set(struct why *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->text, sizeof w->text, fmt, ap);
	va_end(ap);
}

void child_answer(const struct child *c, const struct msg *m, const int *fds,
		  size_t n_fds)
{
	if (ipc_send(c->sock, m, fds, n_fds, true) != OK)
		_exit(EXIT_FAILURE); /* nobody is left to do this for */
}

/* A line that cannot be sent is lost: logging never ends a session. */
static void log_to_monitor(void *ctx, enum log_level level, const char *line)
{
	const struct child *c = ctx;
	struct msg m =
	    MSG_OF(login_log, .level = (uint8_t)level, .text = span_str(line));

	(void)!ipc_tell(c->sock, &m);
}

static enum err serve(struct child *c, const struct msg *m)
{
	if (m->type == MSG_account_find)
		serve_account_find(c, &m->u.account_find);
	else if (m->type == MSG_command_run)
		serve_command_run(c, &m->u.command_run);
	else if (m->type == MSG_password_check)
		serve_password_check(c, &m->u.password_check);
	else if (m->type == MSG_kbdint_start)
		serve_kbdint_start(c, &m->u.kbdint_start);
	else if (m->type == MSG_login_session)
		serve_login_session(c, &m->u.login_session);
	else if (m->type == MSG_unix_connect)
		serve_unix_connect(c, &m->u.unix_connect);
	else if (m->type == MSG_unix_bind)
		serve_unix_bind(c, &m->u.unix_bind);
	else if (m->type == MSG_helper_start)
		serve_helper_start(c, &m->u.helper_start);
	else
		return ERR_FORBIDDEN;
	return OK;
}

int child_serve(int sock, const char *nobody)
{
	struct child c = {.sock = sock, .nobody = nobody};
	struct wr buf = {.p = malloc(LIMIT_MSG_BYTES), .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds = {0};
	struct msg m;
	enum err e = ERR_MEMORY;

	if (buf.p == NULL)
		goto out;
	e = ipc_recv(sock, &buf, true, &m, &fds);
	if (e != OK)
		goto out;
	ipc_fds_close(&fds);
	log_open(log_to_monitor, &c, LOG_DEBUG3); /* the monitor has the level */
	e = serve(&c, &m);
	log_open(NULL, NULL, LOG_INFO_LEVEL);
out:
	if (buf.p != NULL)
		wipe(buf.p, buf.cap);
	free(buf.p);
	if (e != OK && e != ERR_CLOSED)
		log_error("login: request refused: %s", err_text(e));
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
