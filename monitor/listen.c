/*
 * Accepts connections; admit.c says which. Options of the listening socket are inherited by what it
 * accepts, so that an accepted connection needs no call of its own for them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/admit.h"
#include "monitor/conn.h"
#include "monitor/listen.h"
#include "monitor/metrics.h"

/* Connections accepted in a row before others have their turn. */
#define ACCEPTS_A_TURN 16

static void endpoint_of(const struct sockaddr_storage *a, struct endpoint *out)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
	bool mapped = a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

	*out = (struct endpoint){0};
	if (a->ss_family == AF_INET6) {
		out->port = ntohs(v6->sin6_port);
		if (mapped)
			inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out->address,
				  sizeof out->address);
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, out->address,
				  sizeof out->address);
	} else if (a->ss_family == AF_INET) {
		out->port = ntohs(v4->sin_port);
		inet_ntop(AF_INET, &v4->sin_addr, out->address, sizeof out->address);
	}
}

/* The client is told what sshd would say, the log the reason. */
static void refuse(int fd, const struct endpoint *remote, const struct refusal *why)
{
	static const char busy[] = "Exceeded MaxStartups\r\n";
	static const char no[] = "Not allowed at this time\r\n";
	const char *said = why->full ? busy : no;

	log_info("refused %s port %u: %s", remote->address, (unsigned)remote->port,
		 why->why);
	if (send(fd, said, strlen(said), MSG_NOSIGNAL) < 0)
		log_debug("%s", strerror(errno));
	close(fd);
}

static void accepted(struct monitor *m, int fd, const struct sockaddr_storage *from)
{
	struct sockaddr_storage to = {0};
	socklen_t n = sizeof to;
	struct endpoint remote, local;
	struct arrival arrival;
	struct source source = source_of(from);
	struct refusal refusal;

	endpoint_of(from, &remote);
	if (!admit(m, &source, remote.address, &refusal)) {
		metrics_refused(m, refusal.why);
		refuse(fd, &remote, &refusal);
		return;
	}
	if (getsockname(fd, (struct sockaddr *)&to, &n) != 0) {
		close(fd);
		return;
	}
	endpoint_of(&to, &local);
	arrival = (struct arrival){fd, source, remote, local};
	if (conn_begin(m, &arrival) != OK)
		log_verbose("%s port %u went before it was greeted", remote.address,
			    (unsigned)remote.port);
}

/* Out of descriptors: connections stay in the backlog; spinning on them helps nobody. */
static void pause_if_full(struct listener *l, int error)
{
	if (error != EMFILE && error != ENFILE)
		return;
	log_error("accept: %s: raise the limit on open files", strerror(error));
	event_del(&l->ev);
	l->paused = true;
}

static void listener_readable(evutil_socket_t fd, short events, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
	socklen_t n;
	int got;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		n = sizeof from;
		got = accept4(fd, (struct sockaddr *)&from, &n,
			      SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (got < 0) {
			pause_if_full(l, errno);
			return;
		}
		accepted(l->m, got, &from);
	}
}

void listeners_resume(struct monitor *m)
{
	for (size_t i = 0; i < m->n_listeners; i++)
		if (m->listeners[i]->paused &&
		    event_add(&m->listeners[i]->ev, NULL) == 0)
			m->listeners[i]->paused = false;
}

/* What accepted connections inherit. */
static void set_options(int fd, const struct settings *set)
{
	const struct option {
		bool wanted;
		int level, name, value;
	} all[] = {
	    {true,			       SOL_SOCKET,  SO_KEEPALIVE,  set->tcp_keep_alive},
	    {true,			       IPPROTO_TCP, TCP_NODELAY,   set->tcp_no_delay  },
	    {set->tcp_keep_alive_time_s > 0,     IPPROTO_TCP, TCP_KEEPIDLE,
	     (int)set->tcp_keep_alive_time_s						    },
	    {set->tcp_keep_alive_interval_s > 0, IPPROTO_TCP, TCP_KEEPINTVL,
	     (int)set->tcp_keep_alive_interval_s						},
	    {set->receive_buffer_bytes > 0,      SOL_SOCKET,  SO_RCVBUF,
	     (int)set->receive_buffer_bytes						     },
	    {set->send_buffer_bytes > 0,         SOL_SOCKET,  SO_SNDBUF,
	     (int)set->send_buffer_bytes							},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].wanted && setsockopt(fd, all[i].level, all[i].name,
						&all[i].value, sizeof(int)) != 0)
			log_error("socket options: %s", strerror(errno));
}

/* What decides whether the port can be had. */
static void set_port_options(int fd, int family, const struct settings *set)
{
	const int on = 1;
	int rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);

	if (!set->bind_exclusively)
		rc |= setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (family == AF_INET6)
		rc |= setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (rc != 0)
		log_error("socket options: %s", strerror(errno));
}

