/*
 * Lines are written by anybody who may connect: they are parsed here, behind walls, and become the parameters
 * that a method's table allows, or a sentence about what is wrong.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_facts.h"
#include "common/nearest.h"
#include "monitor/control/call.h"

#define HEX_DIGITS 2
#define HEX_BASE   16

static enum ctl_error say(struct call *c, enum ctl_error e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum ctl_error say(struct call *c, enum ctl_error e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->text, sizeof c->text, fmt, ap);
	va_end(ap);
	return e;
}

/* ---- the envelope ---- */

static enum ctl_error check_version(struct call *c, json_t *v)
{
	if (v != NULL && json_is_string(v) && strcmp(json_string_value(v), "2.0") == 0)
		return CTL_OK;
	return say(c, CTL_BAD_REQUEST, "\"jsonrpc\" must be \"2.0\"");
}

static enum ctl_error take_id(struct call *c, json_t *id)
{
	c->quiet = id == NULL;
	if (id != NULL && !json_is_string(id) && !json_is_number(id) &&
	    !json_is_null(id))
		return say(c, CTL_BAD_REQUEST,
			   "\"id\" must be a number, a string or null");
	if (id != NULL)
		c->id = json_incref(id);
	return CTL_OK;
}

static enum ctl_error check_members(struct call *c, json_t *request)
{
	static const char *const known[] = {"jsonrpc", "id", "method", "params"};
	const char *name;
	json_t *v;
	size_t i;

	json_object_foreach(request, name, v)
	{
		for (i = 0; i < sizeof known / sizeof *known; i++)
			if (strcmp(name, known[i]) == 0)
				break;
		if (i == sizeof known / sizeof *known)
			return say(c, CTL_BAD_REQUEST,
				   "a call has no member \"%.64s\": parameters stand "
				   "in \"params\"",
				   name);
	}
	return CTL_OK;
}

static enum ctl_error take_method(struct call *c, json_t *v)
{
	struct nearest near;
	struct span name;

	if (!json_is_string(v))
		return say(c, CTL_BAD_REQUEST, "\"method\" must be a string");
	name =
	    (struct span){(const uint8_t *)json_string_value(v), json_string_length(v)};
	if (ctl_method_find(name, &c->method))
		return CTL_OK;
	near = nearest_begin(name);
	for (size_t i = 0; i < CTL_METHOD_COUNT; i++)
		nearest_try(&near, ctl_methods[i].name);
	return say(c, CTL_BAD_METHOD, "there is no method %.64s%s%s%s",
		   json_string_value(v), near.name != NULL ? "; did you mean " : "",
		   near.name != NULL ? near.name : "", near.name != NULL ? "?" : "");
}

/* ---- parameters ---- */

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool put_hex(struct wr *w, const char *name, json_t *v)
{
	const char *text = json_string_value(v);
	size_t n = text != NULL ? json_string_length(v) : 1, room = 0;
	uint8_t *bytes = malloc(n / HEX_DIGITS + 1);
	bool good = bytes != NULL && n % HEX_DIGITS == 0;

	for (size_t i = 0; good && i < n; i += HEX_DIGITS) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		good = high >= 0 && low >= 0;
		if (good)
			bytes[room++] = (uint8_t)(high * HEX_BASE + low);
	}
	if (good)
		facts_str(w, name, (struct span){bytes, room});
	free(bytes);
	return good;
}

static bool put_str(struct wr *w, const char *name, json_t *v)
{
	struct span bytes = {0};
	uint8_t *owned = NULL;
	bool good = json_to_bytes(v, &bytes, &owned);

	if (good)
		facts_str(w, name, bytes);
	free(owned);
	return good;
}

static bool put_list(struct wr *w, const char *name, json_t *v)
{
	size_t mark = facts_list_open(w, name), i;
	bool good = json_is_array(v);
	json_t *item;

	json_array_foreach(v, i, item)
	{
		if (json_is_string(item))
			wr_bytes(w,
				 (struct span){(const uint8_t *)json_string_value(item),
					       json_string_length(item)});
		good = good && json_is_string(item);
	}
	wr_close(w, mark);
	return good;
}

static bool put_num(struct wr *w, const char *name, json_t *v)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	facts_num(w, name, (uint64_t)json_integer_value(v));
	return true;
}

static bool put_bool(struct wr *w, const char *name, json_t *v)
{
	if (!json_is_boolean(v))
		return false;
	facts_bool(w, name, json_is_true(v));
	return true;
}

