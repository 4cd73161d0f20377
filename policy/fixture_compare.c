/*
 * Is a decision the one that was wanted? And times as people write them.
 */
#include <string.h>
#include <time.h>

#include "policy/facts_json.h"
#include "policy/fixture.h"

/* Texts for people: they may be left out of want. */
static const char *const texts[] = {"reason", "message", "banner", "instruction",
				    "notes"};

static bool is_text(const char *field)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(field, texts[i]) == 0)
			return true;
	return false;
}

/* "code: " is a prompt without echo; an object says both. */
static bool same_prompt(json_t *want, json_t *got)
{
	json_t *text = json_is_string(want) ? want : json_object_get(want, "text");

	return json_equal(text, json_object_get(got, "text")) &&
	       json_is_true(json_object_get(want, "echo")) ==
		   json_is_true(json_object_get(got, "echo"));
}

static bool same_prompts(json_t *want, json_t *got)
{
	json_t *v;
	size_t i;

	if (json_array_size(want) != json_array_size(got))
		return false;
	json_array_foreach(want, i, v)
	{
		if (!same_prompt(v, json_array_get(got, i)))
			return false;
	}
	return true;
}

/* Each wanted text is part of a note. */
static bool same_notes(json_t *want, json_t *got)
{
	json_t *w, *g;
	size_t i, j;

	json_array_foreach(want, i, w)
	{
		bool found = false;

		json_array_foreach(got, j, g)
		{
			found = found || (json_is_string(w) &&
					  strstr(json_string_value(g),
						 json_string_value(w)) != NULL);
		}
		if (!found)
			return false;
	}
	return json_is_array(want);
}

static bool same(const char *field, json_t *want, json_t *got)
{
	if (strcmp(field, "prompts") == 0)
		return same_prompts(want, got);
	if (strcmp(field, "notes") == 0)
		return same_notes(want, got);
	return json_equal(want, got);
}

bool fixture_compare(json_t *want, json_t *got, fixture_differs_fn *differs, void *ctx)
{
	const char *field;
	bool good = true;
	json_t *v;

	json_object_foreach(want, field, v)
	{
		json_t *is = json_object_get(got, field);

		if (!same(field, v, is)) {
			differs(ctx, field, v, is);
			good = false;
		}
	}
	json_object_foreach(got, field, v)
	{
		if (!is_text(field) && json_object_get(want, field) == NULL) {
			differs(ctx, field, NULL, v);
			good = false;
		}
	}
	return good;
}

enum err fixture_time(json_t *value, uint64_t *now_s, int32_t *zone_s)
{
	const char *text = json_string_value(value), *end;
	struct tm tm = {0};
	time_t t;
	long zone;

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*now_s = (uint64_t)json_integer_value(value);
		return OK;
	}
	if (text == NULL ||
	    (end = strptime(text, "%Y-%m-%dT%H:%M:%S%z", &tm)) == NULL || *end != '\0')
		return ERR_CONFIG;
	zone = tm.tm_gmtoff; /* timegm() clears it */
	t = timegm(&tm);
	if (zone < -LIMIT_ZONE_S || zone > LIMIT_ZONE_S || t < zone)
		return ERR_CONFIG;
	*now_s = (uint64_t)(t - zone);
	*zone_s = (int32_t)zone;
	return OK;
}
