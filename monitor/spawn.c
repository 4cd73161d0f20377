/*
 * Starts our processes, has workers forked ahead of need, and hears how they ended.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/config_algs.h"
#include "monitor/connector_link.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"

/* Deaths of our own processes within a minute after which starting them again makes no sense. */
#define RESTARTS_MAX 20

static enum err start_fork_server(struct monitor *m, const char *name,
				  const char *argument, const char *user,
				  struct fork_server **out)
{
	struct fork_server *f = calloc(1, sizeof *f);
	int sock = -1;
	enum err e;

	if (f == NULL)
		return ERR_MEMORY;
	f->link = (struct link){.sock = -1, .peer = MSG_FORK, .state = IN_FORK};
	e = spawn_program(m, name, argument, user, &sock);
	if (e == OK)
		e = link_open(&f->link, m, sock, f);
	if (e != OK) {
		free(f);
		return e;
	}
	f->program = name;
	f->argument = argument;
	f->next = m->forkers;
	m->forkers = f;
	*out = f;
	return OK;
}

static enum err start_nursery(struct monitor *m)
{
	return start_fork_server(m, "sallyport-worker", config_crypto_option(m->set),
				 m->set->worker_user, &m->nursery);
}

static enum err start_connector(struct monitor *m)
{
	int sock = -1;
	enum err e = spawn_program(m, "sallyport-connector", NULL,
				   m->set->connector_user, &sock);

	m->connector.link =
	    (struct link){.sock = -1, .peer = MSG_CONNECTOR, .state = IN_CONNECTOR};
	if (e == OK)
		e = link_open(&m->connector.link, m, sock, &m->connector);
	return e;
}

enum err spawn_all(struct monitor *m)
{
	enum err e = start_nursery(m);

	if (e == OK)
		e = start_fork_server(m, "sallyport-login", NULL, NULL,
				      &m->login_master);
	if (e == OK)
		e = start_connector(m);
	return e;
}

static void child_serves(struct child *child, const struct conn *c)
{
	if (child == NULL || c == NULL)
		return;
	child->conn_id = c->id;
	child->source = c->source;
	(void)snprintf(child->remote, sizeof child->remote, "%s port %u",
		       c->remote.address, (unsigned)c->remote.port);
}

static enum err child_note(struct monitor *m, struct fork_server *f,
			   const struct conn *c, uint32_t id)
{
	struct child *child = calloc(1, sizeof *child);
	enum err e;

	if (child == NULL)
		return ERR_MEMORY;
	*child = (struct child){.id = id, .parent = f};
	child_serves(child, c);
	e = idmap_add(&m->children, id, child);
	if (e != OK)
		free(child);
	return e;
}

static enum err have_forked(struct monitor *m, struct fork_server *f,
			    const struct conn *c, int *sock, uint32_t *id)
{
	struct msg msg = MSG_OF(fork_child, .child = m->next_child + 1);
	int pair[2];
	enum err e;

	if (f == NULL)
		return ERR_CLOSED;
	e = ipc_pair(pair);
	if (e != OK)
		return e;
	e = child_note(m, f, c, msg.u.fork_child.child);
	if (e == OK)
		e = link_send(&f->link, &msg, &pair[1], 1);
	close(pair[1]);
	if (e != OK) {
		free(idmap_remove(&m->children, msg.u.fork_child.child));
		close(pair[0]);
		return e;
	}
	m->next_child++;
	f->forks++;
	f->living++;
	*id = m->next_child;
	*sock = pair[0];
	return OK;
}

static void fill_spares(struct monitor *m)
{
	struct spare s = {.nursery = m->nursery};

	while (m->nursery != NULL && m->n_spares < LIMIT_SPARE_WORKERS &&
	       have_forked(m, m->nursery, NULL, &s.sock, &s.child) == OK)
		m->spares[m->n_spares++] = s;
}

enum err spawn_settings(struct monitor *m)
{
	struct msg msg = {0};
	uint8_t *store = malloc(LIMIT_MSG_BYTES);
	struct wr w = {.p = store, .cap = LIMIT_MSG_BYTES};
	enum err e = store == NULL ? ERR_MEMORY : serve_fork_settings(m, &w, &msg);

	if (e == OK)
		e = m->nursery == NULL ? ERR_CLOSED
				       : link_tell(&m->nursery->link, &msg);
	free(store);
	if (e == OK)
		fill_spares(m);
	return e;
}

