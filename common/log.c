/*
 * The log sink is the one global state of common/: every process has one log.
 * Foreign bytes reach it through printable() only, and each line is made safe once more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

static struct {
	log_sink_fn *sink, *tee;
	void *ctx, *tee_ctx;
	enum log_level last;
	char prefix[64];
} the_log = {.last = LOG_INFO_LEVEL};

void log_open(log_sink_fn *sink, void *ctx, enum log_level last)
{
	the_log.sink = sink;
	the_log.ctx = ctx;
	the_log.last = last;
}

void log_tee(log_sink_fn *tee, void *ctx)
{
	the_log.tee = tee;
	the_log.tee_ctx = ctx;
}

void log_level_set(enum log_level last)
{
	the_log.last = last;
}

bool log_wants(enum log_level level)
{
	return level != LOG_QUIET_ALL && level <= the_log.last;
}

void log_prefix_set(const char *prefix)
{
	(void)snprintf(the_log.prefix, sizeof the_log.prefix, "%s", prefix);
}

static size_t show_byte(char *out, uint8_t byte)
{
	if (byte >= ' ' && byte < 0x7f && byte != '\\') {
		out[0] = (char)byte;
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + (byte >> 6));
	out[2] = (char)('0' + (byte >> 3 & 7));
	out[3] = (char)('0' + (byte & 7));
	return 4;
}

const char *printable(struct span s, struct printable *keep)
{
	size_t n = 0;
	size_t shown = s.n < LIMIT_TEXT_BYTES ? s.n : LIMIT_TEXT_BYTES;

	for (size_t i = 0; i < shown; i++)
		n += show_byte(keep->text + n, s.p[i]);
	memcpy(keep->text + n, shown < s.n ? "..." : "", shown < s.n ? 4 : 1);
	return keep->text;
}

static void make_safe(char *line)
{
	for (; *line != '\0'; line++)
		if ((uint8_t)*line < ' ' || *line == 0x7f)
			*line = '?';
}

/* One write, no stdio: dprintf(3) asks for the file's state each time. */
static void to_stderr(char *line, size_t n)
{
	ssize_t written;

	line[n] = '\n';
	written = write(STDERR_FILENO, line, n + 1);
	(void)written; /* there is nobody to tell */
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LIMIT_LOG_BYTES + 2];
	size_t n;
	va_list ap;

	if (!log_wants(level))
		return;
	n = (size_t)snprintf(line, sizeof line - 1, "%s", the_log.prefix);
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof line - 1 - n, fmt, ap);
	va_end(ap);
	make_safe(line);
	if (the_log.tee != NULL)
		the_log.tee(the_log.tee_ctx, level, line);
	if (the_log.sink != NULL)
		the_log.sink(the_log.ctx, level, line);
	else
		to_stderr(line, strlen(line));
}
