/*
 * Channels and their requests as a policy script sees them: policy.def has the names.
 * Pure: bytes of a client become facts, read with bounds.
 */
#ifndef MONITOR_CHAN_FACTS_H
#define MONITOR_CHAN_FACTS_H

#include "common/msg.h"

/*
 * Writes the facts of what was opened, and its type: those that do not change.
 * m:      open_session, open_tcp, open_unix or open_other
 * Gives:  false where m is none of them
 */
bool chan_facts_open(struct wr *w, const struct msg *m);

/* Writes the facts of a channel that we opened to the client: all we know is its type. */
void chan_facts_type(struct wr *w, struct span type);

/* A request in a script's words. */
struct request_facts {
	uint32_t chan;
	struct span name;
	bool reply;
	struct span payload; /* what stands behind want_reply */
};

/*
 * Writes the facts of a request. Fields that its payload does not hold, whole and to the
 * end, are left out: the payload itself is there as it came.
 */
void chan_facts_request(struct wr *w, const struct request_facts *q);

/*
 * Writes the payload of a session's start as the client sent it, behind want_reply.
 * name:   receives shell, exec or subsystem
 */
void chan_facts_start(struct wr *w, const struct msg_session_start *m,
		      struct span *name);

/* Reads the one variable of an env request. Errors: as rd */
MUST_CHECK enum err chan_facts_env(struct span payload, struct span *name,
				   struct span *value);

#endif
