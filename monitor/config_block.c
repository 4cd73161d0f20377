/*
 * Match blocks: their criteria, and which of them a connection satisfies.
 * Source: sshd_config(5) Match
 */
#include <string.h>
#include <strings.h>

#include "monitor/config_priv.h"
#include "monitor/match.h"

static const struct config_name fact_names[] = {
    {"All",          FACT_ALL          },
    {"User",         FACT_USER         },
    {"Group",        FACT_GROUP        },
    {"Host",         FACT_HOST         },
    {"Address",      FACT_ADDRESS      },
    {"LocalAddress", FACT_LOCAL_ADDRESS},
    {"LocalPort",    FACT_LOCAL_PORT   },
};
#define N_FACT_NAMES (sizeof fact_names / sizeof fact_names[0])

/* The arguments of a Match line, in which = may stand for the blank. */
struct words {
	struct arena *arena;
	const struct config_line *line;
	size_t i;
	const char
	    *after; /* what stands after = in the argument before; NULL: nothing */
};

static const char *next_name(struct words *w)
{
	const char *text, *equals;

	if (w->i == w->line->n)
		return NULL;
	text = w->line->arg[w->i++].text;
	equals = strchr(text, '=');
	if (equals == NULL)
		return text;
	w->after = equals + 1;
	return arena_copy(
	    w->arena, (struct span){(const uint8_t *)text, (size_t)(equals - text)});
}

static const char *next_pattern(struct words *w)
{
	const char *text = w->after;

	w->after = NULL;
	if (text != NULL && text[0] != '\0')
		return text;
	if (w->i == w->line->n)
		return NULL;
	if (text != NULL || w->line->arg[w->i].text[0] != '=')
		return w->line->arg[w->i++].text;
	text = w->line->arg[w->i++].text + 1;
	if (text[0] != '\0')
		return text;
	return w->i == w->line->n ? NULL : w->line->arg[w->i++].text;
}

static bool read_fact(struct config_reader *r, const char *name, enum config_fact *out)
{
	for (size_t i = 0; i < N_FACT_NAMES; i++)
		if (strcasecmp(name, fact_names[i].name) == 0) {
			*out = (enum config_fact)fact_names[i].value;
			return true;
		}
	config_complain(r, false,
			"\"%s\" cannot be matched: User, Group, Host, Address, "
			"LocalAddress, LocalPort "
			"and All can",
			name);
	return false;
}

static bool read_pattern(struct config_reader *r, struct config_criterion *c)
{
	uint64_t port = 0;

	switch (c->fact) {
	case FACT_LOCAL_PORT:
		if (config_read_number(c->pattern, UINT16_MAX, &port) && port != 0) {
			c->port = (uint16_t)port;
			return true;
		}
		config_complain(r, false, "LocalPort: a port is wanted, not \"%s\"",
				c->pattern);
		return false;
	case FACT_ADDRESS:
	case FACT_LOCAL_ADDRESS:
		if (match_address_valid(c->pattern) == OK)
			return true;
		config_complain(r, false,
				"addresses, patterns or networks such as 192.0.2.0/24, "
				"without bits beyond "
				"the mask, are wanted, not \"%s\"",
				c->pattern);
		return false;
	case FACT_USER:
	case FACT_GROUP:
	case FACT_HOST:
	case FACT_ALL:
		break;
	}
	return true;
}

static bool read_criterion(struct config_reader *r, struct words *w,
			   struct config_criterion *out)
{
	const char *name = next_name(w);

	if (name == NULL || !read_fact(r, name, &out->fact))
		return false;
	if (out->fact == FACT_ALL) {
		if (w->after == NULL && w->line->n == 1)
			return true;
		config_complain(r, false, "All must stand alone");
		return false;
	}
	out->pattern = next_pattern(w);
	if (out->pattern == NULL || out->pattern[0] == '\0') {
		config_complain(r, false, "a pattern is missing after %s", name);
		return false;
	}
	return read_pattern(r, out);
}

/* Adds a block that matches nobody where its line is bad: the load fails anyway. */
static void add_block(struct config_reader *r, const struct config_block *b)
{
	struct config *c = r->c;

	if (c->n_blocks == LIMIT_CONFIG_BLOCKS) {
		config_complain(r, false, "there are more than %d Match blocks",
				LIMIT_CONFIG_BLOCKS);
		return;
	}
	c->block[c->n_blocks] = *b;
	r->block = c->n_blocks++;
}

void config_block_begin(struct config_reader *r, const struct config_line *line,
			size_t parent)
{
	struct words w = {.arena = &r->c->arena, .line = line};
	struct config_criterion *criterion =
	    arena_alloc(&r->c->arena, (line->n + 1) * sizeof *criterion);
	struct config_block b = {.parent = parent, .criterion = criterion};

	if (criterion == NULL)
		return;
	if (line->n == 0)
		config_complain(r, false,
				"a criterion is missing, such as User or All");
	while (w.i < line->n && read_criterion(r, &w, &criterion[b.n]))
		b.n++;
	add_block(r, &b);
}

static bool match_groups(const struct strlist *groups, const char *pattern)
{
	bool found = false;

	for (size_t i = 0; groups != NULL && i < groups->n; i++)
		switch (match_list(groups->item[i], pattern)) {
		case MATCH_EXCLUDED:
			return false;
		case MATCH_YES:
			found = true;
			break;
		case MATCH_NO:
			break;
		}
	return found;
}

static bool match_criterion(const struct config_criterion *c,
			    const struct match_facts *facts)
{
	switch (c->fact) {
	case FACT_ALL:
		return true;
	case FACT_USER:
		return match_list(facts->user, c->pattern) == MATCH_YES;
	case FACT_GROUP:
		return match_groups(facts->groups, c->pattern);
	case FACT_HOST:
		return match_host_list(facts->host, c->pattern) == MATCH_YES;
	case FACT_ADDRESS:
		return match_address_list(facts->address, c->pattern) == MATCH_YES;
	case FACT_LOCAL_ADDRESS:
		return match_address_list(facts->local_address, c->pattern) ==
		       MATCH_YES;
	case FACT_LOCAL_PORT:
		return facts->local_port == c->port;
	}
	return false;
}

bool config_block_is_all(const struct config *c, size_t block)
{
	for (; block != 0; block = c->block[block].parent)
		if (c->block[block].n == 0 ||
		    c->block[block].criterion[0].fact != FACT_ALL)
			return false;
	return true;
}

void config_blocks_match(const struct config *c, const struct match_facts *facts,
			 bool *active)
{
	active[0] = true;
	for (size_t i = 1; i < c->n_blocks; i++) {
		const struct config_block *b = &c->block[i];

		/* a parent has a smaller number */
		active[i] = active[b->parent];
		for (size_t j = 0; j < b->n && active[i]; j++)
			active[i] = match_criterion(&b->criterion[j], facts);
	}
}