/* They end when their sockets do. */
static void drop_spares(struct monitor *m)
{
	for (size_t i = 0; i < m->n_spares; i++)
		close(m->spares[i].sock);
	m->n_spares = 0;
}

static void retire(struct monitor *m, struct fork_server *f)
{
	f->retired = true;
	drop_spares(m);
	if (link_tell(&f->link, &MSG_OF(fork_retire, .reason = 0)) != OK)
		link_close(&f->link);
}

/* A nursery that does not know the settings must not fork: its workers would have no keys to offer. */
static void renew_nursery(struct monitor *m)
{
	if (start_nursery(m) == OK && spawn_settings(m) == OK)
		return;
	log_error("no nursery: nobody is served until one can be started");
	if (m->nursery != NULL)
		retire(m, m->nursery);
	m->nursery = NULL;
}

void spawn_burn_nursery(struct monitor *m, size_t why)
{
	static const char *const text[METRIC_BURN_COUNT] = {
	    [METRIC_BURN_CRASH] = "a worker died of a signal",
	    [METRIC_BURN_RULES] = "a worker broke the rules",
	    [METRIC_BURN_FORKS] = "it forked often enough",
	    [METRIC_BURN_RELOAD] = "configuration was reloaded",
	    [METRIC_BURN_DEATH] = "it died"};

	log_verbose("replacing the nursery: %s", text[why]);
	METRIC_COUNT(m, nursery_burns_total, why, 0);
	if (m->nursery != NULL)
		retire(m, m->nursery);
	m->nursery = NULL;
	renew_nursery(m);
}

enum err spawn_worker(struct monitor *m, struct conn *c, int *sock, uint32_t *id)
{
	enum err e = OK;

	if (m->n_spares > 0) {
		*sock = m->spares[0].sock;
		*id = m->spares[0].child;
		m->n_spares--;
		memmove(m->spares, m->spares + 1, m->n_spares * sizeof m->spares[0]);
		child_serves(idmap_find(&m->children, *id), c);
	} else {
		e = have_forked(m, m->nursery, c, sock, id);
	}
	if (e == OK && m->nursery != NULL && m->nursery->forks >= LIMIT_NURSERY_FORKS)
		spawn_burn_nursery(m, METRIC_BURN_FORKS);
	fill_spares(m);
	return e;
}

enum err spawn_login(struct monitor *m, int *sock, uint32_t *child)
{
	return have_forked(m, m->login_master, NULL, sock, child);
}

/* A spare that died is not handed a client. */
static void spare_forget(struct monitor *m, uint32_t child)
{
	for (size_t i = 0; i < m->n_spares; i++) {
		if (m->spares[i].child != child)
			continue;
		close(m->spares[i].sock);
		m->spares[i] = m->spares[--m->n_spares];
		return;
	}
}

void child_kill(struct monitor *m, uint32_t id)
{
	const struct child *child = idmap_find(&m->children, id);

	if (child != NULL &&
	    link_tell(&child->parent->link, &MSG_OF(fork_kill, .child = id)) != OK)
		log_error(
		    "process %lu could not be killed: its fork server does not listen",
		    (unsigned long)id);
}

void child_dismiss(struct monitor *m, uint32_t id)
{
	struct child *child = idmap_find(&m->children, id);

	if (child == NULL)
		return;
	child->dismissed = true;
	child_kill(m, id);
}

enum err serve_fork_ready(struct fork_server *f, const struct msg_fork_ready *msg,
			  struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	log_info("%s: layers: %s%s", f->program, printable(msg->layers, &keep),
		 geteuid() != 0 && memmem(msg->layers.p, msg->layers.n, "user-ns (", 9)
		     ? "; see sysctl kernel.unprivileged_userns_clone"
		     : "");
	return OK;
}

/* A worker that died of a signal may have been probed: its layout goes with its nursery. */
enum err serve_fork_ended(struct fork_server *f, const struct msg_fork_ended *msg,
			  struct ipc_fds *fds)
{
	struct monitor *m = f->link.m;
	struct child *child = idmap_find(&m->children, msg->child);
	int status = (int)msg->status;

