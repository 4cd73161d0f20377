/*
 * What is wrong with a configuration: kept in order, bounded, told all at once.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/config_priv.h"

static void keep_error(struct config_errors *errs, bool warning, const char *text)
{
	if (!warning)
		errs->fatal++;
	if (errs->n == LIMIT_CONFIG_ERRORS) {
		errs->lost++;
		return;
	}
	if (errs->item == NULL)
		errs->item = calloc(LIMIT_CONFIG_ERRORS, sizeof *errs->item);
	if (errs->item == NULL)
		return;
	errs->item[errs->n] = (struct config_error){warning, strdup(text)};
	if (errs->item[errs->n].text != NULL)
		errs->n++;
}

void config_complain(struct config_reader *r, bool warning, const char *fmt, ...)
{
	char text[LIMIT_CONFIG_TEXT_BYTES];
	size_t n;
	va_list ap;

	(void)snprintf(text, sizeof text, "%s: ", r->file);
	if (r->line > 0)
		(void)snprintf(text, sizeof text, "%s:%u: ", r->file, r->line);
	n = strlen(text);
	if (r->keyword != NULL)
		(void)snprintf(text + n, sizeof text - n, "%s: ", r->keyword);
	n = strlen(text);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof text - n, fmt, ap);
	va_end(ap);
	keep_error(r->errs, warning, text);
}

void config_errors_print(FILE *f, const struct config_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		(void)fprintf(f, "%s%s\n", errs->item[i].warning ? "warning: " : "",
			      errs->item[i].text);
	if (errs->lost > 0)
		(void)fprintf(f, "and %zu more\n", errs->lost);
}

void config_errors_wipe(struct config_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		free(errs->item[i].text);
	free(errs->item);
	*errs = (struct config_errors){0};
}
