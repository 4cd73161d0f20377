/*
 * The tool's end of the engine: it answers helpers from the fixture and collects what a monitor
 * would have been told. An engine's shared store outlives connections, so every case has an
 * engine of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "policy/facts_json.h"
#include "policy/trial.h"

#define VERSION  1
#define CONN     1
#define NS_PER_S 1000000000ULL

struct trial {
	struct engine *engine;
	struct outcome *now; /* of the step under way */
	json_t *actions, *notes;
	json_t *helpers; /* canned answers; borrowed */
	uint64_t call;   /* of the helper that is waited for; 0: none */
	json_t *answer;  /* for it; borrowed */
	uint8_t *map;
	size_t map_cap;
	bool failed; /* no memory */
};

static void on_answer(void *ctx, const struct engine_answer *a)
{
	struct trial *r = ctx;

	if (r->now == NULL)
		return;
	r->now->decision = decision_to_json(a->verdict, a->fields);
	r->now->cpu_us = a->cpu_us;
	(void)snprintf(r->now->where, sizeof r->now->where, "%.*s", (int)a->where.n,
		       a->where.n > 0 ? (const char *)a->where.p : "");
}

/* Fields of an action as fixtures show them; false where they cannot be kept. */
static bool put_action(json_t *item, enum policy_action action, struct span data)
{
	struct rd r = RD(data);

	switch (action) {
	case POLICY_SEND:
	case POLICY_SEND_ERROR:
	case POLICY_DISCONNECT:
		return json_put(item, "data", json_bytes(data));
	case POLICY_RECORD_LENGTH:
		return json_put(item, "bytes", json_integer(rd_u32(&r)));
	case POLICY_TIMEOUT:
		return json_put(item, "seconds", json_integer(rd_u32(&r)));
	case POLICY_CLOSE:
		return data.n == 0 ||
		       json_put(item, "status", json_integer(rd_u32(&r)));
	case POLICY_OPEN_CHANNEL:
		return json_put(item, "type",
				json_bytes(rd_bytes(&r, LIMIT_NAME_BYTES))) &&
		       json_put(item, "data",
				json_bytes(rd_bytes(&r, LIMIT_PIECE_BYTES)));
	case POLICY_SEND_PACKET:
		if (!json_put(item, "packet", json_integer(rd_u8(&r))))
			return false;
		rd_bool(&r); /* shown by its channel */
		return json_put(item, "data",
				json_bytes(rd_bytes(&r, LIMIT_PIECE_BYTES)));
	case POLICY_EOF:
	case POLICY_REKEY:
	case POLICY_ACTION_COUNT:
		break;
	}
	return true;
}

static void on_action(void *ctx, uint64_t conn, uint32_t channel,
		      enum policy_action action, struct span data)
{
	struct trial *r = ctx;
	json_t *item = json_pack("{s:s}", "action", policy_action_name(action));

	(void)conn;
	if (channel != 0 && !json_put(item, "channel", json_integer(channel)))
		r->failed = true;
	if (!put_action(item, action, data))
		r->failed = true;
	if (json_array_append_new(r->actions, item) != 0)
		r->failed = true;
}

static void on_note(void *ctx, uint64_t conn, enum log_level level, struct span text)
{
	struct trial *r = ctx;

	(void)conn;
	(void)level;
	if (json_array_append_new(r->notes, json_bytes(text)) != 0)
		r->failed = true;
}

static void on_share(void *ctx, struct span key, struct span value, uint64_t expires_s)
{
	(void)ctx; /* the engine keeps it; nobody else is to know */
	(void)key;
	(void)value;
	(void)expires_s;
}

static void on_help(void *ctx, const struct engine_call *call)
{
	struct trial *r = ctx;
	char name[LIMIT_NAME_BYTES + 1] = "";

	if (bytes_to_str(name, sizeof name, call->name) != OK)
		name[0] = '\0';
	r->call = call->call;
	r->answer = json_object_get(r->helpers, name);
	if (json_array_append_new(r->now->calls,
				  json_pack("{s:o,s:o}", "name", json_bytes(call->name),
					    "request", json_bytes(call->request))) != 0)
		r->failed = true;
}

/* A script that does not come back, in a signal handler: there is nothing to be told but this. */
static void on_stuck(void *ctx, uint64_t id, const char *where)
{
	static const char text[] =
	    "sallyport-policy: the script does not come back, it is at ";

	(void)ctx;
	(void)id;
	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	(void)!write(STDERR_FILENO, where, strlen(where));
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(2);
}

static void on_line(void *ctx, uint64_t conn, const char *file, int line)
{
	struct trial *r = ctx;

	(void)conn;
	(void)file;
	if (line > 0 && (size_t)line < r->map_cap && r->map[line] < UINT8_MAX)
		r->map[line]++;
}

