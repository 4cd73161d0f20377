/*
 * Penalties add up until they are served: each cause adds seconds to what a source still has to
 * serve, up to max; it is refused once there are more than min. A full table forgets who is free
 * soonest, or refuses all. Source: sshd_config(5) PerSourcePenalties
 */
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "monitor/match.h"
#include "monitor/penalty.h"

#define MS_PER_S    1000
#define UNTIL_BYTES 32

_Static_assert(SHA256_DIGEST_LENGTH == TALLY_KEY_BYTES, "a hash is a key");

static const char *const causes[PENALTY_COUNT] = {
    [PENALTY_CRASH] = "caused a crash",
    [PENALTY_AUTHFAIL] = "failed authentication",
    [PENALTY_NOAUTH] = "connections without an attempt to log in",
    [PENALTY_GRACE] = "exceeded LoginGraceTime",
    [PENALTY_REFUSED] = "connection prohibited by RefuseConnection",
};

/* The numbers of a sum that runs out. */
struct terms {
	uint64_t add_ms, min_ms, max_ms;
	uint32_t max_items;
};

/* ---- sums, whoever they are of ---- */

static void expire(struct tally *t, uint64_t now_ms)
{
	struct tally_item *first;

	while ((first = tally_first(t)) != NULL && first->due_ms <= now_ms)
		tally_remove(t, first);
	if (t->n == 0 && t->cap > 0)
		tally_wipe(t);
}

/* Who is free soonest makes room. */
static struct tally_item *add_item(struct tally *t, const uint8_t *key, uint32_t max)
{
	struct tally_item *item = NULL;

	while (t->n > 0 && t->n >= max)
		tally_remove(t, tally_first(t));
	return tally_add(t, key, max, &item) == OK ? item : NULL;
}

/* Adds to a sum, and notes whether it is enough to act upon. NULL: there is no memory for it. */
static struct tally_item *sum_add(struct tally *t, const uint8_t *key,
				  const struct terms *terms, uint64_t now_ms)
{
	struct tally_item *item;
	uint64_t left;

	expire(t, now_ms);
	item = tally_find(t, key);
	left = item != NULL ? item->due_ms - now_ms : 0;
	if (item == NULL && (item = add_item(t, key, terms->max_items)) == NULL)
		return NULL;
	left += terms->add_ms;
	if (left > terms->max_ms)
		left = terms->max_ms;
	tally_move(t, item, now_ms + left);
	item->active = item->active || left > terms->min_ms;
	return item;
}

/* ---- sources ---- */

static bool is_exempt(const struct settings *set, const struct source *who)
{
	static const struct net_block whole = {32, 128};
	char address[SOURCE_TEXT_BYTES];

	if (set->per_source_penalty_exempt_list == NULL)
		return false;
	source_show(who, &whole, address);
	return match_address_list(address, set->per_source_penalty_exempt_list) ==
	       MATCH_YES;
}

static struct tally *table_of(struct penalties *p, const struct source *who)
{
	struct tally *t = who->v6 ? &p->v6 : &p->v4;

	t->key_bytes = SOURCE_BYTES;
	return t;
}

static bool deny_all(const struct penalty_settings *s, const struct source *who,
		     const struct tally *t)
{
	return who->v6 ? s->overflow6 != 0 && t->n >= s->max_sources6
		       : s->overflow != 0 && t->n >= s->max_sources4;
}

static void log_added(const struct settings *set, const struct source *who,
		      const struct tally_item *item, uint64_t now_ms)
{
	char block[SOURCE_TEXT_BYTES];

	source_show(who, &set->per_source_net_block_size, block);
	log_line(item->active ? LOG_INFO_LEVEL : LOG_VERBOSE,
		 "event=penalty source=%s cause=\"%s\" seconds=%" PRIu64 "%s", block,
		 causes[item->cause], (item->due_ms - now_ms + MS_PER_S - 1) / MS_PER_S,
		 item->active ? "" : " (not refused yet: PerSourcePenalties min)");
}

static struct terms terms_of(const struct penalty_settings *s, bool v6, uint64_t add_s)
{
	return (struct terms){.add_ms = add_s * MS_PER_S,
			      .min_ms = (uint64_t)s->min_s * MS_PER_S,
			      .max_ms = (uint64_t)s->max_s * MS_PER_S,
			      .max_items = v6 ? s->max_sources6 : s->max_sources4};
}

void penalty_add(struct penalties *p, const struct settings *set,
		 const struct source *who, struct offence what, uint64_t now_ms)
{
	const struct penalty_settings *s = &set->per_source_penalties;
	struct tally *t = table_of(p, who);
	struct terms terms =
	    terms_of(s, who->v6, (uint64_t)s->cause_s[what.cause] * what.times);
	struct source block = source_block(who, &set->per_source_net_block_size);
	struct tally_item *item;

	if (!s->on || !who->known || terms.add_ms == 0 || is_exempt(set, who))
		return;
	expire(t, now_ms);
	if (deny_all(s, who, t) && tally_find(t, block.bytes) == NULL)
		return; /* all are refused; nobody is to be forgotten for this one */
	item = sum_add(t, block.bytes, &terms, now_ms);
	if (item == NULL)
		return;
	item->cause = (uint8_t)what.cause;
	p->added[what.cause]++;
	log_added(set, who, item, now_ms);
}

