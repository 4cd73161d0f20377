/*
 * Restrictions of accepted logins. The fields stay as the decision had them and are read when they are
 * asked for: nothing of them is kept twice.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/grants.h"
#include "monitor/match.h"
#include "monitor/permit.h"

/* An address, a name or a pattern; brackets; a port. */
#define RULE_BYTES (LIMIT_HOST_BYTES + 16)

/* Takes the next item of a list that was checked. */
static bool item_next(struct rd *r, struct span *out)
{
	if (r->left.n == 0)
		return false;
	*out = rd_bytes(r, r->left.n);
	return rd_ok(r);
}

static struct rd list_of(struct span fields, const char *name, bool *given)
{
	struct fact f = {0};

	*given = facts_find(fields, name, &f) && f.type == FACT_LIST;
	return RD(f.value);
}

/* Is this host:port as permit_open takes it? */
static bool rule_good(struct span item)
{
	char text[RULE_BYTES];
	const char *colon, *port;
	char *end;

	if (bytes_to_str(text, sizeof text, item) != OK)
		return false;
	colon = strrchr(text, ':');
	if (colon == NULL || colon == text)
		return false;
	port = colon + 1;
	if (strcmp(port, "*") == 0)
		return true;
	return *port >= '0' && *port <= '9' && strtoul(port, &end, 10) <= LIMIT_PORT &&
	       *end == '\0';
}

static bool rules_good(struct span fields, const char *name)
{
	bool given;
	struct rd r = list_of(fields, name, &given);
	struct span item;

	while (item_next(&r, &item))
		if (!rule_good(item))
			return false;
	return true;
}

/* NAME=VALUE, with a name, and no NUL in either. */
static bool env_good(struct span fields)
{
	bool given;
	struct rd r = list_of(fields, "env", &given);
	struct span item;
	size_t all = 0;

	while (item_next(&r, &item)) {
		if (item.n == 0 || item.p[0] == '=' ||
		    memchr(item.p, '=', item.n) == NULL ||
		    memchr(item.p, '\0', item.n) != NULL)
			return false;
		all += item.n;
	}
	return all <= LIMIT_ENV_BYTES / 2; /* beside those of keys and settings */
}

/* Does the client's address match one of the list? One with a mistake in it matches nobody. */
static bool source_good(const struct conn *c, struct span fields)
{
	bool given, found = false;
	struct rd r = list_of(fields, "source", &given);
	char text[RULE_BYTES];
	struct span item;

	while (item_next(&r, &item)) {
		if (bytes_to_str(text, sizeof text, item) != OK ||
		    match_address_valid(text) != OK)
			return false;
		switch (match_address_list(c->remote.address, text)) {
		case MATCH_EXCLUDED:
			return false;
		case MATCH_YES:
			found = true;
			break;
		case MATCH_NO:
			break;
		}
	}
	return found || !given;
}

/* A permit that cannot be enforced whole is a refusal: no connection lives without time or data. */
static const struct {
	const char *name;
	uint64_t least;
	const char *why;
} least[] = {
    {"idle_s",    1,                "idle_s wants at least 1"             },
    {"total_s",   1,                "total_s wants at least 1"            },
    {"bandwidth", LIMIT_RATE_LEAST, "bandwidth wants at least 64 a second"},
};
/* What holds after the login; most decisions have nothing of it. */
static const char *const kept[] = {"command",      "env",
				   "pty",          "agent",
				   "x11",          "forwarding",
				   "permit_open",  "permit_listen",
				   "max_sessions", "max_channels",
				   "idle_s",       "total_s",
				   "bandwidth",    NULL};

static bool has_any(struct span fields, const char *const *names)
{
	struct fact f;

	for (; *names != NULL; names++)
		if (facts_find(fields, *names, &f))
			return true;
	return false;
}

static const char *too_little(struct span fields)
{
	for (size_t i = 0; i < sizeof least / sizeof least[0]; i++)
		if (facts_get_num(fields, least[i].name, UINT64_MAX) < least[i].least)
			return least[i].why;
	return NULL;
}

