/*
 * The tables of events, facts and decisions as the guide has them: docs/policy.md holds what this
 * prints, and a test compares.
 */
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/tool.h"

static const char *const fact_types[FACT_TYPE_COUNT] = {"string", "number", "boolean",
							"list"};

static const char *const field_types[] = {
    [FIELD_TEXT] = "string", [FIELD_NUMBER] = "number", [FIELD_FLAG] = "boolean",
    [FIELD_LIST] = "list",   [FIELD_WORDS] = "word",    [FIELD_PROMPTS] = "prompts",
    [FIELD_PAIRS] = "table", [FIELD_ENGINE] = "",
};

/* Names of the events in a set; "any" where all that may have it are. */
static void print_events(FILE *out, unsigned set)
{
	bool first = true;

	if (set == ~0U) {
		(void)fputs("any", out);
		return;
	}
	for (unsigned i = 0; i < POLICY_EVENT_COUNT; i++) {
		if ((set & POLICY_BIT(i)) == 0)
			continue;
		(void)fprintf(out, "%s`%s`", first ? "" : ", ", policy_events[i].name);
		first = false;
	}
}

static void print_verdicts(FILE *out, unsigned set)
{
	bool first = true;

	for (unsigned v = POLICY_ACCEPT; v <= POLICY_REFUSE; v++) {
		if ((set & POLICY_BIT(v)) == 0)
			continue;
		(void)fprintf(out, "%s%s", first ? "" : ", ",
			      policy_verdict_name((enum policy_verdict)v));
		first = false;
	}
}

static void print_handlers(FILE *out)
{
	(void)fputs("| handler | decides |\n|---|---|\n", out);
	for (size_t i = 0; i < POLICY_EVENT_COUNT; i++) {
		(void)fprintf(out, "| `on_%s(%s)` | ", policy_events[i].name,
			      policy_events[i].args);
		print_verdicts(out, policy_events[i].verdicts);
		(void)fputs(policy_events[i].verdicts == 0 ? "told |\n" : " |\n", out);
	}
}

static void print_facts(FILE *out)
{
	(void)fputs("\n| fact | type | what | only in |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < n_policy_facts; i++) {
		const struct policy_fact_row *f = &policy_facts[i];

		(void)fprintf(out, "| `%s` | %s | %s | ", f->name, fact_types[f->type],
			      f->help);
		if (f->events != ~0U)
			print_events(out, f->events);
		(void)fputs(" |\n", out);
	}
}

static void print_bound(FILE *out, const struct policy_field_row *f)
{
	if (f->type == FIELD_WORDS)
		for (const char *p = f->words; *p != '\0'; p++)
			(void)fputs(*p == '|' ? ", " : (char[2]){*p, '\0'}, out);
	else if (f->type == FIELD_TEXT)
		(void)fprintf(out, "%llu bytes", (unsigned long long)f->most);
	else if (f->type != FIELD_FLAG)
		(void)fprintf(out, f->type == FIELD_NUMBER ? "%llu" : "%llu items",
			      (unsigned long long)f->most);
}

static void print_fields(FILE *out)
{
	(void)fputs("\n| field | type | at most | in | of | what "
		    "|\n|---|---|---|---|---|---|\n",
		    out);
	for (size_t i = 0; i < n_policy_fields; i++) {
		const struct policy_field_row *f = &policy_fields[i];

		if (f->type == FIELD_ENGINE)
			continue;
		(void)fprintf(out, "| `%s` | %s | ", f->name, field_types[f->type]);
		print_bound(out, f);
		(void)fputs(" | ", out);
		print_verdicts(out, f->verdicts);
		(void)fputs(" | ", out);
		print_events(out, f->events);
		(void)fprintf(out, " | %s |\n", f->help);
	}
}

void tool_events(FILE *out)
{
	print_handlers(out);
	print_facts(out);
	print_fields(out);
}

enum tool_exit tool_names(FILE *out)
{
	struct names n = {0};

	if (names_read(&n) != OK)
		return tool_cannot("out of memory");
	for (size_t i = 0; i < n.n; i++) {
		const struct known_name *k = &n.item[i];

		if (k->library != NULL || !names_library(&n, span_str(k->name)))
			(void)fprintf(out, "%s%s%s\n",
				      k->library != NULL ? k->library : "",
				      k->library != NULL ? "." : "", k->name);
	}
	names_wipe(&n);
	return TOOL_OK;
}
