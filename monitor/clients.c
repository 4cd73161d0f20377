/*
 * Names in AllowedClients become the addresses that they have when the configuration is read. A
 * name that cannot be looked up lets nobody in; one that keeps somebody out must be known.
 */
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/clients.h"

bool clients_is_name(struct span part)
{
	bool letters = false;

	for (size_t i = 0; i < part.n; i++) {
		char ch = (char)part.p[i];

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'))
			letters = true;
		else if ((ch < '0' || ch > '9') && ch != '.' && ch != '-')
			return false;
	}
	return letters && part.n <= LIMIT_HOST_BYTES;
}

/* The addresses of a name, each with mark in front, divided by commas; NULL: it has none. */
static const char *look_up(struct arena *a, const char *name, const char *mark)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *all = NULL;
	const char *list = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &all);

	if (rc != 0) {
		log_error("AllowedClients %s: %s", name, gai_strerror(rc));
		return NULL;
	}
	for (const struct addrinfo *at = all; at != NULL; at = at->ai_next) {
		char text[NI_MAXHOST];

		if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		list = arena_print(a, "%s%s%s%s", list != NULL ? list : "",
				   list != NULL ? "," : "", mark, text);
		if (list == NULL)
			break;
	}
	freeaddrinfo(all);
	return list;
}

/*
 * What a part stands for: itself, or the addresses of a name. Errors: ERR_CONFIG a name that
 * nobody knows may not keep anybody out; ERR_MEMORY
 */
static enum err part_text(struct arena *a, struct span part, const char **out)
{
	bool barred = part.n > 0 && part.p[0] == '!';
	struct span plain = barred ? (struct span){part.p + 1, part.n - 1} : part;
	const char *text = arena_copy(a, part);

	if (text != NULL && clients_is_name(plain))
		text = look_up(a, barred ? text + 1 : text, barred ? "!" : "");
	if (a->failed)
		return ERR_MEMORY;
	if (text == NULL && barred)
		return ERR_CONFIG;
	*out = text != NULL ? text : "";
	return OK;
}

/* Adds a part of an item to what it became. */
static enum err add_part(struct arena *a, struct span part, const char **item)
{
	const char *text = "";
	enum err e = part_text(a, part, &text);

	if (e != OK || text[0] == '\0')
		return e;
	*item = arena_print(a, "%s%s%s", *item, (*item)[0] != '\0' ? "," : "", text);
	return *item == NULL ? ERR_MEMORY : OK;
}

static enum err add_item(struct clients *c, const char *text)
{
	struct span list = span_str(text), part;
	const char *item = "";
	enum err e = OK;

	while (e == OK && names_next(&list, &part))
		e = add_part(&c->arena, part, &item);
	if (e == OK && item[0] != '\0')
		c->list.item[c->list.n++] = item;
	return e;
}

enum err clients_load(const struct strlist *allowed, struct clients *out)
{
	struct clients c = {0};
	enum err e = OK;

	c.list.item = arena_alloc(&c.arena, (allowed->n + 1) * sizeof(const char *));
	if (c.list.item == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < allowed->n && e == OK; i++)
		e = add_item(&c, allowed->item[i]);
	if (e == OK)
		*out = c;
	else
		arena_wipe(&c.arena);
	return e;
}

void clients_wipe(struct clients *c)
{
	arena_wipe(&c->arena);
	*c = (struct clients){0};
}
