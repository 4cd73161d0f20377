/*
 * The keyword part of sallyport.conf(5), out of the table. In mdoc(7).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "monitor/config_priv.h"

static int by_keyword(const void *a, const void *b)
{
	const size_t *left = a, *right = b;

	return strcasecmp(config_rows[*left].keyword, config_rows[*right].keyword);
}

/* Prints text that mdoc must not take for its own: \ escapes, and . or ' begin a request. */
static void put_text(FILE *f, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		(void)fputs("\\&", f);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			(void)fputs("\\e", f);
		else
			(void)putc(*text, f);
	}
}

/* Prints text with each sentence on a line of its own. */
static void put_sentences(FILE *f, const char *text)
{
	const char *end;

	while ((end = strstr(text, ". ")) != NULL) {
		(void)fprintf(f, "%.*s.\n", (int)(end - text), text);
		text = end + 2;
	}
	put_text(f, text);
	(void)putc('\n', f);
}

static void put_names(FILE *f, const struct config_name *names)
{
	(void)fputs(" Cm", f);
	for (const struct config_name *n = names; n->name != NULL; n++)
		(void)fprintf(f, n == names ? " %s" : " | %s", n->name);
}

static const char *argument_of(const struct config_row *row)
{
	switch (row->type) {
	case TYPE_BOOL:
		return "Cm yes | no";
	case TYPE_ENUM:
		return NULL; /* its names */
	case TYPE_NUMBER:
		return "Ar number";
	case TYPE_OCTAL:
		return "Ar mask";
	case TYPE_SECONDS:
		return "Ar time";
	case TYPE_WORD:
		return "Ar word";
	case TYPE_PATH:
		return "Ar file | Cm none";
	case TYPE_TEXT:
		return "Ar text | Cm none";
	case TYPE_ENV:
		return "Cm yes | no | Ar pattern , ...";
	case TYPE_ALGS:
		return "Oo Cm + | - | ^ Oc Ns Ar name , ...";
	case TYPE_WORDS:
	case TYPE_GATHER:
		return "Ar word ...";
	case TYPE_FILES:
		return "Ar file";
	case TYPE_PORTS:
		return "Ar port";
	case TYPE_LISTEN:
		return "Ar address";
	case TYPE_SUBSYS:
		return "Ar name command";
	case TYPE_HELPERS:
		return "Ar name program Op Ar argument ...";
	case TYPE_PROMPTS:
		return "Ar text Op Cm echo";
	case TYPE_STARTUPS:
		return "Ar start : rate : full";
	case TYPE_TIMEOUT:
		return "Ar time | Cm none";
	case TYPE_CEILING:
		return "Ar number | Cm none";
	case TYPE_TIMEOUTS:
		return "Ar type Ns = Ns Ar time ... | Cm none";
	case TYPE_RATE:
		return "Ar amount Op Ar amount";
	case TYPE_PENALTIES:
	case TYPE_SLOWDOWN:
		return "Cm no | Ar name : Ns Ar value ...";
	case TYPE_NETBLOCK:
		return "Ar bits Op : Ns Ar bits";
	case TYPE_REKEY:
		return "Ar amount Op Ar time";
	case TYPE_QOS:
		return "Ar class Op Ar class";
	}
	return "";
}

static void put_default_algs(FILE *f, enum alg_kind kind)
{
	(void)fputs("The default is\n", f);
	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind == kind && algs[i].on)
			(void)fprintf(f, ".Cm %s\n", algs[i].name);
}

static void put_row(FILE *f, const struct config_row *row)
{
	const char *argument = argument_of(row);

	(void)fprintf(f, ".It Cm %s", row->keyword);
	if (argument == NULL)
		put_names(f, row->names);
	else
		(void)fprintf(f, " %s", argument);
	(void)putc('\n', f);
	put_sentences(f, row->help);
	if (row->type == TYPE_ALGS)
		put_default_algs(f, row->kind);
	else if (row->fallback != NULL)
		(void)fprintf(f, "The default is\n.Cm %s .\n", row->fallback);
	if (row->match)
		(void)fputs("May stand in a\n.Cm Match\nblock.\n", f);
}

static void put_foreigns(FILE *f)
{
	(void)fputs(
	    ".Pp\nThese keywords of\n.Xr sshd_config 5\nare known, but have one "
	    "meaning here.\nA value that asks for something else is an error.\n"
	    ".Bl -tag -width Ds -compact\n",
	    f);
	for (size_t i = 0; i < n_config_foreigns; i++) {
		const struct config_foreign *foreign = &config_foreigns[i];

		(void)fprintf(f, ".It Cm %s %s\n", foreign->keyword,
			      foreign->value == NULL ? "Pq ignored" : foreign->value);
		put_text(f, foreign->advice);
		(void)fputs(".\n", f);
	}
	(void)fputs(".El\n", f);
}

void config_help(FILE *f)
{
	size_t *order = calloc(n_config_rows, sizeof *order);

	if (order == NULL)
		return;
	for (size_t i = 0; i < n_config_rows; i++)
		order[i] = i;
	qsort(order, n_config_rows, sizeof *order, by_keyword);
	(void)fputs(".Bl -tag -width Ds\n", f);
	for (size_t i = 0; i < n_config_rows; i++)
		put_row(f, &config_rows[order[i]]);
	(void)fputs(".El\n", f);
	put_foreigns(f);
	free(order);
}
