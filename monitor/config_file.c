/*
 * Reads the command line's settings, then the file and what it includes, then the defaults:
 * the first value wins. Goes on after an error, so that all of them are told.
 * Trusts the file, but not its bytes, and not a file that others could have written.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/config_priv.h"

#define INCLUDE_FOLDER "/etc/sallyport"

/* --- one setting ------------------------------------------------------- */
void config_field_set(struct settings *s, const struct config_row *row,
		      const union config_value *v)
{
	memcpy((uint8_t *)s + row->offset, v, row->size);
}

void config_field_get(const struct settings *s, const struct config_row *row,
		      union config_value *v)
{
	*v = (union config_value){0};
	memcpy(v, (const uint8_t *)s + row->offset, row->size);
}

/* Tells whether another line may be added to a list of that many; complains if not. */
static bool room_in_list(struct config_reader *r, const union config_value *list)
{
	if (list->list.n < LIMIT_CONFIG_ITEMS)
		return true;
	config_complain(r, false, "there are more than %d values", LIMIT_CONFIG_ITEMS);
	return false;
}

static void store_global(struct config_reader *r, const struct config_row *row,
			 const union config_value *v)
{
	size_t item_bytes = config_type_item_bytes(row->type);
	bool *seen = &r->seen[row - config_rows];
	union config_value sum;

	if (*seen && item_bytes == 0)
		return;
	config_field_get(&r->c->base, row, &sum);
	if (item_bytes == 0)
		sum = *v;
	else if (!room_in_list(r, &sum) ||
		 !config_list_append(&r->c->arena, item_bytes, &sum, v))
		return;
	config_field_set(&r->c->base, row, &sum);
	*seen = true;
}

static struct config_override *find_override(const struct config_reader *r,
					     const struct config_row *row)
{
	for (size_t i = r->c->n_overrides; i > 0; i--) {
		struct config_override *o = &r->c->override[i - 1];

		/* those of earlier blocks come before; a block within this one has a larger number */
		if (o->block < r->block)
			break;
		if (o->block == r->block && o->row == row)
			return o;
	}
	return NULL;
}

static struct config_override *add_override(struct config_reader *r,
					    const struct config_row *row)
{
	struct config *c = r->c;
	struct config_override *larger;

	if ((c->n_overrides & (c->n_overrides - 1)) == 0) {
		larger = reallocarray(c->override,
				      c->n_overrides == 0 ? 1 : c->n_overrides * 2,
				      sizeof *larger);
		if (larger == NULL) {
			c->arena.failed = true;
			return NULL;
		}
		c->override = larger;
	}
	c->override[c->n_overrides] =
	    (struct config_override){.block = r->block, .row = row};
	return &c->override[c->n_overrides++];
}

static void store_in_block(struct config_reader *r, const struct config_row *row,
			   const union config_value *v)
{
	size_t item_bytes = config_type_item_bytes(row->type);
	struct config_override *o = find_override(r, row);

	if (o != NULL && item_bytes == 0)
		return;
	if (o == NULL && (o = add_override(r, row)) == NULL)
		return;
	if (item_bytes == 0)
		o->value = *v;
	else if (room_in_list(r, &o->value) &&
		 !config_list_append(&r->c->arena, item_bytes, &o->value, v))
		r->c->arena.failed = true;
}

static void take_foreign(struct config_reader *r, const struct config_foreign *foreign,
			 const struct config_line *line)
{
	if (foreign->value == NULL)
		config_complain(r, true, "is ignored: %s", foreign->advice);
	else if (line->n != 1 || strcasecmp(line->arg[0].text, foreign->value) != 0)
		config_complain(r, false, "is not supported, only \"%s\" is: %s",
				foreign->value, foreign->advice);
}

static void take_unknown(struct config_reader *r)
{
	const char *keyword = r->keyword;
	const char *near = config_keyword_near(keyword);

	r->keyword = NULL;
	if (near != NULL)
		config_complain(r, false, "unknown keyword %s; did you mean %s?",
				keyword, near);
	else
		config_complain(r, false,
				"unknown keyword %s; sallyport.conf(5) lists all",
				keyword);
}

