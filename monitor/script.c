/*
 * The operator's policy script. Whoever can write it decides who may come in: its file is held to the
 * same owner as a key.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/keys/keyfile.h"
#include "monitor/policy_private.h"
#include "monitor/script.h"

static enum err script_fill(struct script *s, const char *path)
{
	struct keyfile_note note = {0};
	struct keyfile file = {0};
	enum err e;

	if (strcmp(path, "default") == 0) {
		s->name = strdup("");
		return s->name == NULL ? ERR_MEMORY : OK;
	}
	e = keyfile_read_owned(path, LIMIT_SCRIPT_BYTES, &file, &note);
	if (e != OK) {
		log_error("PolicyScript: %s", note.text);
		return e;
	}
	s->name = strdup(path);
	s->text = malloc(file.n + 1);
	e = s->name == NULL || s->text == NULL ? ERR_MEMORY : OK;
	if (e == OK) {
		memcpy(s->text, file.p, file.n);
		s->n = file.n;
	}
	keyfile_wipe(&file);
	return e;
}

static void script_free(struct script *s)
{
	free(s->name);
	free(s->text);
	free(s);
}

enum err script_read(struct monitor *m, const struct settings *set, struct script **out)
{
	struct script *s;
	enum err e;

	*out = NULL;
	if (strcmp(set->policy_script, "none") == 0)
		return OK;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_MEMORY;
	*s = (struct script){.m = m, .refs = 1};
	e = script_fill(s, set->policy_script);
	if (e == OK)
		e = policy_adopt(m, s);
	if (e == OK)
		*out = s;
	else
		script_free(s);
	return e;
}

struct script *script_ref(struct script *s)
{
	if (s != NULL)
		s->refs++;
	return s;
}

void script_unref(struct script *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	policy_disown(s);
	script_free(s);
}

bool script_owns(const struct script *s, const char *method)
{
	return s != NULL && names_has(span_str(s->owns), span_str(method));
}
