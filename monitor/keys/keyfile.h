/*
 * Files that hold secrets: who may own them, who may read them, and where they are read
 * to.
 */
#ifndef MONITOR_KEYS_KEYFILE_H
#define MONITOR_KEYS_KEYFILE_H

#include "common/bytes.h"
#include "common/limits.h"

/* Why a file was refused, for the operator; names the file and the remedy. */
struct keyfile_note {
	char text[LIMIT_LOG_BYTES];
};

/* A file's content in locked memory. Zero state: {0}. */
struct keyfile {
	uint8_t *p; /* n bytes and a NUL */
	size_t n;
};

/* Formats into note. */
void keyfile_note_set(struct keyfile_note *note, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Reads a file that nobody but its owner (root or ourselves) may read.
 * max:    its largest size in bytes
 * Owns:   keyfile_wipe(out)
 * Errors: ERR_FILE with note set; ERR_MEMORY
 */
MUST_CHECK enum err keyfile_read_secret(const char *path, size_t max,
					struct keyfile *out, struct keyfile_note *note);

/* As keyfile_read_secret for what anybody may read, but only its owner write. */
MUST_CHECK enum err keyfile_read_owned(const char *path, size_t max,
				       struct keyfile *out, struct keyfile_note *note);

/* As keyfile_read_secret for what is no secret; its owner and mode are not asked. */
MUST_CHECK enum err keyfile_read_public(const char *path, size_t max,
					struct keyfile *out, struct keyfile_note *note);

/*
 * Writes a file whole or not at all, and never over another: a temporary file beside it,
 * fsync, then its name.
 * mode:   0600 for secrets
 * Errors: ERR_FILE with note set, also where path exists; ERR_MEMORY
 */
MUST_CHECK enum err keyfile_write_new(const char *path, unsigned mode,
				      struct span content, struct keyfile_note *note);

/* Wipes and frees; legal in the zero state. */
void keyfile_wipe(struct keyfile *f);

#endif