/* Until when, for whoever reads the log: of the clock on the wall. */
static void put_until(uint64_t left_ms, char out[UNTIL_BYTES])
{
	time_t until = time(NULL) + (time_t)((left_ms + MS_PER_S - 1) / MS_PER_S);
	struct tm tm;

	if (gmtime_r(&until, &tm) == NULL ||
	    strftime(out, UNTIL_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

bool penalty_refuses(struct penalties *p, const struct settings *set,
		     const struct source *who, uint64_t now_ms, struct refusal *out)
{
	const struct penalty_settings *s = &set->per_source_penalties;
	struct tally *t = table_of(p, who);
	const struct tally_item *item;
	struct source block;
	char until[UNTIL_BYTES];

	if (!s->on || !who->known)
		return false;
	expire(t, now_ms);
	if (t->n == 0)
		return false;
	if (deny_all(s, who, t) && !is_exempt(set, who)) {
		(void)snprintf(out->why, sizeof out->why,
			       "penalties: too many sources");
		out->left_ms = tally_first(t)->due_ms - now_ms;
		return true;
	}
	block = source_block(who, &set->per_source_net_block_size);
	item = tally_find(t, block.bytes);
	if (item == NULL || !item->active || is_exempt(set, who))
		return false;
	out->left_ms = item->due_ms - now_ms;
	put_until(out->left_ms, until);
	(void)snprintf(out->why, sizeof out->why, "penalty until %s: %s", until,
		       causes[item->cause]);
	return true;
}

/* ---- user names ---- */

/* A name that is longer than a key stands there as its hash. */
static bool user_key(const char *user, uint8_t key[TALLY_KEY_BYTES])
{
	struct span name = span_str(user);

	memset(key, 0, TALLY_KEY_BYTES);
	if (name.n > TALLY_KEY_BYTES)
		return SHA256(name.p, name.n, key) != NULL;
	if (name.n > 0)
		memcpy(key, name.p, name.n);
	return true;
}

void penalty_user_failed(struct penalties *p, const struct settings *set,
			 const char *user, uint64_t now_ms)
{
	const struct user_penalties *s = &set->per_user_penalties;
	const struct terms terms = {.add_ms = (uint64_t)s->authfail_s * MS_PER_S,
				    .min_ms = (uint64_t)s->min_s * MS_PER_S,
				    .max_ms = (uint64_t)s->max_s * MS_PER_S,
				    .max_items = s->max_users};
	uint8_t key[TALLY_KEY_BYTES];

	p->users.key_bytes = TALLY_KEY_BYTES;
	if (!s->on || terms.add_ms == 0 || !user_key(user, key))
		return;
	if (sum_add(&p->users, key, &terms, now_ms) == NULL)
		log_debug("no memory for a user's penalty");
}

uint32_t penalty_user_delay_s(struct penalties *p, const struct settings *set,
			      const char *user, uint64_t now_ms)
{
	const struct user_penalties *s = &set->per_user_penalties;
	uint8_t key[TALLY_KEY_BYTES];
	const struct tally_item *item;

	if (!s->on || !user_key(user, key))
		return 0;
	expire(&p->users, now_ms);
	item = tally_find(&p->users, key);
	return item != NULL && item->active ? s->delay_s : 0;
}

/* ---- connections that nobody logged in on ---- */

static struct tally_item *startups_find(const struct penalties *p,
					const struct source *block,
					uint8_t key[TALLY_KEY_BYTES])
{
	memset(key, 0, TALLY_KEY_BYTES);
	key[0] = block->v6;
	memcpy(key + 1, block->bytes, SOURCE_BYTES);
	return tally_find(&p->startups, key);
}

void penalty_startup_add(struct penalties *p, const struct source *block)
{
	uint8_t key[TALLY_KEY_BYTES];
	struct tally_item *item;

	p->startups.key_bytes = SOURCE_BYTES + 1;
	item = startups_find(p, block, key);
	if (item == NULL &&
	    tally_add(&p->startups, key, LIMIT_CONNECTIONS, &item) != OK)
		return; /* MaxStartups still holds */
	item->count++;
}

void penalty_startup_remove(struct penalties *p, const struct source *block)
{
	uint8_t key[TALLY_KEY_BYTES];
	struct tally_item *item = startups_find(p, block, key);

	if (item != NULL && --item->count == 0)
		tally_remove(&p->startups, item);
}

uint32_t penalty_startups_of(const struct penalties *p, const struct source *block)
{
	uint8_t key[TALLY_KEY_BYTES];
	const struct tally_item *item = startups_find(p, block, key);

	return item == NULL ? 0 : item->count;
}

const char *penalty_cause_text(enum penalty_cause cause)
{
	return cause < PENALTY_COUNT ? causes[cause] : "unknown";
}

void penalties_wipe(struct penalties *p)
{
	tally_wipe(&p->v4);
	tally_wipe(&p->v6);
	tally_wipe(&p->users);
	tally_wipe(&p->startups);
}
