/*
 * Text encodings, by iconv(3). What is converted may be anybody's: it is bounded by the writer's
 * room, and a character that has no place is an error, never another one.
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/codepage.h"
#include "common/limits.h"

static const char utf8[] = "UTF-8";

static const struct {
	const char *number, *name;
} pages[] = {
#define CP(number, name, what) {number, name},
#include "common/codepage.def"
#undef CP
};

struct codepage {
	iconv_t to, from;
};

static bool is_number(const char *word)
{
	return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

const char *codepage_name(const char *word)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+";
	size_t n = strlen(word);

	if (!is_number(word))
		return n > 0 && n <= LIMIT_NAME_BYTES && strspn(word, letters) == n
			   ? word
			   : NULL;
	word += strspn(word, "0"); /* 037 is 37 */
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(word, pages[i].number) == 0)
			return pages[i].name;
	return NULL;
}

static bool opened(iconv_t cd)
{
	return cd != (iconv_t)-1; // NOLINT(performance-no-int-to-ptr): iconv(3)
}

enum err codepage_open(const char *word, struct codepage **out)
{
	const char *name = codepage_name(word);
	struct codepage *c;
	enum err e;

	if (name == NULL)
		return ERR_UNKNOWN;
	if (strcasecmp(name, utf8) == 0) {
		*out = NULL;
		return OK;
	}
	c = malloc(sizeof *c);
	if (c == NULL)
		return ERR_MEMORY;
	c->to = iconv_open(name, utf8);
	c->from = iconv_open(utf8, name);
	if (opened(c->to) && opened(c->from)) {
		*out = c;
		return OK;
	}
	e = errno == ENOMEM ? ERR_MEMORY : ERR_UNKNOWN;
	codepage_free(c);
	return e;
}

void codepage_free(struct codepage *c)
{
	if (c == NULL)
		return;
	if (opened(c->to))
		iconv_close(c->to);
	if (opened(c->from))
		iconv_close(c->from);
	free(c);
}

/* Converts all of s, and goes back to the state in which every text begins. */
static enum err convert(iconv_t cd, struct span s, struct wr *w)
{
	char *in = (char *)(uintptr_t)s.p; /* iconv does not write there */
	char *at = (char *)w->p + w->n;
	size_t in_left = s.n, left = w->cap - w->n;

	if (w->err != OK)
		return w->err;
	iconv(cd, NULL, NULL, NULL, NULL);
	errno = 0;
	if ((s.n > 0 && iconv(cd, &in, &in_left, &at, &left) != 0) ||
	    iconv(cd, NULL, NULL, &at, &left) != 0)
		return errno == E2BIG ? ERR_NO_SPACE : ERR_RANGE;
	w->n = w->cap - left;
	return OK;
}

enum err codepage_encode(struct codepage *c, struct span text, struct wr *w)
{
	if (c != NULL)
		return convert(c->to, text, w);
	wr_raw(w, text);
	return w->err;
}

enum err codepage_decode(struct codepage *c, struct span bytes, struct wr *w)
{
	if (c != NULL)
		return convert(c->from, bytes, w);
	wr_raw(w, bytes);
	return w->err;
}
