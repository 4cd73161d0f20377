/*
 * What policy has to do with channels: who hears of them, what is known of one, what was
 * granted on it. Questions about them are asked by serve_chan.c, serve_request.c,
 * serve_session.c and serve_listen.c.
 */
#ifndef MONITOR_CHAN_POLICY_H
#define MONITOR_CHAN_POLICY_H

#include "monitor/chan_facts.h"
#include "monitor/question.h"

/* Bytes that grow up to a limit. */
struct grown {
	uint8_t *p;
	size_t n, cap;
};

struct chan_policy {
	struct question question; /* about its open, a request, its start */
	struct grown facts;       /* of the channel: those that do not change */
	uint64_t sent, received;
	bool opened;                /* the client was told so */
	bool ready;                 /* the client takes data */
	bool to_script;             /* its peer is the script, now or once it starts */
	bool pty, agent, x11;       /* requests that were granted */
	uint32_t signals;           /* granted and not yet sent */
	struct grown env;           /* granted variables: pairs of strings */
	struct grown env_set;       /* those that the script set */
	struct kept_msg start;      /* until it is told that it was granted */
	uint32_t record;            /* record_length */
	struct chan_script *script; /* once the script is its peer */
};

/* What the worker of this connection is to ask and tell: enum hears bits. */
uint32_t chan_policy_hears(const struct conn *c);

/*
 * Makes what policy knows of a channel, where a script hears of channels at all, or
 * somebody follows events.
 * open:   the message that opens it
 * Errors: ERR_MEMORY; ERR_NO_SPACE its facts are too long
 */
MUST_CHECK enum err chan_policy_begin(struct conn *c, struct mchan *ch,
				      const struct msg *open);

/* The same whether anybody hears or not. */
MUST_CHECK enum err chan_policy_make(struct mchan *ch, const struct msg *open);

/* Frees it; legal where there is none. */
void chan_policy_wipe(struct conn *c, struct mchan *ch);

/* Is something of it being decided, or is the script its peer already? */
bool chan_is_busy(const struct mchan *ch);

/* Finds the channel whose question ctx means; NULL where it is gone. */
struct mchan *chan_policy_find(const struct conn *c, const void *ctx);

/* Writes the facts of a channel. */
void chan_policy_facts(struct wr *w, const struct mchan *ch);

/*
 * Asks about a channel, or a request of it.
 * q:      NULL where it is about the channel itself
 * asks:   its facts are made here
 * Errors: as question_ask; ERR_FORBIDDEN one is being asked already
 */
MUST_CHECK enum err chan_policy_ask(struct conn *c, struct mchan *ch,
				    const struct request_facts *q, struct asks *asks);

/* Tells of a channel, or a request of it; what cannot be told is logged. */
void chan_policy_tell(struct conn *c, const struct mchan *ch, enum policy_event event,
		      const struct request_facts *q);

/* The same of a request to the connection itself. */
void chan_policy_tell_global(struct conn *c, const struct request_facts *q);

/* Asks about a request to the connection itself. Errors: as question_ask */
MUST_CHECK enum err chan_policy_ask_global(struct conn *c, struct question *question,
					   const struct request_facts *q,
					   struct asks *asks);

/* The channel was opened: told once. */
void chan_policy_opened(struct conn *c, struct mchan *ch);

/* It is over, or its connection is: told where it had been opened. */
void chan_policy_closed(struct conn *c, struct mchan *ch);

/* Adds a pair of strings. Errors: ERR_NO_SPACE beyond LIMIT_ENV_BYTES; ERR_MEMORY */
MUST_CHECK enum err grown_pair(struct grown *g, struct span name, struct span value);

/* Adds the variables of a decision's env. Errors: as grown_pair; as rd */
MUST_CHECK enum err grown_env(struct grown *g, struct span fields);

/*
 * Logs that something was refused; why stands in the line of the decision itself.
 * what:   words for the log
 * Gives:  what the user is told; empty where the script says nothing
 */
struct span chan_policy_refused(const struct conn *c, const struct policy_answer *a,
				const char *what);

/* Does the answer let it be? A partial success is none here. */
bool chan_policy_agrees(const struct policy_answer *a);

#endif
