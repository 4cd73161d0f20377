/*
 * Reads and writes key files. The operator wrote them; what is checked is that nobody else
 * can have read or changed them. Everything is asked of the open descriptor, so that a file
 * cannot be exchanged in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "monitor/keys/keyfile.h"

/* Rights of others: all, and those to write. */
enum { OTHERS = 077, WRITERS = 022 };

void keyfile_note_set(struct keyfile_note *note, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(note->text, sizeof note->text, fmt, args);
	va_end(args);
}

void keyfile_wipe(struct keyfile *f)
{
	/* Also frees what was too large for the locked heap. */
	OPENSSL_secure_clear_free(f->p, f->n + 1);
	*f = (struct keyfile){0};
}

static enum err refuse_errno(const char *path, const char *what,
			     struct keyfile_note *note)
{
	keyfile_note_set(note, "%s: %s: %s", path, what, strerror(errno));
	return ERR_FILE;
}

static enum err owner_safe(const char *path, const struct stat *st, mode_t forbidden,
			   struct keyfile_note *note)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		keyfile_note_set(note,
				 "%s: UNPROTECTED: it belongs to uid %u; use: chown %u",
				 path, (unsigned)st->st_uid, (unsigned)geteuid());
		return ERR_FILE;
	}
	if ((st->st_mode & forbidden) != 0) {
		keyfile_note_set(note,
				 "%s: UNPROTECTED: mode %04o lets others at it; use: "
				 "chmod %s %s",
				 path, (unsigned)st->st_mode & 07777,
				 forbidden == OTHERS ? "600" : "go-w", path);
		return ERR_FILE;
	}
	return OK;
}

static enum err read_all(int fd, const char *path, struct keyfile *out,
			 struct keyfile_note *note)
{
	size_t done = 0;

	while (done < out->n) {
		ssize_t got = read(fd, out->p + done, out->n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse_errno(path, "cannot be read", note);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	if (done == out->n)
		return OK;
	keyfile_note_set(note, "%s: changed while it was read", path);
	return ERR_FILE;
}

static enum err keyfile_alloc(size_t n, bool secret, struct keyfile *out)
{
	/* Larger files hold hashes, not keys; they would not fit the locked heap. */
	bool locked = secret && n < LIMIT_KEY_FILE_BYTES;

	out->p = locked ? OPENSSL_secure_zalloc(n + 1) : OPENSSL_zalloc(n + 1);
	if (out->p == NULL)
		return ERR_MEMORY;
	out->n = n;
	return OK;
}

static enum err keyfile_read(const char *path, size_t max, mode_t forbidden,
			     struct keyfile *out, struct keyfile_note *note)
{
	struct keyfile file = {0};
	struct stat st;
	/* Not blocking: somebody may have left a FIFO there. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum err e = ERR_FILE;

	if (fd < 0 || fstat(fd, &st) != 0) {
		e = refuse_errno(path, "cannot be opened", note);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		keyfile_note_set(note, "%s: not a regular file", path);
		goto out;
	}
	if (forbidden != 0 && (e = owner_safe(path, &st, forbidden, note)) != OK)
		goto out;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		keyfile_note_set(note, "%s: larger than %zu bytes", path, max);
		e = ERR_FILE;
		goto out;
	}
	if ((e = keyfile_alloc((size_t)st.st_size, forbidden == OTHERS, &file)) != OK ||
	    (e = read_all(fd, path, &file, note)) != OK)
		goto out;
	*out = file;
	file = (struct keyfile){0};
out:
	keyfile_wipe(&file);
	if (fd >= 0)
		(void)close(fd);
	return e;
}

enum err keyfile_read_secret(const char *path, size_t max, struct keyfile *out,
			     struct keyfile_note *note)
{
	return keyfile_read(path, max, OTHERS, out, note);
}

enum err keyfile_read_owned(const char *path, size_t max, struct keyfile *out,
			    struct keyfile_note *note)
{
	return keyfile_read(path, max, WRITERS, out, note);
}

enum err keyfile_read_public(const char *path, size_t max, struct keyfile *out,
			     struct keyfile_note *note)
{
	return keyfile_read(path, max, 0, out, note);
}

static bool write_all(int fd, struct span content)
{
	while (content.n > 0) {
		ssize_t put = write(fd, content.p, content.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		content.p += put;
		content.n -= (size_t)put;
	}
	return true;
}

/* A new name is on the disk only when its folder is. */
static bool folder_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL   ? strdup(".")
		       : slash == path ? strdup("/")
				       : strndup(path, (size_t)(slash - path));
	int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return good;
}

enum err keyfile_write_new(const char *path, unsigned mode, struct span content,
			   struct keyfile_note *note)
{
	char *temporary = NULL;
	enum err e = ERR_FILE;
	int fd = -1;

	if (asprintf(&temporary, "%s.%ld.new", path, (long)getpid()) < 0)
		return ERR_MEMORY;
	fd =
	    open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		e = refuse_errno(temporary, "cannot be made", note);
		goto out;
	}
	/* link(2), unlike rename(2), refuses a name that is taken. */
	if (!write_all(fd, content) || fchmod(fd, (mode_t)mode) != 0 ||
	    fsync(fd) != 0 || link(temporary, path) != 0)
		e = refuse_errno(path, "cannot be written", note);
	else
		e = OK;
	(void)unlink(temporary);
	if (e == OK && !folder_sync(path))
		e = refuse_errno(path, "its folder cannot be synchronized", note);
out:
	if (fd >= 0)
		(void)close(fd);
	free(temporary);
	return e;
}
