/*
 * sallyport-control: speaks with clients of the control socket. They come from the monitor as connected sockets;
 * what they say is parsed here, where there are no files, no network and no keys, and asked of the monitor.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/asan.h"
#include "common/log.h"
#include "common/start.h"
#include "monitor/control/control.h"

/* No locks: there is one thread. */
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

/* jansson would open /dev/urandom for its first object. */
static enum err seed_hashes(void)
{
	size_t seed = 0;

	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return ERR_SYSTEM;
	json_object_seed(seed == 0 ? 1 : seed);
	return OK;
}

/* Enters the sandbox; epoll is opened just before it is shut. */
static enum err enter(struct control *k, int sock, const char *user,
		      struct sandbox_layers *layers)
{
	const int keep[] = {STDERR_FILENO, sock};
	struct sandbox_plan plan = {.role = ROLE_CONTROL,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = keep,
				    .n_keep = sizeof keep / sizeof keep[0]};
	struct sandbox_filter filter = {0};
	enum err e;

	if ((e = start_account("control", user, &plan)) != OK ||
	    (e = sandbox_filter_make(plan.role, &filter)) != OK ||
	    (e = sandbox_namespaces(&plan, layers)) != OK ||
	    (e = seed_hashes()) != OK || (e = sandbox_drop(&plan, layers)) != OK)
		goto out;
	k->base = base_make();
	if (k->base == NULL)
		e = ERR_MEMORY;
	else if ((e = control_link_open(k, sock)) == OK)
		e = sandbox_filter_load(&filter, layers);
out:
	sandbox_filter_wipe(&filter);
	return e;
}

static enum err run(struct control *k, int sock, const char *user)
{
	struct sandbox_layers layers = {0};
	char text[LIMIT_LAYERS_BYTES];
	struct msg ready = MSG_OF(control_ready, .layers = {0});
	const char *code = getenv(CODEPAGE_ENV);
	/* its conversions are files of the C library: before the walls */
	enum err e = codepage_open(code != NULL ? code : "UTF-8", &k->page);

	if (e == OK)
		e = enter(k, sock, user, &layers);
	if (e != OK)
		return e;
	ready.u.control_ready.layers = span_str(sandbox_layers_text(&layers, text));
	if ((e = ipc_tell(sock, &ready)) != OK)
		return e;
	e = event_base_dispatch(k->base) >= 0 ? k->end : ERR_SYSTEM;
	clients_flush(k);
	return e;
}

int main(int argc, char **argv)
{
	static struct control k; /* outlives every callback */
	const char *user = NULL;
	int sock = -1;
	enum err e;

	if (start_options(argc, argv, &sock, &user) != OK) {
		log_fatal("sallyport-control is started by sallyportd: "
			  "sallyport-control --socket FD [--user NAME]");
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	e = run(&k, sock, user);
	if (e != OK && e != ERR_CLOSED)
		log_fatal("control: cannot run: %s", err_text(e));
	/* what clients had open the kernel closes */
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
