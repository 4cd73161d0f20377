/*
 * A connection whose policy process is the test: it says which handlers there are, keeps
 * what is asked and told, and answers. What goes to the worker is kept too.
 */
#ifndef TESTS_MONITOR_CHAN_KIT_H
#define TESTS_MONITOR_CHAN_KIT_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/offer.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"
#include "tests/unit.h"

enum { KIT_KEPT = 4096 };

struct kit_bytes {
	uint8_t *p;
	size_t n;
};

struct kit_event {
	enum policy_event event;
	policy_done_fn *done;
	void *ctx;
	struct kit_bytes facts;
};

static struct kit {
	struct monitor m;
	struct conn c;
	struct conn_work work;
	int far; /* of the worker's link; its own end is only looked at */
	uint32_t hears;
	enum err ask_fails;
	struct kit_event asked[KIT_KEPT], told[KIT_KEPT];
	size_t n_asked, n_told, seen_asked, seen_told;
	struct kit_bytes sent[KIT_KEPT];
	size_t n_sent, seen_sent;
	uint8_t fields[LIMIT_FACTS_BYTES];
	struct wr answer;
	enum err failed; /* what conn_fail was told */
	struct settings set;
	uint32_t error; /* the code of the last on_error */
	char error_text[256];
	char goodbye[LIMIT_TEXT_BYTES + 1]; /* what conn_disconnect was told */
} kit;

/* ---- what stands in ---- */

static inline struct kit_bytes kit_copy(struct span s)
{
	struct kit_bytes b = {malloc(s.n + 1), s.n};

	ck_assert_ptr_nonnull(b.p);
	if (s.n > 0)
		memcpy(b.p, s.p, s.n);
	return b;
}

bool policy_hears(const struct conn *c, enum policy_event event)
{
	(void)c;
	return (kit.hears & POLICY_BIT(event)) != 0;
}

enum err policy_ask(struct conn *c, enum policy_event event, struct span facts,
		    policy_done_fn *done, void *ctx)
{
	(void)c;
	if (kit.ask_fails != OK)
		return kit.ask_fails;
	ck_assert_int_eq(facts_check(facts), OK);
	kit.asked[kit.n_asked++] =
	    (struct kit_event){event, done, ctx, kit_copy(facts)};
	return OK;
}

void policy_tell(struct conn *c, enum policy_event event, struct span facts)
{
	(void)c;
	ck_assert_int_eq(facts_check(facts), OK);
	kit.told[kit.n_told++] =
	    (struct kit_event){.event = event, .facts = kit_copy(facts)};
}

void conn_send(struct conn *c, const struct msg *m, const int *fds, size_t n_fds)
{
	struct wr w = {.cap = msg_bytes(m)};

	(void)c;
	(void)fds;
	(void)n_fds;
	w.p = malloc(w.cap);
	msg_encode(&w, m);
	ck_assert_int_eq(w.err, OK);
	kit.sent[kit.n_sent++] = (struct kit_bytes){w.p, w.n};
}

void conn_tell(struct conn *c, const struct msg *m)
{
	conn_send(c, m, NULL, 0);
}

void conn_fail(struct conn *c, enum err e)
{
	(void)c;
	kit.failed = e;
}

void conn_policy_error(struct conn *c, uint32_t code, struct span text)
{
	(void)c;
	kit.error = code;
	ck_assert_int_eq(bytes_to_str(kit.error_text, sizeof kit.error_text, text), OK);
}

void conn_disconnect(struct conn *c, enum err e, const char *text)
{
	(void)c;
	(void)e;
	ck_assert_int_eq(bytes_to_str(kit.goodbye, sizeof kit.goodbye, span_str(text)),
			 OK);
}

struct mchan *chan_find(const struct conn *c, uint32_t chan)
{
	struct mchan *ch = c->work->chans;

	while (ch != NULL && ch->chan != chan)
		ch = ch->next;
	return ch;
}

struct mchan *chan_add(struct conn *c, uint32_t chan, bool session)
{
	struct mchan *ch;

	if (chan_find(c, chan) != NULL)
		return NULL;
	ch = calloc(1, sizeof *ch);
	ck_assert_ptr_nonnull(ch);
	*ch = (struct mchan){.chan = chan, .session = session, .next = c->work->chans};
	c->work->chans = ch;
	return ch;
}