static void take_setting(struct config_reader *r, const struct config_row *row,
			 const struct config_line *line)
{
	union config_value v = {0};

	r->keyword = row->keyword;
	if (r->block != 0 && !row->match) {
		config_complain(r, false,
				"may not stand in a Match block: move it before them");
		return;
	}
	if (!config_value_parse(r, row, line, &v))
		return;
	if (row->type == TYPE_PORTS && r->options->ports_given && r->line > 0)
		return; /* sshd(8) -p */
	if (r->block != 0)
		store_in_block(r, row, &v);
	/* Match All is satisfied before anybody logged in */
	if (config_block_is_all(r->c, r->block))
		store_global(r, row, &v);
}

static void include(struct config_reader *r, const struct config_line *line);

static void take_line(struct config_reader *r, const struct config_line *line,
		      size_t parent)
{
	const struct config_row *row = config_row_find(line->keyword);
	const struct config_foreign *foreign =
	    row != NULL ? NULL : config_foreign_find(line->keyword);

	r->keyword = line->keyword;
	if (row != NULL)
		take_setting(r, row, line);
	else if (strcasecmp(line->keyword, "Match") == 0)
		config_block_begin(r, line, parent);
	else if (strcasecmp(line->keyword, "Include") == 0)
		include(r, line);
	else if (foreign != NULL)
		take_foreign(r, foreign, line);
	else
		take_unknown(r);
}

static void take_text(struct config_reader *r, struct span text, size_t parent)
{
	struct config_line line = {0};
	const char *why = NULL;

	r->keyword = NULL;
	if (config_line_split(&r->c->arena, text, &line, &why) == ERR_CONFIG)
		config_complain(r, false, "%s", why);
	else if (line.keyword != NULL)
		take_line(r, &line, parent);
	r->keyword = NULL;
}

/* --- files ------------------------------------------------------------- */
/* Who can write the configuration is root; as an ordinary user there is nothing to gain. */
static bool safe_file(struct config_reader *r, const struct stat *st, const char *path)
{
	if (S_ISDIR(st->st_mode)) {
		config_complain(r, false, "%s is a folder: Include %s/*.conf", path,
				path);
		return false;
	}
	if (geteuid() != 0 || !S_ISREG(st->st_mode))
		return true;
	if (st->st_uid != 0) {
		config_complain(r, false, "%s belongs to user %u: chown root %s", path,
				st->st_uid, path);
		return false;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		config_complain(r, false, "%s can be written by others: chmod go-w %s",
				path, path);
		return false;
	}
	return true;
}

/* Reads all of a file into buf of cap bytes; -1 where it is longer, or cannot be read. */
static ssize_t read_whole(int fd, char *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, buf + n, cap - n);

		if (got == 0)
			return (ssize_t)n;
		if (got < 0 && errno != EINTR)
			return -1;
		n += got < 0 ? 0 : (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

/* Reads a file that is safe into *buf, which is the caller's; -1 after a complaint. */
static ssize_t read_safe(struct config_reader *r, const char *path, char **buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	size_t cap = LIMIT_CONFIG_FILE_BYTES;
	ssize_t n = -1;
	bool safe = true;

	if (fd >= 0 && fstat(fd, &st) == 0 && (safe = safe_file(r, &st, path))) {
		/* one byte more than there is, so that the end is seen */
		if (S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size < cap)
			cap = (size_t)st.st_size + 1;
		*buf = malloc(cap);
		n = *buf == NULL ? -1 : read_whole(fd, *buf, cap);
	}
	if (n < 0 && safe)
		config_complain(
		    r, false, "%s cannot be read: %s%s", path, strerror(errno),
		    strcmp(path, OPTIONS_CONFIG_FILE) == 0 ? "; -f names another file"
							   : "");
	if (fd >= 0)
		close(fd);
	return n;
}

static void take_lines(struct config_reader *r, struct span text)
{
	size_t parent = r->block;

	r->line = 0;
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);

		r->line++;
		take_text(r, (struct span){text.p, n}, parent);
		n += end != NULL;
		text.p += n;
		text.n -= n;
	}
	r->block = parent; /* a Match block ends with its file */
}

