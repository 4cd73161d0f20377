/*
 * What is wrong with a file of the operator's: one sentence that names the place and the remedy.
 */
#ifndef POLICY_WHY_H
#define POLICY_WHY_H

#include "common/bytes.h"
#include "common/limits.h"
#include "common/nearest.h"

/* {0} says nothing. */
struct why {
	char text[LIMIT_WHY_BYTES];
};

/* Says what is wrong, and gives ERR_CONFIG, so that "return why_say(…)" reads well. */
MUST_CHECK enum err why_say(struct why *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds what may have been meant, where something is near enough, and gives e again. */
MUST_CHECK enum err why_near(struct why *w, enum err e, const struct nearest *near);

/* Puts "place: " in front, and gives e again. */
MUST_CHECK enum err why_at(struct why *w, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
