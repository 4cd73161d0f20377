/*
 * Who may come in: asked once for each connection that arrives, before anything is spent on it.
 * Source: DESIGN 3
 */
#ifndef MONITOR_ADMIT_H
#define MONITOR_ADMIT_H

#include "monitor/monitor.h"

/*
 * Tells why a connection is not taken for those that are there; NULL: it is taken.
 * chance: 0 to 99, drawn anew each time
 * Source: sshd_config(5) MaxStartups
 */
const char *admit_count(const struct settings *set, size_t n_conns, size_t n_startups,
			uint32_t chance);

/* Tells whether AllowedClients has an address. */
bool admit_address(const struct strlist *allowed, const char *address);

/*
 * Tells whether a client is taken: AllowedClients, penalties, then numbers.
 * out: why not, for the log; left_ms is set for penalties only
 */
bool admit(struct monitor *m, const struct source *who, const char *address,
	   struct refusal *out);

#endif
