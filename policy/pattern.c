/*
 * The matcher: backtracking, each step is counted. Subject and pattern are foreign bytes;
 * indexes are compared with the lengths before each access.
 */
#include <ctype.h>
#include <string.h>

#include "policy/pattern.h"

#define NOWHERE SIZE_MAX

static size_t match(struct pattern *p, size_t s, size_t at, unsigned depth);

static size_t fail(struct pattern *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	return NOWHERE;
}

static bool stopped(const struct pattern *p)
{
	return p->error != NULL || p->steps_left == 0;
}

static void step(struct pattern *p)
{
	if (p->steps_left > 0)
		p->steps_left--;
}

/* ---- single characters ---- */

/* Where the item that begins at is over: behind a character, an escape or a set. */
static size_t item_end(struct pattern *p, size_t at)
{
	const uint8_t *t = p->text.p;
	size_t n = p->text.n;

	if (t[at] == '%')
		return at + 1 < n ? at + 2
				  : fail(p, "malformed pattern (ends with '%')");
	if (t[at++] != '[')
		return at;
	if (at < n && t[at] == '^')
		at++;
	do { /* a ] that comes first stands for itself */
		if (at >= n)
			return fail(p, "malformed pattern (missing ']')");
		step(p);
		at += t[at] == '%' && at + 1 < n ? 2 : 1;
	} while (at >= n || t[at] != ']');
	return at + 1;
}

static bool in_class(uint8_t c, uint8_t class)
{
	bool in;

	switch (tolower(class)) {
	case 'a':
		in = isalpha(c);
		break;
	case 'c':
		in = iscntrl(c);
		break;
	case 'd':
		in = isdigit(c);
		break;
	case 'g':
		in = isgraph(c);
		break;
	case 'l':
		in = islower(c);
		break;
	case 'p':
		in = ispunct(c);
		break;
	case 's':
		in = isspace(c);
		break;
	case 'u':
		in = isupper(c);
		break;
	case 'w':
		in = isalnum(c);
		break;
	case 'x':
		in = isxdigit(c);
		break;
	case 'z':
		in = c == 0;
		break;
	default:
		return class == c;
	}
	return isupper(class) ? !in : in;
}

/* A set from its [ to behind its ]: both are known to be there. */
static bool in_set(struct pattern *p, uint8_t c, size_t at, size_t end)
{
	const uint8_t *t = p->text.p;
	size_t last = end - 1;
	bool negated = t[at + 1] == '^', in = false;

	for (at += negated ? 2 : 1; at < last && !in; step(p)) {
		if (t[at] == '%' && at + 1 < last) {
			in = in_class(c, t[at + 1]);
			at += 2;
		} else if (at + 2 < last && t[at + 1] == '-') {
			in = t[at] <= c && c <= t[at + 2];
			at += 3;
		} else {
			in = t[at++] == c;
		}
	}
	return in != negated;
}

static bool single(struct pattern *p, size_t s, size_t at, size_t end)
{
	uint8_t c;

	step(p);
	if (s >= p->subject.n)
		return false;
	c = p->subject.p[s];
	switch (p->text.p[at]) {
	case '.':
		return true;
	case '%':
		return in_class(c, p->text.p[at + 1]);
	case '[':
		return in_set(p, c, at, end);
	default:
		return p->text.p[at] == c;
	}
}

/* ---- repetitions ---- */

static size_t longest(struct pattern *p, size_t s, size_t at, size_t end,
		      unsigned depth)
{
	size_t i = s;

	while (!stopped(p) && single(p, i, at, end))
		i++;
	for (;; i--) {
		size_t r = match(p, i, end + 1, depth);

		if (r != NOWHERE || i == s || stopped(p))
			return r;
	}
}

static size_t shortest(struct pattern *p, size_t s, size_t at, size_t end,
		       unsigned depth)
{
	for (;; s++) {
		size_t r = match(p, s, end + 1, depth);

		if (r != NOWHERE || stopped(p) || !single(p, s, at, end))
			return r;
	}
}

/* ---- captures and the rest that % begins ---- */

static size_t capture_open(struct pattern *p, size_t s, size_t at, unsigned depth)
{
	bool position = at + 1 < p->text.n && p->text.p[at + 1] == ')';
	size_t r;

	if (p->n_captures == LIMIT_PATTERN_CAPTURES)
		return fail(p, "too many captures");
	p->capture[p->n_captures++] =
	    (struct pattern_capture){s, s, !position, position};
	r = match(p, s, at + (position ? 2 : 1), depth);
	if (r == NOWHERE)
		p->n_captures--;
	return r;
}

static size_t capture_close(struct pattern *p, size_t s, size_t at, unsigned depth)
{
	size_t i = p->n_captures, r;

	while (i > 0 && !p->capture[i - 1].open)
		i--;
	if (i == 0)
		return fail(p, "invalid pattern capture");
	p->capture[i - 1].open = false;
	p->capture[i - 1].end = s;
	r = match(p, s, at + 1, depth);
	if (r == NOWHERE)
		p->capture[i - 1].open = true;
	return r;
}

