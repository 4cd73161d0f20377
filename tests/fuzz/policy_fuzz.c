/*
 * The policy engine under any order of questions, answers of helpers, drops and new scripts, with any facts and any
 * script. Each question that has a number is answered once, unless it waits for a helper or its connection is gone;
 * what is answered is a decision that the monitor takes; a state stays below its ceiling.
 */
#include "policy/engine.h"
#include "tests/fuzz/fuzz.h"

#define CONNS    4
#define VERSIONS 4
#define WAITING  64
#define FUEL     20000

struct world {
	struct engine *e;
	uint64_t next_id, next_call;
	uint64_t answered; /* numbered questions */
	struct {
		uint64_t call, conn;
	} waits[WAITING];
	size_t n_waits;
	bool waited; /* the last call ended in a helper.call */
};

static void on_answer(void *ctx, const struct engine_answer *a)
{
	struct world *w = ctx;

	expect(a->id != 0 && a->id <= w->next_id);
	expect(a->where.n <= LIMIT_LOG_BYTES);
	expect(a->verdict == POLICY_ERROR || a->where.n > 0);
	expect(policy_decision_check(a->event, a->verdict, a->fields) == OK);
	expect(a->verdict != POLICY_ERROR || a->fields.n == 0);
	w->answered++;
}

static void on_action(void *ctx, uint64_t conn, uint32_t channel,
		      enum policy_action action, struct span data)
{
	(void)ctx;
	(void)channel;
	expect(conn < CONNS && action <= POLICY_ACTION_LAST);
	expect(data.n <= LIMIT_FACTS_BYTES);
}

static void on_note(void *ctx, uint64_t conn, enum log_level level, struct span text)
{
	(void)ctx;
	(void)level;
	expect(conn < CONNS && text.n <= LIMIT_LOG_BYTES);
}

static void on_share(void *ctx, struct span key, struct span value, uint64_t expires_s)
{
	(void)ctx;
	(void)expires_s;
	expect(key.n > 0 && key.n <= LIMIT_SHARE_KEY_BYTES &&
	       value.n <= LIMIT_SHARE_VALUE_BYTES);
}

static void on_help(void *ctx, const struct engine_call *c)
{
	struct world *w = ctx;

	expect(c->call > w->next_call && c->conn < CONNS);
	expect(c->name.n > 0 && c->name.n <= LIMIT_NAME_BYTES);
	expect(c->request.n > 0 && c->request.n <= LIMIT_HELPER_BYTES);
	w->next_call = c->call;
	w->waited = true;
	if (w->n_waits < WAITING) {
		w->waits[w->n_waits].call = c->call;
		w->waits[w->n_waits++].conn = c->conn;
	}
}

static void load(struct world *w, struct rd *r)
{
	struct engine_loaded out;
	uint32_t version = rd_u8(r) % VERSIONS;
	struct span text = block_of(take_part(r));
	enum err e;

	engine_forget(w->e, version);
	e = engine_load(w->e, version, "f.lua", text, &out);
	expect(e == OK || e == ERR_CONFIG || e == ERR_MEMORY);
	expect(e != ERR_CONFIG || strncmp(out.why, "f.lua", 5) == 0);
	block_free(text);
}

static void ask(struct world *w, struct rd *r)
{
	uint8_t bits = rd_u8(r);
	struct span facts = block_of(take_short(r));
	struct engine_question q = {
	    .version = bits % VERSIONS,
	    .conn = bits / VERSIONS % CONNS,
	    .event = (enum policy_event)(rd_u8(r) % (POLICY_EVENT_LAST + 1)),
	    .now_s = 1790000000,
	    .facts = facts};
	uint64_t before = w->answered;

	if (bits < 0xe0)
		q.id = ++w->next_id;
	w->waited = false;
	engine_ask(w->e, &q);
	expect(w->answered == before + (q.id != 0 && !w->waited));
	expect(engine_conn_bytes(w->e, q.conn) <= engine_limits_usual.state_bytes);
	block_free(facts);
}

static void helped(struct world *w, struct rd *r)
{
	size_t i = w->n_waits == 0 ? 0 : rd_u8(r) % w->n_waits;
	struct span text = block_of(take_short(r));
	uint64_t before = w->answered;

	if (w->n_waits > 0) {
		engine_helped(w->e, w->waits[i].call, rd_u8(r) % 2 == 0, text);
		expect(w->answered <= before + 1);
	}
	block_free(text);
}

static void step(struct world *w, struct rd *r)
{
	enum { LOAD, ASK, HELPED, DROP, FORGET, SHARE, PREPARE, STEPS };
	uint8_t what = rd_u8(r);
	struct span key;

	switch (what % STEPS) {
	case LOAD:
		load(w, r);
		break;
	case ASK:
		ask(w, r);
		break;
	case HELPED:
		helped(w, r);
		break;
	case DROP:
		engine_drop(w->e, what / STEPS % CONNS);
		expect(engine_conn_bytes(w->e, what / STEPS % CONNS) == 0);
		break;
	case FORGET:
		engine_forget(w->e, what / STEPS % VERSIONS);
		break;
	case SHARE:
		key = take_short(r);
		engine_share(w->e, key, take_short(r),
			     rd_u8(r) % 2 == 0 ? 0 : UINT64_MAX);
		break;
	default:
		(void)engine_prepare(w->e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w = {0};
	const struct engine_hooks hooks = {.ctx = &w,
					   .answer = on_answer,
					   .action = on_action,
					   .note = on_note,
					   .share_set = on_share,
					   .help = on_help};
	struct engine_limits limits = engine_limits_usual;
	struct rd r = RD(((struct span){data, n}));

	limits.fuel = FUEL;
	limits.soft_ms = limits.hard_ms = 0;
	if (engine_new(&limits, &hooks, &w.e) != OK)
		return 0;
	while (r.left.n > 0 && rd_ok(&r))
		step(&w, &r);
	engine_free(w.e);
	return 0;
}
