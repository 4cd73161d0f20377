/*
 * Items lie in one array; buckets chain them by their keys' keyed hash, a binary heap of indexes
 * orders them by the time they run out. Finding costs one hash, all else the height of the heap.
 * Nothing here is believed of a key but its bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/tally.h"

enum { FIRST_CAP = 64 };

static uint32_t *bucket_of(const struct tally *t, const uint8_t *key)
{
	uint64_t hash = siphash(&t->secret, (struct span){key, t->key_bytes});

	return &t->bucket[hash & (t->cap - 1)];
}

struct tally_item *tally_find(const struct tally *t, const uint8_t *key)
{
	uint32_t i = t->cap == 0 ? 0 : *bucket_of(t, key);

	while (i != 0 && memcmp(t->item[i - 1].key, key, t->key_bytes) != 0)
		i = t->item[i - 1].next;
	return i == 0 ? NULL : &t->item[i - 1];
}

struct tally_item *tally_first(const struct tally *t)
{
	return t->n == 0 ? NULL : &t->item[t->heap[0]];
}

/* ---- the heap ---- */

static uint64_t due_at(const struct tally *t, uint32_t at)
{
	return t->item[t->heap[at]].due_ms;
}

static void place(struct tally *t, uint32_t at, uint32_t index)
{
	t->heap[at] = index;
	t->item[index].at = at;
}

static void swap(struct tally *t, uint32_t a, uint32_t b)
{
	uint32_t index = t->heap[a];

	place(t, a, t->heap[b]);
	place(t, b, index);
}

static void sift_up(struct tally *t, uint32_t at)
{
	for (; at > 0 && due_at(t, at) < due_at(t, (at - 1) / 2); at = (at - 1) / 2)
		swap(t, at, (at - 1) / 2);
}

static void sift_down(struct tally *t, uint32_t at)
{
	uint32_t least;

	for (;; at = least) {
		least = at;
		for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < t->n && due_at(t, child) < due_at(t, least))
				least = child;
		if (least == at)
			return;
		swap(t, at, least);
	}
}

void tally_move(struct tally *t, struct tally_item *item, uint64_t due_ms)
{
	item->due_ms = due_ms;
	sift_up(t, item->at);
	sift_down(t, item->at);
}

/* ---- the table ---- */

static void chain(struct tally *t, uint32_t index)
{
	uint32_t *bucket = bucket_of(t, t->item[index].key);

	t->item[index].next = *bucket;
	*bucket = index + 1;
}

/* Doubles all; items in use are 0 to n-1 then, for there was none free. */
static enum err grow(struct tally *t)
{
	uint32_t cap = t->cap == 0 ? FIRST_CAP : t->cap * 2;
	uint32_t *bucket = calloc(cap, sizeof *bucket);
	uint32_t *heap = realloc(t->heap, cap * sizeof *heap);
	struct tally_item *item;

	if (heap != NULL)
		t->heap = heap;
	item = realloc(t->item, cap * sizeof *item);
	if (item != NULL)
		t->item = item;
	if (bucket == NULL || heap == NULL || item == NULL) {
		free(bucket);
		return ERR_MEMORY;
	}
	if (t->cap == 0)
		arc4random_buf(&t->secret, sizeof t->secret);
	free(t->bucket);
	t->bucket = bucket;
	for (uint32_t i = t->cap; i < cap; i++)
		item[i] = (struct tally_item){.next = i + 1 < cap ? i + 2 : 0};
	t->free = t->cap + 1;
	t->cap = cap;
	for (uint32_t i = 0; i < t->n; i++)
		chain(t, i);
	return OK;
}

enum err tally_add(struct tally *t, const uint8_t *key, uint32_t max,
		   struct tally_item **out)
{
	struct tally_item *item;
	uint32_t index;
	enum err e;

	if (t->n >= max)
		return ERR_NO_SPACE;
	if (t->n == t->cap && (e = grow(t)) != OK)
		return e;
	index = t->free - 1;
	item = &t->item[index];
	t->free = item->next;
	*item = (struct tally_item){0};
	memcpy(item->key, key, t->key_bytes);
	chain(t, index);
	place(t, t->n, index);
	t->n++;
	sift_up(t, item->at);
	*out = item;
	return OK;
}

void tally_remove(struct tally *t, struct tally_item *item)
{
	uint32_t index = (uint32_t)(item - t->item), at = item->at;
	uint32_t *link = bucket_of(t, item->key);

	while (*link != index + 1)
		link = &t->item[*link - 1].next;
	*link = item->next;
	t->n--;
	if (at < t->n) {
		place(t, at, t->heap[t->n]);
		sift_up(t, at);
		sift_down(t, at);
	}
	*item = (struct tally_item){.next = t->free};
	t->free = index + 1;
}

void tally_wipe(struct tally *t)
{
	free(t->item);
	free(t->heap);
	free(t->bucket);
	*t = (struct tally){.key_bytes = t->key_bytes};
}
