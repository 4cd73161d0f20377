/*
 * Fixtures: what a script is asked, and what it is expected to decide. docs/policy.md describes
 * the format.
 */
#ifndef POLICY_FIXTURE_H
#define POLICY_FIXTURE_H

#include <jansson.h>

#include "common/policy.h"
#include "policy/why.h"

/* One event. */
struct fixture_step {
	enum policy_event event;
	uint64_t now_s;
	int32_t zone_s;    /* seconds east of UTC */
	struct span facts; /* wire form; owned */
	json_t *
	    helpers; /* canned answers: {"name": {"ok": true, "answer": …}}; owned, or NULL */
	json_t *want; /* an object with verdict and fields; owned */
};

/* The events of one connection, in order. */
struct fixture_case {
	const char *name; /* borrowed */
	json_t *shared;   /* what shared.get gives: {"key": value}; borrowed, or NULL */
	struct fixture_step *step;
	size_t n_steps;
};

/* {0} is empty. */
struct fixture {
	char *script; /* path of the script that it is for */
	json_t *root;
	struct fixture_case *item;
	size_t n;
};

/*
 * Reads a file: one case, a list of cases, or an object with "cases" and what they have in common.
 * path:   "-" is standard input; the script of a file that names none is the one of the same name with
 *         .lua
 * tests:  each case must have a name, and each step a "want"
 * Errors: ERR_FILE it cannot be read; ERR_CONFIG it is no fixture; why says where and what
 */
MUST_CHECK enum err fixture_load(const char *path, bool tests, struct fixture *out,
				 struct why *why);

void fixture_wipe(struct fixture *f);

/*
 * Compares what a step wants with what was decided, both as objects.
 * Fields that are enforced must all be wanted; of reason, message, banner and instruction those that are named
 * in want.
 * say: called for each difference, with the field, what was wanted and what there is (NULL: nothing)
 * Gives: true where there is no difference
 */
typedef void fixture_differs_fn(void *ctx, const char *field, json_t *want,
				json_t *got);
bool fixture_compare(json_t *want, json_t *got, fixture_differs_fn *differs, void *ctx);

/*
 * Reads a time: seconds since 1970, or "2026-03-02T09:00:00Z", "…+01:00", which gives the zone too.
 * Errors: ERR_CONFIG it is none
 */
MUST_CHECK enum err fixture_time(json_t *value, uint64_t *now_s, int32_t *zone_s);

#endif
