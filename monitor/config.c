/*
 * A configuration from its first line to its last user: loaded whole or not at all, then
 * never changed. Connections keep the one they began with.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/config_priv.h"

/* A list that config_match added up out of several Match blocks; they are few and last. */
struct merged {
	struct merged *next;
	struct strlist list;
};

struct config_cache {
	struct arena arena;
	struct merged *first;
	size_t n;
};

/* --- what holds between settings --------------------------------------- */
static void check_ident(struct config_reader *r, const struct settings *s)
{
	const char *addendum = s->version_addendum == NULL ? "" : s->version_addendum;

	/* a space between the two, CR LF after them: RFC 4253 4.2 */
	if (strlen(s->server_version) + strlen(addendum) + 3 > LIMIT_IDENT_BYTES)
		config_complain(
		    r, false,
		    "ServerVersion and VersionAddendum are too long together");
	for (; *addendum != '\0'; addendum++)
		if (*addendum < ' ' || *addendum > '~') {
			config_complain(r, false,
					"VersionAddendum: printable ASCII is wanted");
			return;
		}
}

static bool command_good(const struct strlist *command, const char *user)
{
	return command->n == 0 || (command->item[0][0] == '/' && user != NULL);
}

/* What Match blocks set is looked at when it is needed, as in sshd. */
static void check_commands(struct config_reader *r, const struct settings *s)
{
	static const char wanted[] =
	    "%s: the absolute path of a program is wanted, and %sUser";

	if (!command_good(&s->authorized_keys_command, s->authorized_keys_command_user))
		config_complain(r, false, wanted, "AuthorizedKeysCommand",
				"AuthorizedKeysCommand");
	if (!command_good(&s->authorized_principals_command,
			  s->authorized_principals_command_user))
		config_complain(r, false, wanted, "AuthorizedPrincipalsCommand",
				"AuthorizedPrincipalsCommand");
}

/* Adds host with the ports that belong to it. */
static void add_listen(struct config_reader *r, const struct listen_address *a,
		       union config_value *sum)
{
	const struct settings *s = &r->c->base;

	for (size_t i = 0; i < (a->port_given ? 1 : s->port.n); i++) {
		const struct listen_address full = {
		    a->host, a->port_given ? a->port : s->port.item[i], true};
		const union config_value one = {
		    .listen = {&full, 1}
                };

		if (sum->listen.n < LIMIT_CONFIG_LISTENS)
			(void)!config_list_append(&r->c->arena, sizeof full, sum, &one);
	}
}

static void add_any(struct config_reader *r, struct listen_address a,
		    union config_value *sum)
{
	if (r->c->base.address_family != FAMILY_INET6) {
		a.host = "0.0.0.0";
		add_listen(r, &a, sum);
	}
	if (r->c->base.address_family != FAMILY_INET) {
		a.host = "::";
		add_listen(r, &a, sum);
	}
}

/* Gives each address its ports, and all addresses where none is named. */
static void complete_listen(struct config_reader *r, struct settings *s)
{
	union config_value sum = {0};

	if (s->listen_address.n == 0)
		add_any(r, (struct listen_address){0}, &sum);
	for (size_t i = 0; i < s->listen_address.n; i++) {
		const struct listen_address *a = &s->listen_address.item[i];

		if (strcmp(a->host, "*") == 0)
			add_any(r, *a, &sum);
		else
			add_listen(r, a, &sum);
	}
	if (sum.listen.n == LIMIT_CONFIG_LISTENS)
		config_complain(r, false,
				"more than %d addresses and ports to listen on",
				LIMIT_CONFIG_LISTENS - 1);
	s->listen_address = sum.listen;
}

/* --- loading ----------------------------------------------------------- */
static struct config *config_new(void)
{
	struct config *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->block = calloc(LIMIT_CONFIG_BLOCKS, sizeof *c->block);
	c->n_blocks = 1;
	c->cache = calloc(1, sizeof *c->cache);
	if (c->block != NULL && c->cache != NULL)
		return c;
	config_unref(c);
	return NULL;
}

enum err config_load(const struct options *o, struct config **out,
		     struct config_errors *errs)
{
	struct config_reader r = {.c = config_new(), .options = o, .errs = errs};
	size_t fatal_before = errs->fatal;
	enum err e = ERR_MEMORY;

