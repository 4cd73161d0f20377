/*
 * What the gateway is and how it is: version, status.
 */
#include <event2/event.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

#include "monitor/control_private.h"
#include "monitor/script.h"

#define MS_PER_S 1000

static void put_libraries(struct wr *w)
{
	const struct scmp_version *seccomp = seccomp_version();
	char text[64];
	size_t mark = facts_list_open(w, "libraries");

	wr_str(w, OpenSSL_version(OPENSSL_VERSION));
	(void)snprintf(text, sizeof text, "libevent %s", event_get_version());
	wr_str(w, text);
	(void)snprintf(text, sizeof text, "libseccomp %u.%u.%u", seccomp->major,
		       seccomp->minor, seccomp->micro);
	wr_str(w, text);
	wr_close(w, mark);
}

enum ctl_error control_version(struct control_call *c)
{
	facts_str(&c->out, "version", span_str(SALLYPORT_VERSION));
	facts_str(&c->out, "build", SPAN_LIT("C11, " __VERSION__));
	put_libraries(&c->out);
	facts_str(&c->out, "license",
		  SPAN_LIT("ISC: free to use, change and pass on; see LICENSE"));
	return CTL_OK;
}

static bool listens(const struct monitor *m)
{
	for (size_t i = 0; i < m->n_listeners; i++)
		if (!m->listeners[i]->paused)
			return true;
	return false;
}

enum ctl_error control_status(struct control_call *c)
{
	const struct monitor *m = c->m;
	const struct control *k = m->control;

	facts_str(&c->out, "version", span_str(SALLYPORT_VERSION));
	facts_num(&c->out, "pid", (uint64_t)getpid());
	facts_num(&c->out, "uptime_s", (clock_ms() - m->began_ms) / MS_PER_S);
	facts_num(&c->out, "connections", m->n_conns);
	facts_num(&c->out, "startups", m->n_startups);
	facts_num(&c->out, "listeners", m->n_listeners);
	facts_bool(&c->out, "listening", listens(m));
	if (m->script != NULL)
		facts_str(&c->out, "script", span_str(m->script->name));
	facts_num(&c->out, "clients", k->clients.n);
	facts_bool(&c->out, "following", k->follows);
	return CTL_OK;
}
