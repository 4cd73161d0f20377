/*
 * The policy process, as the rest of the monitor sees it: who has a handler is asked and told, and
 * whatever goes wrong over there is a refusal here. Source: DESIGN 4
 */
#ifndef MONITOR_POLICY_LINK_H
#define MONITOR_POLICY_LINK_H

#include "common/policy.h"
#include "monitor/monitor.h"

struct script;

/* What a script said of one question; spans live during the call only. */
struct policy_answer {
	enum policy_verdict verdict; /* ERROR: it failed, or there is nobody to ask */
	struct span fields;          /* facts; they were checked by the table */
	struct span where;           /* file:line of the decision or the error */
	uint32_t cpu_us;
};

typedef void policy_done_fn(struct conn *c, const struct policy_answer *a, void *ctx);

/* Tells whether the script of this connection has a handler. Nothing is sent where it has none. */
bool policy_hears(const struct conn *c, enum policy_event event);

/*
 * Asks the script; the facts of the connection itself are added to facts.
 * done:   called once, never from within this call; not at all once c is gone
 * ctx:    outlives c, or is found again by number
 * Errors: ERR_FORBIDDEN it has no such handler; ERR_NO_SPACE too many questions, or facts too
 *         long; ERR_MEMORY
 */
MUST_CHECK enum err policy_ask(struct conn *c, enum policy_event event,
			       struct span facts, policy_done_fn *done, void *ctx);

/* Tells the script, where it has the handler; nothing is answered. */
void policy_tell(struct conn *c, enum policy_event event, struct span facts);

/*
 * As policy_tell, for what must not be lost and may be much.
 * sent:   called as done is, once the process has taken it: then the next may come
 * Errors: as policy_ask
 */
MUST_CHECK enum err policy_tell_paced(struct conn *c, enum policy_event event,
				      struct span facts, policy_done_fn *sent,
				      void *ctx);

/* The connection is over: nobody waits for answers, and its state over there is dropped. */
void policy_conn_over(struct conn *c);

/* Answers a helper.call: of a call that nobody waits for, nothing happens. */
void policy_helped(struct monitor *m, uint64_t call, bool ok, struct span text);

/* text: file:line: what is wrong, where it is not OK */
typedef void policy_loaded_fn(struct monitor *m, enum err e, void *ctx);

/*
 * Has a script that was read compiled and checked; what is wrong with it is logged.
 * done:   called once, never from within this call
 * Errors: ERR_FILE no process to ask; ERR_AGAIN another is being loaded
 */
MUST_CHECK enum err policy_load(struct monitor *m, struct script *s,
				policy_loaded_fn *done, void *ctx);

/* As policy_load, and waits for it: before anybody is served. Errors: ERR_CONFIG the script */
MUST_CHECK enum err policy_load_now(struct monitor *m, struct script *s);

/* Tells whether the file of PolicyRecord can be written to. Errors: ERR_FILE logged */
MUST_CHECK enum err policy_record_check(const struct settings *set);

/* Has decisions recorded, or not any more, as the settings in force say. */
void policy_record_begin(struct monitor *m);

/* The process's socket ended. p is what link_open was given. */
void policy_lost(struct policy *p, enum err e, const char *what);

/* To be called every second: starts again what could not be started, drops what expired. */
void policy_tick(struct monitor *m);

/* Has the process start anew with the next tick: what it reads at its start has changed. */
void policy_reopen(struct monitor *m);

void policy_wipe(struct monitor *m);

#endif
