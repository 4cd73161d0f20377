/*
 * What the parts of the engine share: scripts, states, questions that run or wait.
 */
#ifndef POLICY_ENGINE_PRIVATE_H
#define POLICY_ENGINE_PRIVATE_H

#include <signal.h>

#include <lauxlib.h>
#include <lua.h>

#include "policy/engine.h"
#include "policy/store.h"

/* A version: its bytecode, kept so that each connection's state is made without compiling. */
struct script {
	struct script *next;
	uint32_t version;
	char *name; /* with @ in front, as Lua wants it */
	uint8_t *code;
	size_t n, cap;
	uint32_t handlers;
	struct state *spare; /* made ahead; owned */
};

/* One handler that runs or waits for a helper. */
struct question {
	struct question *next; /* of those that wait */
	struct engine_question q;
	struct state *state;
	lua_State *co;
	int ref; /* keeps co in the registry */
	int64_t fuel;
	uint64_t cpu_ns;
	uint64_t call; /* not 0: waits for it */
	struct engine_call asked;
	volatile sig_atomic_t late; /* the watch has barked */
	bool helped_ok;
	struct span helped;
	unsigned notes, actions, protected;
	uint8_t used[LIMIT_TOTP_USED_BYTES]; /* strings: codes that were found good */
	size_t used_n;
	char where[LIMIT_PLACE_BYTES];
};

/* What Lua knows of one connection. */
struct state {
	struct state *next; /* in the same slot of the table of connections */
	struct engine *e;
	lua_State *lua;
	struct script *script;
	uint64_t conn;
	size_t bytes;
	struct question *running; /* NULL: nothing is executed */
};

struct engine {
	struct engine_limits limits;
	struct engine_hooks hooks;
	struct script *scripts;
	struct state **slot; /* connections by number */
	size_t n_slots, n_states;
	size_t bytes; /* of all states */
	struct store store;
	uint64_t now_s;
	int32_t zone_s;
	struct question *waiting; /* for helpers */
	uint64_t last_call;
	struct codepage *page; /* of text; NULL: UTF-8 */
	uint8_t scratch[LIMIT_FACTS_BYTES];
	uint8_t fields[LIMIT_FACTS_BYTES];
};

/* Gives the state that L belongs to. */
struct state *state_of(lua_State *L);

/* Gives the question that is executed in L; raises an error while a script is loaded. */
struct question *question_of(lua_State *L);

/* ---- state.c ---- */

/*
 * Makes a state of a script whose main chunk has been executed.
 * why:    file:line: message, on ERR_CONFIG; of LIMIT_LOG_BYTES
 * Errors: ERR_MEMORY; ERR_CONFIG the main chunk failed
 */
MUST_CHECK enum err state_new(struct engine *e, struct script *s, struct state **out,
			      char *why);
void state_free(struct state *st);

/*
 * Compiles text into s->code.
 * Errors: as state_new
 */
MUST_CHECK enum err state_compile(struct engine *e, struct script *s, struct span text,
				  char *why);

/* ---- run.c ---- */

/* Takes fuel away for n steps of work; what is executed fails at its next instruction. */
void fuel_charge(struct state *st, uint64_t n);

/* The same from a C function of scripts: raises the error at once. */
void fuel_pay(lua_State *L, uint64_t n);

/* Raises the error that the question has used up what it may. */
int fuel_out(lua_State *L);

/* Makes the question what st executes, with its fuel and its watch; or nothing again. */
void run_enter(struct state *st, struct question *q, lua_State *L);
void run_leave(struct state *st);

/* Executes the question from its beginning, or goes on after a helper; answers. */
void run_begin(struct state *st, struct question *q);
void run_resume(struct question *q);

/* Forgets a question without an answer. */
void question_free(struct question *q);

/*
 * Writes what stands on top of L's stack as an error message, with a place.
 * status: of lua_resume, lua_pcall
 */
void run_why(lua_State *L, int status, char *out, size_t cap);

/* ---- args.c ---- */

/* Pushes the arguments of the question's handler. Gives: how many; raises errors. */
int args_push(lua_State *L, const struct question *q);

/* ---- decision.c ---- */

/* What accept, partial and refuse make. */
struct decision {
	enum policy_verdict verdict;
	char where[LIMIT_PLACE_BYTES];
	size_t n;
	uint8_t fields[];
};

int decision_accept(lua_State *L);
int decision_partial(lua_State *L);
int decision_refuse(lua_State *L);

/* Gives the decision at index; NULL where it is none. */
const struct decision *decision_at(lua_State *L, int index);

#endif
