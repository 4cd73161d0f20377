/*
 * A line is made in two parts: what was asked, without its secrets, is kept as JSON until the
 * answer comes; then it is written with one call, so that a reader finds whole lines only.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/facts_json.h"
#include "policy/record.h"

struct pending {
	struct pending *next;
	uint64_t id, conn;
	uint64_t call; /* the helper that it waits for; 0: none */
	char helper[LIMIT_NAME_BYTES + 1];
	json_t *line;
};

struct recorder {
	int fd;
	struct pending *first;
	struct pending *now; /* what the engine is at */
};

struct recorder *recorder_new(void)
{
	struct recorder *r = calloc(1, sizeof *r);

	if (r != NULL)
		r->fd = -1;
	return r;
}

static void forget(struct recorder *r, struct pending **at)
{
	struct pending *p = *at;

	if (r->now == p)
		r->now = NULL;
	*at = p->next;
	json_decref(p->line);
	free(p);
}

void recorder_use(struct recorder *r, int fd)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = fd;
	while (fd < 0 && r->first != NULL)
		forget(r, &r->first);
}

void recorder_free(struct recorder *r)
{
	if (r == NULL)
		return;
	recorder_use(r, -1);
	free(r);
}

/* ---- what was asked ---- */

/* Of a key, auth.param is public. */
static bool is_secret(struct span facts, const struct fact *f)
{
	struct span none = {0};
	struct span method = facts_get_str(facts, "auth.method", none);
	struct span type = facts_get_str(facts, "request.type", none);

	if (f->type != FACT_STR || f->value.n == 0)
		return false;
	return span_is(f->name, "conn.user.totp_secret") ||
	       (span_is(f->name, "auth.param") && !span_is(method, "publickey")) ||
	       (span_is(f->name, "request.payload") && span_is(type, "x11-req"));
}

/* Copies facts; a secret's value does not get as far as to be JSON. */
static enum err mask(struct span facts, struct wr *w, json_t *masked)
{
	char name[LIMIT_FACT_NAME_BYTES];
	struct rd r = RD(facts);
	struct fact f;
	enum err e = OK;

	while (e == OK && r.left.n > 0) {
		struct span from = r.left;

		e = facts_next(&r, &f);
		if (e != OK || !is_secret(facts, &f)) {
			wr_raw(w, (struct span){from.p, from.n - r.left.n});
			continue;
		}
		e = bytes_to_str(name, sizeof name, f.name);
		facts_str(w, name, SPAN_LIT("masked"));
		if (e == OK && json_array_append_new(masked, json_string(name)) != 0)
			e = ERR_MEMORY;
	}
	return e;
}

static json_t *facts_masked(struct span facts, json_t *masked)
{
	/* a mask may be longer than the secret */
	struct wr w = {.cap = facts.n + LIMIT_FACT_NAME_BYTES};
	struct span out = {0};
	json_t *all = NULL;

	w.p = malloc(w.cap);
	if (w.p != NULL && mask(facts, &w, masked) == OK && wr_end(&w, &out) == OK)
		all = facts_to_json(out);
	free(w.p);
	return all;
}

static json_t *line_of(const struct engine_question *q)
{
	json_t *masked = json_array();
	json_t *line = facts_masked(q->facts, masked);

	if (line != NULL &&
	    json_put(line, "event", json_string(policy_events[q->event].name)) &&
	    json_put(line, "connection", json_integer((json_int_t)q->conn)) &&
	    json_put(line, "now", json_integer((json_int_t)q->now_s)) &&
	    json_put(line, "zone", json_integer(q->zone_s)) &&
	    (json_array_size(masked) == 0 ||
	     json_put(line, "masked", json_incref(masked)))) {
		json_decref(masked);
		return line;
	}
	json_decref(masked);
	json_decref(line);
	return NULL;
}

void recorder_asked(struct recorder *r, const struct engine_question *q)
{
	struct pending *p;

	r->now = NULL;
	if (r->fd < 0 || q->id == 0 || (p = calloc(1, sizeof *p)) == NULL)
		return;
	*p = (struct pending){
	    .next = r->first, .id = q->id, .conn = q->conn, .line = line_of(q)};
	if (p->line == NULL) {
		free(p);
		return;
	}
	r->first = r->now = p;
}

/* ---- helpers ---- */

void recorder_calls(struct recorder *r, const struct engine_call *c)
{
	struct pending *p = r->now;

	if (p != NULL && bytes_to_str(p->helper, sizeof p->helper, c->name) == OK)
		p->call = c->call;
}

void recorder_helped(struct recorder *r, uint64_t call, bool ok, struct span text)
{
	struct pending *p = r->first;
	json_t *all, *answer;

	while (p != NULL && p->call != call)
		p = p->next;
	r->now = p;
	if (p == NULL)
		return;
	p->call = 0;
	answer = text.n > 0
		     ? json_loadb((const char *)text.p, text.n, JSON_DECODE_ANY, NULL)
		     : NULL;
	if (answer == NULL)
		answer = json_bytes(text);
	all = json_object_get(p->line, "helpers");
	if (all == NULL && json_put(p->line, "helpers", json_object()))
		all = json_object_get(p->line, "helpers");
	(void)json_put(all, p->helper,
		       json_pack("{s:b,s:o}", "ok", ok, "answer", answer));
}

/* ---- what was decided ---- */

static enum err write_line(struct recorder *r, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
	size_t n = text != NULL ? strlen(text) : 0;
	enum err e = ERR_FILE;

	if (text == NULL)
		return ERR_MEMORY;
	text[n] = '\n'; /* where the end of the string was */
	if (write(r->fd, text, n + 1) == (ssize_t)(n + 1))
		e = OK;
	free(text);
	return e;
}

static enum err write_answer(struct recorder *r, struct pending *p,
			     const struct engine_answer *a)
{
	json_t *script = a->script != NULL ? json_string(a->script) : NULL;

	if (!json_put(p->line, "want", decision_to_json(a->verdict, a->fields)) ||
	    !json_put(p->line, "where", json_bytes(a->where)) ||
	    !json_put(p->line, "cpu_us", json_integer(a->cpu_us)) ||
	    (script != NULL && !json_put(p->line, "script", script)))
		return ERR_MEMORY;
	return write_line(r, p->line);
}

enum err recorder_answered(struct recorder *r, const struct engine_answer *a)
{
	struct pending **at = &r->first;
	enum err e;

	while (*at != NULL && (*at)->id != a->id)
		at = &(*at)->next;
	if (*at == NULL)
		return OK;
	e = write_answer(r, *at, a);
	forget(r, at);
	if (e == ERR_FILE)
		recorder_use(r, -1);
	return e == ERR_FILE ? e : OK;
}

void recorder_drop(struct recorder *r, uint64_t conn)
{
	struct pending **at = &r->first;

	while (*at != NULL)
		if ((*at)->conn == conn)
			forget(r, at);
		else
			at = &(*at)->next;
}
