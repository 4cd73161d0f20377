/*
 * Events, facts and decisions of policy scripts as tables: policy.def has the rows.
 */
#ifndef COMMON_POLICY_H
#define COMMON_POLICY_H

#include "common/facts.h"

/* POLICY_ON_user_auth_request is asked of the handler on_user_auth_request. */
enum policy_event {
#define EVENT(name, kind, args) POLICY_ON_##name,
#include "common/policy.def"
	POLICY_EVENT_COUNT
};
#define POLICY_EVENT_LAST (POLICY_EVENT_COUNT - 1)

/* What a script said. */
enum policy_verdict {
	POLICY_NONE, /* nothing: the static rules decide */
	POLICY_ACCEPT,
	POLICY_PARTIAL, /* user_auth_request: good, but more is wanted */
	POLICY_REFUSE,
	POLICY_ERROR, /* it failed: as refuse */
	POLICY_VERDICT_COUNT
};

/* What a script, or an operator, does with a channel or its connection, beside deciding. */
enum policy_action {
	POLICY_SEND,
	POLICY_SEND_ERROR, /* as stderr of a session */
	POLICY_EOF,
	POLICY_CLOSE,         /* data: nothing, or u32: a session's exit status */
	POLICY_RECORD_LENGTH, /* data: u32 */
	POLICY_DISCONNECT,    /* data: text for the client */
	POLICY_REKEY,
	POLICY_OPEN_CHANNEL, /* data: string type, string what belongs to it */
	POLICY_SEND_PACKET,  /* data: byte number, boolean on_channel, string payload */
	POLICY_TIMEOUT,      /* data: u32 seconds; 0: nothing waits */
	POLICY_ACTION_COUNT
};
#define POLICY_ACTION_LAST (POLICY_ACTION_COUNT - 1)

/* Sets of events and of verdicts: a bit each. */
#define POLICY_BIT(n) (1U << (n))

struct policy_event_row {
	const char *name;  /* without on_ */
	const char *args;  /* divided by comma and space */
	unsigned verdicts; /* that its handler may give, NONE left out; 0: it is told */
};
extern const struct policy_event_row policy_events[POLICY_EVENT_COUNT];

struct policy_fact_row {
	const char *name;
	enum fact_type type;
	unsigned events; /* in which it may come, where they have its argument */
	const char *help;
};
extern const struct policy_fact_row policy_facts[];
extern const size_t n_policy_facts;

enum policy_field_type {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_FLAG,
	FIELD_LIST,
	FIELD_WORDS,
	FIELD_PROMPTS,
	FIELD_PAIRS,
	FIELD_ENGINE /* scripts cannot say it */
};

struct policy_field_row {
	const char *name;
	enum policy_field_type type;
	enum fact_type wire; /* how it travels */
	uint64_t most;       /* bytes of a text, items of a list, value of a number */
	const char *words;   /* divided by |, where type is WORDS */
	unsigned verdicts, events;
	const char *help;
};
extern const struct policy_field_row policy_fields[];
extern const size_t n_policy_fields;

/* Names an action as scripts do: "send", "open_channel" … */
const char *policy_action_name(enum policy_action a);

/* Names a verdict: "none", "accept" … */
const char *policy_verdict_name(enum policy_verdict v);

/* Finds an event by its name without on_; false where there is none. */
bool policy_event_find(struct span name, enum policy_event *out);

/* Tells whether the event's handler decides. */
bool policy_decides(enum policy_event e);

/* Finds the fact of that name which the event may carry; NULL where there is none. */
const struct policy_fact_row *policy_fact_find(enum policy_event e, struct span name);

/* Finds a decision's field by its name; NULL where there is none. */
const struct policy_field_row *policy_field_find(struct span name);

/* Tells whether a decision of that verdict on that event may have the field. */
bool policy_field_fits(const struct policy_field_row *f, enum policy_event e,
		       enum policy_verdict v);

/*
 * Checks what a policy process answered, so that the monitor meets no surprise.
 * Errors: ERR_RANGE a verdict that the event has not, a field twice, of the wrong type, not of
 *         this verdict and event, or beyond its bound; else as facts_next
 */
MUST_CHECK enum err policy_decision_check(enum policy_event e, enum policy_verdict v,
					  struct span fields);

#endif
