/*
 * A question to the policy process about something of a connection's, found again by its
 * number: what asked may be gone when the answer comes.
 */
#ifndef MONITOR_QUESTION_H
#define MONITOR_QUESTION_H

#include "monitor/policy_link.h"

/* Facts that are being written. */
struct facts_store {
	uint8_t *bytes;
	struct wr w;
};

/* What is asked. */
struct asks {
	enum policy_event event;
	const struct facts_store *facts;
	const struct msg *keep; /* copied; NULL: nothing */
	policy_done_fn *done;   /* its ctx goes to question_is */
};

/* Makes room for facts. Errors: ERR_MEMORY */
MUST_CHECK enum err facts_begin(struct facts_store *f);
void facts_end(struct facts_store *f);

/*
 * Asks. done is called later, never from here.
 * Errors: ERR_NO_SPACE facts that are too long; ERR_MEMORY; as policy_ask
 */
MUST_CHECK enum err question_ask(struct conn *c, struct question *q,
				 const struct asks *asks);

/* Tells whether ctx of an answer means this question. */
bool question_is(const struct question *q, const void *ctx);

/*
 * The answer came: hands out what waited for it; the question is over.
 * Owns:   the caller frees with kept_free, also where there is nothing
 */
void question_end(struct question *q, struct kept_msg *out);
void kept_free(struct kept_msg *k);

/* Copies a message, as a question would keep it. Owns: as question_end. Errors: ERR_MEMORY */
MUST_CHECK enum err kept_make(const struct msg *m, struct kept_msg *out);

/* Forgets the question: its answer will find nobody. */
void question_wipe(struct question *q);

#endif
