/*
 * The log: levels of sshd_config(5), one line a call, one sink a process.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/bytes.h"
#include "common/limits.h"

enum log_level {
	LOG_QUIET_ALL, /* QUIET */
	LOG_FATAL,
	LOG_ERROR,
	LOG_INFO_LEVEL, /* INFO */
	LOG_VERBOSE,
	LOG_DEBUG1,
	LOG_DEBUG2,
	LOG_DEBUG3
};

/* Takes one line, already free of control characters. */
typedef void log_sink_fn(void *ctx, enum log_level level, const char *line);

/* Sets where lines go, and the last level that is written. NULL: standard error. */
void log_open(log_sink_fn *sink, void *ctx, enum log_level last);

/* Has lines that are written given to tee as well; it may log. NULL: no longer. */
void log_tee(log_sink_fn *tee, void *ctx);

/* Sets the last level that is written. */
void log_level_set(enum log_level last);

/* Tells whether a line of this level would be written. */
bool log_wants(enum log_level level);

/* Sets what stands before each line, e.g. "conn=17 "; "" for nothing. */
void log_prefix_set(const char *prefix);

/* Writes one line. Control characters are shown as \ooo. */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_fatal(...)   log_line(LOG_FATAL, __VA_ARGS__)
#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_verbose(...) log_line(LOG_VERBOSE, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG1, __VA_ARGS__)
#define log_debug2(...)  log_line(LOG_DEBUG2, __VA_ARGS__)
#define log_debug3(...)  log_line(LOG_DEBUG3, __VA_ARGS__)

/* Storage of one printable(). */
struct printable {
	char text[LIMIT_TEXT_BYTES * 4 + 4];
};

/*
 * Shows foreign bytes in a log line: what is not printable ASCII as \ooo, "…" where cut.
 * Gives:  keep->text
 */
const char *printable(struct span s, struct printable *keep);

#endif
