/*
 * Starts everything in the order that the walls need, then serves events.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "common/log.h"
#include "monitor/conn.h"
#include "monitor/control_link.h"
#include "monitor/helper_link.h"
#include "monitor/keys/keymem.h"
#include "monitor/listen.h"
#include "monitor/load.h"
#include "monitor/logsink.h"
#include "monitor/metrics.h"
#include "monitor/metrics_link.h"
#include "monitor/policy_link.h"
#include "monitor/run.h"
#include "monitor/script.h"
#include "monitor/spawn.h"
#include "monitor/token_link.h"

/* Rights that the monitor keeps as root, each with its reason; all others are given up. */
static const struct kept {
	cap_value_t cap;
	const char *why;
} kept[] = {
    {CAP_NET_BIND_SERVICE, "a reload may listen on a port below 1024" },
    {CAP_DAC_READ_SEARCH,  "a reload reads keys and users files again"},
    {CAP_DAC_OVERRIDE,     "the pid file is removed at the end"       },
};

uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/*
 * Programs that are started anew later are exec'd by root and so have their rights again: what is given up
 * here is what this process could do itself.
 */
static enum err drop_rights(void)
{
	cap_t caps;
	enum err e = ERR_SYSTEM;

	if (geteuid() != 0)
		return OK;
	caps = cap_init();
	if (caps == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &kept[i].cap, CAP_SET) != 0 ||
		    cap_set_flag(caps, CAP_EFFECTIVE, 1, &kept[i].cap, CAP_SET) != 0)
			goto out;
	if (cap_set_proc(caps) == 0)
		e = OK;
out:
	cap_free(caps);
	if (e != OK)
		log_fatal("capabilities cannot be dropped: %s", strerror(errno));
	return e;
}

static enum err harden(void)
{
	const struct rlimit no_core = {0, 0};
	struct rlimit files;

	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return ERR_SYSTEM;
	/* each connection is a descriptor or two of ours */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			log_error("open files: %s", strerror(errno));
	}
	return OK;
}

static void on_signal(evutil_socket_t sig, short events, void *arg)
{
	struct monitor *m = arg;

	(void)events;
	if (sig == SIGHUP) {
		reload(m);
		return;
	}
	if (sig == SIGCHLD) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		return;
	}
	log_info("Received signal %d; terminating.", (int)sig);
	m->stopping = true;
	event_base_loopbreak(m->base);
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct monitor *m = arg;

	(void)fd;
	(void)events;
	conns_tick(m);
	listeners_resume(m);
	spawn_missing(m);
	policy_tick(m);
	control_tick(m);
	tokens_tick(m);
	helpers_tick(m);
	metrics_tick(m);
	if (clock_ms() - m->quiet_since_ms > 60 * 1000) {
		m->quiet_since_ms = clock_ms();
		m->restarts = 0;
	}
}

static enum err events_open(struct monitor *m)
{
	static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGCHLD};
	const struct timeval second = {1, 0};

	(void)signal(SIGPIPE, SIG_IGN);
	m->base = event_base_new();
	m->ipc_bytes = malloc(LIMIT_MSG_BYTES);
	if (m->base == NULL || m->ipc_bytes == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		m->sig[i] = evsignal_new(m->base, signals[i], on_signal, m);
		if (m->sig[i] == NULL || event_add(m->sig[i], NULL) != 0)
			return ERR_SYSTEM;
	}
	m->tick = event_new(m->base, -1, EV_PERSIST, on_tick, m);
	if (m->tick == NULL || event_add(m->tick, &second) != 0)
		return ERR_SYSTEM;
	return OK;
}

static void pid_file_write(const struct monitor *m)
{
	FILE *f;
	bool bad;

	if (m->set->pid_file == NULL || geteuid() != 0)
		return;
	f = fopen(m->set->pid_file, "we");
	if (f == NULL) {
		log_error("PidFile %s: %s", m->set->pid_file, strerror(errno));
		return;
	}
	bad = fprintf(f, "%ld\n", (long)getpid()) < 0;
	if (fclose(f) != 0 || bad)
		log_error("PidFile %s: %s", m->set->pid_file, strerror(errno));
}

/*
 * Is the system fit, and libcrypto as it shall be? This process signs and hashes too; without the setting
 * libcrypto stays as the system has set it up.
 */
static enum err system_take(const struct settings *set)
{
	const struct crypto_choice choice = {CRYPTO_FIPS, false};
	const char *why;
	enum err e = system_check(set);

	if (e != OK || set->crypto_provider != CRYPTO_FIPS)
		return e;
	if ((e = crypto_begin(&choice, &why)) != OK)
		log_fatal("%s", why);
	return e;
}

static void started_log(const struct keymem_state *memory)
{
	log_info("Sallyport " SALLYPORT_VERSION " started %s; keys in %s memory",
		 geteuid() == 0 ? "as root" : "as an ordinary user",
		 memory->locked ? "locked" : "unlocked (raise RLIMIT_MEMLOCK)");
}

static enum err start(struct monitor *m, struct config *config)
{
	struct keymem_state memory = {0};
	enum err e = harden();

	m->config = config;
	m->set = config_settings(config);
	m->began_ms = m->quiet_since_ms = clock_ms();
	metrics_begin(m);
	if (e == OK)
		e = system_take(m->set);
	if (e == OK && RAND_bytes(m->delay_secret, sizeof m->delay_secret) != 1)
		e = ERR_CRYPTO;
	if (e == OK && (e = events_open(m)) == OK && (e = spawn_find_programs(m)) == OK)
		e = spawn_all(m);
	if (e == OK && (e = keymem_init(&memory)) == OK)
		e = load_all(m, config_ref(config));
	if (e == OK)
		e = control_open(m);
	if (e == OK && (e = listeners_open(m)) == OK) {
		pid_file_write(m);
		metrics_open(m);
		e = drop_rights();
	}
	if (e == OK)
		e = spawn_settings(m);
	if (e == OK)
		started_log(&memory);
	return e;
}

/* Clients are told, then everything closes; workers and helpers end with their sockets. */
static void stop(struct monitor *m)
{
	conns_end(m, "the gateway is shutting down");
	listeners_close(m);
	reload_drop(m);
	script_unref(m->script);
	m->script = NULL;
	policy_wipe(m);
	control_wipe(m);
	control_access_wipe(&m->control_access);
	helpers_wipe(m);
	metrics_wipe(m);
	spawn_wipe(m);
	if (m->set->pid_file != NULL && geteuid() == 0)
		unlink(m->set->pid_file);
	penalties_wipe(&m->penalties);
	ring_unref(m->ring);
	users_wipe(&m->users);
	passwords_wipe(&m->passwords);
	totp_seen_wipe(&m->totp_seen);
}

int run(struct monitor *m, struct config *config)
{
	enum err e;

	m->detached = (struct detached){-1, -1};
	if (!m->options.foreground && detach(&m->detached) != OK) {
		(void)fprintf(stderr, "sallyportd: cannot go to the background: %s\n",
			      strerror(errno));
		return EXIT_FAILURE;
	}
	passwords_lock(&m->passwords);
	logsink_open(&m->options, config_settings(config), &m->detached);
	e = start(m, config);
	if (e != OK)
		log_fatal("cannot start: %s", err_text(e));
	detach_done(&m->detached, e == OK);
	if (e == OK && event_base_dispatch(m->base) < 0)
		e = ERR_SYSTEM;
	stop(m);
	return e == OK && !m->gave_up ? EXIT_SUCCESS : EXIT_FAILURE;
}
