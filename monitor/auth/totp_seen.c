/*
 * Used codes: the last step of each user, forgotten once no clock within the window takes its code.
 * So the table holds those who logged in within some periods, not all who ever did.
 */
#include <stdlib.h>
#include <string.h>

#include "common/exhash.h"
#include "monitor/auth/totp_seen.h"

struct totp_used {
	uint8_t user[LIMIT_HASH_BYTES / 2]; /* SHA-256 of the name */
	uint64_t counter, until_s;
};

static void forget_old(struct totp_seen *s, uint64_t now_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->item[i].until_s >= now_s)
			s->item[kept++] = s->item[i];
	s->n = kept;
}

static struct totp_used *find(const struct totp_seen *s,
			      const struct exhash_value *user)
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->item[i].user, user->bytes, sizeof s->item[i].user) == 0)
			return &s->item[i];
	return NULL;
}

static enum err room(struct totp_seen *s)
{
	size_t cap = s->cap == 0 ? 1 : s->cap * 2;
	struct totp_used *item;

	if (s->n < s->cap)
		return OK;
	if (s->n >= LIMIT_TOTP_SEEN)
		return ERR_RANGE;
	item = reallocarray(s->item, cap, sizeof *item);
	if (item == NULL)
		return ERR_MEMORY;
	s->item = item;
	s->cap = cap;
	return OK;
}

enum err totp_seen_take(struct totp_seen *s, struct span user, uint64_t counter,
			uint64_t now_s, uint64_t until_s)
{
	struct exhash_value digest = {0};
	struct totp_used *u;
	enum err e = digest_spans(DIGEST_SHA256, &user, 1, &digest);

	if (e != OK)
		return e;
	forget_old(s, now_s);
	u = find(s, &digest);
	if (u != NULL && counter <= u->counter)
		return ERR_DENIED;
	if (u == NULL) {
		if ((e = room(s)) != OK)
			return e;
		u = &s->item[s->n++];
		memcpy(u->user, digest.bytes, sizeof u->user);
	}
	u->counter = counter;
	u->until_s = until_s;
	return OK;
}

void totp_seen_wipe(struct totp_seen *s)
{
	free(s->item);
	*s = (struct totp_seen){0};
}