void chan_remove(struct conn *c, struct mchan *ch)
{
	struct mchan **p = &c->work->chans;

	while (*p != ch)
		p = &(*p)->next;
	*p = ch->next;
	chan_policy_wipe(c, ch);
	free(ch);
}

/* ---- a scene ---- */

static inline void kit_begin(void)
{
	int pair[2];

	memset(&kit, 0, sizeof kit);
	log_level_set(LOG_QUIET_ALL);
	ck_assert_int_eq(ipc_pair(pair), OK);
	kit.far = pair[1];
	kit.work.link.sock = pair[0];
	kit.m.base = event_base_new();
	kit.c.m = &kit.m;
	kit.c.work = &kit.work;
	kit.work.set = &kit.set;
	kit.work.link.state = IN_OPEN;
	kit.answer = WR(kit.fields);
}

static inline void kit_end(void)
{
	offers_wipe(&kit.c);
	while (kit.work.chans != NULL)
		chan_remove(&kit.c, kit.work.chans);
	ck_assert_uint_eq(kit.work.send_queued, 0);
	chan_script_conn_wipe(&kit.c);
	question_wipe(&kit.work.global);
	for (size_t i = 0; i < kit.n_asked; i++)
		free(kit.asked[i].facts.p);
	for (size_t i = 0; i < kit.n_told; i++)
		free(kit.told[i].facts.p);
	for (size_t i = 0; i < kit.n_sent; i++)
		free(kit.sent[i].p);
	event_base_free(kit.m.base);
	close(kit.far);
	close(kit.work.link.sock);
}

/* A channel that was opened, known to policy where it hears of channels. */
static inline struct mchan *kit_channel(uint32_t chan, const struct msg *open)
{
	struct mchan *ch = chan_add(&kit.c, chan, open->type == MSG_open_session);

	ck_assert_int_eq(chan_policy_begin(&kit.c, ch, open), OK);
	return ch;
}

/* ---- what was asked, told, sent ---- */

static inline struct span kit_asked(enum policy_event event)
{
	const struct kit_event *e = &kit.asked[kit.seen_asked];

	ck_assert_msg(kit.seen_asked < kit.n_asked, "nothing asked");
	ck_assert_str_eq(policy_events[e->event].name, policy_events[event].name);
	return (struct span){e->facts.p, e->facts.n};
}

static inline struct span kit_told(enum policy_event event)
{
	const struct kit_event *e = &kit.told[kit.seen_told++];

	ck_assert_msg(kit.seen_told <= kit.n_told, "nothing told");
	ck_assert_str_eq(policy_events[e->event].name, policy_events[event].name);
	return (struct span){e->facts.p, e->facts.n};
}

static inline void kit_quiet(void)
{
	ck_assert_uint_eq(kit.seen_asked, kit.n_asked);
	ck_assert_uint_eq(kit.seen_told, kit.n_told);
	ck_assert_uint_eq(kit.seen_sent, kit.n_sent);
}

/* The next message to the worker. */
static inline struct msg kit_sent(enum msg_type type)
{
	const struct kit_bytes *b = &kit.sent[kit.seen_sent++];
	struct msg m;

	ck_assert_msg(kit.seen_sent <= kit.n_sent, "nothing sent, %s wanted",
		      msg_rules[type].name);
	ck_assert_int_eq(msg_decode((struct span){b->p, b->n}, &m), OK);
	ck_assert_str_eq(msg_rules[m.type].name, msg_rules[type].name);
	return m;
}

/* Answers the oldest question, with the fields that were written to kit.answer. */
static inline void kit_answers(enum policy_verdict verdict)
{
	const struct kit_event *e = &kit.asked[kit.seen_asked++];
	const struct policy_answer a = {
	    .verdict = verdict,
	    .fields = {kit.answer.p, kit.answer.n},
	    .where = SPAN_LIT("p.lua:1")
        };

	ck_assert_msg(kit.seen_asked <= kit.n_asked, "nothing asked");
	e->done(&kit.c, &a, e->ctx);
	kit.answer = WR(kit.fields);
}

static inline void kit_fact_is(struct span facts, const char *name, const char *value)
{
	struct span s = facts_get_str(facts, name, SPAN_LIT("(absent)"));

	ck_assert_msg(span_is(s, value), "%s is %.*s, not %s", name, (int)s.n,
		      (const char *)s.p, value);
}

#endif