static bool put_value(struct wr *w, const struct ctl_param_row *row, json_t *v)
{
	switch (row->type) {
	case CTL_STR:
		return put_str(w, row->name, v);
	case CTL_NUM:
		return put_num(w, row->name, v);
	case CTL_BOOL:
		return put_bool(w, row->name, v);
	case CTL_LIST:
		return put_list(w, row->name, v);
	case CTL_HEX:
		return put_hex(w, row->name, v);
	}
	return false;
}

static enum ctl_error put_param(struct call *c, struct wr *w,
				const struct ctl_param_row *row, json_t *v)
{
	static const char *const wanted[] = {
	    [CTL_STR] = "a string, or {\"base64\": …}",
	    [CTL_NUM] = "a whole number of 0 or more",
	    [CTL_BOOL] = "true or false",
	    [CTL_LIST] = "a list of strings",
	    [CTL_HEX] = "a string of hexadecimal digits, two for a byte"};

	if (put_value(w, row, v))
		return CTL_OK;
	return say(c, CTL_BAD_PARAMS, "%s: %s must be %s", ctl_methods[c->method].name,
		   row->name, wanted[row->type]);
}

static enum ctl_error unknown_param(struct call *c, const char *name)
{
	struct nearest near = nearest_begin(span_str(name));

	for (size_t i = 0; i < n_ctl_params; i++)
		if (ctl_params[i].method == c->method)
			nearest_try(&near, ctl_params[i].name);
	return say(c, CTL_BAD_PARAMS, "%s has no parameter %.64s%s%s%s",
		   ctl_methods[c->method].name, name,
		   near.name != NULL ? "; did you mean " : "",
		   near.name != NULL ? near.name : "", near.name != NULL ? "?" : "");
}

static enum ctl_error put_params(struct call *c, struct wr *w, json_t *params)
{
	const struct ctl_param_row *row;
	enum ctl_error e = CTL_OK;
	const char *name;
	json_t *v;

	json_object_foreach(params, name, v)
	{
		row = ctl_param_find(c->method, span_str(name));
		e = row == NULL ? unknown_param(c, name) : put_param(c, w, row, v);
		if (e != CTL_OK)
			return e;
	}
	for (size_t i = 0; i < n_ctl_params && e == CTL_OK; i++) {
		row = &ctl_params[i];
		if (row->method == c->method && row->need == CTL_MUST &&
		    json_object_get(params, row->name) == NULL)
			e = say(c, CTL_BAD_PARAMS, "%s needs %s: %s",
				ctl_methods[c->method].name, row->name, row->help);
	}
	return e;
}

static enum ctl_error take_params(struct call *c, json_t *params)
{
	struct wr w = {.cap = LIMIT_CONTROL_CALL_BYTES};
	struct span all = {0};
	enum ctl_error e;

	if (params != NULL && !json_is_object(params))
		return say(c, CTL_BAD_PARAMS,
			   "\"params\" must be an object: they have "
			   "names");
	c->params = w.p = malloc(w.cap);
	if (w.p == NULL)
		return CTL_BAD_NO_SPACE;
	e = put_params(c, &w, params);
	if (e == CTL_OK && wr_end(&w, &all) != OK)
		e = say(c, CTL_BAD_LINE_LENGTH,
			"parameters may have %d bytes: send less at once",
			LIMIT_CONTROL_CALL_BYTES);
	c->params_n = all.n;
	w.p = realloc(c->params, all.n + 1);
	if (w.p != NULL)
		c->params = w.p;
	return e;
}

enum ctl_error call_parse(struct span line, struct call *out)
{
	json_error_t where;
	json_t *request = json_loadb(
	    (const char *)line.p, line.n,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &where);
	enum ctl_error e;

	if (request == NULL)
		return say(out, CTL_BAD_PARSE, "this is not JSON: %.200s, at byte %d",
			   where.text, where.position);
	if (!json_is_object(request))
		e = say(out, CTL_BAD_REQUEST, "a call is an object, one a line");
	else if ((e = take_id(out, json_object_get(request, "id"))) == CTL_OK &&
		 (e = check_version(out, json_object_get(request, "jsonrpc"))) ==
		     CTL_OK &&
		 (e = check_members(out, request)) == CTL_OK &&
		 (e = take_method(out, json_object_get(request, "method"))) == CTL_OK)
		e = take_params(out, json_object_get(request, "params"));
	json_decref(request);
	if (e ==
	    CTL_BAD_REQUEST) /* JSON-RPC 2.0 5: it is answered, with null for an id */
		out->quiet = false;
	return e;
}

void call_wipe(struct call *c)
{
	json_decref(c->id);
	free(c->params);
	*c = (struct call){0};
}
