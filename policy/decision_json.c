/*
 * Decisions as an operator reads and writes them: prompts with their echo, variables by name.
 */
#include <string.h>

#include "policy/facts_json.h"

/* Joins the texts of prompts with "0" and "1" of prompts_echo. */
static json_t *prompts_json(struct span texts, struct span echoes)
{
	struct rd t = RD(texts), e = RD(echoes);
	json_t *list = json_array();

	while (list != NULL && t.left.n > 0) {
		json_t *text = json_bytes(rd_bytes(&t, texts.n));
		bool echo = span_is(rd_bytes(&e, echoes.n), "1");

		if (json_array_append_new(list, json_pack("{s:o,s:b}", "text", text,
							  "echo", echo)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* "NAME=value" of each item. */
static json_t *pairs_json(struct span items)
{
	struct rd r = RD(items);
	json_t *all = json_object();

	while (all != NULL && r.left.n > 0) {
		struct span item = rd_bytes(&r, items.n), name = item;
		char text[LIMIT_TEXT_BYTES];
		const uint8_t *mark = memchr(item.p, '=', item.n);

		if (mark != NULL) {
			name.n = (size_t)(mark - item.p);
			item = (struct span){mark + 1, item.n - name.n - 1};
		}
		if (bytes_to_str(text, sizeof text, name) != OK ||
		    !json_put(all, text, json_bytes(item))) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static bool put_prompts(json_t *all, struct span fields, const struct fact *texts)
{
	struct fact echoes = {0};

	(void)facts_find(fields, "prompts_echo", &echoes);
	return json_put(all, "prompts", prompts_json(texts->value, echoes.value));
}

/* What is left once prompts are whole, and variables an object. */
static bool finish(json_t *all, struct span fields)
{
	struct fact f;

	if (facts_find(fields, "prompts", &f) && !put_prompts(all, fields, &f))
		return false;
	if (facts_find(fields, "env", &f) && !json_put(all, "env", pairs_json(f.value)))
		return false;
	(void)json_object_del(all, "prompts_echo");
	(void)json_object_del(all, "totp_used");
	return true;
}

json_t *decision_to_json(enum policy_verdict verdict, struct span fields)
{
	json_t *all = facts_to_json(fields);

	if (all != NULL &&
	    (!json_put(all, "verdict", json_string(policy_verdict_name(verdict))) ||
	     !finish(all, fields))) {
		json_decref(all);
		return NULL;
	}
	return all;
}
