/*
 * Facts and decisions as JSON: what fixtures hold, what the tool prints.
 */
#ifndef POLICY_FACTS_JSON_H
#define POLICY_FACTS_JSON_H

#include "common/json_facts.h"
#include "common/policy.h"
#include "policy/why.h"

/*
 * Writes the facts of an event from nested objects: {"conn": {"verified": {…}}, "auth": {…}}.
 * What is not UTF-8 is {"base64": "…"}. null is as if absent; members that are no argument of the event do not count.
 * Errors: ERR_CONFIG a fact that the event has not, or of another type; ERR_NO_SPACE
 */
MUST_CHECK enum err facts_from_json(struct wr *w, enum policy_event event, json_t *args,
				    struct why *why);

/*
 * Makes an object of a decision: {"verdict": "partial", "reason": "…", "prompts": [{"text": …, "echo": …}],
 * "env": {…}}. NULL where fields are malformed or there is no memory.
 */
json_t *decision_to_json(enum policy_verdict verdict, struct span fields);

#endif
