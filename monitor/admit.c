/*
 * Decides at accept who may come in. What is asked is the kernel's word, so it costs no worker and
 * reads nothing of the client's; each question costs a look-up at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/admit.h"
#include "monitor/match.h"

const char *admit_count(const struct settings *set, size_t n_conns, size_t n_startups,
			uint32_t chance)
{
	const struct max_startups *s = &set->max_startups;
	uint64_t p;

	if (n_conns >= set->max_connections)
		return "MaxConnections";
	if (n_startups < s->begin)
		return NULL;
	if (n_startups >= s->full || s->rate >= 100)
		return "MaxStartups";
	p = s->rate +
	    (100 - s->rate) * (uint64_t)(n_startups - s->begin) / (s->full - s->begin);
	return chance < p ? "MaxStartups" : NULL;
}

bool admit_address(const struct strlist *allowed, const char *address)
{
	bool found = false;

	for (size_t i = 0; i < allowed->n; i++) {
		enum match m = strcmp(allowed->item[i], "*") == 0
				   ? MATCH_YES
				   : match_address_list(address, allowed->item[i]);

		if (m == MATCH_EXCLUDED)
			return false;
		found = found || m == MATCH_YES;
	}
	return found;
}

static bool too_many_startups(const struct monitor *m, const struct source *who)
{
	struct source block = source_block(who, &m->set->per_source_net_block_size);

	return m->set->per_source_max_startups != UINT32_MAX && who->known &&
	       penalty_startups_of(&m->penalties, &block) >=
		   m->set->per_source_max_startups;
}

/* Drawing costs a system call, so it is for the crowd only. */
static uint32_t chance_of(const struct monitor *m)
{
	return m->n_startups < m->set->max_startups.begin ? 0 : arc4random_uniform(100);
}

bool admit(struct monitor *m, const struct source *who, const char *address,
	   struct refusal *out)
{
	const char *why = NULL;

	*out = (struct refusal){0};
	if (!admit_address(&m->clients.list, address))
		why = "AllowedClients";
	else if (penalty_refuses(&m->penalties, m->set, who, clock_ms(), out))
		return false;
	else if (too_many_startups(m, who))
		why = "PerSourceMaxStartups";
	else
		why = admit_count(m->set, m->n_conns, m->n_startups, chance_of(m));
	if (why == NULL)
		return true;
	out->full = strcmp(why, "AllowedClients") != 0;
	(void)snprintf(out->why, sizeof out->why, "%s", why);
	return false;
}
