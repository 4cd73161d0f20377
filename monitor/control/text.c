/*
 * Text becomes bytes here, behind the walls: the monitor passes on what it gets.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/facts.h"
#include "monitor/control/text.h"

/* A character of UTF-8 becomes four bytes at most, and what leads into a state and out of it. */
enum { GROWS = 4, STATES_BYTES = 64 };

/* Writes the fact again, in the code page. */
static enum err put_text(struct codepage *page, const struct fact *f, struct wr *w)
{
	struct wr text = {.cap = GROWS * f->value.n + STATES_BYTES};
	enum err e;

	text.p = malloc(text.cap);
	if (text.p == NULL)
		return ERR_MEMORY;
	e = codepage_encode(page, f->value, &text);
	if (e == OK)
		facts_str(w, "text", (struct span){text.p, text.n});
	free(text.p);
	return e == OK ? w->err : e;
}

static enum err put_all(struct codepage *page, struct span params, struct wr *w)
{
	struct rd r = RD(params);
	struct fact f;
	enum err e = OK;

	while (e == OK && r.left.n > 0) {
		const struct span at = r.left;

		if ((e = facts_next(&r, &f)) != OK)
			return e;
		if (f.type == FACT_STR && span_is(f.name, "text"))
			e = put_text(page, &f, w);
		else
			wr_raw(w, (struct span){at.p, at.n - r.left.n});
	}
	return e == OK ? w->err : e;
}

enum ctl_error text_encode(struct codepage *page, struct call *c)
{
	struct wr w = {.cap = LIMIT_CONTROL_CALL_BYTES};
	enum err e;

	if (page == NULL || c->method != CTL_ON_channel_send)
		return CTL_OK;
	if ((w.p = malloc(w.cap)) == NULL)
		return CTL_BAD_INTERNAL;
	e = put_all(page, (struct span){c->params, c->params_n}, &w);
	if (e == OK) {
		free(c->params);
		c->params = w.p;
		c->params_n = w.n;
		return CTL_OK;
	}
	free(w.p);
	(void)snprintf(c->text, sizeof c->text, "channel.send: text %s",
		       e == ERR_RANGE ? "is no UTF-8, or has a character that CodePage "
					"has not"
				      : "is too long");
	return CTL_BAD_PARAMS;
}
