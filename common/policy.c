/*
 * The tables of policy.def, and the one check of a decision's fields that engine and
 * monitor share: the monitor believes a policy process no more than a worker.
 */
#include <string.h>

#include "common/limits.h"
#include "common/policy.h"

#define TOLD           0
#define DECIDES        (POLICY_BIT(POLICY_ACCEPT) | POLICY_BIT(POLICY_REFUSE))
#define DECIDES_PARTLY (DECIDES | POLICY_BIT(POLICY_PARTIAL))

const struct policy_event_row policy_events[POLICY_EVENT_COUNT] = {
#define EVENT(name, kind, args) {#name, args, kind},
#include "common/policy.def"
};

#define ANY      (~0U)
#define ON(name) POLICY_BIT(POLICY_ON_##name)

const struct policy_fact_row policy_facts[] = {
#define FACT(name, type, where, help) {#name, FACT_##type, where, help},
#include "common/policy.def"
};
const size_t n_policy_facts = sizeof policy_facts / sizeof *policy_facts;

#define A            POLICY_BIT(POLICY_ACCEPT)
#define P            POLICY_BIT(POLICY_PARTIAL)
#define R            POLICY_BIT(POLICY_REFUSE)
#define TEXT(max)    FIELD_TEXT, FACT_STR, max, NULL
#define NUMBER(max)  FIELD_NUMBER, FACT_NUM, max, NULL
#define FLAG         FIELD_FLAG, FACT_BOOL, 1, NULL
#define LIST(max)    FIELD_LIST, FACT_LIST, max, NULL
#define WORDS(words) FIELD_WORDS, FACT_STR, LIMIT_NAME_BYTES, words
#define PROMPTS      FIELD_PROMPTS, FACT_LIST, LIMIT_PROMPTS, NULL
#define PAIRS        FIELD_PAIRS, FACT_LIST, LIMIT_ENV_COUNT, NULL
#define ENGINE(wire) FIELD_ENGINE, wire, LIMIT_TEXT_BYTES, NULL

const struct policy_field_row policy_fields[] = {
#define FIELD(name, type, verdicts, where, help) {#name, type, verdicts, where, help},
#include "common/policy.def"
};
const size_t n_policy_fields = sizeof policy_fields / sizeof *policy_fields;

const char *policy_action_name(enum policy_action a)
{
	static const char *const names[POLICY_ACTION_COUNT] = {
	    [POLICY_SEND] = "send",
	    [POLICY_SEND_ERROR] = "send_error",
	    [POLICY_EOF] = "eof",
	    [POLICY_CLOSE] = "close",
	    [POLICY_RECORD_LENGTH] = "set_record_length",
	    [POLICY_DISCONNECT] = "disconnect",
	    [POLICY_REKEY] = "rekey",
	    [POLICY_OPEN_CHANNEL] = "open_channel",
	    [POLICY_SEND_PACKET] = "send_packet",
	    [POLICY_TIMEOUT] = "set_timeout"};

	return a < POLICY_ACTION_COUNT ? names[a] : "nothing";
}

const char *policy_verdict_name(enum policy_verdict v)
{
	static const char *const names[POLICY_VERDICT_COUNT] = {
	    "none", "accept", "partial", "refuse", "error"};

	return v < POLICY_VERDICT_COUNT ? names[v] : "error";
}

bool policy_event_find(struct span name, enum policy_event *out)
{
	for (size_t i = 0; i < POLICY_EVENT_COUNT; i++) {
		if (span_is(name, policy_events[i].name)) {
			*out = (enum policy_event)i;
			return true;
		}
	}
	return false;
}

bool policy_decides(enum policy_event e)
{
	return policy_events[e].verdicts != 0;
}

/* args is "conn, channel": is arg among them? */
static bool has_arg(const char *args, struct span arg)
{
	while (*args != '\0') {
		size_t n = strcspn(args, ",");

		if (span_equal((struct span){(const uint8_t *)args, n}, arg))
			return true;
		args += n;
		args += strspn(args, ", ");
	}
	return false;
}

const struct policy_fact_row *policy_fact_find(enum policy_event e, struct span name)
{
	size_t arg = 0;

	while (arg < name.n && name.p[arg] != '.')
		arg++;
	if (!has_arg(policy_events[e].args, (struct span){name.p, arg}))
		return NULL;
	for (size_t i = 0; i < n_policy_facts; i++) {
		if (span_is(name, policy_facts[i].name))
			return policy_facts[i].events & POLICY_BIT(e) ? &policy_facts[i]
								      : NULL;
	}
	return NULL;
}

const struct policy_field_row *policy_field_find(struct span name)
{
	for (size_t i = 0; i < n_policy_fields; i++) {
		if (span_is(name, policy_fields[i].name))
			return &policy_fields[i];
	}
	return NULL;
}

bool policy_field_fits(const struct policy_field_row *f, enum policy_event e,
		       enum policy_verdict v)
{
	return (f->events & POLICY_BIT(e)) != 0 && (f->verdicts & POLICY_BIT(v)) != 0;
}

static bool word_known(const char *words, struct span word)
{
	while (*words != '\0') {
		size_t n = strcspn(words, "|");

		if (span_equal((struct span){(const uint8_t *)words, n}, word))
			return true;
		words += n;
		words += strspn(words, "|");
	}
	return false;
}

static size_t list_count(struct span items)
{
	struct rd r = RD(items);
	size_t n = 0;

	for (; r.left.n > 0; n++)
		(void)rd_bytes(&r, items.n);
	return n;
}

static bool in_bounds(const struct policy_field_row *row, const struct fact *f)
{
	switch (f->type) {
	case FACT_STR:
		return f->value.n <= row->most &&
		       (row->words == NULL || word_known(row->words, f->value));
	case FACT_NUM:
	case FACT_BOOL:
		return f->number <= row->most;
	case FACT_LIST:
		return list_count(f->value) <= row->most;
	case FACT_TYPE_COUNT:
		break;
	}
	return false;
}

enum err policy_decision_check(enum policy_event e, enum policy_verdict v,
			       struct span fields)
{
	struct rd r = RD(fields);
	struct fact f = {0};
	uint64_t seen = 0;

	if (v != POLICY_NONE && v != POLICY_ERROR &&
	    (policy_events[e].verdicts & POLICY_BIT(v)) == 0)
		return ERR_RANGE;
	while (r.left.n > 0) {
		enum err bad = facts_next(&r, &f);
		const struct policy_field_row *row;
		uint64_t bit;

		if (bad != OK)
			return bad;
		row = policy_field_find(f.name);
		if (row == NULL || row->wire != f.type ||
		    !policy_field_fits(row, e, v) || !in_bounds(row, &f))
			return ERR_RANGE;
		bit = UINT64_C(1) << (row - policy_fields);
		if ((seen & bit) != 0)
			return ERR_RANGE;
		seen |= bit;
	}
	return rd_end(&r);
}
_Static_assert(sizeof policy_fields / sizeof *policy_fields <= 64, "one bit a field");
