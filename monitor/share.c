/*
 * The copy of the common store. The policy process is the one that reads it; it is bounded here too,
 * because what sends it runs scripts.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/share.h"

/* FNV-1a: keys are an operator's, and their number is bounded. */
static size_t row_of(struct span key)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3U;
	return (size_t)(h % SHARE_ROWS);
}

static struct share **find(const struct shares *s, struct span key)
{
	struct share **at = &s->row[row_of(key)];

	while (*at != NULL &&
	       !span_equal((struct span){(*at)->bytes, (*at)->key_n}, key))
		at = &(*at)->next;
	return at;
}

static void remove_at(struct shares *s, struct share **at)
{
	struct share *gone = *at;

	*at = gone->next;
	s->n--;
	s->bytes -= gone->key_n + gone->value_n;
	wipe(gone->bytes, gone->key_n + gone->value_n);
	free(gone);
}

static enum err add(struct shares *s, struct span key, struct span value,
		    uint64_t expires_s)
{
	struct share *new;
	size_t row = row_of(key);

	if (s->n == LIMIT_SHARES || key.n + value.n > LIMIT_SHARES_BYTES - s->bytes)
		return ERR_NO_SPACE;
	new = malloc(sizeof *new + key.n + value.n);
	if (new == NULL)
		return ERR_MEMORY;
	*new = (struct share){.expires_s = expires_s,
			      .key_n = key.n,
			      .value_n = value.n,
			      .next = s->row[row]};
	if (key.n > 0)
		memcpy(new->bytes, key.p, key.n);
	memcpy(new->bytes + key.n, value.p, value.n);
	s->row[row] = new;
	s->n++;
	s->bytes += key.n + value.n;
	return OK;
}

enum err share_set(struct shares *s, struct span key, struct span value,
		   uint64_t expires_s)
{
	struct share **at;

	if (s->row == NULL) {
		s->row = calloc(SHARE_ROWS, sizeof(struct share *));
		if (s->row == NULL)
			return ERR_MEMORY;
	}
	at = find(s, key);
	if (*at != NULL)
		remove_at(s, at);
	return value.n == 0 ? OK : add(s, key, value, expires_s);
}

void shares_expire(struct shares *s, uint64_t now_s)
{
	struct share **at;

	for (size_t i = 0; s->n > 0 && i < SHARE_ROWS; i++)
		for (at = &s->row[i]; *at != NULL;) {
			if ((*at)->expires_s != 0 && (*at)->expires_s <= now_s)
				remove_at(s, at);
			else
				at = &(*at)->next;
		}
}

void shares_wipe(struct shares *s)
{
	for (size_t i = 0; s->row != NULL && i < SHARE_ROWS; i++)
		while (s->row[i] != NULL)
			remove_at(s, &s->row[i]);
	free(s->row);
	*s = (struct shares){0};
}
