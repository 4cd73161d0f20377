/*
 * The environment of the user's program, from nothing: none of ours is passed on but TZ.
 * Values asked by the client are set first, so that no later one can be forged by them. What the
 * configuration and the key say comes late, and last what describes the connection: as sshd.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/login/login.h"

/* Debian's sshd; /etc/environment is read by PAM only */
static const char path_user[] = "/usr/local/bin:/usr/bin:/bin:/usr/games";
static const char path_root[] =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static const char mail_dir[] = "/var/mail";

#define ENV_FIRST 32 /* room to begin with; an ordinary session has a dozen */

static size_t env_find(const struct env *e, const char *name)
{
	size_t n = strlen(name);
	size_t i = 0;

	while (i < e->n && (strncmp(e->vars[i], name, n) != 0 || e->vars[i][n] != '='))
		i++;
	return i;
}

static bool env_grow(struct env *e)
{
	size_t cap = e->cap == 0 ? ENV_FIRST : e->cap * 2;
	char **vars;

	if (e->n + 1 < e->cap)
		return true;
	vars = reallocarray(e->vars, cap, sizeof *vars);
	if (vars == NULL)
		return false;
	e->vars = vars;
	e->cap = cap;
	return true;
}

void env_set(struct env *e, const char *name, const char *value)
{
	size_t i = env_find(e, name);
	char *var = NULL;

	if (e->err != OK || name[0] == '\0' || strchr(name, '=') != NULL)
		return;
	if (!env_grow(e) || asprintf(&var, "%s=%s", name, value) < 0) {
		e->err = ERR_MEMORY;
		return;
	}
	if (i < e->n)
		free(e->vars[i]);
	else
		e->vars[++e->n] = NULL;
	e->vars[i] = var;
}

void env_setf(struct env *e, const char *name, const char *fmt, ...)
{
	char *value = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n < 0) {
		e->err = ERR_MEMORY;
		return;
	}
	env_set(e, name, value);
	free(value);
}

const char *env_get(const struct env *e, const char *name)
{
	size_t i = env_find(e, name);

	return i < e->n ? e->vars[i] + strlen(name) + 1 : NULL;
}

void env_wipe(struct env *e)
{
	for (size_t i = 0; i < e->n; i++) {
		wipe(e->vars[i], strlen(e->vars[i]));
		free(e->vars[i]);
	}
	free(e->vars);
	*e = (struct env){0};
}

/* Sets one pair; what holds a NUL is no variable. */
static void env_pair(struct env *e, struct span name, struct span value)
{
	char *n = strndup((const char *)name.p, name.n);
	char *v = strndup((const char *)value.p, value.n);

	if (n == NULL || v == NULL)
		e->err = ERR_MEMORY;
	else if (strlen(n) == name.n && strlen(v) == value.n)
		env_set(e, n, v);
	free(n);
	free(v);
}

enum err env_request(struct env *e, struct span pairs)
{
	struct rd r = RD(pairs);
	size_t n = 0;
	enum err err;

	while (r.left.n > 0 && rd_ok(&r)) {
		(void)rd_bytes(&r, LIMIT_ENV_BYTES);
		(void)rd_bytes(&r, LIMIT_ENV_BYTES);
	}
	if ((err = rd_end(&r)) != OK)
		return err;
	r = RD(pairs);
	while (r.left.n > 0 && n++ < LIMIT_ENV_COUNT) {
		struct span name = rd_bytes(&r, LIMIT_ENV_BYTES);
		struct span value = rd_bytes(&r, LIMIT_ENV_BYTES);

		env_pair(e, name, value);
	}
	return e->err;
}

void env_account(struct env *e, const struct passwd *pw)
{
	const char *tz = getenv("TZ");

	env_set(e, "USER", pw->pw_name);
	env_set(e, "LOGNAME", pw->pw_name);
	env_set(e, "HOME", pw->pw_dir);
	env_set(e, "PATH", pw->pw_uid == 0 ? path_root : path_user);
	env_setf(e, "MAIL", "%s/%s", mail_dir, pw->pw_name);
	env_set(e, "SHELL", pw->pw_shell[0] != '\0' ? pw->pw_shell : "/bin/sh");
	if (tz != NULL)
		env_set(e, "TZ", tz);
}

static enum err env_span(struct env *e, const char *name, struct span value)
{
	if (value.n == 0)
		return OK;
	if (memchr(value.p, '\0', value.n) != NULL)
		return ERR_RANGE;
	env_setf(e, name, "%.*s", (int)value.n, (const char *)value.p);
	return OK;
}

enum err env_connection(struct env *e, const struct msg_login_session *m)
{
	int remote_n = (int)m->remote.n;
	int local_n = (int)m->local.n;
	const char *remote = (const char *)m->remote.p;
	const char *local = (const char *)m->local.p;
	enum err err = OK;

	if (m->pty != 0)
		err = env_span(e, "TERM", m->term);
	if (err != OK || (err = env_request(e, m->env_fixed)) != OK)
		return err;
	env_setf(e, "SSH_CLIENT", "%.*s %u %u", remote_n, remote, m->remote_port,
		 m->local_port);
	env_setf(e, "SSH_CONNECTION", "%.*s %u %.*s %u", remote_n, remote,
		 m->remote_port, local_n, local, m->local_port);
	return env_span(e, "SSH_ORIGINAL_COMMAND", m->original);
}
