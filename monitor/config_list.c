/*
 * Reads values that are lists: words, files, ports, addresses, subsystems, algorithms.
 * A parser gives the items of its line; config_list_append adds lines up.
 */
#include <string.h>
#include <strings.h>

#include "monitor/config_priv.h"

/* What all lists look like, whatever their items are. */
struct any_list {
	void *item;
	size_t n;
};

size_t config_type_item_bytes(enum config_type type)
{
	switch (type) {
	case TYPE_GATHER:
	case TYPE_FILES:
		return sizeof(const char *);
	case TYPE_KEYS:
		return sizeof(struct store_source);
	case TYPE_PORTS:
		return sizeof(uint16_t);
	case TYPE_LISTEN:
		return sizeof(struct listen_address);
	case TYPE_SUBSYS:
		return sizeof(struct subsystem);
	case TYPE_HELPERS:
		return sizeof(struct policy_helper);
	case TYPE_PROMPTS:
		return sizeof(struct kbd_prompt);
	case TYPE_BOOL:
	case TYPE_ENUM:
	case TYPE_NUMBER:
	case TYPE_OCTAL:
	case TYPE_SECONDS:
	case TYPE_WORD:
	case TYPE_PATH:
	case TYPE_TEXT:
	case TYPE_ENV:
	case TYPE_ALGS:
	case TYPE_WORDS:
	case TYPE_STARTUPS:
	case TYPE_TIMEOUT:
	case TYPE_CEILING:
	case TYPE_TIMEOUTS:
	case TYPE_RATE:
	case TYPE_PENALTIES:
	case TYPE_SLOWDOWN:
	case TYPE_NETBLOCK:
	case TYPE_REKEY:
	case TYPE_QOS:
		break;
	}
	return 0;
}

/* Room doubles whenever the count reaches a power of two, so that adding stays cheap. */
static bool append_one(struct arena *a, size_t item_bytes, struct any_list *list,
		       const uint8_t *item)
{
	if ((list->n & (list->n - 1)) == 0) {
		uint8_t *larger =
		    arena_alloc(a, (list->n == 0 ? 1 : list->n * 2) * item_bytes);

		if (larger == NULL)
			return false;
		if (list->n > 0)
			memcpy(larger, list->item, list->n * item_bytes);
		list->item = larger;
	}
	memcpy((uint8_t *)list->item + list->n * item_bytes, item, item_bytes);
	list->n++;
	return true;
}

bool config_list_append(struct arena *a, size_t item_bytes, union config_value *list,
			const union config_value *add)
{
	struct any_list to, from;

	memcpy(&to, list, sizeof to);
	memcpy(&from, add, sizeof from);
	for (size_t i = 0; i < from.n; i++)
		if (!append_one(a, item_bytes, &to,
				(uint8_t *)from.item + i * item_bytes))
			return false;
	memcpy(list, &to, sizeof to);
	return true;
}

static bool some_args(struct config_reader *r, const struct config_line *line,
		      size_t max)
{
	if (line->n > 0 && line->n <= max)
		return true;
	if (line->n == 0)
		config_complain(r, false, "a value is missing");
	else if (max == 1)
		config_complain(r, false, "one value is wanted, not %zu", line->n);
	else
		config_complain(r, false, "%zu values are wanted at most, not %zu", max,
				line->n);
	return false;
}

/* Checks every argument and gathers them. */
static bool gather(struct config_reader *r, const struct config_row *row,
		   const struct config_line *line, struct strlist *out)
{
	const char **item = arena_alloc(&r->c->arena, line->n * sizeof *item);
	bool good = true;

	if (item == NULL)
		return false;
	for (size_t i = 0; i < line->n; i++) {
		const char *wanted;

		item[i] = line->arg[i].text;
		wanted = row->check(r, &r->c->arena, &item[i]);
		if (wanted == NULL)
			continue;
		config_complain(r, false, "%s is wanted, not \"%s\"", wanted, item[i]);
		good = false;
	}
	*out = (struct strlist){item, line->n};
	return good;
}

/* none means an empty list, but for AuthenticationMethods, which has a method of that name. */
static bool is_none(const struct config_row *row, const char *arg)
{
	return row->check != config_check_methods && strcmp(arg, "none") == 0;
}

