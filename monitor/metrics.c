/*
 * Counters by what happened, gauges by what is there. Labels come from tables, never from a client.
 */
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "monitor/metrics.h"
#include "monitor/policy_private.h"

#define US_PER_S  1000000
#define NS_PER_US 1000

/* Numbers of other tables are numbers of labels. */
_Static_assert((int)METRIC_METHOD_KBDINT == (int)METHOD_KBDINT, "methods");
_Static_assert((int)METRIC_METHOD_COUNT == (int)METHOD_KBDINT + 1, "methods");
_Static_assert((int)METRIC_PENALTY_COUNT == (int)PENALTY_COUNT, "causes");
_Static_assert((int)METRIC_VERDICT_COUNT == (int)POLICY_VERDICT_COUNT, "verdicts");
_Static_assert(METRIC_SLOTS * sizeof(uint64_t) <= LIMIT_METRICS_BYTES, "one message");

/* A deciding event of policy.def that metrics.def does not have does not compile. */
#define EVENT_TOLD(name)
#define EVENT_DECIDES(name)        [POLICY_ON_##name] = METRIC_EVENT_##name,
#define EVENT_DECIDES_PARTLY(name) EVENT_DECIDES(name)
static const uint8_t event_labels[POLICY_EVENT_COUNT] = {
#define EVENT(name, kind, args) EVENT_##kind(name)
#include "common/policy.def"
};

void metrics_begin(struct monitor *m)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	m->metrics.slot[METRIC_build_info] = 1;
	m->metrics.slot[METRIC_start_time_seconds] =
	    (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / NS_PER_US;
}

void metrics_refused(struct monitor *m, const char *why)
{
	static const struct {
		const char *why;
		uint8_t label;
	} rows[] = {
	    {"AllowedClients",       METRIC_REFUSED_CLIENTS    },
	    {"PerSourceMaxStartups", METRIC_REFUSED_SOURCE     },
	    {"MaxConnections",       METRIC_REFUSED_CONNECTIONS},
	    {"MaxStartups",          METRIC_REFUSED_STARTUPS   },
	    {"script",               METRIC_REFUSED_SCRIPT     },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].why, why) == 0) {
			METRIC_COUNT(m, connections_refused_total, rows[i].label, 0);
			return;
		}
	METRIC_COUNT(m, connections_refused_total, METRIC_REFUSED_PENALTY, 0);
}

static size_t end_label(const struct conn *c)
{
	enum err e = c->end_err;

	if (c->m->stopping)
		return METRIC_END_GATEWAY;
	if (!c->ended)
		return c->work == NULL ? METRIC_END_CLIENT : METRIC_END_GATEWAY;
	if (e == OK || e == ERR_CLOSED)
		return METRIC_END_CLIENT;
	if (e == ERR_LOST)
		return METRIC_END_LOST;
	if (e == ERR_DENIED)
		return METRIC_END_REFUSED;
	if (e == ERR_AUTH_TRIES)
		return METRIC_END_AUTH;
	if (e == ERR_GRACE || e == ERR_NO_REPLY || e == ERR_IDLE || e == ERR_UNUSED ||
	    e == ERR_TIME)
		return METRIC_END_TIME;
	return err_class(e) == ERR_CLASS_PEER ? METRIC_END_PROTOCOL
					      : METRIC_END_GATEWAY;
}

void metrics_ended(const struct conn *c)
{
	METRIC_COUNT(c->m, connections_ended_total, end_label(c), 0);
}

void metrics_channel(struct monitor *m, enum msg_type asked)
{
	size_t label = METRIC_CHANNEL_OTHER;

	if (asked == MSG_open_session)
		label = METRIC_CHANNEL_SESSION;
	else if (asked == MSG_open_tcp)
		label = METRIC_CHANNEL_TCP;
	else if (asked == MSG_open_unix)
		label = METRIC_CHANNEL_UNIX;
	else if (asked == MSG_incoming)
		label = METRIC_CHANNEL_INCOMING;
	METRIC_COUNT(m, channels_total, label, 0);
}

void metrics_opened(struct monitor *m, enum ssh_open_failure failure)
{
	static const uint8_t labels[] = {
	    [SSH_OPEN_OK] = METRIC_OPEN_OK,
	    [SSH_OPEN_ADMINISTRATIVELY_PROHIBITED] = METRIC_OPEN_PROHIBITED,
	    [SSH_OPEN_CONNECT_FAILED] = METRIC_OPEN_FAILED,
	    [SSH_OPEN_UNKNOWN_CHANNEL_TYPE] = METRIC_OPEN_UNKNOWN,
	    [SSH_OPEN_RESOURCE_SHORTAGE] = METRIC_OPEN_SHORTAGE};

	METRIC_COUNT(m, channel_opens_total, labels[failure], 0);
}

void metrics_decided(struct monitor *m, enum policy_event event,
		     enum policy_verdict verdict, uint64_t began_us)
{
	/* data of channels is asked piece by piece to keep a pace: nothing is decided */
	if (!policy_decides(event))
		return;
	METRIC_COUNT(m, policy_decisions_total, event_labels[event], verdict);
	metric_time(&m->metrics, METRIC_policy_decision_seconds, clock_us() - began_us);
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void metrics_collect(const struct monitor *m, struct metrics *out)
{
	*out = m->metrics;
	out->slot[METRIC_monitor_cpu_seconds_total] = cpu_us();
	out->slot[METRIC_connections] = m->n_conns;
	out->slot[METRIC_connections_unauthenticated] = m->n_startups;
	out->slot[METRIC_connections_max] = m->set->max_connections;
	out->slot[METRIC_penalized_sources] = m->penalties.v4.n + m->penalties.v6.n;
	out->slot[METRIC_policy_queue] = m->policy != NULL ? m->policy->n_items : 0;
	out->slot[METRIC_children] = m->children.n;
	for (size_t i = 0; i < PENALTY_COUNT; i++)
		out->slot[METRIC_AT(penalties_total, i, 0)] = m->penalties.added[i];
}
