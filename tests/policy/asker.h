/*
 * What the tests of the engine ask it with: an engine whose hooks keep what they are told.
 */
#ifndef TESTS_POLICY_ASKER_H
#define TESTS_POLICY_ASKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine.h"
#include "tests/unit.h"

#define ASKED_AT 1790000000ULL /* a Monday, 2026-09-21, 13:33:20 UTC */

struct asker {
	struct engine *e;
	struct engine_loaded loaded;
	unsigned answers, notes, actions, shares, calls, lines;
	uint64_t id;
	enum policy_verdict verdict;
	uint32_t cpu_us;
	char where[LIMIT_WHERE_BYTES];
	uint8_t fields[LIMIT_FACTS_BYTES];
	struct span answer; /* the fields of the last answer */
	char note[LIMIT_LOG_BYTES + 1];
	enum log_level level;
	enum policy_action action;
	uint32_t channel;
	char data[LIMIT_LOG_BYTES];
	char key[LIMIT_SHARE_KEY_BYTES + 1], value[LIMIT_SHARE_VALUE_BYTES + 1];
	uint64_t expires_s;
	struct engine_call call;
	char name[LIMIT_NAME_BYTES + 1], request[LIMIT_LOG_BYTES];
	int line;
};

static inline void keep_text(char *out, size_t cap, struct span s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

static inline void on_answer(void *ctx, const struct engine_answer *a)
{
	struct asker *k = ctx;

	k->answers++;
	k->id = a->id;
	k->verdict = a->verdict;
	k->cpu_us = a->cpu_us;
	keep_text(k->where, sizeof k->where, a->where);
	ck_assert_uint_le(a->where.n, LIMIT_WHERE_BYTES);
	ck_assert_int_eq(bytes_copy(k->fields, sizeof k->fields, a->fields), OK);
	k->answer = (struct span){k->fields, a->fields.n};
	ck_assert_int_eq(policy_decision_check(a->event, a->verdict, k->answer), OK);
}

static inline void on_action(void *ctx, uint64_t conn, uint32_t channel,
			     enum policy_action action, struct span data)
{
	struct asker *k = ctx;

	(void)conn;
	k->actions++;
	k->channel = channel;
	k->action = action;
	keep_text(k->data, sizeof k->data, data);
}

static inline void on_note(void *ctx, uint64_t conn, enum log_level level,
			   struct span text)
{
	struct asker *k = ctx;

	(void)conn;
	k->notes++;
	k->level = level;
	ck_assert_uint_le(text.n, LIMIT_LOG_BYTES);
	keep_text(k->note, sizeof k->note, text);
}

static inline void on_share(void *ctx, struct span key, struct span value,
			    uint64_t expires_s)
{
	struct asker *k = ctx;

	k->shares++;
	keep_text(k->key, sizeof k->key, key);
	keep_text(k->value, sizeof k->value, value);
	k->expires_s = expires_s;
}

static inline void on_help(void *ctx, const struct engine_call *c)
{
	struct asker *k = ctx;

	k->calls++;
	k->call = *c;
	keep_text(k->name, sizeof k->name, c->name);
	keep_text(k->request, sizeof k->request, c->request);
}

static inline void asker_begin_with(struct asker *k, const struct engine_limits *limits)
{
	const struct engine_hooks hooks = {.ctx = k,
					   .answer = on_answer,
					   .action = on_action,
					   .note = on_note,
					   .share_set = on_share,
					   .help = on_help};

	memset(k, 0, sizeof *k);
	ck_assert_int_eq(engine_new(limits, &hooks, &k->e), OK);
}

static inline void asker_begin(struct asker *k)
{
	asker_begin_with(k, &engine_limits_usual);
}

static inline enum err asker_load(struct asker *k, uint32_t version, const char *text)
{
	return engine_load(k->e, version, "t.lua", span_str(text), &k->loaded);
}

/* Asks as connection conn; the answer is in k, where there is one at once. */
static inline void ask_as(struct asker *k, uint64_t conn, enum policy_event event,
			  struct span facts)
{
	static uint64_t id;
	const struct engine_question q = {.id = ++id,
					  .version = 1,
					  .conn = conn,
					  .event = event,
					  .now_s = ASKED_AT,
					  .facts = facts};

	k->answers = 0;
	engine_ask(k->e, &q);
}

static inline enum policy_verdict ask(struct asker *k, enum policy_event event,
				      struct span facts)
{
	ask_as(k, 1, event, facts);
	ck_assert_uint_eq(k->answers, 1);
	return k->verdict;
}

/* Loads a script whose on_user_auth_request has this body. */
static inline void asker_body(struct asker *k, const char *body)
{
	char text[LIMIT_SCRIPT_PIECE_BYTES];

	(void)snprintf(text, sizeof text,
		       "function on_user_auth_request(conn, auth)\n%s\nend", body);
	ck_assert_msg(asker_load(k, 1, text) == OK, "%s", k->loaded.why);
}

/* Runs a body that asserts what it expects, and says where it did not hold. */
static inline void lua_holds(const char *body)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	asker_body(k, body);
	ck_assert_msg(ask(k, POLICY_ON_user_auth_request, (struct span){0}) !=
			  POLICY_ERROR,
		      "%s", k->where);
	engine_free(k->e);
	free(k);
}

/* Runs a body that must fail with a message that has these words, at a line of the script. */
static inline void lua_fails(const char *body, const char *words)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	asker_body(k, body);
	ck_assert_int_eq(ask(k, POLICY_ON_user_auth_request, (struct span){0}),
			 POLICY_ERROR);
	ck_assert_msg(strncmp(k->where, "t.lua:", 6) == 0 &&
			  strstr(k->where, words) != NULL,
		      "not '%s': %s", words, k->where);
	engine_free(k->e);
	free(k);
}

#endif
