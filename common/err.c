/*
 * Looks errors up in err.def.
 */
#include "common/err.h"

struct err_row {
	const char *text;
	enum err_class class;
	uint32_t reason;
};

static const struct err_row rows[ERR_COUNT] = {
    [OK] = {"ok", ERR_CLASS_LOCAL, 11},
#define X(name, class, reason, text) [ERR_##name] = {text, ERR_CLASS_##class, reason},
#include "common/err.def"
#undef X
};

static const struct err_row *row_of(enum err e)
{
	return &rows[e < ERR_COUNT ? e : ERR_BUG];
}

const char *err_text(enum err e)
{
	return row_of(e)->text;
}

enum err_class err_class(enum err e)
{
	return row_of(e)->class;
}

uint32_t err_reason(enum err e)
{
	return row_of(e)->reason;
}
