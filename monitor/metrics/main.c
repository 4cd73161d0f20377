/*
 * sallyport-metrics: the only process that answers HTTP. It has a listening socket that the monitor bound, a
 * link on which it may ask for numbers, and nothing else: whoever seizes it has the numbers, and no more.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/asan.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/sandbox.h"
#include "common/start.h"
#include "monitor/metrics/http.h"

struct server {
	struct event_base *base;
	struct event *readable;
	struct http *http;
	int sock;
	enum err over; /* why the link is; OK: it is not */
	uint8_t buf[LIMIT_MSG_BYTES];
};

static void fail(struct server *s, enum err e)
{
	if (e != ERR_CLOSED)
		log_error("metrics: %s", err_text(e));
	s->over = e;
	event_base_loopbreak(s->base);
}

static void ask(void *ctx)
{
	struct server *s = ctx;
	enum err e = ipc_tell(s->sock, &MSG_OF(metrics_ask, .all = 1));

	if (e != OK)
		fail(s, e);
}

static enum err on_values(struct server *s, struct span values)
{
	struct metrics k;
	enum err e = metrics_decode(values, &k);

	if (e == OK)
		http_answer(s->http, &k);
	return e;
}

static enum err on_message(struct server *s, const struct msg *m, struct ipc_fds *fds)
{
	if (m->type == MSG_metrics_listen && fds->n == 1)
		return http_listen(s->http, ipc_fd_take(fds, 0));
	if (m->type == MSG_metrics_values)
		return on_values(s, m->u.metrics_values.values);
	return ERR_FORBIDDEN;
}

static void on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct server *s = arg;
	struct wr buf = WR(s->buf);
	struct ipc_fds fds;
	struct msg m;
	enum err e = ipc_recv((int)sock, &buf, false, &m, &fds);

	(void)what;
	if (e == ERR_AGAIN)
		return;
	if (e == OK) {
		e = on_message(s, &m, &fds);
		ipc_fds_close(&fds);
	}
	if (e != OK)
		fail(s, e);
}

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

static enum err server_init(struct server *s)
{
	enum err e;

	s->base = base_make();
	if (s->base == NULL)
		return ERR_MEMORY;
	if ((e = http_new(s->base, ask, s, &s->http)) != OK)
		return e;
	s->readable = event_new(s->base, s->sock, EV_READ | EV_PERSIST, on_readable, s);
	return s->readable == NULL || event_add(s->readable, NULL) != 0 ? ERR_MEMORY
									: OK;
}

static void server_wipe(struct server *s)
{
	http_free(s->http);
	if (s->readable != NULL)
		event_free(s->readable);
	if (s->base != NULL)
		event_base_free(s->base);
}

/* The date of a response is made by functions that read the time zone once. */
static enum err enter(struct server *s, const char *user, struct sandbox_layers *layers)
{
	const int keep[] = {STDERR_FILENO, s->sock};
	struct sandbox_plan plan = {.role = ROLE_METRICS,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = sizeof keep / sizeof keep[0]};
	struct sandbox_filter filter = {0};
	enum err e;

	tzset();
	if ((e = start_account("metrics", user, &plan)) != OK ||
	    (e = sandbox_filter_make(plan.role, &filter)) != OK ||
	    (e = sandbox_namespaces(&plan, layers)) != OK ||
	    (e = sandbox_drop(&plan, layers)) != OK || (e = server_init(s)) != OK)
		goto out;
	e = sandbox_filter_load(&filter, layers);
out:
	sandbox_filter_wipe(&filter);
	return e;
}

static enum err run(struct server *s, const char *user)
{
	struct sandbox_layers layers = {0};
	char text[LIMIT_LAYERS_BYTES];
	struct msg ready = MSG_OF(metrics_ready, .layers = {0});
	enum err e = enter(s, user, &layers);

	if (e != OK)
		return e;
	ready.u.metrics_ready.layers = span_str(sandbox_layers_text(&layers, text));
	if ((e = ipc_tell(s->sock, &ready)) != OK)
		return e;
	while (e == OK && s->over == OK) {
		if (event_base_dispatch(s->base) < 0)
			return ERR_SYSTEM;
		if (s->over == OK)
			e = http_full(s->http);
	}
	return e;
}

int main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof *s);
	const char *user = NULL;
	enum err e;

	if (s == NULL || start_options(argc, argv, &s->sock, &user) != OK) {
		log_fatal("sallyport-metrics is started by sallyportd: "
			  "sallyport-metrics --socket FD [--user NAME]");
		free(s);
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	e = run(s, user);
	if (e != OK && e != ERR_CLOSED)
		log_fatal("metrics: cannot run: %s", err_text(e));
	server_wipe(s);
	free(s);
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
