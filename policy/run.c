/*
 * Executes handlers: each in a coroutine of its own, so that it can wait for a helper, under
 * fuel, a ceiling of memory and the watch. Whatever a script does ends here as an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/engine_private.h"
#include "policy/watchdog.h"

#define NS_PER_S  1000000000ULL
#define NS_PER_US 1000ULL

/* ---- fuel ---- */

static void hook(lua_State *L, lua_Debug *ar);

/* From here on each instruction fails: pcall in a loop does not help. */
static void trip(lua_State *L)
{
	lua_sethook(L, hook, LUA_MASKCOUNT, 1);
}

void fuel_charge(struct state *st, uint64_t n)
{
	struct question *q = st->running;

	if (q == NULL)
		return;
	q->fuel = n > INT32_MAX || q->fuel < 0 ? -1 : q->fuel - (int64_t)n;
	if (q->fuel < 0)
		trip(q->co);
}

int fuel_out(lua_State *L)
{
	const struct question *q = state_of(L)->running;

	return luaL_error(
	    L, "%s", q != NULL && q->late ? "takes too long" : "does too much work");
}

void fuel_pay(lua_State *L, uint64_t n)
{
	struct state *st = state_of(L);

	fuel_charge(st, n);
	if (st->running != NULL && (st->running->fuel < 0 || st->running->late))
		(void)fuel_out(L);
}

static void hook(lua_State *L, lua_Debug *ar)
{
	struct state *st = state_of(L);
	struct question *q = st->running;

	if (q == NULL)
		return;
	if (ar->event == LUA_HOOKLINE) {
		st->e->hooks.line(st->e->hooks.ctx, q->q.conn, st->script->name + 1,
				  ar->currentline);
		return;
	}
	fuel_charge(st, LIMIT_FUEL_STEP);
	if (q->fuel >= 0 && !q->late)
		return;
	(void)lua_getinfo(L, "Sl", ar);
	lua_pushfstring(L, "%s:%d: %s", ar->short_src, ar->currentline,
			q->late ? "takes too long" : "does too much work");
	(void)lua_error(L);
}

/* ---- time ---- */

