/*
 * A script as the tool holds it: its text, what it defines, which of its lines were executed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tool.h"

static const char builtin[] = "default";

static enum err text_read(const char *path, struct script_file *s)
{
	FILE *f = fopen(path, "re");
	enum err e = ERR_FILE;

	if (f == NULL) {
		(void)snprintf(s->why, sizeof s->why, "%s: %s", path, strerror(errno));
		return e;
	}
	s->text = malloc(LIMIT_SCRIPT_BYTES + 1);
	if (s->text == NULL)
		e = ERR_MEMORY;
	else if ((s->n = fread(s->text, 1, LIMIT_SCRIPT_BYTES + 1, f)) >
		 LIMIT_SCRIPT_BYTES)
		(void)snprintf(s->why, sizeof s->why, "%s: longer than %d bytes", path,
			       LIMIT_SCRIPT_BYTES);
	else if (ferror(f))
		(void)snprintf(s->why, sizeof s->why, "%s: %s", path, strerror(errno));
	else
		e = OK;
	(void)fclose(f);
	return e;
}

static enum err text_builtin(struct script_file *s)
{
	s->text = malloc(policy_default_bytes);
	if (s->text == NULL)
		return ERR_MEMORY;
	memcpy(s->text, policy_default, policy_default_bytes);
	s->n = policy_default_bytes;
	return OK;
}

/* Compiles it, and loads it as a gateway would. */
static enum err try_load(struct script_file *s)
{
	struct engine_loaded loaded;
	struct trial *t;
	enum err e;

	e = bytecode_read((struct span){s->text, s->n}, s->path, &s->code, s->why,
			  sizeof s->why);
	if (e != OK)
		return e == ERR_CONFIG ? OK : e;
	bytecode_lines(&s->code, s->can, LIMIT_SCRIPT_LINES);
	e = trial_new(s->path, (struct span){s->text, s->n}, false, &loaded, &t);
	if (e == ERR_CONFIG) {
		(void)snprintf(s->why, sizeof s->why, "%s", loaded.why);
		return OK;
	}
	if (e != OK)
		return e;
	s->handlers = loaded.handlers;
	s->good = true;
	trial_free(t);
	return OK;
}

/* All but what is wrong with it. */
static void forget(struct script_file *s)
{
	free(s->path);
	free(s->text);
	free(s->can);
	free(s->did);
	bytecode_wipe(&s->code);
	times_wipe(&s->first);
	times_wipe(&s->later);
	s->path = NULL;
	s->text = s->can = s->did = NULL;
}

enum err script_read(const char *path, struct script_file *out)
{
	struct script_file *s = out;
	enum err e = ERR_MEMORY;

	*s = (struct script_file){.path = strdup(path),
				  .can = calloc(LIMIT_SCRIPT_LINES, 1),
				  .did = calloc(LIMIT_SCRIPT_LINES, 1)};
	if (s->path != NULL && s->can != NULL && s->did != NULL)
		e = strcmp(path, builtin) == 0 ? text_builtin(s) : text_read(path, s);
	if (e == OK)
		e = try_load(s);
	if (e == OK)
		return OK;
	if (s->why[0] == '\0')
		(void)snprintf(s->why, sizeof s->why, "%s: %s", path, err_text(e));
	forget(s);
	return e;
}

void script_wipe(struct script_file *s)
{
	forget(s);
	*s = (struct script_file){0};
}

struct trial *script_trial(const struct script_file *s, bool lines)
{
	struct engine_loaded loaded;
	struct trial *t;

	if (trial_new(s->path, (struct span){s->text, s->n}, lines, &loaded, &t) != OK)
		return NULL;
	if (lines)
		trial_watch(t, s->did, LIMIT_SCRIPT_LINES);
	return t;
}

static void print_row(size_t from, size_t last)
{
	if (from != 0)
		(void)printf(from == last ? " %zu" : " %zu-%zu", from, last);
}

/* Prints numbers, those in a row as 3-7; lines that cannot execute do not part a row. */
static void print_missed(const struct script_file *s)
{
	size_t from = 0, last = 0;

	for (size_t i = 1; i < LIMIT_SCRIPT_LINES; i++) {
		if (s->can[i] == 0)
			continue;
		if (s->did[i] == 0) {
			from = from == 0 ? i : from;
			last = i;
		} else {
			print_row(from, last);
			from = 0;
		}
	}
	print_row(from, last);
}

static void print_unheard(const struct script_file *s)
{
	const char *before = " (never asked: ";
	unsigned missed = s->handlers & ~s->heard;

	for (unsigned i = 0; i < POLICY_EVENT_COUNT; i++) {
		if ((missed & POLICY_BIT(i)) == 0)
			continue;
		(void)printf("%son_%s", before, policy_events[i].name);
		before = ", ";
	}
	if (missed != 0)
		(void)putchar(')');
}

unsigned script_coverage(const struct script_file *s)
{
	unsigned can = 0, did = 0, percent;

	for (size_t i = 1; i < LIMIT_SCRIPT_LINES; i++) {
		can += s->can[i];
		did += s->can[i] != 0 && s->did[i] != 0;
	}
	percent = can == 0 ? LIMIT_PERCENT : did * LIMIT_PERCENT / can;
	(void)printf("coverage %s: handlers %d of %d", s->path,
		     __builtin_popcount(s->handlers & s->heard),
		     __builtin_popcount(s->handlers));
	print_unheard(s);
	(void)printf(", lines %u of %u (%u %%)", did, can, percent);
	if (did < can) {
		(void)fputs(", never reached:", stdout);
		print_missed(s);
	}
	(void)putchar('\n');
	return percent;
}

struct span script_line(const struct script_file *s, size_t n)
{
	struct span left = {s->text, s->n};

	while (left.n > 0) {
		const uint8_t *end = memchr(left.p, '\n', left.n);
		size_t bytes = end != NULL ? (size_t)(end - left.p) : left.n;

		if (n-- <= 1)
			return (struct span){left.p, bytes};
		bytes += end != NULL;
		left = (struct span){left.p + bytes, left.n - bytes};
	}
	return (struct span){0};
}
