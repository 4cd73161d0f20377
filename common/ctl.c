/*
 * The tables of ctl.def and ctl_errors.def, and the one check of a call's parameters that the control
 * process and the monitor share.
 */
#include <errno.h>

#include "common/ctl.h"
#include "common/limits.h"

const struct ctl_method_row ctl_methods[CTL_METHOD_COUNT] = {
#define METHOD(id, name, role, kind, help) {name, CTL_##role, CTL_##kind, help},
#include "common/ctl.def"
};

const struct ctl_param_row ctl_params[] = {
#define PARAM(id, name, type, need, help)                                              \
	{CTL_ON_##id, #name, CTL_##type, CTL_##need, help},
#include "common/ctl.def"
};
const size_t n_ctl_params = sizeof ctl_params / sizeof *ctl_params;

const struct ctl_result_row ctl_results[] = {
#define RESULT(id, name, type, help) {CTL_ON_##id, #name, FACT_##type, help},
#include "common/ctl.def"
};
const size_t n_ctl_results = sizeof ctl_results / sizeof *ctl_results;

#define E(name, code, text)         {code, 0, text},
#define N(name, code, number, text) {code, number, text},
#define NO_ERROR                    E(OK, 0, "OK")
const struct ctl_error_row ctl_errors[CTL_ERROR_COUNT] = {NO_ERROR
#include "common/ctl_errors.def"
};

const char *ctl_event_name(uint8_t event)
{
	return event < POLICY_EVENT_COUNT ? policy_events[event].name : "control";
}

bool ctl_method_find(struct span name, enum ctl_method *out)
{
	for (size_t i = 0; i < CTL_METHOD_COUNT; i++) {
		if (span_is(name, ctl_methods[i].name)) {
			*out = (enum ctl_method)i;
			return true;
		}
	}
	return false;
}

const struct ctl_param_row *ctl_param_find(enum ctl_method m, struct span name)
{
	for (size_t i = 0; i < n_ctl_params; i++)
		if (ctl_params[i].method == m && span_is(name, ctl_params[i].name))
			return &ctl_params[i];
	return NULL;
}

enum fact_type ctl_type_fact(enum ctl_type type)
{
	switch (type) {
	case CTL_STR:
	case CTL_HEX:
		return FACT_STR;
	case CTL_NUM:
		return FACT_NUM;
	case CTL_BOOL:
		return FACT_BOOL;
	case CTL_LIST:
		return FACT_LIST;
	}
	return FACT_TYPE_COUNT;
}

enum ctl_error ctl_error_of(int number)
{
	for (size_t i = 0; i < CTL_ERROR_COUNT; i++)
		if (number != 0 && ctl_errors[i].number == number)
			return (enum ctl_error)i;
	return CTL_BAD_INTERNAL;
}

/* Is each that must be there among those seen? */
static bool complete(enum ctl_method m, const bool *seen)
{
	for (size_t i = 0; i < n_ctl_params; i++)
		if (ctl_params[i].method == m && ctl_params[i].need == CTL_MUST &&
		    !seen[i])
			return false;
	return true;
}

enum err ctl_params_check(enum ctl_method m, struct span params)
{
	bool seen[sizeof ctl_params / sizeof *ctl_params] = {false};
	const struct ctl_param_row *row;
	struct rd r = RD(params);
	struct fact f = {0};
	enum err e;

	while (r.left.n > 0) {
		if ((e = facts_next(&r, &f)) != OK)
			return e;
		row = ctl_param_find(m, f.name);
		if (row == NULL || ctl_type_fact(row->type) != f.type ||
		    seen[row - ctl_params])
			return ERR_RANGE;
		seen[row - ctl_params] = true;
	}
	e = rd_end(&r);
	return e == OK && !complete(m, seen) ? ERR_RANGE : e;
}
