/*
 * Answers as JSON-RPC 2.0. A list is written row by row, as the monitor finds them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/json_facts.h"
#include "monitor/control/control.h"

/* Writes and frees it; who cannot be told is cut, so that it does not wait for ever. */
static void put(struct client *c, json_t *v)
{
	char *text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(v);
	if (text == NULL || evbuffer_add(c->out, text, strlen(text)) != 0)
		client_cut(c);
	free(text);
}

static void put_text(struct client *c, const char *text)
{
	if (c->fd >= 0 && evbuffer_add(c->out, text, strlen(text)) != 0)
		client_cut(c);
}

static json_t *id_of(const struct client *c)
{
	return c->call.id != NULL ? json_incref(c->call.id) : json_null();
}

void reply_error(struct client *c, enum ctl_error e, const char *text)
{
	if (c->fd < 0 || c->call.quiet)
		return;
	put(c, json_pack("{s:s, s:o, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id_of(c),
			 "error", "code", (int)ctl_errors[e].code, "message",
			 text[0] != '\0' ? text : ctl_errors[e].text));
	put_text(c, "\n");
}

void reply_result(struct client *c, struct span facts)
{
	if (c->fd < 0 || c->call.quiet)
		return;
	put(c, json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_of(c), "result",
			 facts_to_json(facts)));
	put_text(c, "\n");
}

static void rows_begin(struct client *c)
{
	put_text(c, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (c->fd >= 0)
		put(c, id_of(c));
	put_text(c, ",\"result\":[");
	c->begun = true;
}

void reply_row(struct client *c, struct span facts)
{
	if (c->fd < 0 || c->call.quiet)
		return;
	if (!c->begun)
		rows_begin(c);
	if (c->rows++ > 0)
		put_text(c, ",");
	if (c->fd >= 0)
		put(c, facts_to_json(facts));
}

void reply_rows_end(struct client *c)
{
	if (c->fd < 0 || c->call.quiet)
		return;
	if (!c->begun)
		rows_begin(c);
	put_text(c, "]}\n");
}