bool config_parse_words(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	if (!some_args(r, line, LIMIT_CONFIG_ITEMS))
		return false;
	for (size_t i = 0; i < line->n && line->n > 1; i++)
		if (is_none(row, line->arg[i].text) ||
		    strcmp(line->arg[i].text, "any") == 0) {
			config_complain(r, false, "\"%s\" must stand alone",
					line->arg[i].text);
			return false;
		}
	if (!gather(r, row, line, &out->list))
		return false;
	if (is_none(row, line->arg[0].text))
		out->list.n = 0;
	return true;
}

bool config_parse_gather(struct config_reader *r, const struct config_row *row,
			 const struct config_line *line, union config_value *out)
{
	return some_args(r, line, LIMIT_CONFIG_ITEMS) &&
	       gather(r, row, line, &out->list);
}

bool config_parse_files(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	/* only the defaults stand on one line */
	return some_args(r, line, r->defaults ? LIMIT_CONFIG_ITEMS : 1) &&
	       gather(r, row, line, &out->list);
}

bool config_parse_ports(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	uint16_t *port;
	uint64_t n;

	(void)row;
	if (!some_args(r, line, 1))
		return false;
	if (!config_read_number(line->arg[0].text, UINT16_MAX, &n)) {
		config_complain(r, false, "a port from 0 to %u is wanted, not \"%s\"",
				UINT16_MAX, line->arg[0].text);
		return false;
	}
	port = arena_alloc(&r->c->arena, sizeof *port);
	if (port == NULL)
		return false;
	*port = (uint16_t)n;
	out->ports = (struct ports){port, 1};
	return true;
}

/* Divides host, host:port, [host]:port and [host]; more colons are an IPv6 address. */
static bool split_address(const char *text, struct span *host, const char **port)
{
	const char *colon = strchr(text, ':');
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;

	if (text[0] == '[') {
		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return false;
		*host = (struct span){(const uint8_t *)text + 1,
				      (size_t)(close - text) - 1};
		*port = close[1] == ':' ? close + 2 : NULL;
	} else if (colon == NULL || strchr(colon + 1, ':') != NULL) {
		*host = span_str(text);
		*port = NULL;
	} else {
		*host = (struct span){(const uint8_t *)text, (size_t)(colon - text)};
		*port = colon + 1;
	}
	return host->n > 0 && host->n <= LIMIT_HOST_BYTES;
}

bool config_parse_listen(struct config_reader *r, const struct config_row *row,
			 const struct config_line *line, union config_value *out)
{
	struct listen_address *address;
	struct span host;
	const char *port = NULL;
	uint64_t n = 0;

	(void)row;
	if (line->n == 3 && strcasecmp(line->arg[1].text, "rdomain") == 0) {
		config_complain(r, false,
				"routing domains are not used: remove rdomain");
		return false;
	}
	if (!some_args(r, line, 1))
		return false;
	if (!split_address(line->arg[0].text, &host, &port) ||
	    (port != NULL && !config_read_number(port, UINT16_MAX, &n))) {
		config_complain(
		    r, false,
		    "an address, host:port or [address]:port is wanted, not \"%s\"",
		    line->arg[0].text);
		return false;
	}
	address = arena_alloc(&r->c->arena, sizeof *address);
	if (address == NULL)
		return false;
	address->host = arena_copy(&r->c->arena, host);
	address->port = (uint16_t)n;
	address->port_given = port != NULL;
	out->listen = (struct listen_addresses){address, 1};
	return address->host != NULL;
}

/* The command as the shell shall see it: quotes within it stay, around all of it they go. */
static const char *command_of(struct config_reader *r, const struct config_line *line)
{
	size_t begin = line->arg[1].begin, end = line->arg[line->n - 1].end;

	if (line->n == 2)
		return line->arg[1].text;
	return arena_copy(
	    &r->c->arena,
	    (struct span){(const uint8_t *)line->rest + begin, end - begin});
}

bool config_parse_subsys(struct config_reader *r, const struct config_row *row,
			 const struct config_line *line, union config_value *out)
{
	struct subsystem *s;

	(void)row;
	if (line->n < 2 || line->arg[0].text[0] == '\0' ||
	    line->arg[1].text[0] == '\0') {
		config_complain(r, false, "a name and a command are wanted");
		return false;
	}
	s = arena_alloc(&r->c->arena, sizeof *s);
	if (s == NULL)
		return false;
	s->name = line->arg[0].text;
	s->command = command_of(r, line);
	out->subsystems = (struct subsystems){s, 1};
	return s->command != NULL;
}

