/*
 * Sentences about an operator's mistake grow from the inside out: the innermost knows what is
 * wrong, those around it know where.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/why.h"

enum err why_say(struct why *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(w->text, sizeof w->text, fmt, args);
	va_end(args);
	return ERR_CONFIG;
}

enum err why_near(struct why *w, enum err e, const struct nearest *near)
{
	size_t n = strlen(w->text);

	if (near->name != NULL)
		(void)snprintf(w->text + n, sizeof w->text - n, "; did you mean %s",
			       near->name);
	return e;
}

enum err why_at(struct why *w, enum err e, const char *fmt, ...)
{
	struct why inner = *w;
	va_list args;
	size_t n;

	if (inner.text[0] == '\0')
		(void)snprintf(inner.text, sizeof inner.text, "%s", err_text(e));
	va_start(args, fmt);
	(void)vsnprintf(w->text, sizeof w->text, fmt, args);
	va_end(args);
	n = strlen(w->text);
	(void)snprintf(w->text + n, sizeof w->text - n, ": %s", inner.text);
	return e;
}