enum err trial_new(const char *path, struct span text, bool lines,
		   struct engine_loaded *loaded, struct trial **out)
{
	struct trial *r = calloc(1, sizeof *r);
	struct engine_hooks hooks = {.ctx = r,
				     .answer = on_answer,
				     .action = on_action,
				     .note = on_note,
				     .share_set = on_share,
				     .help = on_help,
				     .stuck = on_stuck,
				     .line = lines ? on_line : NULL};
	enum err e;

	*loaded = (struct engine_loaded){0};
	if (r == NULL)
		return ERR_MEMORY;
	e = engine_new(&engine_limits_usual, &hooks, &r->engine);
	r->notes = json_array();
	r->actions = json_array();
	if (e == OK && (r->notes == NULL || r->actions == NULL))
		e = ERR_MEMORY;
	if (e == OK)
		e = engine_load(r->engine, VERSION, path, text, loaded);
	if (e == OK)
		*out = r;
	else
		trial_free(r);
	return e;
}

void trial_free(struct trial *r)
{
	if (r == NULL)
		return;
	engine_free(r->engine);
	json_decref(r->notes);
	json_decref(r->actions);
	free(r);
}

void trial_begin(struct trial *r, json_t *shared)
{
	const char *key;
	json_t *v;

	engine_drop(r->engine, CONN);
	json_object_foreach(shared, key, v)
	{
		char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

		engine_share(r->engine, span_str(key), span_str(text), UINT64_MAX);
		free(text);
	}
}

/* As the monitor hands it over: a result is JSON, what went wrong is text. */
static char *answer_text(const json_t *value, bool good)
{
	if (!good && json_is_string(value))
		return strdup(json_string_value(value));
	return value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
}

/* Gives the helper's answer: {"ok": false, "answer": …}, or the answer itself. */
static void give_answer(struct trial *r)
{
	json_t *value = json_object_get(r->answer, "answer");
	json_t *ok = json_object_get(r->answer, "ok");
	bool good = r->answer != NULL && (ok == NULL || json_is_true(ok));
	char *text;
	uint64_t call = r->call;
	json_t *item =
	    json_array_get(r->now->calls, json_array_size(r->now->calls) - 1);

	if (ok == NULL && value == NULL)
		value = r->answer;
	if (r->answer == NULL)
		r->now->no_answer = true;
	else if (!json_put(item, "ok", json_boolean(good)) ||
		 (value != NULL && json_object_set(item, "answer", value) != 0))
		r->failed = true;
	text = answer_text(value, good);
	r->call = 0;
	engine_helped(r->engine, call, good,
		      text != NULL ? span_str(text) : SPAN_LIT("null"));
	free(text);
}

static uint64_t now_ns(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static bool put_some(json_t *decision, const char *name, json_t *list)
{
	return json_array_size(list) == 0 ||
	       json_object_set_new(decision, name, json_copy(list)) == 0;
}

enum err trial_step(struct trial *r, const struct fixture_step *s, struct outcome *out)
{
	struct outcome now = {.calls = json_array(), .told = !policy_decides(s->event)};
	struct engine_question q = {.id = now.told ? 0 : 1,
				    .version = VERSION,
				    .conn = CONN,
				    .event = s->event,
				    .now_s = s->now_s,
				    .zone_s = s->zone_s,
				    .facts = s->facts};

	r->now = &now;
	r->helpers = s->helpers;
	r->call = 0;
	r->failed = now.calls == NULL;
	(void)json_array_clear(r->notes);
	(void)json_array_clear(r->actions);
	now.ns = now_ns();
	engine_ask(r->engine, &q);
	now.ns = now_ns() - now.ns;
	for (int i = 0; i < LIMIT_HELPER_CALLS && r->call != 0; i++)
		give_answer(r);
	r->now = NULL;
	if (now.decision == NULL)
		now.decision = decision_to_json(now.told ? POLICY_NONE : POLICY_ERROR,
						(struct span){0});
	if (now.decision == NULL || r->failed ||
	    !put_some(now.decision, "notes", r->notes) ||
	    !put_some(now.decision, "actions", r->actions)) {
		outcome_wipe(&now);
		return ERR_MEMORY;
	}
	*out = now;
	return OK;
}

void outcome_wipe(struct outcome *o)
{
	json_decref(o->decision);
	json_decref(o->calls);
	*o = (struct outcome){0};
}

void trial_watch(struct trial *r, uint8_t *map, size_t cap)
{
	r->map = map;
	r->map_cap = map != NULL ? cap : 0;
}
