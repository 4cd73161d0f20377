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

/* What stands behind the keyword; NULL: its names. */
static const char *const arguments[CONFIG_TYPE_COUNT] = {
    [TYPE_BOOL] = "Cm yes | no",
    [TYPE_ENUM] = NULL,
    [TYPE_NUMBER] = "Ar number",
    [TYPE_OCTAL] = "Ar mask",
    [TYPE_SECONDS] = "Ar time",
    [TYPE_WORD] = "Ar word",
    [TYPE_PATH] = "Ar file | Cm none",
    [TYPE_TEXT] = "Ar text | Cm none",
    [TYPE_ENV] = "Cm yes | no | Ar pattern , ...",
    [TYPE_ALGS] = "Oo Cm + | - | ^ Oc Ns Ar name , ...",
    [TYPE_WORDS] = "Ar word ...",
    [TYPE_GATHER] = "Ar word ...",
    [TYPE_FILES] = "Ar file",
    [TYPE_KEYS] = "Ar key Op Ar name Ns = Ns Ar value ...",
    [TYPE_PORTS] = "Ar port",
    [TYPE_LISTEN] = "Ar address",
    [TYPE_SUBSYS] = "Ar name command",
    [TYPE_HELPERS] = "Ar name program Op Ar argument ...",
    [TYPE_PROMPTS] = "Ar text Op Cm echo",
    [TYPE_STARTUPS] = "Ar start : rate : full",
    [TYPE_TIMEOUT] = "Ar time | Cm none",
    [TYPE_CEILING] = "Ar number | Cm none",
    [TYPE_TIMEOUTS] = "Ar type Ns = Ns Ar time ... | Cm none",
    [TYPE_RATE] = "Ar amount Op Ar amount",
    [TYPE_PENALTIES] = "Cm no | Ar name : Ns Ar value ...",
    [TYPE_SLOWDOWN] = "Cm no | Ar name : Ns Ar value ...",
    [TYPE_NETBLOCK] = "Ar bits Op : Ns Ar bits",
    [TYPE_REKEY] = "Ar amount Op Ar time",
    [TYPE_QOS] = "Ar class Op Ar class",
};

static void put_default_algs(FILE *f, enum alg_kind kind)
{
	(void)fputs("The default is\n", f);
	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind == kind && algs[i].on)
			(void)fprintf(f, ".Cm %s\n", algs[i].name);
}

static void put_row(FILE *f, const struct config_row *row)
{
	const char *argument = arguments[row->type];

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
