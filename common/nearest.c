/*
 * Distance of Damerau and Levenshtein (the restricted one: a swap of neighbours is one edit)
 * over words of bounded length. For operators' mistakes, never for what a client sent.
 */
#include <ctype.h>
#include <string.h>

#include "common/limits.h"
#include "common/nearest.h"

#define MOST LIMIT_NEAR_BYTES

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(uint8_t a, uint8_t b)
{
	return tolower(a) == tolower(b);
}

/* The edits that make one word of the other. */
static size_t distance(struct span a, struct span b)
{
	size_t d[MOST + 1][MOST + 1];

	for (size_t i = 0; i <= a.n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b.n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.n; i++)
		for (size_t j = 1; j <= b.n; j++) {
			size_t other = !same(a.p[i - 1], b.p[j - 1]);

			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + other);
			if (i > 1 && j > 1 && same(a.p[i - 1], b.p[j - 2]) &&
			    same(a.p[i - 2], b.p[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a.n][b.n];
}

struct nearest nearest_begin(struct span typed)
{
	return (struct nearest){
	    .typed = typed,
	    .edits = least(typed.n / LIMIT_NEAR_SHARE, LIMIT_NEAR_EDITS) + 1};
}

void nearest_try(struct nearest *n, const char *known)
{
	struct span k = span_str(known);
	size_t edits;

	if (n->typed.n > MOST || k.n > MOST)
		return;
	edits = distance(n->typed, k);
	if (edits >= n->edits)
		return;
	n->edits = edits;
	n->name = known;
}
