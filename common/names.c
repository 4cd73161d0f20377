/*
 * Walks name-lists. They come from the network: nothing is copied, nothing allocated.
 */
#include <ctype.h>
#include <string.h>

#include "common/limits.h"
#include "common/names.h"

bool names_next(struct span *list, struct span *name)
{
	const uint8_t *comma;

	if (list->n == 0)
		return false;
	comma = memchr(list->p, ',', list->n);
	if (comma == NULL) {
		*name = *list;
		*list = (struct span){0};
		return true;
	}
	*name = (struct span){list->p, (size_t)(comma - list->p)};
	list->p += name->n + 1;
	list->n -= name->n + 1;
	return true;
}

bool names_has(struct span list, struct span name)
{
	struct span one;

	while (names_next(&list, &one))
		if (span_equal(one, name))
			return true;
	return false;
}

enum err names_choose(struct span client, struct span server, struct span *out)
{
	struct span name;

	while (names_next(&client, &name))
		if (name.n != 0 && names_has(server, name)) {
			*out = name;
			return OK;
		}
	return ERR_KEX_NONE;
}

bool names_sound(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return name.n > 0 && name.n <= LIMIT_NAME_BYTES;
}

bool names_valid(struct span list)
{
	struct span name;
	bool comma_last = list.n > 0 && list.p[list.n - 1] == ',';

	while (names_next(&list, &name))
		if (!names_sound(name))
			return false;
	return !comma_last;
}

static bool same_byte(uint8_t a, uint8_t b, bool fold)
{
	return a == b || (fold && tolower(a) == tolower(b));
}

/* Backtracks to the last star only, so time is bounded by pattern times name. */
static bool glob_bytes(struct span pattern, struct span name, bool fold)
{
	size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = n;
		} else if (p < pattern.n &&
			   (pattern.p[p] == '?' ||
			    same_byte(pattern.p[p], name.p[n], fold))) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool names_glob(struct span pattern, struct span name)
{
	return glob_bytes(pattern, name, false);
}

bool names_glob_fold(struct span pattern, struct span name)
{
	return glob_bytes(pattern, name, true);
}
