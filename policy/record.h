/*
 * Decisions of a gateway, as they are made, on lines of a file: PolicyRecord. sallyport-policy
 * record makes fixtures of them. What is secret is masked before it is written.
 */
#ifndef POLICY_RECORD_H
#define POLICY_RECORD_H

#include "policy/engine.h"

struct recorder;

/* Gives a recorder without a file, which keeps nothing; NULL where there is no memory. */
struct recorder *recorder_new(void);
void recorder_free(struct recorder *r);

/* Writes to fd from now on, -1 to none. Owns: fd */
void recorder_use(struct recorder *r, int fd);

/*
 * To be told in the order in which they happen: a question before the engine gets it, what it
 * asks of helpers, what they answer before the engine gets it.
 */
void recorder_asked(struct recorder *r, const struct engine_question *q);
void recorder_calls(struct recorder *r, const struct engine_call *c);
void recorder_helped(struct recorder *r, uint64_t call, bool ok, struct span text);

/*
 * Writes the line of a question that was answered.
 * Errors: ERR_FILE it could not be written; the recorder has no file from then on
 */
MUST_CHECK enum err recorder_answered(struct recorder *r,
				      const struct engine_answer *a);

/* A connection is over: its questions are not answered any more. */
void recorder_drop(struct recorder *r, uint64_t conn);

#endif
