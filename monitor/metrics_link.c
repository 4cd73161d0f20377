/*
 * The metrics process. Its listening socket stays here too, so that one that died loses no place; whatever
 * strangers do to it, it is started again after a pause that grows, and nobody else notices.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/metrics_address.h"
#include "monitor/metrics_link.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"

/* It exists where MetricsListen is set and its address could be bound. */
struct metrics_server {
	struct link link;
	struct monitor *m;
	int fd;                            /* listens */
	char asked[METRICS_ADDRESS_BYTES]; /* as MetricsListen has it */
	uint16_t port;
	uint64_t began_tick; /* of the process that runs */
	uint64_t again_tick; /* when the next is started, where none runs */
	uint64_t pause_s;
};

/* ---- its socket ---- */

static const char *remedy(int number)
{
	if (number == EADDRINUSE)
		return ": another program has it; choose a free one with MetricsListen";
	if (number == EADDRNOTAVAIL)
		return ": this host has no such address; see MetricsListen";
	if (number == EACCES)
		return ": only root may listen below 1024; choose another one with "
		       "MetricsListen";
	return "";
}

/* Binds and listens; the port taken is written into at. */
static enum err bind_to(struct sockaddr_storage *at, int *out)
{
	const int on = 1;
	socklen_t n = sizeof *at;
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_SYSTEM;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)at,
		 at->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in)) != 0 ||
	    listen(fd, LIMIT_METRICS_BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)at, &n) != 0) {
		close(fd);
		return ERR_SYSTEM;
	}
	*out = fd;
	return OK;
}

static enum err server_bind(struct metrics_server *s)
{
	char text[METRICS_ADDRESS_BYTES];
	struct sockaddr_storage at;
	enum err e = metrics_address_read(s->asked, &at);

	if (e != OK)
		return e;
	if (bind_to(&at, &s->fd) != OK) {
		log_error("MetricsListen %s: %s%s; there are no metrics", s->asked,
			  strerror(errno), remedy(errno));
		return ERR_SYSTEM;
	}
	s->port = ntohs(((const struct sockaddr_in *)(const void *)&at)->sin_port);
	log_info("Metrics at http://%s/metrics", metrics_address_text(&at, text));
	if (!metrics_address_is_local(&at))
		log_error(
		    "MetricsListen %s is not an address of this host alone: whoever "
		    "can reach it reads how the gateway is used; let a firewall say "
		    "who can, or use 127.0.0.1",
		    s->asked);
	return OK;
}

/* ---- its life ---- */

static enum err server_start(struct metrics_server *s)
{
	int sock = -1;
	enum err e;

	s->link = (struct link){.sock = -1, .peer = MSG_METRICS, .state = IN_METRICS};
	s->began_tick = s->m->ticks;
	e = spawn_program(s->m, "sallyport-metrics", NULL, s->m->set->worker_user,
			  &sock);
	if (e == OK)
		e = link_open(&s->link, s->m, sock, s);
	if (e == OK)
		e = link_send(&s->link, &MSG_OF(metrics_listen, .port = s->port),
			      &s->fd, 1);
	if (e != OK)
		link_close(&s->link);
	return e;
}

/* It ended, or could not be started: the more often, the longer it is left alone. */
static void server_pause(struct metrics_server *s)
{
	uint64_t now = s->m->ticks;

	if (s->pause_s == 0 || now - s->began_tick > LIMIT_METRICS_AGAIN_S)
		s->pause_s = 1;
	else if (s->pause_s < LIMIT_METRICS_AGAIN_S)
		s->pause_s *= 2;
	s->again_tick = now + s->pause_s;
}

static void server_start_or_pause(struct metrics_server *s)
{
	if (server_start(s) == OK)
		return;
	server_pause(s);
	log_error("no metrics process: it is tried again in %u s",
		  (unsigned)s->pause_s);
}

static void server_free(struct metrics_server *s)
{
	if (s == NULL)
		return;
	link_close(&s->link);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static void server_new(struct monitor *m, const char *asked)
{
	struct metrics_server *s = calloc(1, sizeof *s);

	if (s == NULL) {
		log_error("MetricsListen: %s", err_text(ERR_MEMORY));
		return;
	}
	s->m = m;
	s->fd = -1;
	s->link.sock = -1;
	if (bytes_to_str(s->asked, sizeof s->asked, span_str(asked)) != OK ||
	    server_bind(s) != OK) {
		server_free(s);
		return;
	}
	m->metrics_server = s;
	server_start_or_pause(s);
}

void metrics_open(struct monitor *m)
{
	const char *asked = m->set->metrics_listen;
	bool none = strcmp(asked, "none") == 0;

	if (m->metrics_server != NULL && !none &&
	    strcmp(m->metrics_server->asked, asked) == 0)
		return;
	metrics_wipe(m);
	if (!none)
		server_new(m, asked);
}

void metrics_tick(struct monitor *m)
{
	struct metrics_server *s = m->metrics_server;

	if (s != NULL && s->link.sock < 0 && m->ticks >= s->again_tick)
		server_start_or_pause(s);
}

void metrics_lost(struct metrics_server *s, enum err e, const char *what)
{
	link_close(&s->link);
	if (s->m->stopping)
		return;
	METRIC_COUNT(s->m, restarts_total, METRIC_PROCESS_METRICS, 0);
	server_pause(s);
	log_error("sallyport-metrics ended: %s%s%s; another is started in %u s",
		  err_text(e), what != NULL ? ": " : "", what != NULL ? what : "",
		  (unsigned)s->pause_s);
}

void metrics_wipe(struct monitor *m)
{
	server_free(m->metrics_server);
	m->metrics_server = NULL;
}

/* ---- what it says ---- */

enum err serve_metrics_ready(struct metrics_server *s,
			     const struct msg_metrics_ready *m, struct ipc_fds *fds)
{
	struct printable keep;

	(void)fds;
	(void)s;
	log_info("sallyport-metrics: layers: %s", printable(m->layers, &keep));
	return OK;
}

enum err serve_metrics_ask(struct metrics_server *s, const struct msg_metrics_ask *m,
			   struct ipc_fds *fds)
{
	uint8_t store[LIMIT_METRICS_BYTES];
	struct wr w = WR(store);
	struct metrics now;
	struct span all;
	enum err e;

	(void)fds;
	(void)m;
	metrics_collect(s->m, &now);
	metrics_encode(&now, &w);
	e = wr_end(&w, &all);
	return e != OK ? e
		       : link_tell(&s->link, &MSG_OF(metrics_values, .values = all));
}
