/*
 * The control process's life: started where there is a control socket, replaced when it dies. Its clients are
 * cut then; logins do not notice. A client's words reach us as parameters that fit a method's table.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/control_private.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"

/* Deaths within a second after which the next start waits for the next second. */
#define DEATHS_MAX 4

static enum err process_start(struct control *k)
{
	struct monitor *m = k->m;
	int sock = -1;
	enum err e;

	if (k->link.sock >= 0)
		return OK;
	k->link = (struct link){.sock = -1, .peer = MSG_CONTROL, .state = IN_CONTROL};
	k->ready = false;
	e = spawn_program(m, "sallyport-control", NULL, m->set->control_user, &sock);
	if (e == OK)
		e = link_open(&k->link, m, sock, k);
	if (e != OK)
		log_error("no control process: the control socket does not answer");
	return e;
}

static enum err control_of(struct monitor *m)
{
	struct control *k;

	if (m->control != NULL)
		return OK;
	k = calloc(1, sizeof *k);
	if (k == NULL || (k->store = malloc(LIMIT_CONTROL_ROW_BYTES)) == NULL) {
		free(k);
		return ERR_MEMORY;
	}
	k->m = m;
	k->link = (struct link){.sock = -1};
	k->listener = -1;
	m->control = k;
	return OK;
}

enum err control_open(struct monitor *m)
{
	const char *path = m->set->control_socket;
	enum err e;

	if (path == NULL) {
		control_wipe(m);
		return OK;
	}
	if ((e = control_of(m)) != OK)
		return e;
	if (m->control->listener < 0 || strcmp(m->control->at.sun_path, path) != 0)
		e = control_socket_open(m->control, path);
	return e == OK ? process_start(m->control) : e;
}

/* ---- room in its link ---- */

static void writable(evutil_socket_t fd, short events, void *arg)
{
	struct control *k = arg;

	(void)fd;
	(void)events;
	k->waits = event_add(&k->link.ev, NULL) != 0;
}

/* Reads no further call until it has read what it was answered. */
static void wait_for_room(struct control *k)
{
	if (k->waits || k->link.sock < 0 || link_has_room(&k->link))
		return;
	if (event_assign(&k->writable, k->m->base, k->link.sock, EV_WRITE, writable,
			 k) != 0 ||
	    event_add(&k->writable, NULL) != 0)
		return;
	event_del(&k->link.ev);
	k->waits = true;
}

void control_send(struct control *k, const struct msg *m)
{
	enum err e = link_tell(&k->link, m);

	if (e == OK || e == ERR_CLOSED) /* its end is told by its link */
		return;
	log_error("sallyport-control: %s: %s", msg_rules[m->type].name, err_text(e));
	if (e == ERR_STALLED)
		k->doomed = true;
}

void control_rest(struct control *k)
{
	wait_for_room(k);
}

/* ---- its end ---- */

static void process_stop(struct control *k)
{
	if (event_initialized(&k->writable))
		event_del(&k->writable);
	k->waits = false;
	link_close(&k->link);
	control_clients_wipe(k);
	k->follows = k->doomed = false;
	k->m->follower = NULL;
}

void control_lost(struct control *k, enum err e, const char *what)
{
	log_error("sallyport-control ended: %s%s%s; its clients are cut", err_text(e),
		  e != ERR_CLOSED && what != NULL ? ": " : "",
		  e != ERR_CLOSED && what != NULL ? what : "");
	process_stop(k);
	METRIC_COUNT(k->m, restarts_total, METRIC_PROCESS_CONTROL, 0);
	if (!k->m->stopping && k->ready && ++k->deaths <= DEATHS_MAX &&
	    process_start(k) != OK)
		log_debug("it is started again within a second");
}

void control_tick(struct monitor *m)
{
	struct control *k = m->control;

	if (k == NULL)
		return;
	k->deaths = 0;
	if (k->reopen) {
		log_info("sallyport-control begins anew with another CodePage; its "
			 "clients are cut");
		process_stop(k);
	}
	k->reopen = false;
	if (k->doomed)
		control_lost(k, ERR_STALLED, "it does not read");
	if (k->link.sock < 0 && process_start(k) != OK)
		return;
	if (k->paused && event_add(&k->arrives, NULL) == 0)
		k->paused = false;
}

void control_reopen(struct monitor *m)
{
	if (m->control != NULL && m->control->link.sock >= 0)
		m->control->reopen = true;
}

void control_wipe(struct monitor *m)
{
	struct control *k = m->control;

	if (k == NULL)
		return;
	control_socket_close(k);
	process_stop(k);
	if (event_initialized(&k->soon))
		event_del(&k->soon);
	m->control = NULL;
	m->reloaded = NULL;
	free(k->undo);
	free(k->store);
	free(k);
}

/* ---- what it says ---- */

enum err serve_control_ready(struct control *k, const struct msg_control_ready *m,
			     struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	k->ready = true;
	log_info("sallyport-control: layers: %s", printable(m->layers, &keep));
	return OK;
}

enum err serve_ctl_gone(struct control *k, const struct msg_ctl_gone *m,
			struct ipc_fds *fds)
{
	struct control_client *c = idmap_remove(&k->clients, m->client);

	(void)fds;
	if (c == NULL)
		return ERR_FORBIDDEN;
	log_debug("event=control_gone client=%u", (unsigned)c->id);
	free(c);
	return OK;
}

enum err serve_ctl_follow(struct control *k, const struct msg_ctl_follow *m,
			  struct ipc_fds *fds)
{
	(void)fds;
	k->follows = m->on != 0;
	k->m->follower = k->follows ? control_event : NULL;
	return OK;
}
