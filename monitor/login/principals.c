/*
 * Lines of AuthorizedPrincipalsFile and of what AuthorizedPrincipalsCommand prints: a name, before which options
 * may stand, parted by a blank. What the options mean is the monitor's to say.
 * Source: sshd_config(5) AuthorizedPrincipalsFile
 */
#include <stdio.h>

#include "common/authkeys.h"
#include "monitor/login/login.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span trimmed(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The last word is the name: options may have blanks between quotes. */
static void split(struct span line, struct span *options, struct span *name)
{
	size_t at = line.n;

	while (at > 0 && !is_blank(line.p[at - 1]))
		at--;
	*name = (struct span){line.p + at, line.n - at};
	*options = trimmed((struct span){line.p, at});
}

/* Adds one line; false where the answer is full. */
static bool put_line(struct wr *out, struct span line, const char *at)
{
	struct span options, name;
	size_t before = out->n;

	split(line, &options, &name);
	wr_bytes(out, name);
	wr_bytes(out, options);
	wr_str(out, at);
	if (out->err == OK)
		return true;
	out->n = before;
	out->err = OK;
	return false;
}

void principals_lines(struct span text, const char *where, struct wr *principals,
		      struct wr *notes)
{
	char at[LIMIT_TEXT_BYTES];
	struct span line;

	for (unsigned n = 1; authkeys_next(&text, &line); n++) {
		line = trimmed(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		(void)snprintf(at, sizeof at, "%s:%u", where, n);
		if (line.n > LIMIT_KEYS_LINE_BYTES) {
			note_add(notes, "%s: %s", at, err_text(ERR_RANGE));
		} else if (!put_line(principals, line, at)) {
			note_add(notes,
				 "%s: more than %d bytes of names: the rest is unused",
				 at, (int)principals->cap);
			return;
		}
	}
}
