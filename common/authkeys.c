/*
 * Cuts lines of authorized_keys files. The user wrote them: nothing is taken for granted.
 * A line begins with a key type, or with options that end at the first blank outside
 * quotes.
 * Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT
 */
#include <string.h>

#include "common/authkeys.h"
#include "common/base64.h"
#include "common/limits.h"
#include "common/pk.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void skip_blanks(struct span *s)
{
	while (s->n > 0 && is_blank(s->p[0]))
		skip(s, 1);
}

static struct span take_word(struct span *s)
{
	struct span word = {s->p, 0};

	while (word.n < s->n && !is_blank(s->p[word.n]))
		word.n++;
	skip(s, word.n);
	skip_blanks(s);
	return word;
}

/* In options, blanks may stand between quotes, and \" is no quote. */
static enum err take_options(struct span *s, struct span *out)
{
	struct span word = {s->p, 0};
	bool quoted = false;

	for (; word.n < s->n && (quoted || !is_blank(s->p[word.n])); word.n++) {
		if (s->p[word.n] == '\\' && word.n + 1 < s->n &&
		    s->p[word.n + 1] == '"')
			word.n++;
		else if (s->p[word.n] == '"')
			quoted = !quoted;
	}
	if (quoted)
		return ERR_KEY;
	skip(s, word.n);
	skip_blanks(s);
	*out = word;
	return OK;
}

bool authkeys_next(struct span *text, struct span *line)
{
	const uint8_t *lf;
	size_t n;

	if (text->n == 0)
		return false;
	lf = memchr(text->p, '\n', text->n);
	n = lf == NULL ? text->n : (size_t)(lf - text->p);
	*line = (struct span){text->p, n};
	if (n > 0 && line->p[n - 1] == '\r')
		line->n--;
	skip(text, lf == NULL ? n : n + 1);
	return true;
}

enum err authkeys_line(struct span line, uint8_t *store, size_t cap,
		       struct authkey_line *out)
{
	struct authkey_line l = {0};
	struct wr blob = {.cap = cap};
	struct span rest = line, inner;
	enum err e;

	skip_blanks(&rest);
	if (rest.n == 0 || rest.p[0] == '#')
		return ERR_UNKNOWN;
	if (rest.n > LIMIT_KEYS_LINE_BYTES)
		return ERR_RANGE;
	inner = rest;
	l.type = take_word(&inner);
	if (pk_type_find(l.type) == NULL) {
		if ((e = take_options(&rest, &l.options)) != OK)
			return e;
		inner = rest;
		l.type = take_word(&inner);
		if (pk_type_find(l.type) == NULL)
			return ERR_KEY;
	}
	rest = inner;
	blob.p = store;
	e = base64_decode(&blob, take_word(&rest));
	if (e == ERR_NO_SPACE)
		return ERR_RANGE;
	if (e != OK || wr_end(&blob, &l.blob) != OK)
		return ERR_KEY;
	/* The name in front must be the one inside: else a reader is deceived. */
	if (pk_blob_type(l.blob, &inner) != OK || !span_equal(inner, l.type))
		return ERR_KEY;
	l.comment = rest;
	*out = l;
	return OK;
}
