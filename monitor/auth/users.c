/*
 * UsersFile. The operator writes it, nobody else may; still one bad line refuses all of
 * it: a user left out, or a name that means two, is worse than the table of before.
 */
#include <stdlib.h>
#include <string.h>

#include "common/authkeys.h"
#include "common/limits.h"
#include "monitor/auth/users.h"

enum { HASH_BYTES_MAX = 512, FIRST_ENTRIES = 64 };

struct loading {
	struct users users;
	size_t cap;
	const char *path;
	struct keyfile_note *note;
};

static enum err refuse(const struct loading *l, size_t line, const char *why)
{
	keyfile_note_set(l->note, "%s:%zu: %s", l->path, line, why);
	return ERR_CONFIG;
}

/* Takes what stands before the next colon; more: whether there was one. */
static struct span take_field(struct span *rest, bool *more)
{
	const uint8_t *colon = rest->n == 0 ? NULL : memchr(rest->p, ':', rest->n);
	struct span field = {rest->p,
			     colon == NULL ? rest->n : (size_t)(colon - rest->p)};
	size_t taken = field.n + (colon == NULL ? 0 : 1);

	rest->p += taken;
	rest->n -= taken;
	*more = colon != NULL;
	return field;
}

static bool name_valid(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= LIMIT_USER_BYTES;
}

static bool hash_valid(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n <= HASH_BYTES_MAX;
}

static enum err line_parse(const struct loading *l, size_t line, struct span text,
			   struct user_entry *out)
{
	struct user_entry u = {.line = line};
	struct span account;
	const char *wrong;
	bool more;

	u.name = take_field(&text, &more);
	if (!name_valid(u.name))
		return refuse(l, line, "bad user name");
	if (!more)
		return refuse(l, line, "not name:hash[:account[:options]]");
	u.hash = take_field(&text, &more);
	if (!hash_valid(u.hash))
		return refuse(l, line, "bad hash");
	account = u.name;
	u.has_account = more;
	if (more)
		account = take_field(&text, &more);
	if (more) {
		if ((wrong = users_options(&u, take_field(&text, &more))) != NULL)
			return refuse(l, line, wrong);
		u.has_account = account.n > 0;
	}
	if (more)
		return refuse(l, line, "more fields than name:hash:account:options");
	u.account = u.has_account ? account : u.name;
	if (!name_valid(u.account))
		return refuse(l, line, "bad account name");
	u.locked = u.hash.n == 0 || u.hash.p[0] == '!' || u.hash.p[0] == '*';
	if (u.locked)
		u.hash = (struct span){0};
	*out = u;
	return OK;
}

static enum err table_add(struct loading *l, const struct user_entry *u)
{
	struct user_entry *grown = l->users.entry;

	if (l->users.n == l->cap) {
		l->cap = l->cap == 0 ? FIRST_ENTRIES : l->cap * 2;
		grown = reallocarray(grown, l->cap, sizeof *grown);
	}
	if (grown == NULL)
		return ERR_MEMORY;
	l->users.entry = grown;
	l->users.n_totp += u->totp.secret.n > 0;
	grown[l->users.n++] = *u;
	return OK;
}

static int name_order(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int entry_order(const void *a, const void *b)
{
	return name_order(((const struct user_entry *)a)->name,
			  ((const struct user_entry *)b)->name);
}

static enum err table_sort(const struct loading *l)
{
	struct user_entry *entry = l->users.entry;

	if (l->users.n < 2)
		return OK;
	qsort(entry, l->users.n, sizeof *entry, entry_order);
	for (size_t i = 1; i < l->users.n; i++) {
		size_t later = entry[i].line > entry[i - 1].line ? i : i - 1;

		if (entry_order(&entry[i - 1], &entry[i]) == 0)
			return refuse(l, entry[later].line, "a user given twice");
	}
	return OK;
}

static enum err table_read(struct loading *l)
{
	struct span rest = {l->users.file.p, l->users.file.n}, text;
	struct user_entry u;
	enum err e = OK;

	for (size_t line = 1; e == OK && authkeys_next(&rest, &text); line++) {
		if (text.n == 0 || text.p[0] == '#')
			continue;
		if ((e = line_parse(l, line, text, &u)) == OK)
			e = table_add(l, &u);
	}
	return e == OK ? table_sort(l) : e;
}

enum err users_load(const char *path, struct users *out, struct keyfile_note *note)
{
	struct loading l = {.path = path, .note = note};
	enum err e;

	keyfile_note_set(note, "%s: out of memory", path);
	e = keyfile_read_secret(path, LIMIT_USERS_FILE_BYTES, &l.users.file, note);
	if (e == OK)
		e = table_read(&l);
	if (e != OK) {
		users_wipe(&l.users);
		return e;
	}
	*out = l.users;
	return OK;
}

void users_wipe(struct users *u)
{
	free(u->entry);
	keyfile_wipe(&u->file);
	*u = (struct users){0};
}

const struct user_entry *users_find(const struct users *u, struct span name)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_order(name, u->entry[middle].name);

		if (order == 0)
			return &u->entry[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