/* Of the thread: while a timer of the process runs, its clock moves with the ticks only. */
static uint64_t cpu_ns(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* In a signal handler: lua_sethook is made for it. */
static void bark(void *ctx, bool hard)
{
	struct state *st = ctx;
	struct question *q = st->running;

	if (q == NULL)
		return;
	if (hard && st->e->hooks.stuck != NULL)
		st->e->hooks.stuck(st->e->hooks.ctx, q->q.id, q->where);
	q->late = 1;
	q->fuel = -1;
	trip(q->co);
}

void run_enter(struct state *st, struct question *q, lua_State *L)
{
	const struct engine_limits *limits = &st->e->limits;
	int mask = LUA_MASKCOUNT;

	if (st->e->hooks.line != NULL)
		mask |= LUA_MASKLINE;
	q->co = L;
	st->running = q;
	lua_sethook(L, hook, mask, LIMIT_FUEL_STEP);
	if (limits->soft_ms != 0)
		watchdog_start(limits->soft_ms, limits->hard_ms, bark, st);
	q->cpu_ns -= cpu_ns();
}

void run_leave(struct state *st)
{
	struct question *q = st->running;

	if (st->e->limits.soft_ms != 0)
		watchdog_stop();
	q->cpu_ns += cpu_ns();
	lua_sethook(q->co, NULL, 0, 0);
	st->running = NULL;
}

/* ---- errors ---- */

/* Where the innermost function of the script stands; empty where there is none. */
static void place_of(lua_State *L, char *out, size_t cap)
{
	lua_Debug ar = {0};

	out[0] = '\0';
	for (int level = 0; lua_getstack(L, level, &ar) == 1; level++) {
		if (lua_getinfo(L, "Sl", &ar) != 0 && ar.currentline > 0) {
			(void)snprintf(out, cap, "%s:%d: ", ar.short_src,
				       ar.currentline);
			return;
		}
	}
}

/* What is in an error may be anything, and of any length. */
static void copy_text(char *out, size_t cap, struct span s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
	out[n] = '\0';
}

void run_why(lua_State *L, int status, char *out, size_t cap)
{
	char place[LIMIT_TEXT_BYTES];
	char text[LIMIT_LOG_BYTES];
	const char *said;
	size_t n = 0;

	place_of(L, place, sizeof place);
	if (status == LUA_ERRMEM) {
		(void)snprintf(text, sizeof text, "uses more than %zu KiB of memory",
			       state_of(L)->e->limits.state_bytes / LIMIT_KIB);
	} else if (lua_type(L, -1) == LUA_TSTRING) {
		said = lua_tolstring(L, -1, &n);
		copy_text(text, sizeof text, (struct span){(const uint8_t *)said, n});
	} else {
		(void)snprintf(text, sizeof text, "error object is a %s value",
			       luaL_typename(L, -1));
	}
	/* Lua's own messages begin with their place */
	n = strcspn(place, ":");
	(void)snprintf(out, cap, "%s%s",
		       n > 0 && strncmp(text, place, n + 1) == 0 ? "" : place, text);
}

/* ---- questions ---- */

void question_free(struct question *q)
{
	if (q->ref != LUA_NOREF)
		luaL_unref(q->state->lua, LUA_REGISTRYINDEX, q->ref);
	wipe(q->used, sizeof q->used);
	free(q);
}

static void answer(struct question *q, const struct engine_answer *a)
{
	const struct engine *e = q->state->e;

	if (q->q.id != 0)
		e->hooks.answer(e->hooks.ctx, a);
	else if (a->verdict == POLICY_ERROR && e->hooks.note != NULL)
		e->hooks.note(e->hooks.ctx, q->q.conn, LOG_ERROR, a->where);
}

static struct engine_answer answer_of(const struct question *q)
{
	return (struct engine_answer){.id = q->q.id,
				      .conn = q->q.conn,
				      .event = q->q.event,
				      .script = q->state->script->name + 1,
				      .cpu_us = (uint32_t)(q->cpu_ns / NS_PER_US)};
}

static void answer_error(struct question *q, const char *why)
{
	struct engine_answer a = answer_of(q);

	a.verdict = POLICY_ERROR;
	a.where = span_str(why);
	answer(q, &a);
}

/* The fields of a decision, and what the engine adds to them. */
static enum err gather(const struct question *q, const struct decision *d,
		       struct span *out)
{
	struct engine *e = q->state->e;
	struct wr w = WR(e->fields);
	struct rd r = RD(((struct span){q->used, q->used_n}));
	size_t mark;

	wr_raw(&w, (struct span){d->fields, d->n});
	if (q->used_n > 0 && d->verdict != POLICY_REFUSE) {
		mark = facts_list_open(&w, "totp_used");
		wr_raw(&w, rd_rest(&r));
		wr_close(&w, mark);
	}
	return wr_end(&w, out);
}

static void answer_decision(struct question *q, const struct decision *d)
{
	struct engine_answer a = answer_of(q);

	a.verdict = d->verdict;
	a.where = span_str(d->where);
	if (gather(q, d, &a.fields) != OK ||
	    policy_decision_check(a.event, a.verdict, a.fields) != OK) {
		char why[LIMIT_WHERE_BYTES];

		(void)snprintf(why, sizeof why, "%s: on_%s cannot %s so", d->where,
			       policy_events[a.event].name,
			       policy_verdict_name(a.verdict));
		answer_error(q, why);
		return;
	}
	answer(q, &a);
}

static void answer_result(struct question *q)
{
	const struct decision *d = decision_at(q->co, -1);
	char why[LIMIT_WHERE_BYTES];

	if (d != NULL && policy_decides(q->q.event)) {
		answer_decision(q, d);
	} else if (lua_isnil(q->co, -1) || !policy_decides(q->q.event)) {
		struct engine_answer a = answer_of(q);

		a.where = span_str(q->where);
		answer(q, &a);
	} else {
		(void)snprintf(
		    why, sizeof why,
		    "%s: on_%s returned a %s value: return accept{…}, partial{…}, "
		    "refuse{…} or nothing",
		    q->where, policy_events[q->q.event].name, luaL_typename(q->co, -1));
		answer_error(q, why);
	}
}

/* ---- running ---- */

static int handled(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	(void)L;
	return 1;
}

/* The first function of the coroutine: finds the handler, makes its arguments, calls it. */
static int handle(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	lua_Debug ar = {0};
	int n;

	lua_pushglobaltable(L);
	lua_pushfstring(L, "on_%s", policy_events[q->q.event].name);
	if (lua_rawget(L, -2) != LUA_TFUNCTION) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushvalue(L, -1);
	if (lua_getinfo(L, ">S", &ar) != 0)
		(void)snprintf(q->where, sizeof q->where, "%s:%d", ar.short_src,
			       ar.linedefined);
	n = args_push(L, q);
	lua_callk(L, n, 1, 0, handled);
	return handled(L, LUA_OK, 0);
}

static int spawn(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	lua_State *co = lua_newthread(L);

	q->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	q->co = co;
	return 0;
}

static void wait_for_helper(struct question *q)
{
	struct engine *e = q->state->e;

	q->next = e->waiting;
	e->waiting = q;
	e->hooks.help(e->hooks.ctx, &q->asked);
}

static void rest(struct state *st)
{
	/* what a handler leaves behind is collected when it has become much */
	if (st->bytes > LIMIT_STATE_REST_BYTES && st->running == NULL)
		lua_gc(st->lua, LUA_GCCOLLECT);
}

static void run(struct question *q, int n)
{
	struct state *st = q->state;
	char why[LIMIT_WHERE_BYTES];
	int results = 0, status;

	run_enter(st, q, q->co);
	status = lua_resume(q->co, NULL, n, &results);
	run_leave(st);
	if (status == LUA_YIELD && q->call != 0) {
		wait_for_helper(q);
		return;
	}
	if (status == LUA_OK) {
		answer_result(q);
	} else {
		run_why(q->co, status, why, sizeof why);
		answer_error(q, why);
	}
	question_free(q);
	rest(st);
}

void run_begin(struct state *st, struct question *q)
{
	char why[LIMIT_WHERE_BYTES];
	int status;

	q->state = st;
	q->ref = LUA_NOREF;
	q->fuel = (int64_t)st->e->limits.fuel;
	(void)snprintf(q->where, sizeof q->where, "%s", st->script->name + 1);
	lua_pushcfunction(st->lua, spawn);
	lua_pushlightuserdata(st->lua, q);
	status = lua_pcall(st->lua, 1, 0, 0);
	if (status != LUA_OK) {
		run_why(st->lua, status, why, sizeof why);
		lua_settop(st->lua, 0);
		answer_error(q, why);
		question_free(q);
		return;
	}
	lua_pushcfunction(q->co, handle);
	lua_pushlightuserdata(q->co, q);
	run(q, 1);
}

void run_resume(struct question *q)
{
	q->call = 0;
	run(q, 0);
}
