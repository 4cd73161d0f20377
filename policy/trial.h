/*
 * One script in an engine, asked by the tool instead of by a monitor.
 */
#ifndef POLICY_TRIAL_H
#define POLICY_TRIAL_H

#include "policy/engine.h"
#include "policy/fixture.h"

struct trial;

/* What came of one step. Its objects are owned: outcome_wipe. */
struct outcome {
	json_t *
	    decision; /* decision_to_json, with "actions" and "notes" where there are some */
	json_t *calls; /* of helpers: [{"name", "request", "ok", "answer"}] */
	char where
	    [LIMIT_WHERE_BYTES]; /* file:line of the constructor, or with the error */
	uint32_t cpu_us;         /* as the engine tells it */
	uint64_t ns;    /* what all of the engine took, making a state included */
	bool no_answer; /* a helper was called that the step has no answer for */
	bool told;      /* the event decides nothing */
};

/*
 * Loads a script.
 * path:   as errors and lines shall name it
 * lines:  executed lines can be watched, which takes time
 * loaded: what it defines; where it is refused, loaded->why says what is wrong
 * Owns:   trial_free
 * Errors: as engine_load
 */
MUST_CHECK enum err trial_new(const char *path, struct span text, bool lines,
			      struct engine_loaded *loaded, struct trial **out);
void trial_free(struct trial *r);

/* Begins a connection of which nothing is known; shared: what shared.get gives, or NULL. */
void trial_begin(struct trial *r, json_t *shared);

/*
 * Asks the script about one step.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err trial_step(struct trial *r, const struct fixture_step *s,
			       struct outcome *out);

void outcome_wipe(struct outcome *o);

/*
 * Marks executed lines in map from now on: map[line] grows, up to UINT8_MAX. NULL: not any more.
 * map: borrowed
 */
void trial_watch(struct trial *r, uint8_t *map, size_t cap);

#endif