static struct listener *listener_find(const struct monitor *m, const char *address,
				      uint16_t port)
{
	for (size_t i = 0; i < m->n_listeners; i++)
		if (strcmp(m->listeners[i]->asked.address, address) == 0 &&
		    m->listeners[i]->asked.port == port)
			return m->listeners[i];
	return NULL;
}

static enum err listener_add(struct monitor *m, int fd, const struct endpoint *asked)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof at;
	struct endpoint taken;
	struct listener *l = calloc(1, sizeof *l);
	struct listener **more =
	    realloc(m->listeners, (m->n_listeners + 1) * sizeof(struct listener *));

	if (more != NULL)
		m->listeners = more;
	if (l == NULL || more == NULL ||
	    getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
		free(l);
		close(fd);
		return ERR_MEMORY;
	}
	endpoint_of(&at, &taken);
	*l = (struct listener){.fd = fd, .m = m, .asked = *asked, .wanted = true};
	event_assign(&l->ev, m->base, fd, EV_READ | EV_PERSIST, listener_readable, l);
	if (event_add(&l->ev, NULL) != 0) {
		free(l);
		close(fd);
		return ERR_SYSTEM;
	}
	m->listeners[m->n_listeners++] = l;
	log_info("Server listening on %s port %u.", taken.address,
		 (unsigned)taken.port);
	return OK;
}

static const char *remedy(int number)
{
	switch (number) {
	case EADDRINUSE:
		return ": another server has it; choose a free one with Port or -p";
	case EACCES:
		return ": only root may listen below 1024; choose another one with "
		       "Port or -p";
	case EADDRNOTAVAIL:
		return ": this host has no such address; see ListenAddress";
	default:
		return "";
	}
}

static enum err listen_on(struct monitor *m, const struct addrinfo *a)
{
	struct sockaddr_storage at = {0};
	struct endpoint asked;
	struct listener *have;
	int fd;

	memcpy(&at, a->ai_addr, a->ai_addrlen);
	endpoint_of(&at, &asked);
	have = listener_find(m, asked.address, asked.port);
	if (have != NULL) {
		have->wanted = true;
		set_options(have->fd, m->set);
		return listen(have->fd, (int)m->set->listen_backlog) == 0 ? OK
									  : ERR_SYSTEM;
	}
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_SYSTEM;
	set_port_options(fd, a->ai_family, m->set);
	set_options(fd, m->set);
	if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
	    listen(fd, (int)m->set->listen_backlog) != 0) {
		log_error("cannot listen on %s port %u: %s%s", asked.address,
			  (unsigned)asked.port, strerror(errno), remedy(errno));
		close(fd);
		return ERR_SYSTEM;
	}
	return listener_add(m, fd, &asked);
}

static int family_of(const struct settings *set)
{
	switch (set->address_family) {
	case FAMILY_ANY:
		return AF_UNSPEC;
	case FAMILY_INET:
		return AF_INET;
	case FAMILY_INET6:
		return AF_INET6;
	}
	return AF_UNSPEC;
}

/* Names are resolved here, at start and reload only: never while clients are served. */
static enum err listen_address(struct monitor *m, const struct listen_address *at)
{
	struct addrinfo hints = {.ai_family = family_of(m->set),
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *all = NULL;
	char port[8];
	enum err e = ERR_SYSTEM;
	int rc;

	(void)snprintf(port, sizeof port, "%u", (unsigned)at->port);
	rc = getaddrinfo(at->host, port, &hints, &all);
	if (rc != 0) {
		log_error("ListenAddress %s: %s", at->host, gai_strerror(rc));
		return ERR_SYSTEM;
	}
	for (struct addrinfo *a = all; a != NULL; a = a->ai_next)
		if (listen_on(m, a) == OK)
			e = OK;
	freeaddrinfo(all);
	return e;
}

static void close_unwanted(struct monitor *m)
{
	size_t kept = 0;
	struct listener *l;

	for (size_t i = 0; i < m->n_listeners; i++) {
		l = m->listeners[i];
		if (l->wanted) {
			m->listeners[kept++] = l;
			continue;
		}
		event_del(&l->ev);
		close(l->fd);
		free(l);
	}
	m->n_listeners = kept;
}

enum err listeners_open(struct monitor *m)
{
	const struct listen_addresses *all = &m->set->listen_address;

	for (size_t i = 0; i < m->n_listeners; i++)
		m->listeners[i]->wanted = false;
	for (size_t i = 0; i < all->n; i++)
		if (listen_address(m, &all->item[i]) != OK)
			log_error("nothing listens for ListenAddress %s port %u",
				  all->item[i].host != NULL ? all->item[i].host : "*",
				  (unsigned)all->item[i].port);
	close_unwanted(m);
	return m->n_listeners > 0 ? OK : ERR_SYSTEM;
}

void listeners_close(struct monitor *m)
{
	for (size_t i = 0; i < m->n_listeners; i++)
		m->listeners[i]->wanted = false;
	close_unwanted(m);
	free(m->listeners);
	m->listeners = NULL;
}
