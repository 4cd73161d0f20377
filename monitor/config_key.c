/*
 * Reads where a key is: HostKey NAME, then what is needed to read it. Passwords are named
 * here, never given: command lines and configurations are seen by many.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "monitor/config_priv.h"
#include "monitor/keys/store.h"

/* Rights of others to a file. */
enum { OTHERS = 077 };

/* What may stand behind a key. */
enum key_option_kind { WORD, PATH, STORE, FLAG };

struct key_option {
	const char *name;
	size_t offset; /* of its field in struct store_source */
	enum key_option_kind kind;
	bool token; /* only of a token, else only of a file */
	bool both;  /* or of either */
};

#define FIELD(field) offsetof(struct store_source, field)

static const struct key_option options[] = {
    {"store",	       FIELD(store),               STORE, false, true },
    {"subject",             FIELD(subject),             WORD,  false, false},
    {"certificate",         FIELD(certificate),         PATH,  false, false},
    {"password-file",       FIELD(password.file),       PATH,  false, true },
    {"pin-file",            FIELD(password.file),       PATH,  false, true },
    {"password-credential", FIELD(password.credential), WORD,  false, true },
    {"pin-credential",      FIELD(password.credential), WORD,  false, true },
    {"password-prompt",     FIELD(password.prompt),     FLAG,  false, true },
    {"pin-prompt",          FIELD(password.prompt),     FLAG,  false, true },
    {"module",              FIELD(module),              PATH,  true,  false},
    {"environment",         FIELD(environment),         WORD,  true,  false},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_token(const struct store_source *s)
{
	return begins(s->name, SOURCE_PKCS11);
}

/* ---- options ---- */

/* Finds the option of a word, and what stands behind its =. */
static const struct key_option *option_find(const char *word, const char **value)
{
	size_t n = strcspn(word, "=");

	*value = word[n] == '=' ? word + n + 1 : NULL;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == n &&
		    strncasecmp(word, options[i].name, n) == 0)
			return &options[i];
	return NULL;
}

static bool take_store(struct config_reader *r, struct store_source *s,
		       const char *value)
{
	const char *why = NULL;

	if (store_find(value, &s->store, &why) == OK)
		return true;
	config_complain(r, false, "store=%s %s", value, why);
	return false;
}

static bool take_text(struct config_reader *r, struct store_source *s,
		      const struct key_option *o, const char *value)
{
	const char **field = (const char **)(void *)((uint8_t *)s + o->offset);

	if (*field != NULL) {
		config_complain(r, false, "%s stands there twice", o->name);
		return false;
	}
	if (o->kind == PATH && config_check_path(r, &r->c->arena, &value) != NULL) {
		config_complain(r, false, "%s=FILE is wanted", o->name);
		return false;
	}
	*field = value;
	return true;
}

static bool take_option(struct config_reader *r, struct store_source *s,
			const char *word)
{
	const char *value;
	const struct key_option *o = option_find(word, &value);

	if (o == NULL) {
		config_complain(
		    r, false,
		    "\"%.*s\" is not known here; store, subject, certificate, "
		    "password-file, password-credential, password-prompt, module and "
		    "environment are",
		    (int)strcspn(word, "="), word);
		return false;
	}
	if (!o->both && o->token != is_token(s)) {
		config_complain(r, false, "%s is for a %s only", o->name,
				o->token ? "key in a token (pkcs11:)" : "file");
		return false;
	}
	if ((o->kind == FLAG) != (value == NULL) || (value != NULL && *value == '\0')) {
		config_complain(r, false, "%s is wanted, not \"%s\"",
				o->kind == FLAG ? o->name : "name=value", word);
		return false;
	}
	if (o->kind == STORE)
		return take_store(r, s, value);
	if (o->kind != FLAG)
		return take_text(r, s, o, value);
	s->password.prompt = true;
	return true;
}

/* ---- where it is ---- */

