/*
 * The policy engine: scripts, a Lua state for each connection, questions and decisions.
 * It reads no file and no clock and speaks to nobody: what scripts want done outside is
 * told to hooks. The process and the command-line tool are built on it alike.
 */
#ifndef POLICY_ENGINE_H
#define POLICY_ENGINE_H

#include "common/codepage.h"
#include "common/log.h"
#include "common/policy.h"

struct engine;

/* What one question may use. */
struct engine_limits {
	uint64_t
	    fuel; /* instructions; C functions pay for their work in the same coin */
	size_t state_bytes; /* of one connection's state */
	size_t all_bytes;   /* of all states */
	uint32_t soft_ms;   /* CPU time: the script fails. 0: no watch */
	uint32_t hard_ms;   /* CPU time: hooks.stuck, which must not return */
};
extern const struct engine_limits engine_limits_usual;

struct engine_answer {
	uint64_t id, conn;
	enum policy_event event;
	enum policy_verdict verdict;
	uint32_t cpu_us;
	struct span
	    where; /* file:line of the constructor; POLICY_ERROR: file:line: message */
	struct span fields; /* facts, checked with policy_decision_check */
	const char
	    *script; /* the name that it was loaded by; NULL: there was none to ask */
};

struct engine_call {
	uint64_t call, conn;
	struct span name, request;
	uint32_t deadline_ms, cache_s;
};

/* Spans are valid during the call. No hook may call the engine. */
struct engine_hooks {
	void *ctx;
	void (*answer)(
	    void *ctx,
	    const struct engine_answer *a); /* once for each question with an id */
	void (*action)(void *ctx, uint64_t conn, uint32_t channel,
		       enum policy_action action, struct span data);
	void (*note)(void *ctx, uint64_t conn, enum log_level level, struct span text);
	void (*share_set)(void *ctx, struct span key, struct span value,
			  uint64_t expires_s);
	void (*help)(void *ctx,
		     const struct engine_call *call); /* answer with engine_helped */
	void (*stuck)(void *ctx, uint64_t id,
		      const char *where); /* from a signal handler */
	void (*line)(void *ctx, uint64_t conn, const char *file,
		     int line); /* NULL: not wanted */
};

struct engine_question {
	uint64_t id; /* 0: it is told, nothing is answered */
	uint32_t version;
	uint64_t conn;
	enum policy_event event;
	uint64_t now_s; /* since 1970 */
	int32_t zone_s; /* east of UTC */
	struct span facts;
};

struct engine_loaded {
	uint32_t handlers; /* POLICY_BIT(event) for each */
	char owns[LIMIT_METHODS_BYTES +
		  1];              /* name-list: methods that the script judges alone */
	char why[LIMIT_LOG_BYTES]; /* file:line: what is wrong */
};

/*
 * Makes an engine. Owns: the caller frees it with engine_free.
 * Errors: ERR_MEMORY; ERR_BUG no answer hook
 */
MUST_CHECK enum err engine_new(const struct engine_limits *limits,
			       const struct engine_hooks *hooks, struct engine **out);
void engine_free(struct engine *e);

/* Sets the encoding of text (CodePage). page: NULL UTF-8. Owns: page, freed with the engine */
void engine_codepage(struct engine *e, struct codepage *page);

/*
 * Compiles a script, runs it once to see what it defines, and keeps it as a version.
 * name:   of its file, for file:line
 * out:    written on ERR_CONFIG too, then why says what is wrong
 * Errors: ERR_CONFIG the script is refused; ERR_RANGE there is such a version; ERR_MEMORY
 */
MUST_CHECK enum err engine_load(struct engine *e, uint32_t version, const char *name,
				struct span text, struct engine_loaded *out);

/* Forgets a version that no connection uses; unknown ones are no error. */
void engine_forget(struct engine *e, uint32_t version);

/*
 * Asks or tells. hooks.answer is called before this returns, unless the handler waits for a
 * helper: then from within engine_helped.
 * An unknown version, bad facts, a failing script: all are answered with POLICY_ERROR.
 */
void engine_ask(struct engine *e, const struct engine_question *q);

/* Goes on with the handler that waits for call; unknown ones are no error. */
void engine_helped(struct engine *e, uint64_t call, bool ok, struct span text);

/* Forgets a connection and what waits for it: nothing is answered for it any more. */
void engine_drop(struct engine *e, uint64_t conn);

/*
 * Puts a value into the shared store, without share_set. Source: shared.set
 * value:  JSON; empty: it is gone
 */
void engine_share(struct engine *e, struct span key, struct span value,
		  uint64_t expires_s);

/* Tells the bytes of a connection's state; 0 where it has none. */
size_t engine_conn_bytes(const struct engine *e, uint64_t conn);

/*
 * Makes one state of a version ahead, where none is ready. For when there is nothing else to do.
 * Gives:  true where one was made
 */
bool engine_prepare(struct engine *e);

#endif
