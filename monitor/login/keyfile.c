/*
 * authorized_keys files: where they are, whether they may be believed, what is in them.
 * Runs with the rights of the user whose file it is, so a link in it leads to nothing that the
 * user could not read anyway. Source: sshd_config(5) AuthorizedKeysFile, StrictModes; sshd(8)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/authkeys.h"
#include "monitor/login/login.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

void note_add(struct wr *notes, const char *fmt, ...)
{
	char text[LIMIT_LOG_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	if ((size_t)n >= sizeof text)
		n = sizeof text - 1;
	if (notes->err != OK || (size_t)n + 2 > notes->cap - notes->n)
		return; /* the first remarks say most */
	if (notes->n > 0)
		wr_raw(notes, SPAN_LIT("; "));
	wr_raw(notes, (struct span){(const uint8_t *)text, (size_t)n});
}

/* Writes what one % sequence stands for. */
static enum err put_token(struct wr *w, char token, const struct keyfile_rule *rule)
{
	char number[16];

	switch (token) {
	case '%':
		wr_u8(w, '%');
		return OK;
	case 'u':
		wr_raw(w, span_str(rule->user));
		return OK;
	case 'h':
		wr_raw(w, span_str(rule->home));
		return rule->home != NULL ? OK : ERR_UNKNOWN;
	case 'U':
		(void)snprintf(number, sizeof number, "%u", rule->uid);
		wr_raw(w, span_str(number));
		return rule->home != NULL ? OK : ERR_UNKNOWN;
	default:
		return ERR_CONFIG;
	}
}

static enum err put_pattern(struct wr *w, struct span pattern,
			    const struct keyfile_rule *rule)
{
	enum err e = OK;

	for (size_t i = 0; i < pattern.n && e == OK; i++) {
		if (pattern.p[i] == '\0')
			return ERR_CONFIG;
		if (pattern.p[i] != '%')
			wr_u8(w, pattern.p[i]);
		else if (++i < pattern.n)
			e = put_token(w, (char)pattern.p[i], rule);
		else
			e = ERR_CONFIG;
	}
	return e;
}

enum err keyfile_expand(struct span pattern, const struct keyfile_rule *rule,
			char out[LIMIT_FILE_PATH_BYTES])
{
	uint8_t expanded[LIMIT_FILE_PATH_BYTES];
	struct wr w = WR(expanded);
	enum err e = put_pattern(&w, pattern, rule);
	size_t home_n = 0;

	if (e != OK)
		return e;
	if (w.err != OK)
		return ERR_RANGE;
	if (w.n == 0)
		return ERR_CONFIG;
	if (expanded[0] != '/') {
		if (rule->home == NULL)
			return ERR_UNKNOWN;
		home_n = strlen(rule->home) + 1;
	}
	if (home_n >= LIMIT_FILE_PATH_BYTES || w.n >= LIMIT_FILE_PATH_BYTES - home_n)
		return ERR_RANGE;
	if (home_n > 0) {
		memcpy(out, rule->home, home_n - 1);
		out[home_n - 1] = '/';
	}
	memcpy(out + home_n, expanded, w.n);
	out[home_n + w.n] = '\0';
	return OK;
}

/* Tells whether only the user and root can change what st describes. */
static bool only_owner_writes(const struct stat *st, uid_t uid)
{
	return (st->st_uid == 0 || st->st_uid == uid) &&
	       (st->st_mode & OTHERS_WRITE) == 0;
}

/*
 * Checks each folder above path (already free of links), up to home where path is below it:
 * whoever may write in one of them could put another file in place of this one.
 */
static bool folders_safe(char *path, const struct keyfile_rule *rule, struct why *why)
{
	char home[LIMIT_FILE_PATH_BYTES] = "";
	struct stat st;
	char *slash;

	if (rule->home == NULL || realpath(rule->home, home) == NULL)
		home[0] = '\0';
	while ((slash = strrchr(path, '/')) != NULL) {
		slash[slash == path ? 1 : 0] = '\0';
		if (stat(path, &st) != 0 || !only_owner_writes(&st, rule->uid)) {
			why_set(why,
				"%s: bad owner or modes: others could replace what is "
				"in it "
				"(chmod go-w)",
				path);
			return false;
		}
		if (strcmp(path, home) == 0 || path[1] == '\0')
			break;
	}
	return true;
}

