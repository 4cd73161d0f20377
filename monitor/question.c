/*
 * The message is kept in its wire form: it is decoded again, with the same bounds, when
 * the answer is there, and nothing else needs to be copied by hand.
 */
#include <stdlib.h>

#include "monitor/question.h"

enum err facts_begin(struct facts_store *f)
{
	*f = (struct facts_store){.bytes = malloc(LIMIT_FACTS_BYTES)};
	if (f->bytes == NULL)
		return ERR_MEMORY;
	f->w = (struct wr){.p = f->bytes, .cap = LIMIT_FACTS_BYTES};
	return OK;
}

void facts_end(struct facts_store *f)
{
	if (f->bytes != NULL)
		wipe(f->bytes, f->w.n);
	free(f->bytes);
	*f = (struct facts_store){0};
}

static enum err keep(struct question *q, const struct msg *m)
{
	struct wr w = {.cap = msg_bytes(m)};

	w.p = malloc(w.cap);
	if (w.p == NULL)
		return ERR_MEMORY;
	msg_encode(&w, m);
	if (w.err != OK) {
		free(w.p);
		return w.err;
	}
	q->asked = w.p;
	q->asked_n = w.n;
	return OK;
}

enum err question_ask(struct conn *c, struct question *q, const struct asks *asks)
{
	struct span facts = {0};
	uint64_t id = ++c->m->next_question;
	enum err e;

	/* an answer finds its question by number: the pointer is never followed */
	_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a number fits a pointer");
	if (asks->facts->w.err != OK)
		return ERR_NO_SPACE;
	facts = (struct span){asks->facts->w.p, asks->facts->w.n};
	if (asks->keep != NULL && (e = keep(q, asks->keep)) != OK)
		return e;
	e = policy_ask(c, asks->event, facts, asks->done, (void *)(uintptr_t)id);
	if (e != OK) {
		question_wipe(q);
		return e;
	}
	q->id = id;
	return OK;
}

bool question_is(const struct question *q, const void *ctx)
{
	return q->id != 0 && q->id == (uint64_t)(uintptr_t)ctx;
}

void question_end(struct question *q, struct kept_msg *out)
{
	*out = (struct kept_msg){.bytes = q->asked, .msg = {.type = MSG_COUNT}};
	/* our own encoding of what was decoded before */
	if (q->asked == NULL ||
	    msg_decode((struct span){q->asked, q->asked_n}, &out->msg) != OK)
		out->msg.type = MSG_COUNT;
	*q = (struct question){0};
}

enum err kept_make(const struct msg *m, struct kept_msg *out)
{
	struct question q = {0};
	enum err e = keep(&q, m);

	if (e == OK) {
		kept_free(out);
		question_end(&q, out);
	}
	return e;
}

void kept_free(struct kept_msg *k)
{
	free(k->bytes);
	*k = (struct kept_msg){0};
}

void question_wipe(struct question *q)
{
	free(q->asked);
	*q = (struct question){0};
}