/* Reads the lines of one file, and is back at the line that named it. */
static void read_file(struct config_reader *r, const char *path)
{
	struct config_reader saved = *r;
	char *buf = NULL;
	ssize_t n = read_safe(r, path, &buf);

	if (n >= 0) {
		r->file = path;
		take_lines(r, (struct span){(const uint8_t *)buf, (size_t)n});
	}
	r->file = saved.file;
	r->line = saved.line;
	r->keyword = saved.keyword;
	free(buf);
}

static void include_file(struct config_reader *r, const char *path)
{
	const char *kept = arena_copy(&r->c->arena, span_str(path));

	if (r->n_files++ >= LIMIT_CONFIG_FILES) {
		config_complain(r, false, "more than %d files are included",
				LIMIT_CONFIG_FILES);
		return;
	}
	r->depth++;
	if (kept != NULL)
		read_file(r, kept);
	r->depth--;
}

static void include_pattern(struct config_reader *r, const char *pattern)
{
	glob_t found = {0};
	int code;

	if (pattern[0] != '/')
		pattern = arena_print(&r->c->arena, INCLUDE_FOLDER "/%s", pattern);
	if (pattern == NULL)
		return;
	code = glob(pattern, 0, NULL, &found);
	if (code == GLOB_NOMATCH && strpbrk(pattern, "*?[") == NULL)
		config_complain(r, true, "there is no file %s", pattern);
	else if (code != 0 && code != GLOB_NOMATCH)
		config_complain(r, false, "%s cannot be looked for", pattern);
	for (size_t i = 0; code == 0 && i < found.gl_pathc; i++)
		include_file(r, found.gl_pathv[i]);
	globfree(&found);
}

static void include(struct config_reader *r, const struct config_line *line)
{
	if (line->n == 0)
		config_complain(r, false, "a file is missing");
	if (r->depth == LIMIT_CONFIG_DEPTH) {
		config_complain(r, false, "files include each other more than %d deep",
				LIMIT_CONFIG_DEPTH);
		return;
	}
	for (size_t i = 0; i < line->n; i++)
		include_pattern(r, line->arg[i].text);
}

/* --- the order of things ----------------------------------------------- */
static void read_option(struct config_reader *r, const struct options_setting *setting)
{
	const struct config_arg arg = {.text = setting->value};
	const struct config_line line = {
	    .keyword = setting->keyword, .rest = setting->value, .arg = &arg, .n = 1};

	r->file = arena_print(&r->c->arena, "command line, %s", setting->flag);
	if (r->file == NULL)
		return;
	if (setting->keyword != NULL)
		take_line(r, &line, 0);
	else
		take_text(r, span_str(setting->value), 0);
	if (r->block != 0)
		config_complain(r, false, "Match cannot be given here");
	r->block = 0;
}

static void read_fallback(struct config_reader *r, const struct config_row *row)
{
	struct config_line line = {.rest = ""};
	const char *text, *why;

	if (row->fallback == NULL && row->type != TYPE_ALGS)
		return; /* an empty list */
	text = arena_print(&r->c->arena, "%s %s", row->keyword,
			   row->fallback == NULL ? "" : row->fallback);
	if (text != NULL &&
	    config_line_split(&r->c->arena, span_str(text), &line, &why) == OK)
		take_setting(r, row, &line);
	r->keyword = NULL;
}

void config_read_all(struct config_reader *r)
{
	for (size_t i = 0; i < r->options->n_settings; i++)
		read_option(r, &r->options->setting[i]);
	r->file = "sallyportd";
	if (strcmp(r->options->config_file, "none") != 0)
		read_file(r, r->options->config_file);
	r->file = "defaults";
	r->line = 0;
	r->defaults = true;
	for (size_t i = 0; i < n_config_rows; i++)
		if (!r->seen[i])
			read_fallback(r, &config_rows[i]);
}
