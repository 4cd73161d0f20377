/*
 * A hash table with linear probing. Ids are the monitor's own and count up, so their low bits
 * spread evenly and nobody outside can choose them.
 */
#include <stdlib.h>

#include "monitor/idmap.h"

#define CAP_MIN 64

static size_t find_slot(const struct idmap *m, uint64_t id)
{
	size_t i = (size_t)id & (m->cap - 1);

	while (m->slot[i].id != 0 && m->slot[i].id != id)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static enum err grow(struct idmap *m)
{
	struct idmap bigger = {.cap = m->cap == 0 ? CAP_MIN : m->cap * 2, .n = m->n};

	bigger.slot = calloc(bigger.cap, sizeof *bigger.slot);
	if (bigger.slot == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slot[i].id != 0)
			bigger.slot[find_slot(&bigger, m->slot[i].id)] = m->slot[i];
	free(m->slot);
	*m = bigger;
	return OK;
}

enum err idmap_add(struct idmap *m, uint64_t id, void *thing)
{
	enum err e;

	if (m->n >= m->cap / 2 && (e = grow(m)) != OK)
		return e;
	m->slot[find_slot(m, id)] = (struct idmap_slot){id, thing};
	m->n++;
	return OK;
}

void *idmap_find(const struct idmap *m, uint64_t id)
{
	size_t i;

	if (m->cap == 0 || id == 0)
		return NULL;
	i = find_slot(m, id);
	return m->slot[i].id == id ? m->slot[i].thing : NULL;
}

/* Closes the gap: later entries of the same run move up, so that no probe ends early. */
static void close_gap(struct idmap *m, size_t gap)
{
	size_t i = gap, home;

	for (;;) {
		i = (i + 1) & (m->cap - 1);
		if (m->slot[i].id == 0)
			break;
		home = (size_t)m->slot[i].id & (m->cap - 1);
		if (((i - home) & (m->cap - 1)) < ((i - gap) & (m->cap - 1)))
			continue;
		m->slot[gap] = m->slot[i];
		gap = i;
	}
	m->slot[gap] = (struct idmap_slot){0};
}

void *idmap_remove(struct idmap *m, uint64_t id)
{
	void *thing = idmap_find(m, id);

	if (thing == NULL)
		return NULL;
	close_gap(m, find_slot(m, id));
	m->n--;
	return thing;
}

void idmap_wipe(struct idmap *m)
{
	free(m->slot);
	*m = (struct idmap){0};
}