static enum err file_safe(int fd, char *real, const struct keyfile_rule *rule,
			  struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		why_set(why, "%s: not a regular file", real);
		return ERR_FILE;
	}
	if (rule->owner_only && st.st_uid != 0 && st.st_uid != rule->uid) {
		why_set(why, "%s: must belong to root", real);
		return ERR_FILE;
	}
	if (rule->strict && !only_owner_writes(&st, rule->uid)) {
		why_set(why, "%s: bad owner or modes (chown %s, chmod go-w)", real,
			rule->owner_only ? "root" : rule->user);
		return ERR_FILE;
	}
	return !rule->strict || folders_safe(real, rule, why) ? OK : ERR_FILE;
}

enum err keyfile_open(const char *path, const struct keyfile_rule *rule, int *fd,
		      struct why *why)
{
	char real[LIMIT_FILE_PATH_BYTES];
	enum err e;
	int opened;

	if (realpath(path, real) == NULL) {
		if (errno == ENOENT || errno == ENOTDIR)
			return ERR_UNKNOWN;
		why_set(why, "%s: %s", path, strerror(errno));
		return ERR_FILE;
	}
	/* NONBLOCK: a FIFO in its place must not hold us up */
	opened = open(real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (opened < 0) {
		why_set(why, "%s: %s", path, strerror(errno));
		return ERR_FILE;
	}
	e = file_safe(opened, real, rule, why);
	if (e != OK)
		close(opened);
	else
		*fd = opened;
	return e;
}

enum err keyfile_program(const char *path, struct why *why)
{
	const struct keyfile_rule rule = {
	    .user = "root", .uid = geteuid(), .strict = true};
	char real[LIMIT_FILE_PATH_BYTES];
	struct stat st;

	if (path[0] != '/' || realpath(path, real) == NULL || stat(real, &st) != 0) {
		why_set(why, "%s: %s", path,
			path[0] != '/' ? "not an absolute path" : strerror(errno));
		return ERR_FILE;
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & S_IXOTH) == 0) {
		why_set(why, "%s: not a program that all may run (chmod a+x)", real);
		return ERR_FILE;
	}
	if (!only_owner_writes(&st, rule.uid)) {
		why_set(why, "%s: bad owner or modes (chown root, chmod go-w)", real);
		return ERR_FILE;
	}
	return folders_safe(real, &rule, why) ? OK : ERR_FILE;
}

static enum err read_all(int fd, uint8_t *out, size_t cap, size_t *n)
{
	size_t used = 0;
	ssize_t r = 1;

	while (r > 0 && used < cap) {
		r = read(fd, out + used, cap - used);
		if (r < 0 && errno == EINTR)
			r = 1;
		else if (r > 0)
			used += (size_t)r;
	}
	if (r != 0) /* unreadable, or larger than cap */
		return ERR_FILE;
	*n = used;
	return OK;
}

/* Where a line stands, for logs and for the audit of what key was used. */
struct line_at {
	const char *path;
	unsigned number;
};

/* Adds one key; false where the answer is full. */
static bool put_key(struct wr *keys, const struct authkey_line *key,
		    const struct line_at *at)
{
	char where[LIMIT_FILE_PATH_BYTES + 16];
	size_t before = keys->n;

	(void)snprintf(where, sizeof where, "%s:%u", at->path, at->number);
	wr_bytes(keys, key->blob);
	wr_bytes(keys, key->options);
	wr_str(keys, where);
	if (keys->err == OK)
		return true;
	keys->n = before;
	keys->err = OK;
	return false;
}

void keyfile_lines(struct span text, const char *path, struct wr *keys,
		   struct wr *notes)
{
	uint8_t blob[LIMIT_PK_BLOB_BYTES];
	struct line_at at = {.path = path};
	struct authkey_line key;
	struct span line;

	while (authkeys_next(&text, &line)) {
		enum err e = authkeys_line(line, blob, sizeof blob, &key);

		at.number++;
		if (e == ERR_UNKNOWN)
			continue;
		if (e != OK) {
			note_add(notes, "%s:%u: %s", path, at.number, err_text(e));
		} else if (!put_key(keys, &key, &at)) {
			note_add(
			    notes,
			    "%s:%u: more than %d bytes of keys: the rest is unused",
			    path, at.number, LIMIT_KEYS_BYTES);
			return;
		}
	}
}

enum err keyfile_read(int fd, const char *path, keyfile_lines_fn *lines, struct wr *out,
		      struct wr *notes)
{
	const size_t cap = LIMIT_KEYS_FILE_BYTES;
	uint8_t *text = malloc(cap);
	size_t n = 0;
	enum err e;

	if (text == NULL)
		return ERR_MEMORY;
	e = read_all(fd, text, cap, &n);
	if (e == OK)
		lines((struct span){text, n}, path, out, notes);
	free(text);
	return e;
}
