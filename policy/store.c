/*
 * The shared store: a table of chains. Keys may be what a client chose, so their hash is
 * keyed with a secret of the process.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/limits.h"
#include "policy/store.h"

#define SLOTS LIMIT_SHARES

static struct span item_key(const struct store_item *i)
{
	return (struct span){i->bytes, i->key_n};
}

static size_t item_bytes(const struct store_item *i)
{
	return sizeof *i + i->key_n + i->value_n;
}

__extension__ typedef unsigned __int128 wide;

/* Multiplied and folded, eight bytes at a time, from a secret start. */
static size_t slot_of(const struct store *s, struct span key)
{
	uint64_t h = s->seed ^ key.n;

	for (size_t i = 0; i < key.n; i += sizeof h) {
		uint64_t word = 0;
		size_t n = key.n - i < sizeof word ? key.n - i : sizeof word;
		wide product;

		memcpy(&word, key.p + i, n);
		product = (wide)(h ^ word) * (s->seed | LIMIT_SHARE_ODD);
		h = (uint64_t)product ^ (uint64_t)(product >> 64);
	}
	return (size_t)(h % SLOTS);
}

static struct store_item **find(const struct store *s, struct span key)
{
	struct store_item **at = &s->slot[slot_of(s, key)];

	while (*at != NULL && !span_equal(item_key(*at), key))
		at = &(*at)->next;
	return at;
}

static bool over(const struct store_item *i, uint64_t now_s)
{
	return i->expires_s != 0 && i->expires_s <= now_s;
}

bool store_get(const struct store *s, struct span key, uint64_t now_s,
	       struct span *value, uint64_t *expires_s)
{
	const struct store_item *i = s->slot == NULL ? NULL : *find(s, key);

	if (i == NULL || over(i, now_s))
		return false;
	*value = (struct span){i->bytes + i->key_n, i->value_n};
	*expires_s = i->expires_s;
	return true;
}

static void drop(struct store *s, struct store_item **at)
{
	struct store_item *gone = *at;

	*at = gone->next;
	s->n--;
	s->bytes -= item_bytes(gone);
	free(gone);
}

/* What ends never goes last. */
static uint64_t end_of(const struct store_item *i)
{
	return i->expires_s == 0 ? UINT64_MAX : i->expires_s;
}

/* Drops what has ended from a chain; first becomes the one that ends first. */
static void sweep(struct store *s, struct store_item **at, uint64_t now_s,
		  struct store_item ***first)
{
	while (*at != NULL) {
		if (over(*at, now_s)) {
			drop(s, at);
			continue;
		}
		if (*first == NULL || end_of(*at) < end_of(**first))
			*first = at;
		at = &(*at)->next;
	}
}

/* Makes room: all that has ended; where nothing has, the one that ends first. */
static void make_room(struct store *s, uint64_t now_s)
{
	struct store_item **first = NULL;
	size_t before = s->n;

	for (size_t i = 0; i < SLOTS; i++)
		sweep(s, &s->slot[i], now_s, &first);
	if (s->n == before && first != NULL)
		drop(s, first);
}

static enum err ready(struct store *s)
{
	if (s->slot != NULL)
		return OK;
	if (getrandom(&s->seed, sizeof s->seed, 0) != (ssize_t)sizeof s->seed)
		return ERR_SYSTEM;
	s->slot = calloc(SLOTS, sizeof(struct store_item *));
	return s->slot != NULL ? OK : ERR_MEMORY;
}

enum err store_set(struct store *s, struct span key, struct span value,
		   uint64_t expires_s, uint64_t now_s)
{
	struct store_item *i, **at;
	size_t need = sizeof *i + key.n + value.n;
	enum err e;

	if (key.n == 0 || key.n > LIMIT_SHARE_KEY_BYTES ||
	    value.n > LIMIT_SHARE_VALUE_BYTES)
		return ERR_RANGE;
	if ((e = ready(s)) != OK)
		return e;
	at = find(s, key);
	if (*at != NULL)
		drop(s, at);
	if (value.n == 0 || (expires_s != 0 && expires_s <= now_s))
		return OK;
	while (s->n >= LIMIT_SHARES || s->bytes > LIMIT_SHARES_BYTES - need)
		make_room(s, now_s);
	i = malloc(need);
	if (i == NULL)
		return ERR_MEMORY;
	*i = (struct store_item){
	    .expires_s = expires_s, .key_n = key.n, .value_n = value.n};
	memcpy(i->bytes, key.p, key.n);
	memcpy(i->bytes + key.n, value.p, value.n);
	at = &s->slot[slot_of(s, key)];
	i->next = *at;
	*at = i;
	s->n++;
	s->bytes += need;
	return OK;
}

void store_wipe(struct store *s)
{
	for (size_t i = 0; s->slot != NULL && i < SLOTS; i++)
		while (s->slot[i] != NULL)
			drop(s, &s->slot[i]);
	free(s->slot);
	*s = (struct store){0};
}
