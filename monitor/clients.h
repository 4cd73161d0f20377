/*
 * AllowedClients with the names of hosts looked up, once, when the configuration is read: whoever
 * connects is compared with addresses only.
 */
#ifndef MONITOR_CLIENTS_H
#define MONITOR_CLIENTS_H

#include "monitor/arena.h"
#include "monitor/config.h"

/* Zero state: nobody. */
struct clients {
	struct arena arena; /* holds the list */
	struct strlist list;
};

/* Tells whether a part of AllowedClients is the name of a host. */
bool clients_is_name(struct span part);

/*
 * Looks names up. Blocks: at start and reload only.
 * out:    Owns: the caller wipes it with clients_wipe
 * Errors: ERR_CONFIG a name that may not connect is unknown; ERR_MEMORY. An unknown name that may
 *         is left out. Both are logged
 */
MUST_CHECK enum err clients_load(const struct strlist *allowed, struct clients *out);

void clients_wipe(struct clients *c);

#endif
