/*
 * Divides lines as sshd does. The text is an operator's; it is still bounded and free of
 * control characters, so that it can be printed in an error as it stands.
 */
#include <string.h>

#include "common/limits.h"
#include "monitor/config_line.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_tail(uint8_t c)
{
	return is_blank(c) || c == '\r' || c == '\n' || c == '\f';
}

static struct span trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_tail(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* The keyword ends at a blank or =, of which one may follow. */
static struct span take_keyword(struct span *s)
{
	struct span keyword = {s->p, 0};
	size_t i;

	while (keyword.n < s->n && !is_blank(s->p[keyword.n]) && s->p[keyword.n] != '=')
		keyword.n++;
	for (i = keyword.n; i < s->n && is_blank(s->p[i]); i++)
		;
	if (i < s->n && s->p[i] == '=')
		i++;
	*s = trim((struct span){s->p + i, s->n - i});
	return keyword;
}

/* State of one split: what is read, where, and what was written. */
struct scan {
	struct span in;
	size_t at;
	char *out; /* NULL: only count */
	uint8_t quote;
};

static void put(struct scan *s, uint8_t c)
{
	if (s->out != NULL)
		*s->out++ = (char)c;
}

static bool escapes(const struct scan *s)
{
	uint8_t next;

	if (s->in.p[s->at] != '\\' || s->at + 1 == s->in.n)
		return false;
	next = s->in.p[s->at + 1];
	return next == '\'' || next == '"' || next == '\\' ||
	       (next == ' ' && s->quote == 0);
}

/* Reads one argument, of which a part may be quoted; s->quote tells a quote left open. */
static void scan_arg(struct scan *s)
{
	for (; s->at < s->in.n; s->at++) {
		uint8_t c = s->in.p[s->at];

		if (escapes(s))
			put(s, s->in.p[++s->at]);
		else if (s->quote == 0 && is_blank(c))
			break;
		else if (s->quote == 0 && (c == '"' || c == '\''))
			s->quote = c;
		else if (s->quote != 0 && c == s->quote)
			s->quote = 0;
		else
			put(s, c);
	}
}

static bool scan_next(struct scan *s)
{
	while (s->at < s->in.n && is_blank(s->in.p[s->at]))
		s->at++;
	return s->at < s->in.n && s->in.p[s->at] != '#';
}

static size_t count_args(struct span in)
{
	struct scan s = {.in = in};
	size_t n = 0;

	for (; scan_next(&s); n++)
		scan_arg(&s);
	return s.quote == 0 ? n : SIZE_MAX;
}

static enum err split_args(struct arena *a, struct span in, struct config_line *line,
			   const char **why)
{
	struct scan s = {.in = in};
	struct config_arg *args;
	size_t n = count_args(in);

	if (n == SIZE_MAX) {
		*why = "a quote is not closed";
		return ERR_CONFIG;
	}
	args = arena_alloc(a, n * sizeof *args);
	s.out = arena_alloc(a, in.n + n + 1); /* each argument ends with a NUL */
	if (args == NULL || s.out == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n && scan_next(&s); i++) {
		args[i].text = s.out;
		args[i].begin = s.at;
		scan_arg(&s);
		args[i].end = s.at;
		put(&s, '\0');
	}
	line->arg = args;
	line->n = n;
	return OK;
}

enum err config_line_split(struct arena *a, struct span text, struct config_line *out,
			   const char **why)
{
	struct config_line line = {0};
	struct span s = trim(text);
	enum err e;

	if (s.n == 0 || s.p[0] == '#') {
		*out = line;
		return OK;
	}
	*why = NULL;
	if (s.n > LIMIT_CONFIG_LINE_BYTES)
		*why = "the line is too long";
	else if (has_control(s))
		*why = "the line holds a control character";
	if (*why != NULL)
		return ERR_CONFIG;
	line.keyword = arena_copy(a, take_keyword(&s));
	line.rest = arena_copy(a, s);
	if (line.keyword == NULL || line.rest == NULL)
		return ERR_MEMORY;
	if ((e = split_args(a, s, &line, why)) != OK)
		return e;
	*out = line;
	return OK;
}

static bool needs_quotes(const char *arg)
{
	return arg[0] == '\0' || arg[0] == '=' || arg[0] == '#' ||
	       strpbrk(arg, " \t\"'\\") != NULL;
}

void config_line_put(FILE *f, const char *arg)
{
	if (!needs_quotes(arg)) {
		(void)fputs(arg, f);
		return;
	}
	(void)putc('"', f);
	for (; *arg != '\0'; arg++) {
		if (*arg == '"' || *arg == '\\')
			(void)putc('\\', f);
		(void)putc(*arg, f);
	}
	(void)putc('"', f);
}