static size_t same_again(struct pattern *p, size_t s, uint8_t digit)
{
	size_t i = (size_t)(digit - '1'), n;

	if (digit == '0' || i >= p->n_captures || p->capture[i].open)
		return fail(p, "invalid capture index in pattern");
	if (p->capture[i].position)
		return NOWHERE; /* a place is no text */
	n = p->capture[i].end - p->capture[i].start;
	p->steps_left -= n < p->steps_left ? n : p->steps_left;
	if (n > p->subject.n - s ||
	    memcmp(p->subject.p + p->capture[i].start, p->subject.p + s, n) != 0)
		return NOWHERE;
	return s + n;
}

static size_t balanced(struct pattern *p, size_t s, size_t at)
{
	uint8_t begin, end;
	size_t open = 1;

	if (at + 3 >= p->text.n)
		return fail(p, "malformed pattern (missing arguments to '%b')");
	begin = p->text.p[at + 2];
	end = p->text.p[at + 3];
	if (s >= p->subject.n || p->subject.p[s] != begin)
		return NOWHERE;
	for (s++; s < p->subject.n && !stopped(p); s++) {
		step(p);
		if (p->subject.p[s] == end && --open == 0)
			return s + 1;
		if (p->subject.p[s] == begin && begin != end)
			open++;
	}
	return NOWHERE;
}

/* %f[set]: the character before is not in the set, the one here is; the ends count as NUL. */
static size_t frontier(struct pattern *p, size_t s, size_t at, size_t *next)
{
	uint8_t before = s == 0 ? 0 : p->subject.p[s - 1];
	uint8_t here = s == p->subject.n ? 0 : p->subject.p[s];

	if (at + 2 >= p->text.n || p->text.p[at + 2] != '[')
		return fail(p, "missing '[' after '%f' in pattern");
	*next = item_end(p, at + 2);
	if (*next == NOWHERE || in_set(p, before, at + 2, *next) ||
	    !in_set(p, here, at + 2, *next))
		return NOWHERE;
	return s;
}

/* An item and the sign behind it. Gives NOWHERE, or the end; next is NOWHERE where that is final. */
static size_t repeated(struct pattern *p, size_t s, size_t at, unsigned depth,
		       size_t *next)
{
	size_t end = item_end(p, at), r;

	*next = NOWHERE;
	if (end == NOWHERE)
		return NOWHERE;
	switch (end < p->text.n ? p->text.p[end] : 0) {
	case '?':
		if (single(p, s, at, end) &&
		    (r = match(p, s + 1, end + 1, depth)) != NOWHERE)
			return r;
		*next = end + 1;
		return stopped(p) ? NOWHERE : s;
	case '+':
		return single(p, s, at, end) ? longest(p, s + 1, at, end, depth)
					     : NOWHERE;
	case '*':
		return longest(p, s, at, end, depth);
	case '-':
		return shortest(p, s, at, end, depth);
	default:
		*next = end;
		return single(p, s, at, end) ? s + 1 : NOWHERE;
	}
}

/* What % begins and is no single character; false where it is one. */
static bool special(struct pattern *p, size_t *s, size_t at, size_t *next)
{
	uint8_t kind = at + 1 < p->text.n ? p->text.p[at + 1] : 0;

	if (p->text.p[at] != '%')
		return false;
	*next = at + 2;
	if (kind == 'b') {
		*next = at + 4;
		*s = balanced(p, *s, at);
	} else if (kind == 'f') {
		*s = frontier(p, *s, at, next);
	} else if (isdigit(kind)) {
		*s = same_again(p, *s, kind);
	} else {
		return false;
	}
	return true;
}

/* A bracket, which matches the rest by itself, or the $ at the end; end is what match gives. */
static bool matched_by_sign(struct pattern *p, size_t s, size_t at, unsigned depth,
			    size_t *end)
{
	switch (p->text.p[at]) {
	case '(':
		*end = capture_open(p, s, at, depth);
		return true;
	case ')':
		*end = capture_close(p, s, at, depth);
		return true;
	case '$':
		*end = s == p->subject.n ? s : NOWHERE;
		return at + 1 == p->text.n;
	default:
		return false;
	}
}

static size_t match(struct pattern *p, size_t s, size_t at, unsigned depth)
{
	size_t next, end;

	if (depth == LIMIT_PATTERN_DEPTH)
		return fail(p, "pattern too complex");
	while (at < p->text.n && !stopped(p)) {
		step(p);
		if (matched_by_sign(p, s, at, depth + 1, &end))
			return end;
		if (!special(p, &s, at, &next))
			s = repeated(p, s, at, depth + 1, &next);
		if (s == NOWHERE || next == NOWHERE)
			return s;
		at = next;
	}
	return stopped(p) ? NOWHERE : s;
}

bool pattern_match(struct pattern *p, size_t start, size_t *end)
{
	size_t r;

	p->n_captures = 0;
	if (p->steps_left == 0)
		return false;
	r = match(p, start, 0, 0);
	for (size_t i = 0; r != NOWHERE && i < p->n_captures; i++)
		if (p->capture[i].open)
			r = fail(p, "unfinished capture");
	if (r == NOWHERE)
		return false;
	*end = r;
	return true;
}

bool pattern_special(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != 0 && strchr("^$*+?.([%-", text.p[i]) != NULL)
			return true;
	return false;
}
