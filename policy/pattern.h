/*
 * Lua's patterns, matched with a bound on the work, so that no subject and no pattern of a
 * client costs more than its question may. Source: Lua 5.4 Reference Manual 6.4.1
 */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include "common/bytes.h"
#include "common/limits.h"

struct pattern_capture {
	size_t start, end;
	bool open, position; /* position: a number, the empty capture () */
};

struct pattern {
	struct span text; /* without the ^ in front */
	struct span subject;
	uint64_t steps_left; /* work that may still be done; less afterwards */
	const char *error;   /* why the pattern is refused; NULL: it is not */
	struct pattern_capture capture[LIMIT_PATTERN_CAPTURES];
	size_t n_captures;
};

/*
 * Matches at one place of the subject.
 * Gives:  true where it matches, then end is behind the match; false with p->error set where
 *         the pattern is malformed, or with p->steps_left 0 where the work was too much
 */
bool pattern_match(struct pattern *p, size_t start, size_t *end);

/* Tells whether the text has a character that means more than itself. */
bool pattern_special(struct span text);

#endif
