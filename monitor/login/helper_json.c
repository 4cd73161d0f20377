/*
 * The lines that a program of PolicyHelper reads and writes: one JSON object each. Nothing that
 * it writes is believed; what leaves here is well-formed, short and without a newline.
 */
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "monitor/login/helper.h"

/* Requests may hold passwords. */
static void free_wiped(void *p)
{
	if (p != NULL)
		wipe(p, malloc_usable_size(p));
	free(p);
}

enum err helper_json_open(void)
{
	size_t seed = 0;

	while (seed == 0)
		if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
			return ERR_SYSTEM;
	json_set_alloc_funcs(malloc, free_wiped);
	json_object_seed(seed);
	return OK;
}

enum err helper_json_ask(const struct msg_helper_ask *m, struct wr *out)
{
	json_t *request = json_loadb((const char *)m->request.p, m->request.n,
				     JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	json_t *line = NULL;
	char *text = NULL;
	enum err e = ERR_RANGE;

	if (request == NULL)
		return e;
	line = json_pack("{s:I, s:I, s:O}", "id", (json_int_t)m->call, "conn",
			 (json_int_t)m->conn, "request", request);
	if (line != NULL)
		text = json_dumps(line, JSON_COMPACT);
	e = text == NULL ? ERR_MEMORY : OK;
	if (e == OK) {
		wr_raw(out, span_str(text));
		wr_u8(out, '\n');
		e = out->err;
	}
	free_wiped(text);
	json_decref(line);
	json_decref(request);
	return e;
}

static enum err said_error(const json_t *error, struct helper_said *out)
{
	out->ok = false;
	out->text = strdup(json_is_string(error) ? json_string_value(error)
						 : "an error without a text");
	if (out->text == NULL)
		return ERR_MEMORY;
	out->text[strnlen(out->text, LIMIT_TEXT_BYTES)] = '\0';
	return OK;
}

static enum err said_result(const json_t *result, struct helper_said *out)
{
	char *text;

	if (result == NULL) {
		out->ok = false;
		out->text = strdup("an answer without a result");
		return out->text != NULL ? OK : ERR_MEMORY;
	}
	text = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
	out->ok = text != NULL && strlen(text) <= LIMIT_HELPER_BYTES;
	if (!out->ok) {
		free_wiped(text);
		text = strdup("an answer that is too long");
	}
	out->text = text;
	return text != NULL ? OK : ERR_MEMORY;
}

enum err helper_json_read(struct span line, struct helper_said *out, struct why *why)
{
	json_error_t error = {0};
	json_t *said =
	    json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &error);
	const json_t *id = json_object_get(said, "id");
	struct helper_said s = {0};
	enum err e = ERR_RANGE;

	if (said == NULL) {
		why_set(why, "a line that is no JSON object: %s", error.text);
	} else if (!json_is_integer(id) || json_integer_value(id) < 1) {
		why_set(why, "a line without the \"id\" of a request");
	} else {
		s.call = (uint64_t)json_integer_value(id);
		e = json_object_get(said, "error") != NULL &&
			    !json_is_null(json_object_get(said, "error"))
			? said_error(json_object_get(said, "error"), &s)
			: said_result(json_object_get(said, "result"), &s);
	}
	json_decref(said);
	if (e == OK)
		*out = s;
	return e;
}

void helper_said_wipe(struct helper_said *s)
{
	free_wiped(s->text);
	*s = (struct helper_said){0};
}