/* It stands in scripts and log lines, and in the program's environment. */
static bool is_helper_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= LIMIT_HELPER_NAME_BYTES &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] == '\0';
}

static struct policy_helper *helper_of(struct arena *a, const struct config_line *line)
{
	struct policy_helper *h = arena_alloc(a, sizeof *h);
	const char **argv = arena_alloc(a, line->n * sizeof *argv);

	if (h == NULL || argv == NULL)
		return NULL;
	for (size_t i = 1; i < line->n; i++)
		argv[i - 1] = line->arg[i].text;
	argv[line->n - 1] = NULL;
	*h = (struct policy_helper){line->arg[0].text, argv};
	return h;
}

bool config_parse_helpers(struct config_reader *r, const struct config_row *row,
			  const struct config_line *line, union config_value *out)
{
	struct policy_helper *h;

	(void)row;
	if (line->n < 2 || line->n > LIMIT_HELPER_ARGS) {
		config_complain(r, false,
				"a name, a program and at most %d arguments are wanted",
				LIMIT_HELPER_ARGS - 2);
		return false;
	}
	if (!is_helper_name(line->arg[0].text)) {
		config_complain(
		    r, false,
		    "a name of letters, digits, - and _, %d bytes at most, is "
		    "wanted, not \"%s\"",
		    LIMIT_HELPER_NAME_BYTES, line->arg[0].text);
		return false;
	}
	if (line->arg[1].text[0] != '/') {
		config_complain(r, false,
				"the program's path must begin with /, not \"%s\"",
				line->arg[1].text);
		return false;
	}
	h = helper_of(&r->c->arena, line);
	out->helpers = (struct policy_helpers){h, 1};
	return h != NULL;
}

bool config_parse_prompts(struct config_reader *r, const struct config_row *row,
			  const struct config_line *line, union config_value *out)
{
	struct kbd_prompt *p;
	bool echo = line->n == 2 && strcmp(line->arg[1].text, "echo") == 0;

	(void)row;
	if (line->n == 0 || (line->n > 1 && !echo)) {
		config_complain(r, false,
				"a text in quotes is wanted, then echo or nothing");
		return false;
	}
	if (strlen(line->arg[0].text) > LIMIT_PROMPT_CONFIG_BYTES) {
		config_complain(r, false, "a prompt of %d bytes at most is wanted",
				LIMIT_PROMPT_CONFIG_BYTES);
		return false;
	}
	p = arena_alloc(&r->c->arena, sizeof *p);
	if (p == NULL)
		return false;
	*p = (struct kbd_prompt){line->arg[0].text, echo};
	out->prompts = (struct kbd_prompts){p, 1};
	return true;
}

/* Complains of an algorithm that is not there, and lists those that are. */
static void complain_algorithm(struct config_reader *r, enum alg_kind kind,
			       struct span bad)
{
	const char *known = NULL;

	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind == kind)
			known = known == NULL ? algs[i].name
					      : arena_print(&r->c->arena, "%s, %s",
							    known, algs[i].name);
	config_complain(r, false, "\"%.*s\" is not supported; supported are: %s",
			(int)(bad.n > LIMIT_NAME_BYTES ? LIMIT_NAME_BYTES : bad.n),
			(const char *)bad.p, known == NULL ? "none" : known);
}

bool config_parse_algs(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	uint8_t buf[LIMIT_ALGS * (LIMIT_NAME_BYTES + 1)];
	struct wr w = WR(buf);
	struct span bad = {0};
	enum err e;

	/* the default of the table is the default list: an empty line */
	if (!r->defaults && !some_args(r, line, 1))
		return false;
	e = algs_list(row->kind,
		      line->n == 0 ? (struct span){0} : span_str(line->arg[0].text), &w,
		      &bad);
	if (e == ERR_UNKNOWN)
		complain_algorithm(r, row->kind, bad);
	else if (e != OK)
		config_complain(r, false, "no algorithm is left");
	else
		out->text = arena_copy(&r->c->arena, (struct span){buf, w.n});
	return e == OK && out->text != NULL;
}