/* A key in the configuration is as secret as one in a file. */
static bool inline_safe(struct config_reader *r)
{
	struct stat st;

	if (r->line == 0) {
		config_complain(r, false,
				"a key on the command line is seen by everybody: put "
				"it into a file");
		return false;
	}
	if (stat(r->file, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & OTHERS) == 0)
		return true;
	config_complain(r, false,
			"a key stands in %s, whose mode %04o lets others read it: "
			"chmod 600 %s",
			r->file, (unsigned)st.st_mode & 07777, r->file);
	return false;
}

static bool token_whole(struct config_reader *r, const struct store_source *s)
{
	if (strstr(s->name, "pin-value=") != NULL) {
		config_complain(r, false,
				"a PIN may not stand in the URI: use pin-file=FILE, "
				"pin-credential=NAME or pin-prompt");
		return false;
	}
	if (s->module == NULL) {
		config_complain(r, false,
				"module=FILE is wanted: the library of the token, such "
				"as module=/usr/lib/softhsm/libsofthsm2.so");
		return false;
	}
	if (s->environment != NULL &&
	    strcspn(s->environment, "=") == strlen(s->environment)) {
		config_complain(r, false, "environment=NAME=VALUE is wanted");
		return false;
	}
	return true;
}

static bool whole(struct config_reader *r, const struct store_source *s)
{
	const struct password_source *p = &s->password;

	if ((p->file != NULL) + (p->credential != NULL) + p->prompt > 1) {
		config_complain(r, false, "one place for the password is wanted");
		return false;
	}
	if (is_token(s) != (s->store == STORE_PKCS11) && s->store != STORE_AUTO) {
		config_complain(r, false,
				is_token(s) ? "store=pkcs11 is all that pkcs11: can be"
					    : "a key in a token is named pkcs11:token="
					      "NAME;object=NAME");
		return false;
	}
	return !is_token(s) || token_whole(r, s);
}

static bool take_name(struct config_reader *r, struct store_source *s)
{
	const char *wanted;

	if (begins(s->name, SOURCE_BASE64))
		return inline_safe(r);
	if (begins(s->name, SOURCE_PKCS11))
		return true;
	if (begins(s->name, SOURCE_CREDENTIAL)) {
		if (strchr(s->name, '/') == NULL &&
		    s->name[strlen(SOURCE_CREDENTIAL)] != '\0')
			return true;
		config_complain(r, false,
				"the name of a credential is wanted, not "
				"\"%s\"",
				s->name);
		return false;
	}
	wanted = config_check_path(r, &r->c->arena, &s->name);
	if (wanted != NULL)
		config_complain(r, false, "%s is wanted, not \"%s\"", wanted, s->name);
	return wanted == NULL;
}

bool config_parse_keys(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	/* only the defaults stand on one line, and have no options */
	size_t n = r->defaults ? line->n : 1;
	struct store_source *s;
	bool good = true;

	(void)row;
	if (line->n == 0) {
		config_complain(r, false, "a value is missing");
		return false;
	}
	s = arena_alloc(&r->c->arena, n * sizeof *s);
	if (s == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		s[i].name = line->arg[i].text;
		good = take_name(r, &s[i]) && good;
	}
	for (size_t i = n; i < line->n; i++)
		good = take_option(r, s, line->arg[i].text) && good;
	out->keys = (struct store_sources){s, n};
	return good && (r->defaults || whole(r, s));
}

/* ---- printing ---- */

static void put_word(FILE *f, const char *name, const char *value)
{
	char *word = NULL;

	if (value == NULL || asprintf(&word, "%s=%s", name, value) < 0)
		return;
	(void)putc(' ', f);
	config_line_put(f, word);
	free(word);
}

void config_key_put(FILE *f, const struct store_source *s)
{
	(void)putc(' ', f);
	config_line_put(f, begins(s->name, SOURCE_BASE64) ? SOURCE_HIDDEN : s->name);
	if (s->store != STORE_AUTO)
		put_word(f, "store", store_name(s->store));
	put_word(f, "subject", s->subject);
	put_word(f, "certificate", s->certificate);
	put_word(f, "password-file", s->password.file);
	put_word(f, "password-credential", s->password.credential);
	if (s->password.prompt)
		(void)fputs(" password-prompt", f);
	put_word(f, "module", s->module);
	put_word(f, "environment", s->environment);
}