enum err grants_check(const struct conn *c, struct span fields, const char **why)
{
	struct span command = facts_get_str(fields, "command", (struct span){0});

	if (!source_good(c, fields))
		*why = "source does not have the client's address";
	else if (!rules_good(fields, "permit_open"))
		*why = "permit_open wants host:port";
	else if (!rules_good(fields, "permit_listen"))
		*why = "permit_listen wants host:port";
	else if (!env_good(fields))
		*why = "env wants names, and less of them";
	else if (command.n > 0 && memchr(command.p, '\0', command.n) != NULL)
		*why = "command has a NUL";
	else if ((*why = too_little(fields)) == NULL)
		return OK;
	return ERR_DENIED;
}

enum err grants_keep(struct conn *c, struct span fields)
{
	struct grants *g;

	if (!has_any(fields, kept))
		return OK;
	g = malloc(sizeof *g + fields.n);
	if (g == NULL)
		return ERR_MEMORY;
	g->next = c->work->grants;
	g->n = fields.n;
	memcpy(g->fields, fields.p, fields.n);
	c->work->grants = g;
	return OK;
}

static struct span fields_of(const struct grants *g)
{
	return (struct span){g->fields, g->n};
}

bool grants_deny(const struct conn_work *w, const char *flag)
{
	for (const struct grants *g = w->grants; g != NULL; g = g->next)
		if (!facts_get_bool(fields_of(g), flag, true))
			return true;
	return false;
}

uint64_t grants_least(const struct conn_work *w, const char *name, uint64_t otherwise)
{
	uint64_t n;

	for (const struct grants *g = w->grants; g != NULL; g = g->next) {
		n = facts_get_num(fields_of(g), name, otherwise);
		if (n < otherwise)
			otherwise = n;
	}
	return otherwise;
}

typedef bool permit_fn(const struct strlist *rules, const char *host, uint32_t port);

static bool permits(const struct conn_work *w, const char *name, permit_fn *permit,
		    const char *host, uint32_t port)
{
	char text[RULE_BYTES];
	const char *rule = text;
	const struct strlist one = {&rule, 1};
	struct span item;
	bool given, found;

	for (const struct grants *g = w->grants; g != NULL; g = g->next) {
		struct rd r = list_of(fields_of(g), name, &given);

		found = !given;
		while (!found && item_next(&r, &item))
			found = bytes_to_str(text, sizeof text, item) == OK &&
				permit(&one, host, port);
		if (!found)
			return false;
	}
	return true;
}

bool grants_permit_open(const struct conn_work *w, const char *host, uint32_t port)
{
	return permits(w, "permit_open", permit_open, host, port);
}

bool grants_permit_listen(const struct conn_work *w, const char *host, uint32_t port)
{
	return permits(w, "permit_listen", permit_listen, host, port);
}

bool grants_command(const struct conn_work *w, struct span *out)
{
	struct fact f;

	for (const struct grants *g = w->grants; g != NULL; g = g->next)
		if (facts_find(fields_of(g), "command", &f)) {
			*out = f.value;
			return true;
		}
	return false;
}

static void env_write(const struct grants *g, struct wr *out)
{
	bool given;
	struct rd r = list_of(fields_of(g), "env", &given);
	const uint8_t *equals;
	struct span item;

	if (g->next != NULL)
		env_write(g->next, out); /* a connection has few steps */
	while (item_next(&r, &item)) {
		equals = memchr(item.p, '=', item.n);
		wr_bytes(out, (struct span){item.p, (size_t)(equals - item.p)});
		wr_bytes(out, (struct span){equals + 1,
					    item.n - 1 - (size_t)(equals - item.p)});
	}
}

void grants_env(const struct conn_work *w, struct wr *out)
{
	if (w->grants != NULL)
		env_write(w->grants, out);
}

void grants_wipe(struct conn_work *w)
{
	struct grants *g;

	while ((g = w->grants) != NULL) {
		w->grants = g->next;
		free(g);
	}
}