	(void)fds;
	if (child == NULL || child->parent != f)
		return ERR_FORBIDDEN;
	idmap_remove(&m->children, msg->child);
	spare_forget(m, msg->child);
	f->living--;
	if (WIFSIGNALED(status) && !(child->dismissed && WTERMSIG(status) == SIGKILL)) {
		log_error("event=crash program=%s conn=%llu client=\"%s\" signal=%d%s",
			  f->program, (unsigned long long)child->conn_id, child->remote,
			  WTERMSIG(status),
			  WTERMSIG(status) == SIGSYS ? " (killed by its sandbox)" : "");
		METRIC_COUNT(m, crashes_total,
			     f->argument != NULL ? METRIC_CRASH_WORKER
						 : METRIC_CRASH_LOGIN,
			     WTERMSIG(status) == SIGSYS ? METRIC_DEATH_SANDBOX
							: METRIC_DEATH_SIGNAL);
		penalty_add(&m->penalties, m->set, &child->source,
			    (struct offence){PENALTY_CRASH, 1}, clock_ms());
		if (f == m->nursery)
			spawn_burn_nursery(m, METRIC_BURN_CRASH);
	}
	free(child);
	return OK;
}

static void forget_children(struct monitor *m, struct fork_server *f)
{
	struct child *child;

	for (size_t i = 0; i < m->children.cap; i++) {
		child = m->children.slot[i].thing;
		if (m->children.slot[i].id == 0 || child->parent != f)
			continue;
		idmap_remove(&m->children, child->id);
		free(child);
		i--; /* the gap may have been closed from behind */
	}
}

static void unlink_forker(struct monitor *m, const struct fork_server *f)
{
	struct fork_server **p = &m->forkers;

	while (*p != NULL && *p != f)
		p = &(*p)->next;
	if (*p != NULL)
		*p = f->next;
}

void fork_server_lost(struct fork_server *f, enum err e, const char *what)
{
	struct monitor *m = f->link.m;
	bool was_nursery = f == m->nursery, was_login = f == m->login_master;

	if (!f->retired || f->living > 0)
		log_error("%s ended: %s%s%s", f->program, err_text(e),
			  what != NULL ? ": " : "", what != NULL ? what : "");
	else
		log_debug("%s ended with its last worker", f->program);
	link_close(&f->link);
	forget_children(m, f);
	unlink_forker(m, f);
	free(f);
	if (m->stopping || (!was_nursery && !was_login))
		return;
	if (++m->restarts > RESTARTS_MAX) {
		log_fatal("our processes keep dying: giving up; see the lines above");
		m->stopping = m->gave_up = true;
		event_base_loopbreak(m->base);
		return;
	}
	if (was_login) {
		METRIC_COUNT(m, restarts_total, METRIC_PROCESS_LOGIN, 0);
		m->login_master = NULL;
	}
	if (was_login &&
	    start_fork_server(m, "sallyport-login", NULL, NULL, &m->login_master) != OK)
		log_error("no login master: nobody can log in");
	if (!was_nursery)
		return;
	METRIC_COUNT(m, restarts_total, METRIC_PROCESS_NURSERY, 0);
	m->nursery = NULL;
	drop_spares(m);
	spawn_burn_nursery(m, METRIC_BURN_DEATH);
}

/* What keeps dying is left alone for a while: a minute without a death forgives. */
void spawn_missing(struct monitor *m)
{
	if (m->restarts > RESTARTS_MAX)
		return;
	if (m->nursery == NULL)
		renew_nursery(m);
	if (m->login_master == NULL &&
	    start_fork_server(m, "sallyport-login", NULL, NULL, &m->login_master) != OK)
		log_error("no login master: nobody can log in");
	if (m->connector.link.sock < 0 && start_connector(m) != OK)
		log_error("no connector: forwarding is refused");
}

void connector_lost(struct connector *k, enum err e, const char *what)
{
	struct monitor *m = k->link.m;

	log_error("sallyport-connector ended: %s%s%s", err_text(e),
		  what != NULL ? ": " : "", what != NULL ? what : "");
	link_close(&k->link);
	requests_fail(m);
	METRIC_COUNT(m, restarts_total, METRIC_PROCESS_CONNECTOR, 0);
	if (m->stopping || ++m->restarts > RESTARTS_MAX)
		return;
	*k = (struct connector){0};
	if (start_connector(m) != OK)
		log_error("no connector: forwarding is refused");
}

void spawn_wipe(struct monitor *m)
{
	struct fork_server *f;

	drop_spares(m);
	while ((f = m->forkers) != NULL) {
		m->forkers = f->next;
		link_close(&f->link);
		forget_children(m, f);
		free(f);
	}
	link_close(&m->connector.link);
	idmap_wipe(&m->children);
}
