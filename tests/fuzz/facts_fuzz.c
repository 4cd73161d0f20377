/*
 * Facts as they travel between monitor and policy process, and what a decision may say with them. What reads to its
 * end is written again as it was; a name finds its first entry; what is taken as a decision is made of rows of
 * policy.def, within their bounds, each once, and so is every part of it.
 */
#include "common/limits.h"
#include "common/policy.h"
#include "tests/fuzz/fuzz.h"

static uint8_t store[LIMIT_FACTS_BYTES];

static void write_again(struct wr *w, const struct fact *f)
{
	char *name = text_of(f->name);
	struct rd r = RD(f->value);
	size_t mark;

	switch (f->type) {
	case FACT_STR:
		facts_str(w, name, f->value);
		break;
	case FACT_NUM:
		facts_num(w, name, f->number);
		break;
	case FACT_BOOL:
		facts_bool(w, name, f->number == 1);
		break;
	case FACT_LIST:
		mark = facts_list_open(w, name);
		while (r.left.n > 0)
			wr_bytes(w, rd_bytes(&r, f->value.n));
		expect(rd_end(&r) == OK);
		wr_close(w, mark);
		break;
	case FACT_TYPE_COUNT:
		abort();
	}
	free(name);
}

/* Gives whether all of it could be read. */
static bool read_all(struct span facts)
{
	struct rd r = RD(facts);
	struct wr w = WR(store);
	struct span again = {0};

	while (r.left.n > 0) {
		struct fact f = {0}, found = {0};
		struct span before = {facts.p, facts.n - r.left.n};
		char *name;

		if (facts_next(&r, &f) != OK)
			return false;
		expect(span_inside(f.name, facts) && span_inside(f.value, facts));
		name = text_of(f.name);
		if (!facts_find(before, name, &found)) {
			expect(facts_find(facts, name, &found));
			expect(found.name.p == f.name.p);
		}
		free(name);
		write_again(&w, &f);
	}
	expect(wr_end(&w, &again) == OK && span_equal(again, facts));
	return true;
}

static void decide(struct span facts, enum policy_event e, enum policy_verdict v,
		   bool whole)
{
	struct rd r = RD(facts);
	uint64_t seen = 0;

	if (policy_decision_check(e, v, facts) != OK)
		return;
	expect(whole);
	while (r.left.n > 0) {
		struct fact f = {0};
		const struct policy_field_row *row;
		uint64_t bit;

		expect(facts_next(&r, &f) == OK);
		row = policy_field_find(f.name);
		expect(row != NULL && policy_field_fits(row, e, v));
		bit = UINT64_C(1) << (row - policy_fields);
		expect((seen & bit) == 0);
		seen |= bit;
		expect(f.type != FACT_NUM || f.number <= row->most);
		expect(policy_decision_check(
			   e, v, (struct span){facts.p, facts.n - r.left.n}) == OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));
	enum policy_event e = (enum policy_event)(rd_u8(&r) % (POLICY_EVENT_LAST + 1));
	enum policy_verdict v = (enum policy_verdict)(rd_u8(&r) % (POLICY_ERROR + 1));
	struct span facts;
	bool whole;

	if (!rd_ok(&r) || n > sizeof store)
		return 0;
	facts = block_of(r.left);
	whole = read_all(facts);
	expect(whole == (facts_check(facts) == OK));
	decide(facts, e, v, whole);
	block_free(facts);
	return 0;
}
