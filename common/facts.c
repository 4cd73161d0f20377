/*
 * Facts are read on both sides of the policy link: nothing in them is trusted beyond its
 * own bounds.
 */
#include "common/facts.h"
#include "common/limits.h"

static void begin(struct wr *w, const char *name, enum fact_type type)
{
	wr_str(w, name);
	wr_u8(w, (uint8_t)type);
}

void facts_str(struct wr *w, const char *name, struct span value)
{
	begin(w, name, FACT_STR);
	wr_bytes(w, value);
}

void facts_num(struct wr *w, const char *name, uint64_t value)
{
	begin(w, name, FACT_NUM);
	wr_u64(w, value);
}

void facts_bool(struct wr *w, const char *name, bool value)
{
	begin(w, name, FACT_BOOL);
	wr_bool(w, value);
}

size_t facts_list_open(struct wr *w, const char *name)
{
	begin(w, name, FACT_LIST);
	return wr_open(w);
}

void facts_list(struct wr *w, const char *name, const struct span *item, size_t n)
{
	size_t mark = facts_list_open(w, name);

	for (size_t i = 0; i < n; i++)
		wr_bytes(w, item[i]);
	wr_close(w, mark);
}

static bool name_part_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Scripts see names as tables in tables: no part may be empty. */
static bool name_good(struct span name)
{
	bool in_part = false;

	for (size_t i = 0; i < name.n; i++) {
		if (!name_part_char(name.p[i]) && (name.p[i] != '.' || !in_part))
			return false;
		in_part = name.p[i] != '.';
	}
	return in_part;
}

static void check_list(struct rd *r, struct span items)
{
	struct rd in = RD(items);

	while (in.left.n > 0)
		(void)rd_bytes(&in, items.n);
	if (rd_end(&in) != OK)
		rd_fail(r, in.err);
}

static void read_value(struct rd *r, uint8_t type, struct fact *f)
{
	switch (type) {
	case FACT_STR:
		f->value = rd_bytes(r, r->left.n);
		break;
	case FACT_NUM:
		f->number = rd_u64(r);
		break;
	case FACT_BOOL:
		f->number = rd_u8(r);
		if (f->number > 1)
			rd_fail(r, ERR_RANGE);
		break;
	case FACT_LIST:
		f->value = rd_bytes(r, r->left.n);
		check_list(r, f->value);
		break;
	default:
		rd_fail(r, ERR_RANGE);
	}
}

enum err facts_next(struct rd *r, struct fact *out)
{
	struct fact f = {.name = rd_bytes(r, LIMIT_FACT_NAME_BYTES)};
	uint8_t type = rd_u8(r);

	if (rd_ok(r) && !name_good(f.name))
		rd_fail(r, ERR_RANGE);
	read_value(r, type, &f);
	if (!rd_ok(r))
		return r->err;
	f.type = (enum fact_type)type;
	*out = f;
	return OK;
}

bool facts_find(struct span facts, const char *name, struct fact *out)
{
	struct rd r = RD(facts);
	struct fact f = {0};

	while (r.left.n > 0 && facts_next(&r, &f) == OK) {
		if (span_is(f.name, name)) {
			*out = f;
			return true;
		}
	}
	return false;
}

struct span facts_get_str(struct span facts, const char *name, struct span otherwise)
{
	struct fact f = {0};

	return facts_find(facts, name, &f) && f.type == FACT_STR ? f.value : otherwise;
}

uint64_t facts_get_num(struct span facts, const char *name, uint64_t otherwise)
{
	struct fact f = {0};

	return facts_find(facts, name, &f) && f.type == FACT_NUM ? f.number : otherwise;
}

bool facts_get_bool(struct span facts, const char *name, bool otherwise)
{
	struct fact f = {0};

	return facts_find(facts, name, &f) && f.type == FACT_BOOL ? f.number == 1
								  : otherwise;
}

enum err facts_check(struct span facts)
{
	struct rd r = RD(facts);
	struct fact f = {0};
	enum err e = OK;

	while (r.left.n > 0 && e == OK)
		e = facts_next(&r, &f);
	return e != OK ? e : rd_end(&r);
}
