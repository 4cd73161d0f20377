/*
 * Passwords of key stores. What is typed lies in a mapping of its own until the locked heap
 * exists: it is asked for before the daemon forks, and the heap is made after that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "monitor/keys/password.h"

struct passwords_entry {
	char label[LIMIT_FILE_PATH_BYTES];
	char text[LIMIT_PASSWORD_BYTES + 1];
};

struct passwords_page {
	struct passwords_entry entry[LIMIT_HOSTKEYS];
	size_t n;
};

static enum err page_make(struct passwords *p)
{
	void *page = mmap(NULL, sizeof *p->page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return ERR_MEMORY;
	p->page = page;
	(void)madvise(page, sizeof *p->page, MADV_DONTDUMP);
	passwords_lock(p);
	return OK;
}

void passwords_lock(const struct passwords *p)
{
	/* without RLIMIT_MEMLOCK it is not; the start-up line tells of the heap */
	if (p->page != NULL)
		(void)mlock(p->page, sizeof *p->page);
}

void passwords_wipe(struct passwords *p)
{
	if (p->page == NULL)
		return;
	wipe(p->page, sizeof *p->page);
	(void)munmap(p->page, sizeof *p->page);
	*p = (struct passwords){0};
}

static const struct passwords_entry *find(const struct passwords *p, const char *label)
{
	for (size_t i = 0; p != NULL && p->page != NULL && i < p->page->n; i++)
		if (strcmp(p->page->entry[i].label, label) == 0)
			return &p->page->entry[i];
	return NULL;
}

enum err passwords_ask(struct passwords *p, const char *label,
		       struct keyfile_note *note)
{
	char prompt[LIMIT_FILE_PATH_BYTES + sizeof "Password of : "];
	struct passwords_entry *entry;
	enum err e;

	if (find(p, label) != NULL)
		return OK;
	if (p->page == NULL && (e = page_make(p)) != OK)
		return e;
	if (p->page->n == LIMIT_HOSTKEYS) {
		keyfile_note_set(note, "%s: more than %d passwords", label,
				 LIMIT_HOSTKEYS);
		return ERR_RANGE;
	}
	entry = &p->page->entry[p->page->n];
	(void)snprintf(entry->label, sizeof entry->label, "%s", label);
	(void)snprintf(prompt, sizeof prompt, "Password of %s: ", label);
	if (EVP_read_pw_string_min(entry->text, 0, sizeof entry->text, prompt, 0) !=
	    0) {
		wipe(entry, sizeof *entry);
		keyfile_note_set(note,
				 "%s: there is no terminal to ask for its password "
				 "at; use password-file=FILE or "
				 "password-credential=NAME",
				 label);
		return ERR_FILE;
	}
	p->page->n++;
	return OK;
}

enum err credential_read(const char *name, size_t max, struct keyfile *out,
			 struct keyfile_note *note)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char *path = NULL;
	enum err e;

	if (folder == NULL) {
		keyfile_note_set(note,
				 "credential %s: systemd passed none; add "
				 "LoadCredential=%s:FILE to the unit, or name a file",
				 name, name);
		return ERR_FILE;
	}
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return ERR_MEMORY;
	e = keyfile_read_secret(path, max, out, note);
	free(path);
	return e;
}

/* A text file ends with an end of line, which is not meant. */
static void line_end_off(struct keyfile *f)
{
	size_t n = f->n;

	if (n > 0 && f->p[n - 1] == '\n')
		n--;
	if (n > 0 && n < f->n && f->p[n - 1] == '\r')
		n--;
	/* the buffer is freed by its length */
	wipe(f->p + n, f->n - n);
}

static enum err copy_of(const char *text, size_t n, struct keyfile *out)
{
	out->p = OPENSSL_secure_zalloc(n + 1);
	if (out->p == NULL)
		return ERR_MEMORY;
	memcpy(out->p, text, n);
	out->n = n;
	return OK;
}

static enum err typed_get(const char *label, const struct passwords *typed,
			  struct keyfile *out, struct keyfile_note *note)
{
	const struct passwords_entry *entry = find(typed, label);

	if (entry != NULL)
		return copy_of(entry->text, strlen(entry->text), out);
	keyfile_note_set(note,
			 "%s: its password is asked for at start only; start the "
			 "gateway anew, or use password-file=FILE or "
			 "password-credential=NAME",
			 label);
	return ERR_FILE;
}

enum err password_get(const struct password_source *s, const char *label,
		      const struct passwords *typed, struct keyfile *out,
		      struct keyfile_note *note)
{
	struct keyfile file = {0};
	enum err e;

	if (s->prompt)
		return typed_get(label, typed, out, note);
	if (s->file == NULL && s->credential == NULL)
		return OK;
	e = s->file != NULL
		? keyfile_read_secret(s->file, LIMIT_PASSWORD_BYTES, &file, note)
		: credential_read(s->credential, LIMIT_PASSWORD_BYTES, &file, note);
	if (e == OK) {
		line_end_off(&file);
		e = copy_of((const char *)file.p, strlen((const char *)file.p), out);
	}
	keyfile_wipe(&file);
	return e;
}
