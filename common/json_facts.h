/*
 * Facts as JSON, and bytes of JSON. Needs jansson.
 */
#ifndef COMMON_JSON_FACTS_H
#define COMMON_JSON_FACTS_H

#include <jansson.h>

#include "common/facts.h"

/*
 * Finds the bytes of a string, or of {"base64": "…"}; false where v is neither.
 * owned:  holds the latter, for free(3); else NULL
 */
bool json_to_bytes(json_t *v, struct span *out, uint8_t **owned);

/* Adds value, which is owned from then on, as name in object; false where there is no memory. */
bool json_put(json_t *object, const char *name, json_t *value);

/* A JSON string of bytes, or {"base64": "…"} where they are not UTF-8. */
json_t *json_bytes(struct span s);

/* Makes nested objects of facts; NULL where they are malformed or there is no memory. */
json_t *facts_to_json(struct span facts);

#endif
