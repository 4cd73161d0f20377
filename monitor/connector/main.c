/*
 * sallyport-connector: the only process of the gateway that reaches out. It is told by the monitor
 * where to connect and where to listen, and hands descriptors back. Its own account, its own
 * namespaces but for the network, no files but the resolver's. Reads nothing of what the
 * connections carry.
 */
#include <event2/event.h>
#include <event2/util.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/asan.h"
#include "common/log.h"
#include "common/start.h"
#include "monitor/connector/bind.h"
#include "monitor/connector/dial.h"
#include "monitor/connector/link.h"
#include "monitor/connector/resolve.h"

struct connector {
	struct event_base *base;
	struct link link;
	struct resolver resolver;
	struct dials dials;
	struct binds binds;
};

static void on_request(void *ctx, const struct msg *m)
{
	struct connector *c = ctx;

	if (m->type == MSG_connect_tcp)
		dial_begin(&c->dials, &m->u.connect_tcp);
	else if (m->type == MSG_connect_cancel)
		dial_cancel(&c->dials, m->u.connect_cancel.id);
	else if (m->type == MSG_bind_tcp)
		bind_begin(&c->binds, &m->u.bind_tcp);
	else if (m->type == MSG_unbind)
		bind_end(&c->binds, m->u.unbind.id);
	else
		log_error("connector: %s is not for a connector",
			  msg_rules[m->type].name);
}

static void on_stall(void *ctx, bool stalled)
{
	struct connector *c = ctx;

	binds_pause(&c->binds, stalled);
}

/*
 * No locks: there is one thread. And no change list: what is handed over lives on in another
 * process, so it must leave the epoll set before it is closed here.
 */
static struct event_base *base_make(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static enum err connector_init(struct connector *c, int sock)
{
	enum err e;

	c->dials =
	    (struct dials){.base = c->base, .link = &c->link, .resolver = &c->resolver};
	c->binds = (struct binds){.base = c->base, .link = &c->link};
	LIST_INIT(&c->dials.list);
	LIST_INIT(&c->binds.list);
	if ((e = resolver_init(&c->resolver, c->base)) != OK)
		return e;
	e = link_init(&c->link, c->base, sock);
	link_handlers(&c->link, on_request, on_stall, c);
	return e;
}

static void connector_wipe(struct connector *c)
{
	dials_wipe(&c->dials);
	binds_wipe(&c->binds);
	resolver_wipe(&c->resolver);
	link_wipe(&c->link);
	if (c->base != NULL)
		event_base_free(c->base);
}

/* Enters the sandbox; epoll and the name servers' sockets are opened just before it is shut. */
static enum err connector_enter(struct connector *c, int sock, const char *user,
				struct sandbox_layers *layers)
{
	const int keep[] = {STDERR_FILENO, sock};
	struct sandbox_plan plan = {.role = ROLE_CONNECTOR,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = sizeof keep / sizeof keep[0]};
	struct sandbox_filter filter = {0};
	enum err e;

	if ((e = start_account("connector", user, &plan)) != OK ||
	    (e = sandbox_filter_make(plan.role, &filter)) != OK ||
	    (e = sandbox_namespaces(&plan, layers)) != OK ||
	    (e = sandbox_drop(&plan, layers)) != OK)
		goto out;
	c->base = base_make();
	if (c->base == NULL)
		e = ERR_MEMORY;
	else if ((e = connector_init(c, sock)) == OK)
		e = sandbox_filter_load(&filter, layers);
out:
	sandbox_filter_wipe(&filter);
	return e;
}

static enum err run(struct connector *c, int sock, const char *user)
{
	struct sandbox_layers layers = {0};
	char text[LIMIT_LAYERS_BYTES];
	struct msg ready = MSG_OF(connector_ready, .layers = {0});
	enum err e = connector_enter(c, sock, user, &layers);

	if (e != OK)
		return e;
	ready.u.connector_ready.layers = span_str(sandbox_layers_text(&layers, text));
	if ((e = ipc_tell(sock, &ready)) != OK)
		return e;
	return event_base_dispatch(c->base) >= 0 ? OK : ERR_SYSTEM;
}

int main(int argc, char **argv)
{
	struct connector *c = calloc(1, sizeof *c);
	const char *user = NULL;
	int sock = -1;
	enum err e;

	if (c == NULL || start_options(argc, argv, &sock, &user) != OK) {
		log_fatal("sallyport-connector is started by sallyportd: "
			  "sallyport-connector --socket FD [--user NAME]");
		free(c);
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	e = run(c, sock, user);
	if (e != OK && e != ERR_CLOSED)
		log_fatal("connector: cannot run: %s", err_text(e));
	connector_wipe(c);
	free(c);
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
