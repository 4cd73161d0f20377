/*
 * Log lines of a connection for its script (on_log). Those about scripts are left out: a handler that logs
 * would hear of itself without end.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/policy_private.h"

/* Levels in the words of the reference: 1 info, 2 verbose, 3 debug. */
enum { DEBUG_LEVEL = 3 };

static uint64_t level_of(enum log_level level)
{
	switch (level) {
	case LOG_QUIET_ALL:
		return 0;
	case LOG_FATAL:
	case LOG_ERROR:
	case LOG_INFO_LEVEL:
		return 1;
	case LOG_VERBOSE:
		return 2;
	case LOG_DEBUG1:
	case LOG_DEBUG2:
	case LOG_DEBUG3:
		return DEBUG_LEVEL;
	}
	return 0;
}

/*
 * Finds whose line it is: "conn=N …" or "event=WORD conn=N …". Only the beginning is looked at; what follows
 * may be a client's words.
 */
static struct conn *conn_of(const struct policy *p, const char *line)
{
	static const char event[] = "event=", conn[] = "conn=", own[] = " policy: ";
	char *end = NULL;
	uint64_t id;

	if (strncmp(line, event, sizeof event - 1) == 0) {
		line = strchr(line, ' ');
		if (line == NULL)
			return NULL;
		line++;
	}
	if (strncmp(line, conn, sizeof conn - 1) != 0)
		return NULL;
	id = strtoull(line + sizeof conn - 1, &end, 10);
	if (strncmp(end, own, sizeof own - 1) == 0)
		return NULL;
	return idmap_find(&p->m->conns_by_id, id);
}

void policy_log_line(void *ctx, enum log_level level, const char *line)
{
	struct policy *p = ctx;
	uint8_t store[LIMIT_LOG_BYTES + LIMIT_TEXT_BYTES];
	struct wr w = WR(store);
	struct conn *c;

	if (p->in_log)
		return;
	c = conn_of(p, line);
	if (c == NULL || !policy_hears(c, POLICY_ON_log))
		return;
	p->in_log = true;
	facts_num(&w, "line.level", level_of(level));
	facts_str(&w, "line.message", span_str(line));
	facts_str(&w, "line.type", (struct span){0});
	/* paced: whoever logs may be in the midst of the queue, which is not to be sent from there */
	if (w.err != OK || policy_tell_paced(c, POLICY_ON_log, (struct span){w.p, w.n},
					     NULL, NULL) != OK)
		log_error("conn=%llu policy: a log line is not told",
			  (unsigned long long)c->id);
	p->in_log = false;
}
