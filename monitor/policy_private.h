/*
 * The link to the policy process from inside. Private to monitor/policy_*.c and script.c.
 */
#ifndef MONITOR_POLICY_PRIVATE_H
#define MONITOR_POLICY_PRIVATE_H

#include "common/log.h"
#include "monitor/link.h"
#include "monitor/policy_link.h"
#include "monitor/script.h"
#include "monitor/share.h"

/* What waits to be sent, and questions that wait for their answer. */
struct policy_item {
	enum policy_item_kind {
		ITEM_ASK,
		ITEM_TELL,
		ITEM_DROP,
		ITEM_FORGET,
		ITEM_HELPED
	} kind;
	struct policy *p;
	struct policy_list *list;
	struct policy_item *prev, *next;
	uint64_t id;    /* ASK: of the question; HELPED: of the call */
	uint64_t call;  /* ASK: the helper's that it waits for; 0: none */
	struct conn *c; /* NULL: gone */
	uint64_t conn;
	uint32_t version;
	enum policy_event event;
	bool again; /* it was asked before, of a process that died */
	bool ok;
	policy_done_fn *done; /* NULL: nobody waits */
	void *ctx;
	uint32_t timeout_ms;
	uint64_t began_us; /* ASK: when it was asked */
	struct event deadline;
	uint8_t *bytes; /* facts, or a helper's answer: may hold secrets */
	size_t n;
};

struct policy_list {
	struct policy_item *first, *last;
};

struct policy {
	struct link link;
	struct monitor *m;
	struct event writable;
	bool waits;        /* for room in the socket */
	bool reopen;       /* with the next tick */
	bool ready;        /* this process came so far as to say so */
	uint32_t deaths;   /* within this second */
	uint64_t heard_ms; /* when it last said anything */
	struct script *scripts;
	uint32_t next_version;
	struct policy_list waiting; /* to be sent */
	struct policy_list running; /* questions that were sent, as it takes them */
	struct policy_list helped;  /* questions that wait for a helper */
	struct policy_list refused; /* of a process that died; about to be told */
	size_t n_items, n_bytes;
	uint64_t next_id;
	struct shares shares;
	int record;       /* file of PolicyRecord; -1: none */
	bool record_sent; /* the process knows it */
	bool records;     /* it was told a file last */
	struct script *loading;
	policy_loaded_fn *loaded;
	void *loaded_ctx;
	struct event load_timer;
	bool in_log; /* a line is told: what that logs is not */
	bool stuck;  /* it said so: stuck_id is to blame, 0 nobody that waits */
	uint64_t stuck_id;
};

/* Gives a script its version; m->policy is made where there is none. Errors: ERR_MEMORY */
MUST_CHECK enum err policy_adopt(struct monitor *m, struct script *s);

/* A script that nobody has any more. */
void policy_disown(struct script *s);

/* Sends as much as the socket takes; now, or in a turn of its own. */
void policy_pump(struct policy *p);
void policy_pump_soon(struct policy *p);

/* Starts the process where there is none. Errors: ERR_FILE; ERR_SYSTEM; logged */
MUST_CHECK enum err policy_start(struct policy *p);

/* Ends this process's part and starts another: one question is refused, others are asked again. */
void policy_restart(struct policy *p, struct policy_item *guilty);

/* Tells the process where to record, where that is news. */
MUST_CHECK enum err policy_record_send(struct policy *p);
void policy_record_close(struct policy *p);

/* ---- items (policy_queue.c) ---- */

/*
 * Makes an item at the end of p->waiting.
 * bytes:  copied
 * Errors: ERR_NO_SPACE; ERR_MEMORY
 */
MUST_CHECK enum err policy_item_add(struct policy *p, enum policy_item_kind kind,
				    struct span bytes, struct policy_item **out);
void policy_item_free(struct policy_item *it);

/* Moves an item to the end, or the beginning, of another list. */
void policy_item_move(struct policy_item *it, struct policy_list *to);
void policy_item_move_first(struct policy_item *it, struct policy_list *to);

/* Frees the item, and tells who waits for it. */
void policy_item_answer(struct policy_item *it, const struct policy_answer *a);

/* Finds a question that was sent. */
struct policy_item *policy_question_find(struct policy *p, uint64_t id);

/* A log_sink_fn; ctx: the struct policy. */
void policy_log_line(void *ctx, enum log_level level, const char *line);

/* Has a helper asked; policy_helped follows. */
void policy_help_begin(struct monitor *m, const struct msg_policy_help *q);

/* The result of loading, to who waits for it. */
void policy_loaded_tell(struct policy *p, enum err e);

#endif