	r.seen = calloc(n_config_rows, sizeof *r.seen);
	if (r.c == NULL || r.seen == NULL)
		goto out;
	config_read_all(&r);
	r.file = "configuration";
	if (errs->fatal == fatal_before && !r.c->arena.failed) {
		check_ident(&r, &r.c->base);
		check_commands(&r, &r.c->base);
		complete_listen(&r, &r.c->base);
		config_keep_fips(&r);
	}
	if (r.c->arena.failed)
		goto out;
	e = ERR_CONFIG;
	if (errs->fatal != fatal_before)
		goto out;
	e = OK;
	*out = r.c;
	r.c = NULL;
out:
	free(r.seen);
	config_unref(r.c);
	return e;
}

struct config *config_ref(struct config *c)
{
	c->refs++;
	return c;
}

void config_unref(struct config *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	arena_wipe(&c->arena);
	if (c->cache != NULL)
		arena_wipe(&c->cache->arena);
	free(c->cache);
	free(c->override);
	free(c->block);
	free(c);
}

bool config_has_match(const struct config *c)
{
	return c->n_blocks > 1; /* the first is what stands before any Match */
}

const struct settings *config_settings(const struct config *c)
{
	return &c->base;
}

void config_each_path(const struct config *c, size_t offset,
		      void (*fn)(void *ctx, const char *path), void *ctx)
{
	union config_value base = {0};

	for (size_t i = 0; i < n_config_rows; i++)
		if (config_rows[i].type == TYPE_PATH && config_rows[i].offset == offset)
			config_field_get(&c->base, &config_rows[i], &base);
	if (base.text != NULL)
		fn(ctx, base.text);
	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct config_override *o = &c->override[i];

		if (o->row->type == TYPE_PATH && o->row->offset == offset &&
		    o->value.text != NULL)
			fn(ctx, o->value.text);
	}
}

/* --- a connection's settings ------------------------------------------- */
static bool is_sum(const struct strlist *sum, const struct strlist *a,
		   const struct strlist *b)
{
	return sum->n == a->n + b->n &&
	       memcmp(sum->item, a->item, a->n * sizeof(const char *)) == 0 &&
	       memcmp(sum->item + a->n, b->item, b->n * sizeof(const char *)) == 0;
}

/*
 * Adds b to list. The sum outlives the connection, and is there for the next one like it:
 * settings are handed out by value and own nothing.
 */
static enum err add_up(struct config_cache *cache, struct strlist *list,
		       const struct strlist *b)
{
	struct merged *m;

	for (m = cache->first; m != NULL; m = m->next)
		if (is_sum(&m->list, list, b)) {
			*list = m->list;
			return OK;
		}
	m = cache->n == LIMIT_CONFIG_MERGED ? NULL
					    : arena_alloc(&cache->arena, sizeof *m);
	if (m == NULL)
		return ERR_MEMORY;
	m->list.item =
	    arena_alloc(&cache->arena, (list->n + b->n) * sizeof(const char *));
	if (m->list.item == NULL)
		return ERR_MEMORY;
	memcpy(m->list.item, list->item, list->n * sizeof(const char *));
	memcpy(m->list.item + list->n, b->item, b->n * sizeof(const char *));
	m->list.n = list->n + b->n;
	m->next = cache->first;
	cache->first = m;
	cache->n++;
	*list = m->list;
	return OK;
}

enum err config_match(const struct config *c, const struct match_facts *facts,
		      struct settings *out)
{
	bool active[LIMIT_CONFIG_BLOCKS];
	bool set[LIMIT_CONFIG_ROWS] = {false};
	struct settings s = c->base;
	enum err e;

	config_blocks_match(c, facts, active);
	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct config_override *o = &c->override[i];
		size_t row = (size_t)(o->row - config_rows);
		union config_value v;

		if (!active[o->block] || (set[row] && o->row->type != TYPE_GATHER))
			continue;
		v = o->value;
		if (set[row]) {
			config_field_get(&s, o->row, &v);
			if ((e = add_up(c->cache, &v.list, &o->value.list)) != OK)
				return e;
		}
		config_field_set(&s, o->row, &v);
		set[row] = true;
	}
	*out = s;
	return OK;
}
