/*
 * Where JSON and facts meet: bytes that are no UTF-8 travel as {"base64": "…"}, names with dots are objects
 * in objects. Only programs that use it are linked with jansson.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/json_facts.h"
#include "common/limits.h"

bool json_to_bytes(json_t *v, struct span *out, uint8_t **owned)
{
	json_t *text = json_object_get(v, "base64");
	struct wr w = {0};

	*owned = NULL;
	if (json_is_string(v)) {
		*out = (struct span){(const uint8_t *)json_string_value(v),
				     json_string_length(v)};
		return true;
	}
	if (!json_is_string(text) || json_object_size(v) != 1)
		return false;
	w.cap = json_string_length(text) + 1;
	w.p = *owned = malloc(w.cap);
	if (w.p == NULL)
		return false;
	return base64_decode(&w, (struct span){(const uint8_t *)json_string_value(text),
					       json_string_length(text)}) == OK &&
	       wr_end(&w, out) == OK;
}

bool json_put(json_t *object, const char *name, json_t *value)
{
	return value != NULL && json_object_set_new(object, name, value) == 0;
}

json_t *json_bytes(struct span s)
{
	json_t *v = json_stringn(s.n > 0 ? (const char *)s.p : "", s.n);
	struct wr w = {0};
	struct span text;

	if (v != NULL)
		return v;
	w.cap = base64_encoded_bytes(s.n) + 1;
	w.p = malloc(w.cap);
	if (w.p == NULL)
		return NULL;
	base64_encode(&w, s, true);
	if (wr_end(&w, &text) == OK)
		v = json_pack("{s:s%}", "base64", (const char *)text.p, text.n);
	free(w.p);
	return v;
}

static json_t *list_json(struct span items)
{
	json_t *list = json_array();
	struct rd r = RD(items);

	while (list != NULL && r.left.n > 0) {
		if (json_array_append_new(list, json_bytes(rd_bytes(&r, items.n))) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *value_json(const struct fact *f)
{
	switch (f->type) {
	case FACT_STR:
		return json_bytes(f->value);
	case FACT_NUM:
		return json_integer((json_int_t)f->number);
	case FACT_BOOL:
		return json_boolean(f->number != 0);
	case FACT_LIST:
		return list_json(f->value);
	case FACT_TYPE_COUNT:
		break;
	}
	return NULL;
}

/* The object at name's part before a dot, made where it is not there. */
static json_t *object_at(json_t *in, const char *name)
{
	json_t *found = json_object_get(in, name);

	if (json_is_object(found))
		return found;
	return json_put(in, name, json_object()) ? json_object_get(in, name) : NULL;
}

static bool put_nested(json_t *all, const struct fact *f)
{
	char name[LIMIT_FACT_NAME_BYTES + 1];
	char *part = name, *dot;

	if (bytes_to_str(name, sizeof name, f->name) != OK)
		return false;
	if (strcmp(name, "data.bytes") == 0)
		return json_put(all, "data", value_json(f));
	while (all != NULL && (dot = strchr(part, '.')) != NULL) {
		*dot = '\0';
		all = object_at(all, part);
		part = dot + 1;
	}
	return all != NULL && json_put(all, part, value_json(f));
}

json_t *facts_to_json(struct span facts)
{
	struct rd r = RD(facts);
	json_t *all = json_object();
	struct fact f = {0};

	while (all != NULL && r.left.n > 0) {
		if (facts_next(&r, &f) != OK || !put_nested(all, &f)) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}
