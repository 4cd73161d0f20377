/*
 * The gateway itself: listeners, settings, keys, reload, shutdown.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "monitor/config_priv.h"
#include "monitor/control_private.h"
#include "monitor/keys/hostkey.h"
#include "monitor/listen.h"
#include "monitor/load.h"

/* ---- listeners ---- */

/* The port stands at the same place in an IPv4 address. */
static uint16_t port_of(int fd)
{
	struct sockaddr_in6 at = {0};
	socklen_t n = sizeof at;

	return getsockname(fd, (struct sockaddr *)&at, &n) != 0 ? 0
								: ntohs(at.sin6_port);
}

enum ctl_error control_listener_list(struct control_call *c)
{
	for (size_t i = (size_t)c->after; i < c->m->n_listeners; i++) {
		const struct listener *l = c->m->listeners[i];

		facts_str(&c->out, "address", span_str(l->asked.address));
		facts_num(&c->out, "port", port_of(l->fd));
		facts_bool(&c->out, "accepting", !l->paused);
		if (!control_row(c) && i + 1 < c->m->n_listeners) {
			c->next = i + 1;
			break;
		}
	}
	return CTL_OK;
}

enum ctl_error control_listener_stop(struct control_call *c)
{
	if (c->m->n_listeners == 0)
		return control_say(c, CTL_BAD_ALREADY, "nothing is listened on");
	listeners_close(c->m);
	return CTL_OK;
}

enum ctl_error control_listener_start(struct control_call *c)
{
	if (c->m->n_listeners > 0)
		return CTL_BAD_LISTENING;
	if (listeners_open(c->m) != OK)
		return control_say(c, CTL_BAD_IN_USE,
				   "nothing could be listened on: the log says why");
	facts_num(&c->out, "listeners", c->m->n_listeners);
	return CTL_OK;
}

/* ---- settings ---- */

/* Lines as they would stand in the file, without the keyword. */
static void put_lines(struct wr *w, const char *text)
{
	size_t mark = facts_list_open(w, "values");

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		const char *value = memchr(text, ' ', n);

		if (value != NULL)
			wr_bytes(w, (struct span){(const uint8_t *)value + 1,
						  n - (size_t)(value + 1 - text)});
		text += n + (text[n] == '\n');
	}
	wr_close(w, mark);
}

static enum ctl_error put_row(struct control_call *c, const struct config_row *row)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		return CTL_BAD_NO_SPACE;
	config_row_print(f, row, c->m->set);
	if (fclose(f) != 0) {
		free(text);
		return CTL_BAD_NO_SPACE;
	}
	facts_str(&c->out, "name", span_str(row->keyword));
	put_lines(&c->out, text);
	free(text);
	return CTL_OK;
}

const struct config_row *control_config_find(struct control_call *c)
{
	const struct config_row *row = NULL;
	char name[LIMIT_NAME_BYTES] = "";

	if (bytes_to_str(name, sizeof name,
			 facts_get_str(c->params, "name", (struct span){0})) == OK)
		row = config_row_find(name);
	if (row == NULL)
		(void)control_say(c, CTL_BAD_INVALID,
				  "there is no keyword %s: config list shows them",
				  name);
	return row;
}

enum ctl_error control_config_get(struct control_call *c)
{
	const struct config_row *row = control_config_find(c);

	return row != NULL ? put_row(c, row) : CTL_BAD_INVALID;
}

enum ctl_error control_config_list(struct control_call *c)
{
	enum ctl_error e = CTL_OK;

	for (size_t i = (size_t)c->after; i < n_config_rows && e == CTL_OK; i++) {
		e = put_row(c, &config_rows[i]);
		if (!control_row(c) && i + 1 < n_config_rows) {
			c->next = i + 1;
			break;
		}
	}
	return e;
}

/* ---- keys ---- */

enum ctl_error control_key_list(struct control_call *c)
{
	const struct hostkeys *keys = &c->m->ring->keys;
	struct hostkey_shown s;

	for (size_t i = 0; i < keys->n; i++) {
		if (hostkey_show(&keys->key[i], &s) != OK)
			return CTL_BAD_INTERNAL;
		facts_str(&c->out, "type", span_str(s.type));
		facts_num(&c->out, "bits", s.bits);
		facts_str(&c->out, "fingerprint", span_str(s.fingerprint));
		facts_str(&c->out, "store", span_str(s.store));
		facts_str(&c->out, "path", span_str(s.path));
		facts_bool(&c->out, "certificate", s.certificate);
		facts_bool(&c->out, "token", s.token);
		(void)control_row(c); /* LIMIT_HOSTKEYS fit a page */
	}
	return CTL_OK;
}
_Static_assert(LIMIT_HOSTKEYS <= LIMIT_CONTROL_PAGE, "one page");

/* ---- reload, shutdown: in a turn of their own, for both may take the socket away ---- */

static void reloaded(struct monitor *m, enum err e)
{
	struct control *k = m->control;

	m->reloaded = NULL;
	if (k == NULL)
		return;
	control_config_settled(k, e);
	control_answer_later(
	    m, k->reload_call, e == OK ? CTL_OK : CTL_BAD_INVALID,
	    e == OK ? (struct span){0}
		    : SPAN_LIT("nothing was changed: the log says what is wrong"),
	    (struct span){0});
}

static void reload_now(evutil_socket_t fd, short events, void *arg)
{
	struct control *k = arg;

	(void)fd;
	(void)events;
	k->m->reloaded = reloaded;
	reload(k->m);
}

static void shutdown_now(evutil_socket_t fd, short events, void *arg)
{
	struct control *k = arg;

	(void)fd;
	(void)events;
	log_info("an operator ends the gateway");
	k->m->stopping = true;
	event_base_loopbreak(k->m->base);
}

static bool soon(struct control *k, event_callback_fn fn)
{
	static const struct timeval now = {0};

	return evtimer_assign(&k->soon, k->m->base, fn, k) == 0 &&
	       event_add(&k->soon, &now) == 0;
}

bool control_reload_pends(const struct control *k)
{
	return k->m->reloading != NULL || k->m->reloaded != NULL ||
	       (event_initialized(&k->soon) &&
		event_pending(&k->soon, EV_TIMEOUT, NULL));
}

enum ctl_error control_reload(struct control_call *c)
{
	struct control *k = c->m->control;

	if (control_reload_pends(k))
		return CTL_BAD_ALREADY;
	k->reload_call = c->id;
	return soon(k, reload_now) ? CONTROL_LATER : CTL_BAD_INTERNAL;
}

enum ctl_error control_shutdown(struct control_call *c)
{
	return soon(c->m->control, shutdown_now) ? CTL_OK : CTL_BAD_INTERNAL;
}
